"""Reads character classes in brackets: ``[a-z[:digit:]&&[^k]]``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from service.compile.regexes.ascii import POSIX
from service.compile.regexes.assertions import Assertion
from service.compile.regexes.characters import NO_CHARACTERS, Characters, of_ranges, of_text
from service.compile.regexes.classes import finished_class
from service.compile.regexes.cursor import Cursor
from service.compile.regexes.escapes import Escape, Literal, read_escape
from service.compile.regexes.flags import Flags
from service.compile.regexes.limits import MAX_NESTING

_Operator = Callable[[Characters, Characters], Characters]

# All of the same precedence; what stands between them is a union of items.
_OPERATORS: Final[Mapping[str, _Operator]] = {
    "&&": Characters.__and__,
    "--": Characters.__sub__,
    "~~": Characters.__xor__,
}
_POSIX_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")


def read_brackets(cursor: Cursor, flags: Flags) -> Characters:
    """The class that starts at the cursor, which goes past it."""
    return _Brackets(cursor, flags).read(MAX_NESTING)


class _Brackets:
    def __init__(self, cursor: Cursor, flags: Flags) -> None:
        self._cursor = cursor
        self._flags = flags

    def read(self, nesting_left: int) -> Characters:
        cursor = self._cursor
        start = cursor.position
        if not nesting_left:
            raise cursor.error(f"nests brackets too deep, the limit is {MAX_NESTING} levels")
        negated, items = self._opening()
        combine, left = Characters.__or__, NO_CHARACTERS
        while not cursor.takes("]"):
            if not cursor.peek():
                raise cursor.error("has an unclosed character class: '[' without ']'", start)
            if operator := self._operator():
                combine, left = operator, combine(left, self._folded(items))
                items = NO_CHARACTERS
            else:
                items |= self._item(nesting_left)
            cursor.skip_space()
        return self._finished(combine(left, self._folded(items)), negated=negated)

    def _opening(self) -> tuple[bool, Characters]:
        """Past the start of a class, where ``^``, ``-`` and ``]`` are special."""
        cursor = self._cursor
        cursor.step()
        negated = cursor.peek() == "^"
        if negated:
            cursor.step()
        items = NO_CHARACTERS
        while cursor.peek() == "-":
            items = of_text("-")
            cursor.step()
        if not items and cursor.peek() == "]":
            items = of_text("]")
            cursor.step()
        return negated, items

    def _operator(self) -> _Operator | None:
        taken = (combine for sign, combine in _OPERATORS.items() if self._cursor.takes(sign))
        return next(taken, None)

    def _item(self, nesting_left: int) -> Characters:
        cursor = self._cursor
        if cursor.peek() != "[":
            return self._range()
        found = _POSIX_CLASS.match(cursor.pattern, cursor.position)
        if found is None or found[2] not in POSIX:
            return self.read(nesting_left - 1)
        cursor.position = found.end()
        return self._finished(POSIX[found[2]], negated=found[1] != "")

    def _range(self) -> Characters:
        cursor = self._cursor
        start = cursor.position
        first = self._primitive()
        cursor.skip_space()
        if cursor.peek() != "-" or cursor.peek_beyond() in ("]", "-"):
            return first if isinstance(first, Characters) else self._literals(first, first)
        cursor.step()
        last = self._primitive()
        if isinstance(first, Characters) or isinstance(last, Characters):
            raise cursor.error("has a range whose ends are not both characters", start)
        return self._literals(first, last)

    def _primitive(self) -> Literal | Characters:
        cursor = self._cursor
        start = cursor.position
        if cursor.peek() == "\\":
            read: Escape = read_escape(cursor, self._flags)
            if isinstance(read, Assertion):
                raise cursor.error("has an assertion in a character class", start)
            return read
        if not cursor.peek():
            raise cursor.error("has an unclosed character class: '[' without ']'")
        literal = Literal(ord(cursor.peek()))
        cursor.advance()
        return literal

    def _literals(self, first: Literal, last: Literal) -> Characters:
        if last.code < first.code:
            raise self._cursor.error(
                "has an invalid range in a character class: its end comes before its start"
            )
        if not self._flags.unicode and last.code > 0x7F:
            raise self._cursor.error("has a character beyond ASCII in a class without the flag 'u'")
        return of_ranges([(first.code, last.code)])

    def _folded(self, members: Characters) -> Characters:
        return self._finished(members, negated=False)

    def _finished(self, members: Characters, *, negated: bool) -> Characters:
        return finished_class(self._cursor, self._flags, members, negated=negated)
