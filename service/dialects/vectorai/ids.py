"""Identifiers of points: unsigned integers of 64 bits, or UUIDs in any spelling (section 7.1).

Written with and without hyphens a UUID is the same point. An answer to a request by id has the form
that was asked with, all others the hyphenated one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from service.core.errors import UnfitId
from service.core.ids import MAX_ID_BYTES, UNSIGNED_END, DocumentId
from service.dialects.vectorai.bodies import malformed


def parse_id(wire: object) -> DocumentId:
    """One id.

    Raises:
        UnfitId: for what is neither an unsigned integer nor a UUID.
    """
    match wire:
        case bool():
            pass
        case int() if 0 <= wire < UNSIGNED_END:
            return wire
        case str():
            try:
                return known(UUID(wire))
            except ValueError:
                pass
        case _:
            pass
    raise UnfitId(wire)


def parse_cursor(wire: object) -> DocumentId:
    """Where a scroll goes on: an id, or the text of one in a namespace that has such."""
    if isinstance(wire, str) and 0 < len(wire.encode()) <= MAX_ID_BYTES:
        try:
            return parse_id(wire)
        except UnfitId:
            return wire
    return parse_id(wire)


def known(value: UUID) -> DocumentId:
    """A UUID whose first 64 bits are zero is how an integer is stored among UUIDs."""
    return value.int if value.int < UNSIGNED_END else value


def parse_ids(wire: object, field: str) -> tuple[DocumentId, ...]:
    """A list of ids, in its order."""
    if not isinstance(wire, list):
        raise malformed(field, "expected a list of ids")
    return tuple([parse_id(one) for one in cast(Sequence[object], wire)])


def parse_path_id(text: str) -> DocumentId:
    """An id that stands in a URL, where integers are digits."""
    return parse_id(int(text) if text.isascii() and text.isdigit() and len(text) <= 20 else text)


def render_id(value: DocumentId) -> int | str:
    return str(value) if isinstance(value, UUID) else value
