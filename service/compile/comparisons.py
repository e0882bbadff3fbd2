"""An attribute that is smaller or larger than a value, so written that an index can serve it."""

from __future__ import annotations

from decimal import Decimal

from service.compile.attributes import INDEXED_CHARACTERS, as_number, as_start, as_text
from service.compile.booleans import all_of
from service.compile.fragment import Fragment, raw
from service.core.bounds import Bounds
from service.core.filters import Attribute, Operand, Order

OPERATORS = {
    Order.LESS: raw(" < "),
    Order.LESS_OR_EQUAL: raw(" <= "),
    Order.GREATER: raw(" > "),
    Order.GREATER_OR_EQUAL: raw(" >= "),
}
OR_EQUAL = {
    Order.LESS: OPERATORS[Order.LESS_OR_EQUAL],
    Order.LESS_OR_EQUAL: OPERATORS[Order.LESS_OR_EQUAL],
    Order.GREATER: OPERATORS[Order.GREATER_OR_EQUAL],
    Order.GREATER_OR_EQUAL: OPERATORS[Order.GREATER_OR_EQUAL],
}


def compare(field: Attribute, order: Order, value: Operand) -> Fragment:
    """The comparison; one for smaller values holds for missing ones as well."""
    if is_number(value):
        condition, missing = compare_number(field, order, value), has_no_number(field)
    else:
        condition, missing = compare_text(field, order, value), as_start(field) + raw(" IS NULL")
    if order in (Order.LESS, Order.LESS_OR_EQUAL):
        return raw("(") + condition + raw(" OR ") + missing + raw(")")
    return condition


def is_within(field: Attribute, bounds: Bounds[float] | Bounds[str]) -> Fragment:
    """Within all bounds; a missing value is not."""
    return all_of(
        (compare_number if is_number(limit) else compare_text)(field, order, limit)
        for order, limit in bounds.limits
    )


def compare_number(field: Attribute, order: Order, value: Operand) -> Fragment:
    """NULL for what is no number."""
    return as_number(field) + OPERATORS[order] + raw("%s", as_decimal(value))


def has_no_number(field: Attribute) -> Fragment:
    """Missing: an index finds it among what has no number, which may be something else."""
    return (
        raw("(") + as_text(field) + raw(" IS NULL AND ") + as_number(field) + raw(" IS NULL)")
    )  # fmt: skip


def compare_text(field: Attribute, order: Order, value: Operand) -> Fragment:
    """NULL for a missing attribute."""
    text = as_characters(value)
    if len(text) < INDEXED_CHARACTERS:
        return as_start(field) + OPERATORS[order] + raw("%s", text)
    near = as_start(field) + OR_EQUAL[order] + raw("%s", text[:INDEXED_CHARACTERS])
    exact = as_text(field) + raw(' COLLATE "C"') + OPERATORS[order] + raw("%s", text)
    return raw("(") + near + raw(" AND ") + exact + raw(")")


def compare_element(element: Fragment, order: Order, value: Operand) -> Fragment:
    """The comparison of one element of an array, a JSONB value."""
    text = raw("(") + element + raw(" #>> '{}')")
    if is_number(value):
        number = (
            raw("(CASE jsonb_typeof(") + element + raw(") WHEN 'number' THEN ") + text
            + raw("::varchar(400)::numeric END)")
        )  # fmt: skip
        return number + OPERATORS[order] + raw("%s", as_decimal(value))
    return text + raw(' COLLATE "C"') + OPERATORS[order] + raw("%s", as_characters(value))


def is_number(value: Operand) -> bool:
    """A boolean is none, though Python says so."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_decimal(value: Operand) -> Decimal:
    """The shortest decimal of a float is what its JSON spelling stored."""
    return Decimal(repr(value))


def as_characters(value: Operand) -> str:
    """What ``->>`` makes of the value."""
    return str(value).lower() if isinstance(value, bool) else str(value)
