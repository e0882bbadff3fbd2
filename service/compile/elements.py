"""Conditions on free-form JSON as SQL: one function per node.

They start from the attributes of a document, or inside ``Nested`` from an object in an array.
Containment comes first where it can: an index serves it, and it rejects what no other part has to
look at.
"""

from __future__ import annotations

from functools import singledispatch

from psycopg.types.json import Jsonb

from service.compile.booleans import all_of, any_of, at_least, negated
from service.compile.comparisons import OPERATORS
from service.compile.element_tests import compile_test
from service.compile.fragment import Fragment, raw
from service.compile.paths import ROOT, Place, some_element, some_value
from service.core.attributes import JsonAny, JsonScalar
from service.core.bounds import Bounds
from service.core.elements import (
    Counted,
    Element,
    Empty,
    IsAnyOf,
    IsValue,
    Nested,
    Null,
    Test,
)
from service.core.filters import And, AtLeast, Filter, Not, Or
from service.core.indexing import FEW_ELEMENTS
from service.core.paths import Item, Key, Path


@singledispatch
def compile_at(node: Filter, place: Place = ROOT) -> Fragment:
    """The condition that is true for exactly the objects at the place that match; else false or
    NULL."""
    raise TypeError(node)


@compile_at.register
def _and(node: And, place: Place = ROOT) -> Fragment:
    return all_of(compile_at(part, place) for part in node.parts)


@compile_at.register
def _or(node: Or, place: Place = ROOT) -> Fragment:
    return any_of(compile_at(part, place) for part in node.parts)


@compile_at.register
def _not(node: Not, place: Place = ROOT) -> Fragment:
    return negated(compile_at(node.part, place))


@compile_at.register
def _at_least(node: AtLeast, place: Place = ROOT) -> Fragment:
    return at_least(node.count, [compile_at(part, place) for part in node.parts])


@compile_at.register
def _element(node: Element, place: Place = ROOT) -> Fragment:
    def passes(end: Place) -> Fragment:
        return some_element(end, lambda value: compile_test(node.test, value))

    values = listed(node.test)
    if values is None or len(values) > FEW_ELEMENTS:
        return some_value(node.path, place, passes)
    candidates = contains(node.path, place, values)
    if is_told(node.path) and not any(type(value) is int for value in values):
        return candidates
    return all_of([candidates, some_value(node.path, place, passes)])


def listed(test: Test) -> tuple[JsonScalar, ...] | None:
    """The only values that pass, when there are some."""
    match test:
        case IsValue(value):
            return (value,)
        case IsAnyOf(values):
            return values
        case _:
            return None


def contains(path: Path, place: Place, values: tuple[JsonScalar | None, ...]) -> Fragment:
    """Whether one of the values is at the path, or in an array there: by containment, which does
    not look at places in arrays and takes 1 for 1.0."""
    forms = [form for value in values for form in (around(path, value), around(path, [value]))]
    return place.value + raw(" @> ANY (%s::jsonb[])", list(map(Jsonb, forms)))


def around(path: Path, value: JsonAny) -> JsonAny:
    """The least JSON that has the value at the path."""
    for step in reversed(path.steps):
        value = {step.name: value} if isinstance(step, Key) else [value]
    return value


def is_told(path: Path) -> bool:
    """Whether containment tells all that the path says."""
    return not any(isinstance(step, Item) for step in path.steps)


@compile_at.register
def _null(node: Null, place: Place = ROOT) -> Fragment:
    if is_told(node.path):
        return contains(node.path, place, (None,))
    # of an array: null is among its elements
    return some_value(node.path, place, lambda end: end.value + raw(" @> 'null'"))


@compile_at.register
def _empty(node: Empty, place: Place = ROOT) -> Fragment:
    full = some_value(node.path, place, lambda end: end.value + raw(" NOT IN ('null', '[]')"))
    return negated(full)


@compile_at.register
def _counted(node: Counted, place: Place = ROOT) -> Fragment:
    def within(end: Place) -> Fragment:
        return all_of([is_there(end), *count_limits(end.value, node.bounds)])

    some = some_value(node.path, place, within)
    if not node.bounds.allow(0):
        return some
    return any_of([some, negated(some_value(node.path, place, is_there))])


def is_there(place: Place) -> Fragment:
    return place.value + raw(" IS NOT NULL")


def count_limits(value: Fragment, bounds: Bounds[int]) -> list[Fragment]:
    count = (
        raw("CASE jsonb_typeof(") + value + raw(") WHEN 'array' THEN jsonb_array_length(") + value
        + raw(") WHEN 'null' THEN 0 ELSE 1 END")
    )  # fmt: skip
    return [count + OPERATORS[order] + raw("%s", limit) for order, limit in bounds.limits]


@compile_at.register
def _nested(node: Nested, place: Place = ROOT) -> Fragment:
    def matches(end: Place) -> Fragment:
        is_object = raw("jsonb_typeof(") + end.value + raw(") = 'object'")
        return all_of([is_object, compile_at(node.filter, end)])

    return some_value(node.path.each, place, matches)
