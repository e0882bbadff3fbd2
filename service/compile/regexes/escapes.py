"""Reads what starts with a backslash, inside brackets and outside."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Final

from service.compile.regexes.ascii import POSIX
from service.compile.regexes.assertions import END, START, Assertion, word_assertion
from service.compile.regexes.characters import Characters
from service.compile.regexes.classes import finished_class
from service.compile.regexes.cursor import Cursor
from service.compile.regexes.flags import Flags
from service.compile.regexes.properties import named_characters
from service.compile.regexes.unicode import WHITE_SPACE, digits, word_characters


@dataclass(frozen=True, slots=True)
class Literal:
    """One character; ``is_byte`` if written as ``\\xFF``, which without Unicode is a byte."""

    code: int
    is_byte: bool = False


Escape = Literal | Characters | Assertion

_CONTROLS: Final = {"a": 0x07, "f": 0x0C, "t": 0x09, "n": 0x0A, "r": 0x0D, "v": 0x0B}
_DIGITS_OF: Final = {"x": 2, "u": 4, "U": 8}
_WORD_ASSERTIONS: Final = ("b{start}", "b{end}", "b{start-half}", "b{end-half}")
_IN_NAMES: Final = frozenset(string.ascii_letters + "-")


def read_escape(cursor: Cursor, flags: Flags) -> Escape:
    """The escape at the cursor, which goes past it."""
    start = cursor.position
    cursor.advance()
    letter = cursor.peek()
    match letter:
        case "":
            raise cursor.error("ends in '\\' with nothing to escape", start)
        case "x" | "u" | "U":
            return _hexadecimal(cursor)
        case "p" | "P":
            return _property(cursor, flags)
        case "d" | "D" | "s" | "S" | "w" | "W":
            return _perl_class(cursor, flags)
        case "A" | "z" | "b" | "B" | "<" | ">":
            return _assertion(cursor, flags)
        case _:
            cursor.advance()
    if letter in _CONTROLS:
        return Literal(_CONTROLS[letter])
    if letter in string.digits:
        raise cursor.error("has a backreference, which the syntax does not know", start)
    if not letter.isascii() or letter.isalnum():
        raise cursor.error(f"has an unknown escape '\\{letter}'", start)
    return Literal(ord(letter))


def _hexadecimal(cursor: Cursor) -> Literal:
    start = cursor.position
    length = _DIGITS_OF[cursor.peek()]
    cursor.step()
    if cursor.peek() == "{":
        number, is_byte = _digits_in_braces(cursor), False
    else:
        number, is_byte = "".join(_digit(cursor) for _ in range(length)), length == 2
    code = int(number, 16) if number else -1
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise cursor.error("has a hexadecimal escape that is no character", start)
    return Literal(code, is_byte)


def _digits_in_braces(cursor: Cursor) -> str:
    cursor.step()
    number = ""
    while cursor.peek() != "}":
        number += _digit(cursor)
    cursor.step()
    return number


def _digit(cursor: Cursor) -> str:
    digit = cursor.peek()
    if digit == "" or digit not in string.hexdigits:
        raise cursor.error("has a hexadecimal escape that is cut short or has other characters")
    cursor.step()
    return digit


def _property(cursor: Cursor, flags: Flags) -> Characters:
    start = cursor.position
    negated = cursor.peek() == "P"
    cursor.step()
    name = _property_name(cursor)
    if not flags.unicode:
        raise cursor.error("has a class of Unicode without the flag 'u'", start)
    members = named_characters(name)
    if members is None:
        raise cursor.error(
            f"has the Unicode property {name!r}, which is not supported: only the general"
            " categories, Any, ASCII, Assigned, Lowercase, Uppercase and White_Space are",
            start,
        )
    cursor.charge(members)
    return finished_class(cursor, flags, members, negated=negated)


def _property_name(cursor: Cursor) -> str:
    if cursor.peek() != "{":
        name = cursor.peek()
        cursor.step()
        return name
    cursor.step()
    name = ""
    while cursor.peek() != "}":
        if not cursor.peek():
            raise cursor.error("has an unclosed '\\p{'")
        name += cursor.peek()
        cursor.step()
    cursor.advance()
    return name


def _perl_class(cursor: Cursor, flags: Flags) -> Characters:
    letter = cursor.peek()
    cursor.advance()
    match letter.lower(), flags.unicode:
        case "d", True:
            members = digits()
        case "s", True:
            members = WHITE_SPACE
        case "w", True:
            members = word_characters()
        case small, _:
            members = POSIX[{"d": "digit", "s": "space"}.get(small, "word")]
    cursor.charge(members)
    # Complete in every case as they are.
    regardless_of_case = Flags(unicode=flags.unicode)
    return finished_class(cursor, regardless_of_case, members, negated=letter.isupper())


def _assertion(cursor: Cursor, flags: Flags) -> Assertion:
    letter = cursor.peek()
    cursor.advance()
    if letter == "A":
        return START
    if letter == "z":
        return END
    word = word_characters() if flags.unicode else POSIX["word"]
    cursor.charge(word)
    if letter == "b" and cursor.peek() == "{":
        return word_assertion(_word_assertion_name(cursor) or "b", word)
    return word_assertion(letter, word)


def _word_assertion_name(cursor: Cursor) -> str | None:
    """``b{start}`` and the like; ``None`` when the brace may start a count, as in ``\\b{2}``."""
    start = cursor.position
    cursor.step()
    if cursor.peek() not in _IN_NAMES:
        cursor.position = start
        return None
    name = ""
    while cursor.peek() in _IN_NAMES:
        name += cursor.peek()
        cursor.step()
    if not cursor.takes("}") or f"b{{{name}}}" not in _WORD_ASSERTIONS:
        raise cursor.error("has an unknown word boundary", start)
    return f"b{{{name}}}"
