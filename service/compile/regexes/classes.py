"""Finishes a class: what the flags and a negation make of the characters that are written."""

from __future__ import annotations

from service.compile.regexes.characters import ALL, ASCII, BYTES, Characters
from service.compile.regexes.cursor import Cursor
from service.compile.regexes.flags import Flags
from service.compile.regexes.unicode import ascii_case_folded, case_folded


def finished_class(
    cursor: Cursor, flags: Flags, members: Characters, *, negated: bool
) -> Characters:
    """The class with case ignored, if it is, and then negated, if it is."""
    if flags.ignore_case:
        fold = case_folded if flags.unicode else ascii_case_folded
        members = fold(members)
    if negated:
        members = (ALL if flags.unicode else BYTES) - members
    if not flags.unicode and members - ASCII:
        raise cursor.error("can match a part of a character without the flag 'u'")
    return members
