"""Bodies of the auth API (section 14)."""

from __future__ import annotations

from typing import cast

from marshmallow import post_load

from service.core.keys import LONGEST_LIFETIME, KeyRequest
from service.core.permissions import parse_permissions
from service.dialects.vectorai import bodies
from service.dialects.vectorai.passwords import missing

# far more than any body here has
MAX_BYTES = 65_536


class KeyBody(bodies.Request):
    """Body of ``POST /auth/api_key``."""

    name = bodies.required_name()
    description = bodies.name()
    permission = bodies.required_name()
    will_expire = bodies.flag()
    expires_in_seconds = bodies.whole(most=LONGEST_LIFETIME)

    @post_load
    def to_request(self, data: dict[str, object], **_: object) -> KeyRequest:
        lifetime = cast(int | None, data["expires_in_seconds"])
        if data["will_expire"] and lifetime is None:
            raise missing("expires_in_seconds")
        return KeyRequest(
            name=cast(str, data["name"]),
            permissions=parse_permissions(cast(str, data["permission"])),
            description=cast(str | None, data["description"]) or "",
            lifetime=lifetime if data["will_expire"] else None,
        )


KEY = KeyBody()


def read_key() -> KeyRequest:
    """The key that the current request asks for."""
    return cast(KeyRequest, bodies.load(KEY, bodies.read_object(MAX_BYTES)))


def read_passwords(*names: str) -> tuple[str, ...]:
    """Passwords of the current request, as they were sent.

    Raises:
        InvalidRequest: for one that is absent, or nothing but space.
    """
    body = bodies.read_object(MAX_BYTES)
    return tuple(password(name, body.get(name)) for name in names)


def password(name: str, value: object) -> str:
    match value:
        case str() if value.strip():
            return value
        case None | str():
            raise missing(name)
        case _:
            raise bodies.malformed(name, "expected a string")


def read_enabled() -> bool:
    """Whether the current request switches something on or off."""
    match bodies.read_object(MAX_BYTES).get("enabled"):
        case bool() as enabled:
            return enabled
        case None:
            raise missing("enabled")
        case _:
            raise bodies.malformed("enabled", "expected a boolean")
