"""Filters of turbopuffer's API become the filter tree."""

from typing import Any

import pytest

from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import (
    MAX_DEPTH,
    MAX_NODES,
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
    Misfit,
    Missing,
    Not,
    Or,
    Order,
    Regex,
)
from service.dialects.turbopuffer.filters import (
    LEAVES,
    REFERENCES,
    TEXT_OPERATORS,
    parse_condition,
    parse_filter,
)

A, B, ID = Attribute("a"), Attribute("b"), IdField()

# (wire, tree)
CASES: list[tuple[Any, Filter]] = [
    (["a", "Eq", 1], Equal(A, 1)),
    (["a", "Eq", "x"], Equal(A, "x")),
    (["a", "Eq", False], Equal(A, False)),
    (["a", "Eq", None], Missing(A)),
    (["a", "Eq", ["x", "y"]], Equal(A, ("x", "y"))),
    (["a", "Eq", []], Equal(A, ())),
    (["a", "NotEq", 1], Not(Equal(A, 1))),
    (["a", "NotEq", None], Not(Missing(A))),
    (["a", "In", [1, 2]], AnyOf(A, (1, 2))),
    (["a", "In", []], AnyOf(A, ())),
    (["a", "In", "simon"], AnyOf(A, ("simon",))),
    (["a", "In", 4], AnyOf(A, (4,))),
    (["a", "In", [1, None]], Or((Missing(A), AnyOf(A, (1,))))),
    (["a", "NotIn", [1]], Not(AnyOf(A, (1,)))),
    (["a", "NotIn", [None]], Not(Or((Missing(A), AnyOf(A, ()))))),
    (["a", "Lt", 1], Compare(A, Order.LESS, 1)),
    (["a", "Lte", 1.5], Compare(A, Order.LESS_OR_EQUAL, 1.5)),
    (["a", "Gt", "x"], Compare(A, Order.GREATER, "x")),
    (["a", "Gte", True], Compare(A, Order.GREATER_OR_EQUAL, True)),
    # null sorts below every value
    (["a", "Lt", None], NOTHING),
    (["a", "Gt", None], Not(Missing(A))),
    (["a", "Glob", "*.py"], Glob(A, "*.py")),
    (["a", "NotGlob", "*.py"], Not(Glob(A, "*.py"))),
    (["a", "IGlob", "*.py"], Glob(A, "*.py", ignore_case=True)),
    (["a", "NotIGlob", "*.py"], Not(Glob(A, "*.py", ignore_case=True))),
    (["a", "Contains", "x"], Holds(A, ("x",))),
    (["a", "NotContains", 1], Not(Holds(A, (1,)))),
    # arrays hold no nulls
    (["a", "Contains", None], NOTHING),
    (["a", "ContainsAny", ["x", None, "y"]], Holds(A, ("x", "y"))),
    (["a", "NotContainsAny", []], Not(Holds(A, ()))),
    # the error that names the types is made when they are known
    (["a", "Contains", ["x"]], Misfit(A, ["x"], wants_list=False, spelled="Contains")),
    (["a", "NotContains", []], Not(Misfit(A, [], wants_list=False, spelled="NotContains"))),
    (["a", "ContainsAny", "x"], Misfit(A, "x", wants_list=True, spelled="ContainsAny")),
    (["a", "NotContainsAny", 1], Not(Misfit(A, 1, wants_list=True, spelled="NotContainsAny"))),
    (["a", "AnyLt", 1], AnyElement(A, Order.LESS, 1)),
    (["a", "AnyLte", 1.5], AnyElement(A, Order.LESS_OR_EQUAL, 1.5)),
    (["a", "AnyGt", "x"], AnyElement(A, Order.GREATER, "x")),
    (["a", "AnyGte", 2], AnyElement(A, Order.GREATER_OR_EQUAL, 2)),
    (["a", "AnyLte", None], NOTHING),
    (["a", "AnyGt", None], Not(Or((Missing(A), Equal(A, ()))))),
    (["a", "Regex", "^x+$"], Regex(A, "^x+$")),
    (["Not", ["a", "Eq", 1]], Not(Equal(A, 1))),
    (["Not", ["Not", ["a", "NotEq", 1]]], Not(Not(Not(Equal(A, 1))))),
    (["Not", {"a": ["Eq", 1]}], Not(And((Equal(A, 1),)))),
    (["Not", "Eq", 1], Equal(Attribute("Not"), 1)),
    (["id", "Eq", 1], Equal(ID, 1)),
    (["id", "In", ["x"]], AnyOf(ID, ("x",))),
    (["vector", "Eq", 1], Equal(Attribute("vector"), 1)),
    (["And", []], And(())),
    (["Or", []], Or(())),
    (["And", [["a", "Eq", 1], ["b", "Eq", 2]]], And((Equal(A, 1), Equal(B, 2)))),
    (["Or", [["And", []], ["a", "Eq", 1]]], Or((And(()), Equal(A, 1)))),
    # attributes may be called like operators
    (["And", "Eq", 1], Equal(Attribute("And"), 1)),
    (["Eq", "Eq", "Eq"], Equal(Attribute("Eq"), "Eq")),
    # the legacy form
    ({}, And(())),
    ({"a": ["Eq", 1]}, And((Equal(A, 1),))),
    ({"a": ["Eq", 1], "b": ["In", [2]]}, And((Equal(A, 1), AnyOf(B, (2,))))),
    (
        {"a": [["Gt", 1], ["Lt", 5]]},
        And((Compare(A, Order.GREATER, 1), Compare(A, Order.LESS, 5))),
    ),
    ({"a": ["In", ["x", "y"]]}, And((AnyOf(A, ("x", "y")),))),
    ({"id": ["In", [1, 2]]}, And((AnyOf(ID, (1, 2)),))),
    (["Or", [{"a": ["Eq", 1]}, ["b", "Eq", 2]]], Or((And((Equal(A, 1),)), Equal(B, 2)))),
]


@pytest.mark.parametrize(("wire", "tree"), CASES, ids=lambda case: str(case)[:60])
def test_parses_to(wire: Any, tree: Filter):
    assert parse_filter(wire) == tree


def test_every_operator_is_in_the_table():
    wires = str([wire for wire, _ in CASES])

    assert [operator for operator in LEAVES if f"'{operator}'" not in wires] == []


def test_the_operators_are_those_of_the_documentation():
    assert set(LEAVES) == {
        "Eq", "NotEq", "In", "NotIn", "Lt", "Lte", "Gt", "Gte",
        "Glob", "NotGlob", "IGlob", "NotIGlob", "Contains", "NotContains", "ContainsAny",
        "NotContainsAny", "AnyLt", "AnyLte", "AnyGt", "AnyGte", "Regex",
    }  # fmt: skip


@pytest.mark.parametrize("operator", sorted(LEAVES))
def test_a_leaf_remembers_how_it_was_spelled(operator: str):
    tree = parse_filter(["a", operator, "x"])

    leaf: Any = tree.part if isinstance(tree, Not) else tree
    assert leaf.spelled == operator


# no filters
UNREADABLE: list[Any] = [
    None, 1, True, "a", [], ["a"], ["Not"], ["Not", 1], ["Not", ["a", "Eq", 1], 2],
    ["a", "Eq"], ["a", "Eq", 1, 2], [1, "Eq", 1], ["a", 1, 1],
    ["And"], ["And", {}], ["And", "x"], ["And", [1]], ["And", [["a", "Eq"]]], [["a", "Eq", 1]],
    {"a": 1}, {"a": []}, {"a": ["Eq"]}, {"a": {"Eq": 1}}, {"a": [["Eq", 1], 2]}, {"a": [[]]},
]  # fmt: skip


@pytest.mark.parametrize("wire", UNREADABLE, ids=str)
def test_what_is_no_filter_is_refused(wire: Any):
    with pytest.raises(InvalidRequest, match="cannot read filter"):
        parse_filter(wire)


@pytest.mark.parametrize("wire", [None, 1, True, "a"], ids=str)
def test_what_is_neither_an_array_nor_an_object_does_not_fit_the_type(wire: Any):
    with pytest.raises(MalformedRequest) as caught:
        parse_filter(wire)

    assert caught.value.message.startswith(
        "Failed to deserialize the JSON body into the target type: "
        "filters: data did not match any variant of untagged enum FiltersInput"
    )


@pytest.mark.parametrize("operator", sorted(TEXT_OPERATORS))
@pytest.mark.parametrize("rest", [[], [{"last_as_prefix": True}]], ids=len)
def test_an_operator_of_full_text_search_is_refused_by_name(operator: str, rest: list[Any]):
    with pytest.raises(InvalidRequest, match=f"key `a`: {operator} needs full-text search"):
        parse_filter(["a", operator, "words", *rest])


NEW = Attribute("b")
# (operator, tree)
CONDITIONS = [
    ("Eq", EqualsNew(A, NEW)),
    ("NotEq", Not(EqualsNew(A, NEW))),
    ("Lt", ComparesNew(A, Order.LESS, NEW)),
    ("Lte", ComparesNew(A, Order.LESS_OR_EQUAL, NEW)),
    ("Gt", ComparesNew(A, Order.GREATER, NEW)),
    ("Gte", ComparesNew(A, Order.GREATER_OR_EQUAL, NEW)),
]


@pytest.mark.parametrize(("operator", "tree"), CONDITIONS)
def test_a_condition_compares_with_what_is_about_to_be_written(operator: str, tree: Filter):
    wire: Any = ["a", operator, {"$ref_new": "b"}]

    assert parse_condition(wire) == tree
    assert parse_condition({"a": wire[1:]}) == And((tree,))


def test_every_operator_that_takes_a_reference_is_in_the_table():
    assert [operator for operator, _ in CONDITIONS] == list(REFERENCES)


NEWER: Any = ["a", "Gt", {"$ref_new": "b"}]


@pytest.mark.parametrize("wire", [NEWER, ["Or", [NEWER]], ["Not", NEWER], {"a": NEWER[1:]}])
def test_only_a_condition_refers_to_what_is_about_to_be_written(wire: Any):
    assert parse_condition(wire)
    with pytest.raises(InvalidRequest, match=r"\$ref_new has a meaning only in the conditions"):
        parse_filter(wire)


# a reference for an operator that takes none, one that is none, one to what no attribute can be
@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (["a", "In", {"$ref_new": "b"}], "type mismatch, In expects"),
        (["a", "Glob", {"$ref_new": "b"}], "type mismatch, Glob expects"),
        (["a", "Contains", {"$ref_new": "b"}], "type mismatch, Contains expects"),
        (["a", "Eq", {"$ref_new": 1}], "type mismatch, Eq expects"),
        (["a", "Eq", {"ref": "b"}], "type mismatch, Eq expects"),
        (["a", "Eq", {"$ref_new": "id"}], "'id' is reserved"),
        (["a", "Eq", {"$ref_new": "$dist"}], r"'\$dist' is reserved"),
        (["a", "Eq", {"$ref_new": ""}], "must not be empty"),
    ],
    ids=str,
)
def test_a_reference_that_cannot_be_is_refused(wire: Any, words: str):
    with pytest.raises(InvalidRequest, match=words):
        parse_condition(wire)


@pytest.mark.parametrize("wire", [["a", "Like", 1], ["a", "eq", 1], {"a": ["Not", 1]}], ids=str)
def test_an_unknown_operator_is_named_with_those_there_are(wire: Any):
    with pytest.raises(InvalidRequest, match=r"unknown filter operator '\w+', expected one of Eq"):
        parse_filter(wire)


# (wire, words)
OPERANDS: list[tuple[Any, str]] = [
    (["a", "Eq", {}], "`a`: type mismatch, Eq expects"),
    (["a", "Eq", [[1]]], "`a`: type mismatch, Eq expects"),
    (["a", "In", [{}]], "`a`: type mismatch, In expects"),
    (["a", "Lt", [1]], "`a`: type mismatch, Lt expects"),
    (["a", "Glob", 1], r"`a`: type mismatch, Glob expects a pattern \(string\), but got int"),
    (["a", "NotIGlob", None], "`a`: type mismatch, NotIGlob expects"),
    (["id", "Gt", {}], "`id`: type mismatch, Gt expects"),
    (["a", "Contains", {}], "`a`: type mismatch, Contains expects a string, a number"),
    (["a", "ContainsAny", [[1]]], "`a`: type mismatch, ContainsAny expects a string"),
    (["a", "AnyGt", [1]], "`a`: type mismatch, AnyGt expects a string, a number"),
    (["a", "Regex", 1], r"`a`: type mismatch, Regex expects a pattern \(string\), but got int"),
]


@pytest.mark.parametrize(("wire", "words"), OPERANDS)
def test_an_operand_of_the_wrong_type_is_named(wire: Any, words: str):
    with pytest.raises(InvalidRequest, match=words):
        parse_filter(wire)


@pytest.mark.parametrize("name", ["", "$dist", "a" * 129])
def test_a_name_that_no_attribute_can_have_is_refused(name: str):
    with pytest.raises(InvalidRequest, match="attribute name"):
        parse_filter([name, "Eq", 1])


def nested(depth: int) -> Any:
    wire: Any = ["a", "Eq", 1]
    for level in range(depth):
        wire = ["Not", wire] if level % 2 else ["And", [wire]]
    return wire


def test_filters_nest_to_the_limit_and_no_deeper():
    assert isinstance(parse_filter(nested(MAX_DEPTH)), Not)
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(InvalidRequest, match=f"nested {MAX_DEPTH} deep"):
            parse_filter(nested(depth))


def test_legacy_lists_do_not_nest_beyond_the_limit():
    condition: Any = ["Eq", 1]
    for _ in range(100_000):
        condition = [condition]

    with pytest.raises(InvalidRequest):
        parse_filter({"a": condition})


def test_a_filter_has_a_bounded_number_of_conditions():
    leaf: Any = ["a", "Eq", 1]

    assert parse_filter(["Or", [leaf] * (MAX_NODES - 1)])
    with pytest.raises(InvalidRequest, match=f"{MAX_NODES} conditions"):
        parse_filter(["Or", [leaf] * MAX_NODES])
    with pytest.raises(InvalidRequest, match=f"{MAX_NODES} conditions"):
        parse_filter({"a": [leaf[1:]] * MAX_NODES})
