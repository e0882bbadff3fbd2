"""Permissions: what the sender of a request may do, and to which namespaces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from service.core.errors import Forbidden, InvalidRequest

ANY_NAMESPACE = ("*",)
SHOWN = 80


class Permission(IntFlag):
    """What a request needs, and what a key grants. ADMIN does not imply the others.

    No key that is created has OWNER: only the administrator's own token does, and the keys of the
    server's settings.
    """

    READ = 1
    WRITE = 2
    ADMIN = 4
    OWNER = 8


NOTHING = Permission(0)
# what created keys may have, in the order in which it is spelled
GRANTABLE = {"read": Permission.READ, "write": Permission.WRITE, "admin": Permission.ADMIN}
EVERYTHING = Permission.READ | Permission.WRITE | Permission.ADMIN | Permission.OWNER


def parse_permissions(text: str) -> Permission:
    """``"read,write"`` as bits; the order is free, and a word may come twice.

    Raises:
        InvalidRequest: for any other word, and for none at all.
    """
    bits = NOTHING
    for word in text.split(","):
        bit = GRANTABLE.get(word.strip().lower())
        if bit is None:
            raise InvalidRequest(
                f"Invalid permission: {text[:SHOWN]!r}; expected read, write or admin, "
                "or several of them separated by commas"
            )
        bits |= bit
    return bits


def spell_permissions(bits: Permission) -> str:
    return ",".join(name for name, bit in GRANTABLE.items() if bit in bits)


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern, in which ``*`` stands for any characters, also none."""
    start, *pieces = pattern.split("*")
    if not pieces:
        return name == pattern
    if not name.startswith(start):
        return False
    at = len(start)
    # the leftmost place for each piece leaves the most room for those behind it
    for piece in pieces[:-1]:
        found = name.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(name) - at >= len(pieces[-1]) and name.endswith(pieces[-1])


@dataclass(frozen=True, slots=True)
class Grant:
    """What one sender may do: permissions, and patterns of the namespaces that they are for."""

    permissions: Permission
    namespaces: tuple[str, ...] = ANY_NAMESPACE

    @property
    def is_for_all(self) -> bool:
        return "*" in self.namespaces

    def covers(self, name: str) -> bool:
        """Whether the permissions are for this namespace, which need not exist."""
        return any(matches(pattern, name) for pattern in self.namespaces)

    def check(self, need: Permission) -> None:
        """Raises ``Forbidden`` when a permission is missing."""
        missing = need & ~self.permissions
        if Permission.OWNER in missing:
            raise Forbidden("only the administrator may do this, with the token of a login")
        if missing:
            raise Forbidden(f"the key lacks the permission {spell_permissions(missing)}")

    def check_namespace(self, name: str) -> None:
        """Raises ``Forbidden`` for a name that the key is not for, whether it is in use or not."""
        if not self.covers(name):
            raise Forbidden(f"the key is not for the name '{name}'")

    def check_all(self) -> None:
        """Raises ``Forbidden`` for a key that is for some namespaces only."""
        if not self.is_for_all:
            raise Forbidden("the key is for some names only, and the request concerns all of them")
