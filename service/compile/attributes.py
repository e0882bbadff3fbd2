"""How an attribute is reached in SQL: the only place that knows that attributes are JSONB.

Names are constants in the text, so that an expression here is the same text as the expression of an
index, whatever kind of plan PostgreSQL makes.
"""

from __future__ import annotations

from typing import LiteralString

from service.compile.fragment import Fragment, constant, raw
from service.core.filters import Attribute, Field, IdField

# Characters of a string that an index keeps: at most 1 kB, so that no string is ever too long for
# a page of a btree and no write is refused.
INDEXED_CHARACTERS = 256
# the column of a namespace's table
STORED = "attributes"


def as_json(attribute: Attribute, among: LiteralString = STORED) -> Fragment:
    """The JSONB value; NULL when missing."""
    return raw("(") + raw(among) + raw(" -> ") + constant(attribute.name) + raw(")")


def as_text(field: Field, among: LiteralString = STORED) -> Fragment:
    """A string's characters; NULL when missing or a JSON null."""
    if isinstance(field, IdField):
        return raw("id")
    return raw("(") + raw(among) + raw(" ->> ") + constant(field.name) + raw(")")


def as_start(attribute: Attribute) -> Fragment:
    """The first characters of a string, by bytes; NULL when missing. What an index has of it.

    Compares with a shorter operand exactly as the whole string does. A cast, not ``left()``: it
    hands a short string on without a copy, so it costs nothing where there is no index.
    """
    return as_text(attribute) + raw('::varchar(256) COLLATE "C"')


def as_number(attribute: Attribute, among: LiteralString = STORED) -> Fragment:
    """A number as ``numeric``; NULL when missing.

    The CASE keeps a row that somebody wrote with SQL, and that holds something else, from failing
    every query that looks at it. So does the limit of digits for a number of thousands of them,
    which a page of an index could not hold; every 64-bit number has fewer, and compares as before.
    """
    return (
        raw("(CASE jsonb_typeof(") + as_json(attribute, among) + raw(") WHEN 'number' THEN ")
        + as_text(attribute, among) + raw("::varchar(400)::numeric END)")
    )  # fmt: skip


def as_array(attribute: Attribute) -> Fragment:
    """An array; an empty one when missing or when it is something else."""
    value = as_json(attribute)
    return (
        raw("(CASE jsonb_typeof(") + value + raw(") WHEN 'array' THEN ") + value
        + raw(" ELSE '[]' END)")
    )  # fmt: skip


def elements_of(attribute: Attribute) -> Fragment:
    """The rows of an array's elements, as JSONB."""
    return raw("jsonb_array_elements(") + as_array(attribute) + raw(")")


def texts_of(attribute: Attribute) -> Fragment:
    """The rows of an array's elements, as text."""
    return raw("jsonb_array_elements_text(") + as_array(attribute) + raw(")")
