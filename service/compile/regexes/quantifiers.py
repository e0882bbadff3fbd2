"""Reads ``*``, ``+``, ``?`` and counts such as ``{2,3}``, each with its lazy form."""

from __future__ import annotations

import string

from service.compile.regexes.cursor import Cursor

_LARGEST = 2**32 - 1


def read_quantifier(cursor: Cursor) -> tuple[int, int | None]:
    """How often at least and at most; lazy or greedy makes no difference to whether it matches."""
    if cursor.peek() == "{":
        bounds = _read_count(cursor)
    else:
        bounds = {"?": (0, 1), "*": (0, None), "+": (1, None)}[cursor.peek()]
        cursor.advance()
    cursor.takes("?")
    return bounds


def _read_count(cursor: Cursor) -> tuple[int, int | None]:
    start = cursor.position
    cursor.step()
    least = _read_number(cursor)
    most: int | None = least
    if cursor.peek() == ",":
        cursor.step()
        most = None if cursor.peek() == "}" else _read_number(cursor)
    if cursor.peek() != "}":
        raise cursor.error("has an unclosed count: '{' without '}'", start)
    cursor.step()
    if most is not None and most < least:
        raise cursor.error("has a count whose end is less than its start", start)
    return least, most


def _read_number(cursor: Cursor) -> int:
    _skip_space(cursor)
    digits = ""
    while cursor.peek() and cursor.peek() in string.digits:
        digits += cursor.peek()
        cursor.step()
    _skip_space(cursor)
    if not digits or int(digits) > _LARGEST:
        raise cursor.error("has a count without a number, or with one that is too large")
    return int(digits)


def _skip_space(cursor: Cursor) -> None:
    # White space around the number is void whatever the flags.
    while cursor.is_at_space():
        cursor.step()
