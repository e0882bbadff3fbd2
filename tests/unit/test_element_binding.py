"""Conditions on free-form JSON meet a schema: a type that is promised makes them faster."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from service.core.attributes import ANY, AttributeSpec, parse_type
from service.core.binding import bind
from service.core.bounds import Bounds, Order
from service.core.elements import (
    Counted,
    Element,
    Empty,
    GeoPoint,
    HasId,
    HasVector,
    HoldsText,
    InRadius,
    InRange,
    InTimeRange,
    IsAnyOf,
    IsNoneOf,
    IsValue,
    Nested,
    Null,
    Test,
)
from service.core.filters import (
    NOTHING,
    And,
    AnyOf,
    AtLeast,
    Attribute,
    Between,
    Equal,
    Filter,
    Holds,
    IdField,
    Not,
    Or,
)
from service.core.ids import DocumentId, IdType
from service.core.namespace import Namespace, VectorColumn
from service.core.times import read_time
from service.dialects.vectorai.keys import parse_path

TYPES = ("string", "int", "uint", "float", "bool", "uuid", "datetime")
ARRAYS = {"strings": "[]string", "ints": "[]int", "floats": "[]float"}
SPECS = {name: AttributeSpec(parse_type(name)) for name in TYPES}
SPECS |= {name: AttributeSpec(parse_type(kind)) for name, kind in ARRAYS.items()}
SPECS |= {"any": AttributeSpec(ANY), "hidden": AttributeSpec(parse_type("int"), filterable=False)}
KEY = UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
TEN = Bounds(((Order.GREATER, 10),))
NOON = read_time("2024-03-02T12:00:00Z") or Decimal(0)
LATER = Bounds(((Order.GREATER, NOON),))


def namespace(id_type: IdType = IdType.BIGINT) -> Namespace:
    vectors = (VectorColumn("vector", 2), VectorColumn("title", 2))
    return Namespace("books", "books", id_type, vectors, SPECS, 1, datetime.now(UTC))


def typed(name: str) -> Attribute:
    return Attribute(name, SPECS[name].type)


def bound(key: str, test: Test) -> Filter:
    return bind(Element(parse_path(key), test), namespace())


# (attribute, test, the typed condition)
TYPED: list[tuple[str, Test, Filter]] = [
    ("string", IsValue("x"), Equal(typed("string"), "x")),
    ("uuid", IsValue("x"), Equal(typed("uuid"), "x")),
    ("int", IsValue(1), Equal(typed("int"), 1)),
    ("uint", IsValue(1), Equal(typed("uint"), 1)),
    ("int", IsValue(1.0), Equal(typed("int"), 1.0)),
    ("float", IsValue(1.0), Equal(typed("float"), 1.0)),
    ("bool", IsValue(True), Equal(typed("bool"), True)),
    ("hidden", IsValue(1), Equal(typed("hidden"), 1)),
    ("string", IsAnyOf(("x", "y")), AnyOf(typed("string"), ("x", "y"))),
    ("string", IsAnyOf(("x", 1)), Equal(typed("string"), "x")),
    ("strings", IsValue("x"), Holds(typed("strings"), ("x",))),
    ("ints", IsAnyOf((1, 2)), Holds(typed("ints"), (1, 2))),
    ("floats", IsValue(1.5), Holds(typed("floats"), (1.5,))),
    ("int", InRange(TEN), Between(typed("int"), TEN)),
    ("float", InRange(TEN), Between(typed("float"), TEN)),
    (
        "datetime",
        InTimeRange(LATER),
        Between(typed("datetime"), Bounds(((Order.GREATER, "2024-03-02T12:00:00.000000000Z"),))),
    ),
]


@pytest.mark.parametrize(("name", "test", "condition"), TYPED)
def test_a_promised_type_gives_a_typed_condition(name: str, test: Test, condition: Filter):
    # by their looks: Python takes 1 for 1.0 and true
    assert repr(bound(name, test)) == repr(condition)


NEVER: list[tuple[str, Test]] = [
    ("string", IsValue(1)),
    ("int", IsValue("1")),
    ("int", IsValue(True)),
    ("bool", IsValue(1)),
    ("bool", IsAnyOf(("true", 1))),
    ("ints", IsValue("x")),
    ("string", IsAnyOf(())),
    ("string", InRange(TEN)),
    ("bool", InRange(Bounds())),
    ("int", InTimeRange(LATER)),
    ("float", HoldsText("")),
    ("ints", HoldsText("1")),
    ("string", InRadius(GeoPoint(0, 0), 1)),
]


@pytest.mark.parametrize(("name", "test"), NEVER)
def test_what_no_value_of_the_type_can_pass_matches_nothing(name: str, test: Test):
    assert bound(name, test) == NOTHING


# the free-form condition alone tells these apart, or there is nothing that an index could do
KEPT: list[tuple[str, Test]] = [
    ("float", IsValue(1)),
    ("floats", IsAnyOf((1, 2))),
    ("string", IsNoneOf((1,))),
    ("string", InTimeRange(LATER)),
    ("datetime", InTimeRange(Bounds())),
    ("datetime", InTimeRange(Bounds(((Order.LESS, Decimal(10**12)),)))),
    ("int", InRange(Bounds())),
    ("ints", InRange(TEN)),
    ("string", HoldsText("x")),
    ("any", IsValue("x")),
    ("any", InRange(TEN)),
    ("nobody", IsValue("x")),
    ("string.x", IsValue("x")),
    ("string[]", IsValue("x")),
]


@pytest.mark.parametrize(("key", "test"), KEPT)
def test_else_the_condition_stays_as_it_is(key: str, test: Test):
    assert bound(key, test) == Element(parse_path(key), test)


UNTYPED: list[Filter] = [
    Counted(parse_path("string"), Bounds()),
    Empty(parse_path("string")),
    Null(parse_path("string")),
    # the paths inside begin at an element
    Nested(parse_path("string"), Element(parse_path("int"), IsValue("x"))),
]


@pytest.mark.parametrize("node", UNTYPED, ids=lambda node: type(node).__name__)
def test_what_is_said_of_any_value_needs_no_type(node: Filter):
    assert bind(node, namespace()) == node


def test_operands_are_bound_at_any_depth():
    tree = And((Not(Or((Element(parse_path("int"), IsValue("x")),))),))

    assert bind(tree, namespace()) == And((Not(Or((NOTHING,))),))


def test_all_or_one_of_the_parts_is_what_indexes_serve():
    one, two = Null(parse_path("a")), Null(parse_path("b"))

    assert bind(AtLeast(1, (one, two)), namespace()) == Or((one, two))
    assert bind(AtLeast(2, (one, two)), namespace()) == And((one, two))
    assert bind(AtLeast(0, (one, two)), namespace()) == AtLeast(0, (one, two))
    assert bind(AtLeast(3, (one, two)), namespace()) == AtLeast(3, (one, two))
    assert bind(AtLeast(1, ()), namespace()) == NOTHING


# (type, ids, as they are looked up)
IDS: list[tuple[IdType, tuple[DocumentId, ...], tuple[DocumentId, ...]]] = [
    (IdType.BIGINT, (1, 2**63 - 1), (1, 2**63 - 1)),
    (IdType.BIGINT, (1, 2**63, KEY, "x"), (1,)),
    (IdType.NUMERIC, (2**64 - 1, KEY), (2**64 - 1,)),
    (IdType.UUID, (1, KEY), (KEY,)),
    (IdType.MIXED, (1, KEY), (UUID(int=1), KEY)),
    (IdType.TEXT, (1, KEY, "x"), ("x",)),
]


@pytest.mark.parametrize(("id_type", "ids", "stored"), IDS)
def test_ids_that_the_namespace_can_hold_are_looked_up(
    id_type: IdType, ids: tuple[DocumentId, ...], stored: tuple[DocumentId, ...]
):
    assert bind(HasId(ids), namespace(id_type)) == AnyOf(IdField(), stored)


@pytest.mark.parametrize("ids", [(), (KEY,), (2**63,)])
def test_without_any_nothing_matches(ids: tuple[DocumentId, ...]):
    assert bind(HasId(ids), namespace()) == NOTHING


def test_a_vector_gets_its_column():
    assert bind(HasVector("vector"), namespace()) == HasVector("vector", "vector")
    assert bind(HasVector("title"), namespace()) == HasVector(
        "title", namespace().vectors[1].column
    )


def test_nothing_has_a_vector_that_the_namespace_does_not_know():
    assert bind(HasVector("cover"), namespace()) == NOTHING
    assert bind(HasVector("vector"), replace(namespace(), vectors=())) == NOTHING
