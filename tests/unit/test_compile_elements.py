"""Conditions on free-form JSON as SQL: the forms that an index serves, and what stands beside."""

from decimal import Decimal
from typing import Any, cast, get_args

import pytest
from psycopg.types.json import Jsonb

from service.compile.element_tests import compile_test
from service.compile.filters import compile_filter
from service.compile.fragment import raw
from service.core.attributes import JsonScalar
from service.core.bounds import Bounds, Order
from service.core.elements import (
    AtPath,
    Counted,
    Element,
    Empty,
    GeoPoint,
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
    Nested,
    Null,
    Test,
    size_of_test,
)
from service.core.filters import And, AtLeast, Filter, Not, Or
from service.core.paths import Path
from service.dialects.vectorai.keys import parse_path

CONTAINS = "attributes @> ANY (%s::jsonb[])"
RING = (GeoPoint(0, 0), GeoPoint(1, 0), GeoPoint(1, 1), GeoPoint(0, 0))
TESTS: list[Test] = [
    IsValue("x"),
    IsAnyOf((1, "x", 1.5, True)),
    IsNoneOf((1,)),
    InRange(Bounds(((Order.LESS, 1),))),
    InTimeRange(Bounds(((Order.LESS, Decimal(1)),))),
    HoldsText("100%"),
    HoldsAnyWord(("a", "b")),
    HoldsPhrase("%s"),
    InBox(GeoPoint(0, 1), GeoPoint(1, 0)),
    InRadius(GeoPoint(0, 1), 10),
    InPolygon(RING, (RING,)),
]


def plain(value: Any) -> object:
    """Values that compare: psycopg's wrapper of JSON does not."""
    if isinstance(value, Jsonb):
        return value.obj
    return list(map(plain, cast(list[Any], value))) if isinstance(value, list) else value


# (key, what contains the value 1.5 there)
CONTAINED = [
    ("a", [{"a": 1.5}, {"a": [1.5]}]),
    ("a.b", [{"a": {"b": 1.5}}, {"a": {"b": [1.5]}}]),
    ("a[].b", [{"a": [{"b": 1.5}]}, {"a": [{"b": [1.5]}]}]),
    ("a[]", [{"a": [1.5]}, {"a": [[1.5]]}]),
    ('"100%s"."it\'s"', [{"100%s": {"it's": 1.5}}, {"100%s": {"it's": [1.5]}}]),
]


@pytest.mark.parametrize(("key", "forms"), CONTAINED)
def test_containment_is_all_that_a_value_needs(key: str, forms: list[object]):
    fragment = compile_filter(Element(parse_path(key), IsValue(1.5)))

    assert fragment.text == CONTAINS
    assert [plain(value) for value in fragment.values] == [forms]


def test_an_integer_is_also_spelled_like_one():
    fragment = compile_filter(Element(parse_path("a[].b"), IsValue(1)))

    assert fragment.text.startswith(f"({CONTAINS} AND EXISTS (SELECT FROM jsonb_array_elements(")
    forms, *digits = fragment.values
    assert plain(forms) == [{"a": [{"b": 1}]}, {"a": [{"b": [1]}]}]
    assert digits == [["1"], ["1"]]


def test_a_place_in_an_array_is_looked_at_itself():
    fragment = compile_filter(Element(parse_path("a[3]"), IsValue("x")))

    assert fragment.text.startswith(f"({CONTAINS} AND CASE jsonb_typeof(jsonb_path_query_first(")
    assert "'strict $[3]'" in fragment.text
    assert plain(fragment.values[0]) == [{"a": ["x"]}, {"a": [["x"]]}]


def test_many_values_are_looked_up_by_hash():
    values: tuple[JsonScalar, ...] = tuple(map(str, range(9)))

    fragment = compile_filter(Element(parse_path("a"), IsAnyOf(values)))

    assert "@>" not in fragment.text
    assert [plain(value) for value in fragment.values] == [list(values), list(values)]


def test_null_is_contained_as_any_value_is():
    fragment = compile_filter(Null(parse_path("a[].b")))

    assert fragment.text == CONTAINS
    assert [plain(v) for v in fragment.values] == [[{"a": [{"b": None}]}, {"a": [{"b": [None]}]}]]


def test_a_nested_filter_starts_from_the_element():
    inner = And((Element(parse_path("b"), IsValue("x")), Not(Null(parse_path("c")))))

    fragment = compile_filter(Nested(parse_path("a"), inner))

    assert fragment.text.count("attributes") == 2  # the array, and the question whether it is one
    assert fragment.text.endswith(
        " AS element_1 (value) WHERE (jsonb_typeof(element_1.value) = 'object' AND "
        "(element_1.value @> ANY (%s::jsonb[]) AND "
        "(element_1.value @> ANY (%s::jsonb[])) IS NOT TRUE)))"
    )


def test_elements_in_elements_have_names_of_their_own():
    deep = Nested(parse_path("a"), Nested(parse_path("b[].c"), Null(parse_path("d[].e[0]"))))

    text = compile_filter(deep).text

    assert [text.count(f" AS element_{n} ") for n in (1, 2, 3, 4, 5)] == [1, 1, 1, 1, 0]


BOOLEANS: list[Filter] = [
    And(()),
    Or(()),
    Not(Null(parse_path("x"))),
    AtLeast(2, (Null(parse_path("x")), Null(parse_path("y")), And(()))),
]


@pytest.mark.parametrize("inner", BOOLEANS, ids=str)
def test_conditions_combine_inside_as_they_do_outside(inner: Filter):
    outside = compile_filter(inner).text
    inside = compile_filter(Nested(parse_path("a"), inner)).text

    assert inside.endswith(f" AND {outside.replace('attributes', 'element_1.value')}))")


def test_the_count_of_a_missing_value_is_none():
    few, many = Bounds(((Order.LESS, 2),)), Bounds(((Order.GREATER_OR_EQUAL, 1),))

    assert "IS NOT TRUE" in compile_filter(Counted(parse_path("a"), few)).text
    assert "IS NOT TRUE" not in compile_filter(Counted(parse_path("a"), many)).text


@pytest.mark.parametrize("test", TESTS, ids=lambda test: type(test).__name__)
def test_there_are_as_many_placeholders_as_values(test: Test):
    for key in ("a", "a.b[].c", 'a[0]."100%s"'):
        fragment = compile_filter(Element(parse_path(key), test))

        assert fragment.text.replace("%%", "").count("%s") == len(fragment.values)
        assert fragment.text.replace("%%", "").count("%") == len(fragment.values)
        # what a statement has room for is reckoned by it
        assert len(fragment.values) <= size_of_test(test)


@pytest.mark.parametrize("test", get_args(Test), ids=lambda test: test.__name__)
def test_every_test_has_sql(test: type):
    assert compile_test.dispatch(test) is not compile_test.dispatch(object)
    assert any(type(one) is test for one in TESTS)


@pytest.mark.parametrize("value", ["a", 1.5, True, 2**63])
def test_a_value_is_bound_and_never_part_of_the_text(value: JsonScalar):
    assert compile_test(IsValue(value), raw("v")).text in (
        "(v = ANY (%s::jsonb[]))",
        "((jsonb_typeof(v) = 'number' AND (v #>> '{}') = ANY (%s::text[])))",
    )


def nodes(path: Path) -> list[AtPath]:
    return [
        Element(path, IsNoneOf(("x",))),
        Element(path, IsValue(1)),
        Counted(path, Bounds(((Order.LESS, 2),))),
        Empty(path),
        Null(path),
        Nested(path, Null(path)),
    ]


@pytest.mark.parametrize("step", ["[0]", "[]", ".b", "[0][]", "[].b[0]"])
def test_the_text_grows_with_the_length_of_the_path_and_no_faster(step: str):
    for short, long in zip(
        nodes(parse_path("a" + step * 8)), nodes(parse_path("a" + step * 16)), strict=True
    ):
        assert len(compile_filter(long).text) < 2.5 * len(compile_filter(short).text)
