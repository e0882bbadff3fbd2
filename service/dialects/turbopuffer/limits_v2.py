"""How many results a v2 query wants, and from which on (section 8.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.core.attributes import MAX_ATTRIBUTES, check_name
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import Attribute
from service.core.query import MAX_LIMIT, Cap
from service.dialects.turbopuffer.envelope import read_integer, read_limit
from service.dialects.turbopuffer.names import ID, TARGET
from service.dialects.turbopuffer.wire import Wire


def read_limits(data: Mapping[str, Any]) -> tuple[int | None, Cap | None]:
    """``top_k`` or ``limit``; the second also in its form with a bound for each value."""
    if data["limit"] is not None and data["top_k"] is not None:
        raise InvalidRequest("💔 cannot specify both top_k and limit")
    match data["limit"]:
        case None:
            return (None if data["top_k"] is None else read_limit(data["top_k"])), None
        case {"total": total, **rest}:
            return read_limit(total, "limit.total"), read_cap(rest.get("per"))
        case int() as total if not isinstance(total, bool):
            return read_limit(total, "limit"), None
        case _:
            raise malformed_limit()


def read_cap(wire: Wire) -> Cap | None:
    match wire:
        case None:
            return None
        case {"attributes": [*names], "limit": limit} if names and all(
            isinstance(name, str) for name in names
        ):
            if len(names) > MAX_ATTRIBUTES:
                raise malformed_limit()
            attributes = [str(name) for name in names]
            for name in attributes:
                check_name(name, frozenset({ID}))
            return Cap(tuple(map(Attribute, attributes)), read_limit(limit, "limit.per.limit"))
        case _:
            raise malformed_limit()


def malformed_limit() -> MalformedRequest:
    return MalformedRequest(
        f"{TARGET}limit: data did not match any variant of untagged enum LimitInput"
    )


def read_offset(wire: Wire, limit: int | None) -> int:
    offset = read_integer("offset", wire, 0)
    if offset and limit is None:
        raise InvalidRequest("💔 offset needs an explicit top_k or limit")
    if not 0 <= offset <= MAX_LIMIT - (limit or 0):
        raise InvalidRequest(f"💔 offset and limit together are at most {MAX_LIMIT}")
    return offset
