"""Aggregations: read from the wire, typed by a schema, compiled to SQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from service.compile.aggregation import (
    compile_elements,
    compile_functions,
    compile_keys,
    order_of,
)
from service.core.aggregation import (
    MAX_FUNCTIONS,
    MAX_GROUPS,
    MAX_KEYS,
    Aggregates,
    Aggregation,
    Count,
    Group,
    GroupKey,
    Total,
)
from service.core.attributes import AttributeSpec, parse_type
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import Attribute, Equal
from service.core.ids import IdType
from service.core.namespace import Namespace
from service.core.query_binding import bind_aggregation
from service.dialects.turbopuffer.queries_v2 import QueryRequest
from service.dialects.turbopuffer.render_v2 import render_answer

TYPES = ("int", "float", "string", "datetime", "bool", "[]string", "[]int")
SPECS = {name: AttributeSpec(parse_type(name)) for name in TYPES}
BOOKS = Namespace("books", "books", IdType.BIGINT, (), SPECS, 1, datetime.now(UTC))
A, B = Attribute("a"), Attribute("b")
COUNTED: Any = {"count": ["Count"]}
BY_A, EACH_B = GroupKey("a", A), GroupKey("tag", B, each_element=True)


def asked(**body: Any) -> Any:
    """What the body asks, counting unless it says otherwise."""
    return cast(Any, QueryRequest().load({"aggregate_by": COUNTED} | body)).question


LIMITED = Aggregation({"count": Count()}, (BY_A,), limit=3)
# (body, aggregation)
BODIES: list[tuple[dict[str, Any], Aggregation]] = [
    ({}, Aggregation({"count": Count()})),
    ({"aggregate_by": {"n": ["Count", "id"]}}, Aggregation({"n": Count()})),
    ({"aggregate_by": {"n": ["Count", "a"]}}, Aggregation({"n": Count(A)})),
    (
        {"aggregate_by": {"n": ["Count"], "s": ["Sum", "a"]}},
        Aggregation({"n": Count(), "s": Total(A)}),
    ),
    ({"filters": ["a", "Eq", 1]}, Aggregation({"count": Count()}, filter=Equal(A, 1))),
    ({"group_by": ["a"]}, Aggregation({"count": Count()}, (BY_A,))),
    (
        {"group_by": ["a", {"tag": ["ForEachUnique", "b"]}], "top_k": 3},
        Aggregation({"count": Count()}, (BY_A, EACH_B), limit=3),
    ),
    ({"group_by": ["a"], "limit": 3}, LIMITED),
    ({"group_by": ["a"], "limit": {"total": 3}}, LIMITED),
    # null is the same as absent
    ({"group_by": None, "rank_by": None, "top_k": None}, Aggregation({"count": Count()})),
]


@pytest.mark.parametrize(("body", "aggregation"), BODIES, ids=lambda case: str(case)[:50])
def test_an_aggregation_is_read(body: dict[str, Any], aggregation: Aggregation):
    assert asked(**body) == aggregation


def test_groups_are_bounded_where_no_limit_is_given():
    assert asked(group_by=["a"]).limit == MAX_GROUPS == 10_000


PER: Any = {"total": 1, "per": {"attributes": ["a"], "limit": 1}}
# (body, error, words)
REFUSED: list[tuple[dict[str, Any], type[InvalidRequest], str]] = [
    ({"aggregate_by": ["Count"]}, MalformedRequest, "aggregate_by: expected a map of labels"),
    ({"aggregate_by": {}}, InvalidRequest, "needs at least one function"),
    (
        {"aggregate_by": {f"n{n}": ["Count"] for n in range(MAX_FUNCTIONS + 1)}},
        InvalidRequest,
        f"at most {MAX_FUNCTIONS} functions",
    ),
    ({"aggregate_by": {"n": "Count"}}, MalformedRequest, "untagged enum AggregateBy"),
    ({"aggregate_by": {"n": []}}, MalformedRequest, "untagged enum AggregateBy"),
    ({"aggregate_by": {"n": ["Average", "a"]}}, InvalidRequest, "cannot read Average, expected"),
    ({"aggregate_by": {"n": ["Sum"]}}, InvalidRequest, "cannot read Sum, expected"),
    ({"aggregate_by": {"n": ["Sum", "id"]}}, InvalidRequest, "'id' is reserved"),
    ({"aggregate_by": {"n": ["Count", "$dist"]}}, InvalidRequest, "is reserved"),
    (
        {"top_k": 3},
        InvalidRequest,
        "💔 top_k is not supported in aggregation queries without group_by",
    ),
    ({"limit": PER, "group_by": ["a"]}, InvalidRequest, "take a limit on groups, nothing else"),
    ({"offset": 1, "group_by": ["a"]}, InvalidRequest, "take a limit on groups, nothing else"),
    ({"top_k": 0, "group_by": ["a"]}, InvalidRequest, "top_k must be between 1 and 10000"),
    ({"group_by": "a"}, MalformedRequest, "group_by: expected a sequence"),
    ({"group_by": []}, InvalidRequest, f"group_by takes 1 to {MAX_KEYS} keys"),
    ({"group_by": [f"a{n}" for n in range(MAX_KEYS + 1)]}, InvalidRequest, "takes 1 to"),
    ({"group_by": ["a", "a"]}, InvalidRequest, "have different names"),
    ({"group_by": ["a", {"a": ["ForEachUnique", "b"]}]}, InvalidRequest, "have different names"),
    ({"group_by": ["count"]}, InvalidRequest, "'count' is both a group key and an aggregate"),
    ({"group_by": ["id"]}, InvalidRequest, "'id' is reserved"),
    ({"group_by": [1]}, MalformedRequest, "untagged enum GroupBy"),
    ({"group_by": [{"t": ["ForEach", "b"]}]}, MalformedRequest, "untagged enum GroupBy"),
    ({"group_by": [{"t": ["ForEachUnique", 1]}]}, MalformedRequest, "untagged enum GroupBy"),
    ({"group_by": [{}]}, MalformedRequest, "untagged enum GroupBy"),
]


@pytest.mark.parametrize(("body", "error", "words"), REFUSED, ids=lambda case: str(case)[:50])
def test_what_is_no_aggregation_is_refused(
    body: dict[str, Any], error: type[InvalidRequest], words: str
):
    with pytest.raises(error) as caught:
        asked(**body)

    assert type(caught.value) is error
    assert words in caught.value.message


def typed(name: str) -> Attribute:
    return Attribute(name, SPECS[name].type)


def test_every_attribute_of_an_aggregation_gets_its_type():
    aggregation = Aggregation(
        {"n": Count(), "strings": Count(Attribute("string")), "sum": Total(Attribute("float"))},
        (GroupKey("s", Attribute("string")), GroupKey("t", Attribute("[]int"), each_element=True)),
        Equal(Attribute("int"), 1),
        7,
    )

    assert bind_aggregation(aggregation, BOOKS) == Aggregation(
        {"n": Count(), "strings": Count(typed("string")), "sum": Total(typed("float"))},
        (GroupKey("s", typed("string")), GroupKey("t", typed("[]int"), each_element=True)),
        Equal(typed("int"), 1),
        7,
    )


def test_an_attribute_that_no_document_has_may_be_aggregated():
    aggregation = Aggregation({"n": Count(A), "s": Total(A)}, (BY_A, EACH_B))

    assert bind_aggregation(aggregation, BOOKS) == aggregation


# (aggregation, words)
UNBOUND = [
    (Aggregation({"s": Total(Attribute("string"))}), "Sum needs a number, .* type string"),
    (Aggregation({"s": Total(Attribute("[]int"))}), r"Sum needs a number, .* type \[\]int"),
    (
        Aggregation({}, (GroupKey("t", Attribute("[]string")),)),
        r"a single value: use ForEachUnique, .*'\[\]string'",
    ),
    (
        Aggregation({}, (GroupKey("t", Attribute("string"), each_element=True),)),
        "needs an array, but attribute 'string'",
    ),
    (Aggregation({}, filter=Equal(Attribute("int"), "x")), "`int`: type mismatch"),
]


@pytest.mark.parametrize(("aggregation", "words"), UNBOUND)
def test_what_the_schema_does_not_allow_is_refused(aggregation: Aggregation, words: str):
    with pytest.raises(InvalidRequest, match=words):
        bind_aggregation(aggregation, BOOKS)


NUMBER = (
    "(CASE jsonb_typeof((attributes -> 'int')) WHEN 'number'"
    " THEN (attributes ->> 'int')::varchar(400)::numeric END)"
)


def test_functions_stand_in_the_order_of_their_labels():
    functions = {"s": Total(typed("int")), "n": Count()}

    text = compile_functions(Aggregation(functions)).text

    assert text == f"coalesce(sum({NUMBER}), 0), count(*)"


def test_a_stored_null_is_no_value_to_count_or_to_group_by():
    aggregation = Aggregation({"n": Count(typed("string"))}, (GroupKey("s", typed("string")),))

    assert compile_keys(aggregation).text == "nullif((attributes -> 'string'), 'null')"
    assert compile_functions(aggregation).text in (
        "count(nullif((attributes -> 'string'), 'null'))",
        "count((attributes ->> 'string'))",
    )


# (type, order of the first key)
ORDERS = [
    ("int", "1 NULLS FIRST"),
    ("bool", "1 NULLS FIRST"),
    ("string", "(nullif((attributes -> 'string'), 'null')) #>> '{}') COLLATE \"C\" NULLS FIRST"),
    ("datetime", 'COLLATE "C" NULLS FIRST'),
]


@pytest.mark.parametrize(("name", "order"), ORDERS)
def test_numbers_are_ordered_by_size_and_strings_by_bytes_and_none_comes_first(
    name: str, order: str
):
    text = order_of(Aggregation({}, (GroupKey("k", typed(name)),))).text

    assert text.endswith(order.removeprefix("("))


def test_each_array_is_taken_apart_on_its_own():
    keys = (
        GroupKey("tags", typed("[]string"), each_element=True),
        GroupKey("int", typed("int")),
        GroupKey("ints", typed("[]int"), each_element=True),
    )

    joins = compile_elements(Aggregation({}, keys)).text
    selected = compile_keys(Aggregation({}, keys)).text
    order = order_of(Aggregation({}, keys)).text

    assert joins.count("CROSS JOIN LATERAL (SELECT DISTINCT value FROM") == 2
    assert "(attributes -> '[]string')" in joins
    assert joins.endswith(")) AS element_2")
    assert selected == "element_0.value, nullif((attributes -> 'int'), 'null'), element_2.value"
    assert order.endswith(", 2 NULLS FIRST, 3 NULLS FIRST")


def test_without_arrays_nothing_is_joined():
    assert compile_elements(Aggregation({}, (BY_A,))).text == ""


# (groups, rendered)
ANSWERS: list[tuple[tuple[Group, ...], dict[str, Any]]] = [
    ((Group({}, {"n": 2, "s": 1.5}),), {"aggregations": {"n": 2, "s": 1.5}}),
    (
        (Group({"a": None}, {"n": 1}), Group({"a": "x"}, {"n": 2})),
        {"aggregation_groups": [{"a": None, "n": 1}, {"a": "x", "n": 2}]},
    ),
    ((), {"aggregation_groups": []}),
]


@pytest.mark.parametrize(("groups", "rendered"), ANSWERS)
def test_an_answer_has_one_group_or_many(groups: tuple[Group, ...], rendered: dict[str, Any]):
    assert render_answer(Aggregates(groups, 3), base64=False) == rendered
