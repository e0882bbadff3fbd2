"""Filters meet a schema: fields get their types, operands are checked against them."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from service.core.attributes import AttributeSpec, parse_type
from service.core.binding import bind, bind_ranking
from service.core.errors import InvalidRequest
from service.core.filters import (
    EVERYTHING,
    NOTHING,
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
    Or,
    Order,
)
from service.core.ids import IdType
from service.core.namespace import Namespace, VectorColumn
from service.core.query import ByAttribute, ById, Nearest
from service.core.vectors import Vector

TYPES = ("string", "int", "uint", "float", "bool", "uuid", "datetime", "[]string", "[]int")
SPECS = {name: AttributeSpec(parse_type(name)) for name in TYPES}
SPECS["hidden"] = AttributeSpec(parse_type("string"), filterable=False)
ID, KEY = IdField(), UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
NOON = "2024-03-02T12:00:00.000000000Z"


def namespace(id_type: IdType = IdType.BIGINT) -> Namespace:
    vectors = (VectorColumn("vector", 2),)
    return Namespace("books", "books", id_type, vectors, SPECS, 1, datetime.now(UTC))


def at(name: str) -> Attribute:
    """The attribute as a dialect makes it."""
    return Attribute(name)


def typed(name: str) -> Attribute:
    return Attribute(name, SPECS[name].type)


# (filter, the operator's name, the attribute's type, the operand's type)
MISFITS = [
    (Equal(at("string"), 1), "Eq", "string", "int"),
    (Equal(at("int"), "1"), "Eq", "int", "string"),
    (Equal(at("bool"), 1), "Eq", "bool", "int"),
    (Equal(at("string"), ("a",), "NotEq"), "NotEq", "string", "[]string"),
    (Equal(at("[]string"), "a"), "Eq", "[]string", "string"),
    (Equal(at("[]string"), ("a", 1)), "Eq", "[]string", "int"),
    (Equal(at("uuid"), "no uuid"), "Eq", "uuid", "string"),
    (Equal(at("datetime"), "yesterday"), "Eq", "datetime", "string"),
    (AnyOf(at("int"), (1, "2")), "In", "int or []int", "string"),
    (AnyOf(at("[]int"), ("x",), "NotIn"), "NotIn", "int or []int", "string"),
    (Compare(at("string"), Order.LESS, 1.5), "Lt", "string", "float"),
    (Compare(at("float"), Order.GREATER, "x", "Gt"), "Gt", "float", "string"),
    (Compare(at("[]int"), Order.GREATER_OR_EQUAL, 1, "Gte"), "Gte", "[]int", "int"),
]


@pytest.mark.parametrize(("tree", "operator", "wanted", "got"), MISFITS)
def test_a_misfit_names_attribute_operator_and_both_types(
    tree: Filter, operator: str, wanted: str, got: str
):
    with pytest.raises(InvalidRequest) as caught:
        bind(tree, namespace())

    message = caught.value.message
    assert message.startswith(f"filter error in key `{tree.field}`: type mismatch, ")
    assert f"{operator} expects {wanted}, but got" in message
    assert f"({got})" in message


@pytest.mark.parametrize("wrap", [Not, lambda tree: And((tree,)), lambda tree: Or((tree, tree))])
def test_operands_are_checked_at_any_depth(wrap):
    with pytest.raises(InvalidRequest, match="type mismatch"):
        bind(wrap(Not(Equal(at("int"), "x"))), namespace())


@pytest.mark.parametrize("operand", [1, 1.5, -1, 2**64])
@pytest.mark.parametrize("name", ["int", "uint", "float"])
def test_numbers_of_all_kinds_compare(name: str, operand: float):
    tree = Compare(at(name), Order.LESS, operand)

    assert bind(tree, namespace()) == Compare(typed(name), Order.LESS, operand)


# (type, as it is asked for, as it is stored)
STORED = [
    ("uuid", "6F9619FF8B86D011B42D00C04FC964FF", str(KEY)),
    ("uuid", "{6f9619ff-8b86-d011-b42d-00c04fc964ff}", str(KEY)),
    ("datetime", "2024-03-02T13:00:00+01:00", NOON),
    ("datetime", "2024-03-02T12:00:00Z", NOON),
    ("datetime", "2024-03-02", "2024-03-02T00:00:00.000000000Z"),
    ("string", NOON, NOON),
]


@pytest.mark.parametrize(("name", "asked", "stored"), STORED)
def test_an_operand_gets_the_form_in_which_it_is_stored(name: str, asked: str, stored: str):
    assert bind(Equal(at(name), asked), namespace()) == Equal(typed(name), stored)
    assert bind(AnyOf(at(name), (asked,)), namespace()) == AnyOf(typed(name), (stored,))


def test_an_attribute_outside_the_schema_takes_any_operand():
    tree = And((Equal(at("new"), 1), Equal(at("new"), "x"), Glob(at("new"), "*")))

    assert bind(tree, namespace()) == tree


@pytest.mark.parametrize("tree", [Equal(at("hidden"), "x"), Missing(at("hidden"))])
def test_an_attribute_that_is_not_filterable_is_refused(tree: Filter):
    with pytest.raises(InvalidRequest, match=r"`hidden`.*filterable"):
        bind(tree, namespace())


@pytest.mark.parametrize(
    "tree",
    [
        Equal(ID, "1"),
        Equal(ID, True),
        Equal(ID, -1),
        Equal(ID, (1, 2)),
        AnyOf(ID, (1, "2")),
        Compare(ID, Order.LESS, "x"),
    ],
)
def test_an_id_of_another_type_is_refused(tree: Filter):
    with pytest.raises(InvalidRequest, match=r"key `id`: type mismatch, .* expects uint"):
        bind(tree, namespace())


# (id type, operand, as bound)
IDS = [
    (IdType.BIGINT, 7, 7),
    (IdType.NUMERIC, 2**64 - 1, 2**64 - 1),
    (IdType.TEXT, "seven", "seven"),
    (IdType.UUID, "6F9619FF8B86D011B42D00C04FC964FF", KEY),
]


@pytest.mark.parametrize(("id_type", "operand", "bound"), IDS)
def test_an_id_gets_the_type_of_the_column(id_type: IdType, operand, bound):
    known = namespace(id_type)

    assert bind(Equal(ID, operand), known) == Equal(ID, bound)
    assert bind(AnyOf(ID, (operand,)), known) == AnyOf(ID, (bound,))
    assert bind(Compare(ID, Order.LESS, operand), known) == Compare(ID, Order.LESS, bound)


# (filter, what it means where the column is bigint)
BEYOND_BIGINT = [
    (Equal(ID, 2**63), NOTHING),
    (AnyOf(ID, (1, 2**63)), AnyOf(ID, (1,))),
    (Compare(ID, Order.LESS, 2**63), EVERYTHING),
    (Compare(ID, Order.LESS_OR_EQUAL, 2**63), EVERYTHING),
    (Compare(ID, Order.GREATER, 2**63), NOTHING),
    (Compare(ID, Order.GREATER_OR_EQUAL, 2**63), NOTHING),
]


@pytest.mark.parametrize(("tree", "meaning"), BEYOND_BIGINT)
def test_an_id_that_the_column_cannot_hold_is_above_all_others(tree: Filter, meaning: Filter):
    assert bind(tree, namespace()) == meaning


@pytest.mark.parametrize("id_type", IdType)
def test_an_id_can_be_held_against_null(id_type: IdType):
    assert bind(Missing(ID), namespace(id_type)) in (Missing(ID), NOTHING)


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(InvalidRequest, match=r"3 dimensions.* have 2"):
        bind_ranking(Nearest(Vector(bytes(12))), namespace())


def test_an_order_by_an_array_is_refused():
    with pytest.raises(InvalidRequest, match=r"'\[\]int'.*\[\]int"):
        bind_ranking(ByAttribute(at("[]int")), namespace())


def test_an_order_by_an_attribute_gets_its_type():
    assert bind_ranking(ByAttribute(at("int"), True), namespace()) == ByAttribute(
        typed("int"), True
    )
    assert bind_ranking(ByAttribute(at("new")), namespace()) == ByAttribute(at("new"))
    assert bind_ranking(ById(True), namespace()) == ById(True)


@pytest.mark.parametrize("tree", [Glob(at("[]int"), "1*", spelled="IGlob"), Glob(ID, "1*")])
def test_a_glob_on_what_holds_no_strings_names_the_type_that_it_holds(tree: Glob):
    words = (
        rf"{tree.spelled} expects string or \[\]string, but got an attribute of type (\[\]int|uint)"
    )

    with pytest.raises(InvalidRequest, match=words):
        bind(tree, namespace())
