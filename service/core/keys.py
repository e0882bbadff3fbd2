"""Keys of applications: what is asked for, what is kept, and what their secrets look like.

The secret itself is kept nowhere: what is stored is its SHA-256, which is as good as a slow hash
for 256 random bits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from service.core.errors import Conflict, InvalidRequest, NotFound
from service.core.permissions import ANY_NAMESPACE, NOTHING, Grant, Permission, spell_permissions

PREFIX = "vdai_"
# 256 bits in base64url
SECRET = re.compile(r"vdai_[A-Za-z0-9_-]{43}")
# characters of a secret that stay readable, so that its owner recognizes it
READABLE = len(PREFIX) + 6

LONGEST_NAME = 255
LONGEST_DESCRIPTION = 4_000
MOST_PATTERNS = 100
# seconds: a hundred years, well within PostgreSQL's timestamps
LONGEST_LIFETIME = 100 * 366 * 86_400


class NoSuchKey(NotFound):
    """No key has this number, or not any more."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no key with the number {number}")


class KeyNameTaken(Conflict):
    """Another key has the name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a key with the name '{name}' already")


class KeyExpired(InvalidRequest):
    """The key has expired: it stays so, whatever its secret."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the key '{name}' has expired: make a new one")


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A key to be created. ``lifetime`` is in seconds from now; None: it does not expire."""

    name: str
    permissions: Permission
    description: str = ""
    namespaces: tuple[str, ...] = ANY_NAMESPACE
    lifetime: int | None = None

    def check(self) -> None:
        """Raises ``InvalidRequest`` for what no key can be."""
        if not self.name.strip() or len(self.name) > LONGEST_NAME or not self.name.isprintable():
            raise InvalidRequest(f"a key's name has 1 to {LONGEST_NAME} printable characters")
        if len(self.description) > LONGEST_DESCRIPTION or "\0" in self.description:
            raise InvalidRequest(f"a key's description has up to {LONGEST_DESCRIPTION} characters")
        if self.permissions == NOTHING or Permission.OWNER in self.permissions:
            raise InvalidRequest("a key has at least one of the permissions read, write, admin")
        if not 1 <= len(self.namespaces) <= MOST_PATTERNS:
            raise InvalidRequest(f"a key is for 1 to {MOST_PATTERNS} patterns of names")
        for pattern in self.namespaces:
            if not 1 <= len(pattern) <= LONGEST_NAME or not pattern.isprintable():
                raise InvalidRequest(f"a pattern has 1 to {LONGEST_NAME} printable characters")
        if self.lifetime is not None and not 0 <= self.lifetime <= LONGEST_LIFETIME:
            raise InvalidRequest(f"a key's lifetime is 0 to {LONGEST_LIFETIME} seconds")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as the catalog has it. ``expired``: it had expired when it was read."""

    id: int
    name: str
    description: str
    prefix: str
    permissions: Permission
    namespaces: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    expired: bool

    @property
    def will_expire(self) -> bool:
        return self.expires_at is not None

    @property
    def permission(self) -> str:
        return spell_permissions(self.permissions)

    @property
    def grant(self) -> Grant:
        return Grant(self.permissions, self.namespaces)


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with its secret, at the one moment when that is known."""

    key: ApiKey
    secret: str


def is_secret(text: str) -> bool:
    """Whether this has the form of our secrets; all else need not be looked up."""
    return SECRET.fullmatch(text) is not None


def digest(secret: str) -> bytes:
    """What is stored in the secret's place."""
    return sha256(secret.encode()).digest()


def readable_part(secret: str) -> str:
    return secret[:READABLE]
