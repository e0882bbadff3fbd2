"""Who sends a request: a key of the server's settings, a created key, or the administrator.

What the sender may do is decided in ``access.py``. Keys and tokens never appear in messages or
logs.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from uuid import UUID

from flask import request

from service.core.errors import Unauthenticated
from service.core.permissions import EVERYTHING, Grant
from service.engine.administering import Administrator
from service.engine.keys import Keys
from service.web import tokens

NEEDED = "an API key is needed: send it as Authorization: Bearer <key>"
WRONG = "the API key is not valid"
EXPIRED = "the API key has expired"


class Authenticator:
    """Recognizes senders by what they present."""

    def __init__(
        self,
        static_keys: tuple[str, ...],
        keys: Keys,
        administrator: Administrator,
        token_secret: str | None = None,
    ) -> None:
        self._digests = tuple(sha256(key.encode()).digest() for key in static_keys)
        self._keys = keys
        self._administrator = administrator
        self._token_secret = token_secret.encode() if token_secret else None

    @property
    def has_static_keys(self) -> bool:
        return bool(self._digests)

    def authenticate(self) -> Grant:
        """What the sender of the current request may do.

        Raises:
            Unauthenticated: for a request without a key, or with one that is not known.
        """
        credential = presented()
        if not credential:
            raise Unauthenticated(NEEDED)
        if self._is_static(credential):
            return Grant(EVERYTHING)
        text = credential.decode("latin-1")
        if tokens.may_be_token(text) and self._is_administrator(text):
            return Grant(EVERYTHING)
        key = self._keys.authenticate(text)
        if key is None:
            raise Unauthenticated(WRONG)
        if key.expired:
            raise Unauthenticated(EXPIRED)
        return key.grant

    def issue_token(self, generation: UUID) -> str:
        return tokens.issue(self._secret(), generation)

    def _is_static(self, credential: bytes) -> bool:
        digest = sha256(credential).digest()
        known = False
        for one in self._digests:
            # All of them, always: the time must not tell which key was nearly right.
            known |= hmac.compare_digest(one, digest)
        return known

    def _is_administrator(self, text: str) -> bool:
        generation = tokens.read(self._secret(), text)
        return generation is not None and self._administrator.is_current(generation)

    def _secret(self) -> bytes:
        return self._token_secret or self._administrator.token_secret()


def presented() -> bytes:
    """The key or token of the request, as the bytes that were sent; empty when there is none."""
    headers = request.environ
    # WSGI spells header bytes as latin-1 whatever they are.
    key: str = headers.get("HTTP_API_KEY", "")
    if key.strip():
        return key.strip().encode("latin-1", "replace")
    header: str = headers.get("HTTP_AUTHORIZATION", "")
    scheme, _, credential = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        return b""
    return credential.strip(" \t").encode("latin-1", "replace")
