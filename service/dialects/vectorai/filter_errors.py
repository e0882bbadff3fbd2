"""Errors of filters (section 4.2), in this API's words."""

from __future__ import annotations

from service.core.errors import InvalidRequest
from service.core.ids import kind_of

SHOWN = 64


def unreadable(reason: str) -> InvalidRequest:
    """The error for what is no filter, or no part of one."""
    return InvalidRequest(f"Filter parse error: {reason}")


def wrong_type(field: str, value: object, wanted: str) -> InvalidRequest:
    return unreadable(f"{field}: {kind_of(value)}, expected {wanted}")


def quoted(text: str) -> str:
    """What a caller wrote, short enough for a message."""
    return f"'{text}'" if len(text) <= SHOWN else f"'{text[:SHOWN]}…'"
