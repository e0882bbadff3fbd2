"""A piece of SQL together with the values bound in it.

This is the only module that quotes identifiers and constants. Text and values travel as one, so
that nobody counts placeholders; joining fragments joins both.

psycopg scans the composed text for placeholders and does not escape ``%`` inside identifiers and
constants, so an attribute called ``100%`` would break the statement: it is doubled here, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql


@dataclass(frozen=True, slots=True)
class Fragment:
    """SQL text with the values of its placeholders, in their order."""

    text: sql.Composed
    values: tuple[object, ...] = ()

    def __add__(self, other: Fragment) -> Fragment:
        return Fragment(self.text + other.text, self.values + other.values)


def raw(text: LiteralString, *values: object) -> Fragment:
    """SQL written in this code base; a ``%s`` (or ``%b`` for binary) in it takes the next value."""
    return Fragment(sql.Composed([sql.SQL(text)]), values)


def identifier(*names: str) -> Fragment:
    """A quoted, possibly qualified name: ``identifier("vectable", "books")``."""
    return Fragment(sql.Composed([sql.Identifier(*(name.replace("%", "%%") for name in names))]))


def constant(text: str) -> Fragment:
    """A quoted string constant.

    For what an index expression contains, such as an attribute's name: bound as a parameter, the
    generic plan could not match the expression and would scan the table.
    """
    return Fragment(sql.Composed([sql.Literal(text.replace("%", "%%"))]))


def number(value: int) -> Fragment:
    """An integer in the text, for ``LIMIT``: distributed engines push down only constants."""
    return Fragment(sql.Composed([sql.Literal(value)]))


def joined(separator: LiteralString, parts: Iterable[Fragment]) -> Fragment:
    """The parts with the separator between them; no parts make an empty fragment."""
    pieces = tuple(parts)
    text = sql.SQL(separator).join([part.text for part in pieces])
    return Fragment(text, tuple(value for part in pieces for value in part.values))
