"""How an attribute is reached in SQL: the only place that knows that attributes are JSONB.

Names are constants in the text, so that an expression here is the same text as the expression of an
index, whatever kind of plan PostgreSQL makes.
"""

from __future__ import annotations

from service.compile.fragment import Fragment, constant, raw
from service.core.filters import Attribute, Field, IdField


def as_json(attribute: Attribute) -> Fragment:
    """The JSONB value; NULL when missing."""
    return raw("(attributes -> ") + constant(attribute.name) + raw(")")


def as_text(field: Field) -> Fragment:
    """A string's characters; NULL when missing or a JSON null."""
    if isinstance(field, IdField):
        return raw("id")
    return raw("(attributes ->> ") + constant(field.name) + raw(")")


def as_number(attribute: Attribute) -> Fragment:
    """A number as ``numeric``; NULL when missing.

    The CASE keeps a row that somebody wrote with SQL, and that holds something else, from failing
    every query that looks at it.
    """
    value = as_json(attribute)
    return (
        raw("(CASE jsonb_typeof(") + value + raw(") WHEN 'number' THEN ") + value
        + raw("::numeric END)")
    )  # fmt: skip


def as_array(attribute: Attribute) -> Fragment:
    """An array; an empty one when missing or when it is something else."""
    value = as_json(attribute)
    return (
        raw("(CASE jsonb_typeof(") + value + raw(") WHEN 'array' THEN ") + value
        + raw(" ELSE '[]' END)")
    )  # fmt: skip
