"""Tests of a single JSON value in free-form attributes, as SQL; NULL or false for a missing one."""

from __future__ import annotations

from functools import singledispatch

from psycopg.types.json import Jsonb

from service.compile.booleans import all_of, any_of, negated
from service.compile.comparisons import OPERATORS
from service.compile.fragment import Fragment, raw
from service.compile.geo import in_box, in_polygon, in_radius
from service.compile.times import is_within
from service.core.attributes import JsonScalar
from service.core.elements import (
    HoldsAnyWord,
    HoldsPhrase,
    HoldsText,
    InBox,
    InPolygon,
    InRadius,
    InRange,
    InTimeRange,
    IsAnyOf,
    IsNoneOf,
    IsValue,
    Test,
)


@singledispatch
def compile_test(test: Test, value: Fragment) -> Fragment:
    """The condition that the JSON value passes the test. It never fails, whatever the value is."""
    raise TypeError(test)


@compile_test.register
def _is_value(test: IsValue, value: Fragment) -> Fragment:
    return is_one_of(value, (test.value,))


@compile_test.register
def _is_any_of(test: IsAnyOf, value: Fragment) -> Fragment:
    return is_one_of(value, test.values)


@compile_test.register
def _is_none_of(test: IsNoneOf, value: Fragment) -> Fragment:
    return all_of([value + raw(" <> 'null'"), negated(is_one_of(value, test.values))])


def is_one_of(value: Fragment, values: tuple[JsonScalar, ...]) -> Fragment:
    """Whether the value is one of these. JSONB takes 1.0 for 1, but spells it as it was written."""
    integers = [str(one) for one in values if type(one) is int]
    others = [Jsonb(one) for one in values if type(one) is not int]
    parts = list[Fragment]()
    if others:
        parts.append(value + raw(" = ANY (%s::jsonb[])", others))
    if integers:
        digits = raw("(") + value + raw(" #>> '{}') = ANY (%s::text[])", integers)
        parts.append(all_of([of_type(value, raw("'number'")), digits]))
    return any_of(parts)


@compile_test.register
def _in_range(test: InRange, value: Fragment) -> Fragment:
    # JSONB orders numbers exactly, of any length
    limits = [value + OPERATORS[order] + raw("%s", Jsonb(one)) for order, one in test.bounds.limits]
    return all_of([of_type(value, raw("'number'")), *limits])


@compile_test.register
def _in_time_range(test: InTimeRange, value: Fragment) -> Fragment:
    return is_within(value, test.bounds)


@compile_test.register
def _holds_text(test: HoldsText, value: Fragment) -> Fragment:
    return holds(value, test.text)


@compile_test.register
def _holds_phrase(test: HoldsPhrase, value: Fragment) -> Fragment:
    # no index on texts knows where words begin
    return holds(value, test.text)


@compile_test.register
def _holds_any_word(test: HoldsAnyWord, value: Fragment) -> Fragment:
    found = part(value, raw("word"))
    some = raw("EXISTS (SELECT FROM unnest(%s::text[]) AS word WHERE ", list(test.words))
    return all_of([of_type(value, raw("'string'")), some + found + raw(")")])


@compile_test.register
def _in_box(test: InBox, value: Fragment) -> Fragment:
    return in_box(value, test)


@compile_test.register
def _in_radius(test: InRadius, value: Fragment) -> Fragment:
    return in_radius(value, test)


@compile_test.register
def _in_polygon(test: InPolygon, value: Fragment) -> Fragment:
    return in_polygon(value, test)


def holds(value: Fragment, text: str) -> Fragment:
    return all_of([of_type(value, raw("'string'")), part(value, raw("%s", text))])


def part(value: Fragment, text: Fragment) -> Fragment:
    """Whether the text is somewhere in the value's, byte by byte."""
    return raw("strpos((") + value + raw(" #>> '{}') COLLATE \"C\", ") + text + raw(") > 0")


def of_type(value: Fragment, name: Fragment) -> Fragment:
    return raw("jsonb_typeof(") + value + raw(") = ") + name
