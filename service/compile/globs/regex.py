"""Writes sequences as regular expressions of PostgreSQL (AREs).

Anchored at both ends, which also disarms the directors ``***:`` and ``(?i)`` that an ARE may start
with. Whatever is not plainly harmless is written as a code point: no character is then special.
"""

from __future__ import annotations

import re

from service.compile.globs.bytesets import ASCII, NON_ASCII, ByteSet, ranges
from service.compile.globs.limits import MAX_REGEX_LENGTH
from service.compile.globs.nodes import Choice, Directories, Node, OneByte, Sequence, Star, Text

_HARMFUL = re.compile("[^A-Za-z0-9_/ -]")
_HARMFUL_IN_CLASS = re.compile("[^A-Za-z0-9]")


class RegexTooLong(Exception):
    """The expression is longer than PostgreSQL should be given."""


def character_regex(flat: Sequence) -> str:
    """For text as it is; right only for sequences that are aligned."""
    return _anchored(flat)


def byte_regex(sequence: Sequence) -> str:
    """For text in which each byte of UTF-8 was made one character."""
    return _anchored(_as_bytes(sequence))


def _anchored(sequence: Sequence) -> str:
    expression = f"^{_expression(sequence)}$"
    if len(expression) > MAX_REGEX_LENGTH:
        raise RegexTooLong
    return expression


def _as_bytes(sequence: Sequence) -> Sequence:
    return tuple(map(_node_as_bytes, sequence))


def _node_as_bytes(node: Node) -> Node:
    match node:
        case Text(text):
            return Text(text.encode().decode("latin-1"))
        case Choice(branches):
            return Choice(tuple(map(_as_bytes, branches)))
        case _:
            return node


def _expression(sequence: Sequence) -> str:
    return "".join(map(_node_expression, sequence))


def _node_expression(node: Node) -> str:
    match node:
        case Text(text):
            return _HARMFUL.sub(_code_point, text)
        case OneByte(members):
            return _class(members)
        case Star():
            return ".*"
        case Directories():
            return "(?:.*/)?"
        case Choice(branches):
            return f"(?:{'|'.join(map(_expression, branches))})"


def _class(members: ByteSet) -> str:
    if not members >= NON_ASCII:
        return f"[{_class_ranges(members)}]"
    # By exclusion, so that the same class is right for bytes and for characters.
    excluded = ASCII - members
    return f"[^{_class_ranges(excluded)}]" if excluded else "."


def _class_ranges(members: ByteSet) -> str:
    return "".join(map(_class_range, ranges(members)))


def _class_range(pair: tuple[int, int]) -> str:
    first, last = (_HARMFUL_IN_CLASS.sub(_code_point, chr(byte)) for byte in pair)
    return first if first == last else f"{first}-{last}"


def _code_point(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
