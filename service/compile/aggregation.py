"""Aggregates and what they are grouped by, as SQL."""

from __future__ import annotations

from service.compile.attributes import as_array, as_json, as_number
from service.compile.fragment import Fragment, joined, raw
from service.core.aggregation import Aggregation, Count, GroupKey, Total
from service.core.attributes import Scalar
from service.core.filters import Attribute


def compile_function(function: Count | Total) -> Fragment:
    """One aggregate over the documents of a group."""
    match function:
        case Count(None):
            return raw("count(*)")
        case Count(attribute):
            assert attribute is not None
            return raw("count(") + present(attribute) + raw(")")
        case Total(attribute):
            return raw("coalesce(sum(") + as_number(attribute) + raw("), 0)")


def compile_functions(aggregation: Aggregation) -> Fragment:
    """The list of aggregates, in the order of their names in the request."""
    return joined(", ", map(compile_function, aggregation.functions.values()))


def compile_keys(aggregation: Aggregation) -> Fragment:
    """The list of group keys, as JSONB; NULL for documents without a value."""
    return joined(", ", [key_of(key, place) for place, key in enumerate(aggregation.keys)])


def key_of(key: GroupKey, place: int) -> Fragment:
    if key.each_element:
        return element_name(place)
    return present(key.attribute)


def present(attribute: Attribute) -> Fragment:
    """The JSONB value; NULL also for a JSON null, which is no value either."""
    return raw("nullif(") + as_json(attribute) + raw(", 'null')")


def order_of(aggregation: Aggregation) -> Fragment:
    """The order of groups by their keys: none first, numbers by size, strings by bytes."""
    return joined(", ", [order_of_key(key, place) for place, key in enumerate(aggregation.keys)])


def order_of_key(key: GroupKey, place: int) -> Fragment:
    kind = key.attribute.type
    if kind is None or kind.is_number or kind.scalar is Scalar.BOOL:
        return Fragment(str(place + 1)) + raw(" NULLS FIRST")
    text = raw("(") + key_of(key, place) + raw(") #>> '{}'")
    return raw("(") + text + raw(') COLLATE "C" NULLS FIRST')


def element_name(place: int) -> Fragment:
    return raw("element_") + Fragment(str(place)) + raw(".value")


def compile_elements(aggregation: Aggregation) -> Fragment:
    """The joins that make one row for each different element of the arrays grouped by."""
    joins = raw("")
    for place, key in enumerate(aggregation.keys):
        if key.each_element:
            joins += (
                raw("\nCROSS JOIN LATERAL (SELECT DISTINCT value FROM jsonb_array_elements(")
                + as_array(key.attribute) + raw(")) AS element_") + Fragment(str(place))
            )  # fmt: skip
    return joins
