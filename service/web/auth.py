"""Bearer keys: who may talk to the service at all.

It compares against keys given at the start; what a key may do is not decided here. Keys never
appear in messages or logs.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from flask import Flask, request

from service.core.errors import Unauthenticated

HEALTH_PATHS = frozenset({"/healthz", "/livez", "/readyz"})


def install(app: Flask, keys: tuple[str, ...]) -> None:
    """Ask every request for one of ``keys``; without keys the service is open."""
    if not keys:
        return
    digests = tuple(sha256(key.encode()).digest() for key in keys)

    def check_key() -> None:
        if not _is_open():
            _check(_presented(), digests)

    app.before_request(check_key)


def _is_open() -> bool:
    """Health checks, and the bare address, which clients touch to warm a connection up."""
    path = request.path
    return path in HEALTH_PATHS or (path == "/" and request.method in ("HEAD", "GET"))


def _presented() -> bytes:
    """The key of the request, as the bytes that were sent; empty when there is none."""
    header: str = request.environ.get("HTTP_AUTHORIZATION", "")
    scheme, _, key = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        return b""
    # WSGI spells header bytes as latin-1 whatever they are.
    return key.strip(" \t").encode("latin-1", "replace")


def _check(key: bytes, digests: tuple[bytes, ...]) -> None:
    if not key:
        raise Unauthenticated("an API key is needed: send it as Authorization: Bearer <key>")
    presented = sha256(key).digest()
    known = False
    for digest in digests:
        # All of them, always: the time must not tell which key was nearly right.
        known |= hmac.compare_digest(digest, presented)
    if not known:
        raise Unauthenticated("the API key is not valid")
