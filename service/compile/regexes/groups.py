"""Reads how a group starts: its name, its flags, or only flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from service.compile.regexes.cursor import Cursor
from service.compile.regexes.flags import FLAG_NAMES, Flags

_LOOK_AROUND: Final = ("?=", "?!", "?<=", "?<!")
_IN_NAMES: Final = ("_", ".", "[", "]")


@dataclass(frozen=True, slots=True)
class Opening:
    """The flags that hold from here on, in the group or, without content, in the one around."""

    flags: Flags
    has_content: bool


def read_group_opening(cursor: Cursor, flags: Flags, names: set[str]) -> Opening:
    """Past the start of a group; its name, if any, is added to those of the pattern."""
    start = cursor.position
    cursor.step()
    if cursor.pattern.startswith(_LOOK_AROUND, cursor.position):
        raise cursor.error("has look-around, which the syntax does not know", start)
    if cursor.takes("?P<") or cursor.takes("?<"):
        _read_name(cursor, names)
        return Opening(flags, has_content=True)
    if not cursor.takes("?"):
        return Opening(flags, has_content=True)
    letters = _read_flags(cursor)
    if cursor.takes(":"):
        return Opening(flags.changed(letters), has_content=True)
    cursor.advance()
    if not letters:
        raise cursor.error("has a quantifier with nothing to repeat", start)
    return Opening(flags.changed(letters), has_content=False)


def _read_flags(cursor: Cursor) -> dict[str, bool]:
    letters: dict[str, bool] = {}
    is_on = True
    previous = ""
    while cursor.peek() not in (":", ")"):
        previous = cursor.peek()
        if previous == "-" and is_on:
            is_on = False
        elif previous in FLAG_NAMES and previous not in letters:
            letters[previous] = is_on
        else:
            raise cursor.error("has flags that are unknown, repeated or not closed")
        cursor.advance()
    if previous == "-":
        raise cursor.error("has flags that end in '-'")
    return letters


def _read_name(cursor: Cursor, names: set[str]) -> None:
    start = cursor.position
    while _is_in_name(cursor.peek(), is_first=cursor.position == start):
        cursor.advance()
    name = cursor.pattern[start : cursor.position]
    if not name or not cursor.takes(">"):
        raise cursor.error("has a group whose name is empty, not closed or has other characters")
    if name in names:
        raise cursor.error("has two groups with the same name", start)
    names.add(name)


def _is_in_name(character: str, *, is_first: bool) -> bool:
    if is_first:
        return character == "_" or character.isalpha()
    return character in _IN_NAMES or character.isalnum()
