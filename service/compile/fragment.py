"""A piece of SQL together with the values bound in it.

This is the only module that quotes identifiers and constants. Text and values travel as one, so
that nobody counts placeholders; joining fragments joins both.

psycopg scans the text for placeholders, also inside quotes, so an attribute called ``100%`` would
break the statement: percent signs of names are doubled here, once. The text is a plain string, not
one of psycopg's composables, because joining those costs more than all else in a small query; that
nobody builds one from a caller's words is what ``LiteralString`` is for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import LiteralString

from psycopg import sql

CACHED_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class Fragment:
    """SQL text with the values of its placeholders, in their order."""

    text: str
    values: tuple[object, ...] = ()

    @property
    def unbound(self) -> str:
        """The text for a statement that is sent without values, where nothing undoes the doubling
        of percent signs."""
        if self.values:
            raise ValueError("a statement with values is not sent without them")
        return self.text.replace("%%", "%")

    def __add__(self, other: Fragment) -> Fragment:
        return Fragment(self.text + other.text, self.values + other.values)


def raw(text: LiteralString, *values: object) -> Fragment:
    """SQL written in this code base; a ``%s`` in it takes the next value."""
    return Fragment(text, values)


@lru_cache(CACHED_NAMES)
def identifier(*names: str) -> Fragment:
    """A quoted, possibly qualified name: ``identifier("vectable", "books")``."""
    return Fragment(sql.Identifier(*names).as_string().replace("%", "%%"))


@lru_cache(CACHED_NAMES)
def constant(text: str) -> Fragment:
    """A quoted string constant.

    For what an index expression contains, such as an attribute's name: bound as a parameter, the
    generic plan could not match the expression and would scan the table.
    """
    return Fragment(sql.Literal(text).as_string().strip().replace("%", "%%"))


def number(value: int) -> Fragment:
    """An integer in the text, for ``LIMIT``: distributed engines push down only constants."""
    return Fragment(str(int(value)))


def joined(separator: LiteralString, parts: Iterable[Fragment]) -> Fragment:
    """The parts with the separator between them; no parts make an empty fragment."""
    pieces = tuple(parts)
    return Fragment(
        separator.join([piece.text for piece in pieces]),
        tuple([value for piece in pieces for value in piece.values]),
    )
