"""The filter tree as an SQL condition: one function per node.

Takes bound trees (``service/core/binding.py``): types are known and operands fit. An attribute
without a type is missing in every document.
"""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch

from psycopg.types.json import Jsonb

from service.compile.attributes import as_array, as_json, as_number, as_text
from service.compile.fragment import Fragment, joined, raw
from service.compile.globs import compile_glob
from service.core.filters import (
    And,
    AnyOf,
    Attribute,
    Compare,
    Equal,
    Filter,
    Glob,
    IdField,
    Missing,
    Not,
    Operand,
    Or,
    Order,
)

COMPARISONS = {
    Order.LESS: raw(" < "),
    Order.LESS_OR_EQUAL: raw(" <= "),
    Order.GREATER: raw(" > "),
    Order.GREATER_OR_EQUAL: raw(" >= "),
}

# more values than this are looked up by hash
FEW_VALUES = 16


@singledispatch
def compile_filter(node: Filter) -> Fragment:
    """The condition that is true for exactly the documents that match; else false or NULL."""
    raise TypeError(node)


@compile_filter.register
def _and(node: And) -> Fragment:
    if not node.parts:
        return raw("true")
    return raw("(") + joined(" AND ", map(compile_filter, node.parts)) + raw(")")


@compile_filter.register
def _or(node: Or) -> Fragment:
    if not node.parts:
        return raw("false")
    return raw("(") + joined(" OR ", map(compile_filter, node.parts)) + raw(")")


@compile_filter.register
def _not(node: Not) -> Fragment:
    # IS NOT TRUE, not NOT: a part that is NULL, for a missing attribute, does not match
    return raw("(") + compile_filter(node.part) + raw(") IS NOT TRUE")


@compile_filter.register
def _missing(node: Missing) -> Fragment:
    # ->> makes NULL of a JSON null as well, which SQL and the other dialect can store
    return as_text(node.field) + raw(" IS NULL")


@compile_filter.register
def _equal(node: Equal) -> Fragment:
    if isinstance(node.field, IdField):
        return raw("id = %s", node.value)
    if isinstance(node.value, tuple):
        return as_json(node.field) + raw(" = %s", Jsonb(list(node.value)))
    # containment is what a GIN index serves; inside an object it is equality for scalars
    return raw("attributes @> %s", Jsonb({node.field.name: node.value}))


@compile_filter.register
def _any_of(node: AnyOf) -> Fragment:
    if isinstance(node.field, IdField):
        return raw("id = ANY (%s)", list(node.values))
    if node.field.type and node.field.type.is_array:
        return holds_any(node.field, node.values)
    # "= ANY" rather than "IN (…)": an empty list is legal, the text does not change with the
    # length of the list, and PostgreSQL looks long lists up in a hash table
    return as_json(node.field) + raw(" = ANY (%s::jsonb[])", [Jsonb(v) for v in node.values])


def holds_any(field: Attribute, values: tuple[Operand, ...]) -> Fragment:
    """An array with one of the values in it."""
    if len(values) <= FEW_VALUES:
        holders = [Jsonb({field.name: [value]}) for value in values]
        return raw("attributes @> ANY (%s::jsonb[])", holders)
    # each element is looked up in a hash table, where containment would try every value in turn
    return (
        raw("EXISTS (SELECT FROM jsonb_array_elements(") + as_array(field)
        + raw(") AS element WHERE element = ANY (%s::jsonb[]))", [Jsonb(v) for v in values])
    )  # fmt: skip


@compile_filter.register
def _compare(node: Compare) -> Fragment:
    if isinstance(node.field, IdField):
        return raw("id") + COMPARISONS[node.order] + raw("%s", node.value)
    condition = compare_attribute(node.field, node.order, node.value)
    if node.order in (Order.LESS, Order.LESS_OR_EQUAL):
        return raw("(") + condition + raw(" OR ") + _missing(Missing(node.field)) + raw(")")
    return condition


def compare_attribute(field: Attribute, order: Order, value: Operand) -> Fragment:
    """The comparison alone: NULL for a missing attribute."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return as_text(field) + raw(' COLLATE "C"') + COMPARISONS[order] + raw("%s", text)
    # the shortest decimal of a float is what its JSON spelling stored
    return as_number(field) + COMPARISONS[order] + raw("%s", Decimal(repr(value)))


@compile_filter.register
def _glob(node: Glob) -> Fragment:
    if isinstance(node.field, IdField) or not (node.field.type and node.field.type.is_array):
        return compile_glob(as_text(node.field), node.pattern, node.ignore_case)
    return (
        raw("EXISTS (SELECT FROM jsonb_array_elements_text(") + as_array(node.field)
        + raw(") AS element WHERE ") + compile_glob(raw("element"), node.pattern, node.ignore_case)
        + raw(")")
    )  # fmt: skip
