"""Filters meet a schema: fields get their types, operands are checked against them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from service.core.attributes import AttributeSpec, parse_type
from service.core.binding import bind
from service.core.errors import InvalidRequest
from service.core.filters import (
    EVERYTHING,
    NOTHING,
    And,
    AnyElement,
    AnyOf,
    Attribute,
    Compare,
    ComparesNew,
    Equal,
    EqualsNew,
    Filter,
    Glob,
    Holds,
    IdField,
    Leaf,
    Misfit,
    Missing,
    Not,
    Or,
    Order,
    Regex,
)
from service.core.ids import IdType
from service.core.namespace import Namespace, VectorColumn
from service.core.query import Key, Nearest, Ordered
from service.core.query_binding import bind_ranking
from service.core.vectors import Vector

TYPES = ("string", "int", "uint", "float", "bool", "uuid", "datetime", "[]string", "[]int")
SPECS = {name: AttributeSpec(parse_type(name)) for name in TYPES}
SPECS["hidden"] = AttributeSpec(parse_type("string"), filterable=False)
SPECS["patterned"] = AttributeSpec(parse_type("string"), filterable=False, glob=True, regex=True)
SPECS["regex"] = AttributeSpec(parse_type("[]string"), regex=True)
ID, KEY = IdField(), UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
NOON = "2024-03-02T12:00:00.000000000Z"


def namespace(id_type: IdType = IdType.BIGINT) -> Namespace:
    vectors = (VectorColumn("vector", 2),)
    return Namespace("books", "books", id_type, vectors, SPECS, 1, datetime.now(UTC))


def at(name: str) -> Attribute:
    """The attribute as a dialect makes it."""
    return Attribute(name)


def typed(name: str) -> Attribute:
    return Attribute(name, SPECS[name].type) if name in SPECS else at(name)


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
    (Holds(at("[]int"), (1, "x")), "ContainsAny", "int", "string"),
    (Holds(at("[]string"), (1,), "NotContains"), "NotContains", "string", "int"),
    (AnyElement(at("[]int"), Order.GREATER, "x", "AnyGt"), "AnyGt", "int", "string"),
    # a list where one value should stand, and the other way round
    (Misfit(at("[]string"), ["x"], False, "Contains"), "Contains", "string", "[]string"),
    (Misfit(at("[]int"), [], False, "NotContains"), "NotContains", "int", "array"),
    (Misfit(at("[]string"), "x", True, "ContainsAny"), "ContainsAny", "[]string", "string"),
    (Misfit(at("[]int"), None, True, "ContainsAny"), "ContainsAny", "[]int", "null"),
    (Misfit(ID, "x", True, "ContainsAny"), "ContainsAny", "[]uint", "string"),
]


@pytest.mark.parametrize(("tree", "operator", "wanted", "got"), MISFITS)
def test_a_misfit_names_attribute_operator_and_both_types(
    tree: Leaf, operator: str, wanted: str, got: str
):
    with pytest.raises(InvalidRequest) as caught:
        bind(tree, namespace())

    message = caught.value.message
    start = (
        f"filter error in key `{tree.field}`: type mismatch, {operator} expects {wanted}, but got "
    )
    assert message.startswith(start)
    assert message.endswith(f"({got})")


WRONG = Not(Equal(at("int"), "x"))


@pytest.mark.parametrize("tree", [Not(WRONG), And((WRONG,)), Or((EVERYTHING, WRONG))])
def test_operands_are_checked_at_any_depth(tree: Filter):
    with pytest.raises(InvalidRequest, match="type mismatch"):
        bind(tree, namespace())


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


def test_elements_of_an_array_get_the_form_in_which_they_are_stored():
    known = replace(namespace(), attributes={"times": AttributeSpec(parse_type("[]datetime"))})
    times = Attribute("times", parse_type("[]datetime"))

    held = bind(Holds(at("times"), ("2024-03-02T12:00:00Z",)), known)
    later = bind(AnyElement(at("times"), Order.GREATER, "2024-03-02T12:00:00Z"), known)

    assert held == Holds(times, (NOON,))
    assert later == AnyElement(times, Order.GREATER, NOON)


def test_an_attribute_outside_the_schema_takes_any_operand():
    tree = And((Equal(at("new"), 1), Equal(at("new"), "x"), Glob(at("new"), "*")))

    assert bind(tree, namespace()) == tree


# (filter, the option that the schema lacks)
OPTIONS = [
    (Equal(at("hidden"), "x"), "filterable"),
    (Missing(at("hidden")), "filterable"),
    (AnyOf(at("patterned"), ("x",)), "filterable"),
    (EqualsNew(at("patterned"), at("string")), "filterable"),
    (Glob(at("hidden"), "x"), "glob"),
    (Regex(at("hidden"), "x"), "regex"),
    (Regex(at("string"), "x"), "regex"),
]


@pytest.mark.parametrize(("tree", "option"), OPTIONS)
def test_what_the_schema_does_not_allow_is_refused_with_the_option_that_would(
    tree: Leaf, option: str
):
    words = f"key `{tree.field}`: {tree.spelled} needs `{option}: true` in the schema"

    with pytest.raises(InvalidRequest, match=words):
        bind(tree, namespace())


@pytest.mark.parametrize(
    "tree", [Glob(at("patterned"), "x*"), Regex(at("patterned"), "^x"), Regex(at("regex"), "^x")]
)
def test_patterns_are_matched_where_the_schema_has_them(tree: Glob | Regex):
    assert bind(tree, namespace()) == replace(tree, field=typed(str(tree.field)))


# (filter, words)
NO_ARRAYS = [
    (Holds(at("string"), ("x",), "Contains"), "`string`.*Contains needs an array.* type string"),
    (AnyElement(at("int"), Order.LESS, 1), "`int`.*AnyLt needs an array.* type int"),
    (Holds(ID, (1,)), "`id`.*ContainsAny needs an array.* type uint"),
]


@pytest.mark.parametrize(("tree", "words"), NO_ARRAYS)
def test_an_operator_on_arrays_is_refused_elsewhere(tree: Filter, words: str):
    with pytest.raises(InvalidRequest, match=words):
        bind(tree, namespace())


# (attribute, attribute about to be written, whether they compare)
NEW_VALUES = [
    ("int", "int", True),
    ("int", "float", True),
    ("string", "string", True),
    ("string", "missing", True),
    ("missing", "int", True),
    ("string", "int", False),
    ("datetime", "string", False),
    ("int", "[]int", False),
]


@pytest.mark.parametrize(("name", "new", "fits"), NEW_VALUES)
def test_a_value_about_to_be_written_has_to_be_of_a_kind_with_the_stored_one(
    name: str, new: str, fits: bool
):
    for tree in (EqualsNew(at(name), at(new)), ComparesNew(at(name), Order.LESS, at(new))):
        if fits:
            assert bind(tree, namespace()) == replace(tree, field=typed(name), new=typed(new))
        else:
            with pytest.raises(InvalidRequest, match=f"`{name}`: type mismatch, {tree.spelled}"):
                bind(tree, namespace())


def test_arrays_about_to_be_written_are_equal_or_not_and_have_no_order():
    field = at("[]int")

    assert bind(EqualsNew(field, field), namespace()) == EqualsNew(typed("[]int"), typed("[]int"))
    with pytest.raises(InvalidRequest, match=r"Lt compares single values.* type \[\]int"):
        bind(ComparesNew(field, Order.LESS, field), namespace())
    with pytest.raises(InvalidRequest, match=r"Lt compares single values"):
        bind(ComparesNew(at("missing"), Order.LESS, field), namespace())


@pytest.mark.parametrize("tree", [EqualsNew(ID, at("int")), ComparesNew(ID, Order.LESS, at("int"))])
def test_an_id_is_not_compared_with_what_is_about_to_be_written(tree: Filter):
    with pytest.raises(InvalidRequest, match=r"key `id`: ids are not compared with \$ref_new"):
        bind(tree, namespace())


def test_ids_are_matched_by_no_regex():
    with pytest.raises(InvalidRequest, match="key `id`: Regex matches attributes"):
        bind(Regex(ID, "x"), namespace(IdType.TEXT))


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
def test_an_id_gets_the_type_of_the_column(id_type: IdType, operand: Any, bound: Any):
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
        bind_ranking(Ordered((Key(ID), Key(at("[]int")))), namespace())


def test_an_order_by_an_attribute_gets_its_type():
    asked = Ordered((Key(at("int"), True), Key(at("new")), Key(ID, True)))

    bound = bind_ranking(asked, namespace())

    assert bound == Ordered((Key(typed("int"), True), Key(at("new")), Key(ID, True)))
    assert bind_ranking(Ordered(), namespace()) == Ordered()


@pytest.mark.parametrize("tree", [Glob(at("[]int"), "1*", spelled="IGlob"), Glob(ID, "1*")])
def test_a_glob_on_what_holds_no_strings_names_the_type_that_it_holds(tree: Glob):
    words = (
        rf"{tree.spelled} expects string or \[\]string, but got an attribute of type (\[\]int|uint)"
    )

    with pytest.raises(InvalidRequest, match=words):
        bind(tree, namespace())
