"""Filters of turbopuffer's API become the filter tree."""

from typing import Any

import pytest

from service.core.errors import InvalidRequest
from service.core.filters import (
    MAX_DEPTH,
    MAX_NODES,
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
from service.dialects.turbopuffer.filters import LEAVES, parse_filter

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
        "Glob", "NotGlob", "IGlob", "NotIGlob",
    }  # fmt: skip


@pytest.mark.parametrize("operator", sorted(LEAVES))
def test_a_leaf_remembers_how_it_was_spelled(operator: str):
    tree = parse_filter(["a", operator, "x"])

    assert (tree.part if isinstance(tree, Not) else tree).spelled == operator


# no filters
UNREADABLE: list[Any] = [
    None, 1, True, "a", [], ["a"], ["a", "Eq"], ["a", "Eq", 1, 2], [1, "Eq", 1], ["a", 1, 1],
    ["And"], ["And", {}], ["And", "x"], ["And", [1]], ["And", [["a", "Eq"]]], [["a", "Eq", 1]],
    {"a": 1}, {"a": []}, {"a": ["Eq"]}, {"a": {"Eq": 1}}, {"a": [["Eq", 1], 2]}, {"a": [[]]},
]  # fmt: skip


@pytest.mark.parametrize("wire", UNREADABLE, ids=str)
def test_what_is_no_filter_is_refused(wire: Any):
    with pytest.raises(InvalidRequest, match="cannot read filter"):
        parse_filter(wire)


@pytest.mark.parametrize("wire", [["a", "Like", 1], ["a", "eq", 1], {"a": ["Not", 1]}], ids=str)
def test_an_unknown_operator_is_named_with_those_there_are(wire: Any):
    with pytest.raises(InvalidRequest, match=r"unknown filter operator '\w+', expected one of Eq"):
        parse_filter(wire)


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (["a", "Eq", {}], "`a`: type mismatch, Eq expects"),
        (["a", "Eq", [[1]]], "`a`: type mismatch, Eq expects"),
        (["a", "In", [{}]], "`a`: type mismatch, In expects"),
        (["a", "Lt", [1]], "`a`: type mismatch, Lt expects"),
        (["a", "Glob", 1], r"`a`: type mismatch, Glob expects a pattern \(string\), but got int"),
        (["a", "NotIGlob", None], "`a`: type mismatch, NotIGlob expects"),
        (["id", "Gt", {}], "`id`: type mismatch, Gt expects"),
    ],
)
def test_an_operand_of_the_wrong_type_is_named(wire: Any, words: str):
    with pytest.raises(InvalidRequest, match=words):
        parse_filter(wire)


@pytest.mark.parametrize("name", ["", "$dist", "a" * 129])
def test_a_name_that_no_attribute_can_have_is_refused(name: str):
    with pytest.raises(InvalidRequest, match="attribute name"):
        parse_filter([name, "Eq", 1])


def nested(depth: int) -> Any:
    wire: Any = ["a", "Eq", 1]
    for _ in range(depth):
        wire = ["And", [wire]]
    return wire


def test_filters_nest_to_the_limit_and_no_deeper():
    assert isinstance(parse_filter(nested(MAX_DEPTH)), And)
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
    leaf = ["a", "Eq", 1]

    assert parse_filter(["Or", [leaf] * (MAX_NODES - 1)])
    with pytest.raises(InvalidRequest, match=f"{MAX_NODES} conditions"):
        parse_filter(["Or", [leaf] * MAX_NODES])
    with pytest.raises(InvalidRequest, match=f"{MAX_NODES} conditions"):
        parse_filter({"a": [["Eq", 1]] * MAX_NODES})
