"""Rank expressions: read from the wire, typed by a schema, compiled to SQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from service.compile.scores import compile_score
from service.core.attributes import AttributeSpec, parse_type
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import Attribute, Compare, Equal, Not, Order
from service.core.ids import IdType
from service.core.namespace import Namespace
from service.core.query import Scored
from service.core.query_binding import bind_ranking
from service.core.scores import (
    MAX_DEPTH,
    MAX_PARTS,
    Constant,
    Decay,
    Distance,
    Matches,
    Max,
    Product,
    Saturate,
    Score,
    Sum,
    Value,
    transformed,
)
from service.dialects.turbopuffer.filters import LEAVES, TEXT_OPERATORS
from service.dialects.turbopuffer.scores import is_score, parse_score

TYPES = ("int", "uint", "float", "datetime", "string", "bool", "[]int", "[]datetime")
SPECS = {name: AttributeSpec(parse_type(name)) for name in TYPES}
SPECS["hidden"] = AttributeSpec(parse_type("int"), filterable=False)
BOOKS = Namespace("books", "books", IdType.BIGINT, (), SPECS, 1, datetime.now(UTC))

A, B = Value(Attribute("a")), Value(Attribute("b"))
MATCHES = Matches(Equal(Attribute("a"), 1))
WIRE_A: Any = ["Attribute", "a"]
WIRE_B: Any = ["Attribute", "b"]
WIRE_MATCH: Any = ["a", "Eq", 1]

# (wire, expression)
EXPRESSIONS: list[tuple[Any, Score]] = [
    (WIRE_A, A),
    (WIRE_MATCH, MATCHES),
    (["Not", WIRE_MATCH], Matches(Not(Equal(Attribute("a"), 1)))),
    # parts in one array, or each as an argument
    (["Sum", [WIRE_A, WIRE_B]], Sum((A, B))),
    (["Sum", WIRE_A, WIRE_B], Sum((A, B))),
    (["Sum", [WIRE_A]], Sum((A,))),
    (["Sum", [WIRE_A, WIRE_B, WIRE_MATCH]], Sum((A, B, MATCHES))),
    (["Max", [WIRE_A, WIRE_B]], Max((A, B))),
    (["Max", WIRE_A, WIRE_B], Max((A, B))),
    (["Sum", [2, WIRE_MATCH]], Sum((Constant(2), MATCHES))),
    # the two-element form of old clients, the three-element form of new ones, either way round
    (["Product", [2, WIRE_A]], Product((Constant(2), A))),
    (["Product", [WIRE_A, 0.5]], Product((A, Constant(0.5)))),
    (["Product", 2, WIRE_A], Product((Constant(2), A))),
    (["Product", WIRE_A, -1], Product((A, Constant(-1)))),
    (["Product", WIRE_A, WIRE_MATCH], Product((A, MATCHES))),
    (["Sum", [["Product", [2, ["Max", [WIRE_A]]]]]], Sum((Product((Constant(2), Max((A,)))),))),
    (["Saturate", WIRE_A, {"midpoint": 3}], Saturate(A, 3)),
    (["Saturate", WIRE_A, {"midpoint": 3, "exponent": None}], Saturate(A, 3)),
    (["Saturate", WIRE_A, {"midpoint": 3, "exponent": 2}], Saturate(A, 3, 2)),
    (["Decay", WIRE_A, {"midpoint": 0.5, "exponent": 1.5}], Decay(A, 0.5, 1.5)),
    (["Dist", WIRE_A, 7], Distance(A, 7.0)),
    (["Dist", WIRE_A, "2026-01-01"], Distance(A, "2026-01-01")),
    (["Decay", ["Dist", WIRE_A, -1.5], {"midpoint": 1}], Decay(Distance(A, -1.5), 1)),
]


@pytest.mark.parametrize(("wire", "score"), EXPRESSIONS, ids=lambda case: str(case)[:50])
def test_an_expression_is_read(wire: Any, score: Score):
    assert is_score(wire)
    assert parse_score(wire) == score


# (duration, milliseconds)
DURATIONS = [
    ("1ms", 1), ("2s", 2_000), ("1.5s", 1_500), ("10m", 600_000), ("6h", 21_600_000),
    ("7d", 604_800_000), ("2w", 1_209_600_000),
]  # fmt: skip


@pytest.mark.parametrize(("text", "milliseconds"), DURATIONS)
def test_a_midpoint_may_be_a_duration(text: str, milliseconds: float):
    assert parse_score(["Decay", WIRE_A, {"midpoint": text}]) == Decay(A, milliseconds)


def nested(depth: int) -> Any:
    wire: Any = WIRE_A
    for level in range(depth):
        wire = ["Sum", [wire]] if level % 2 else ["Dist", wire, 0]
    return wire


CURVE = {"midpoint": 1}
# (wire, error, words)
REFUSED: list[tuple[Any, type[Exception], str]] = [
    (["Sum"], MalformedRequest, "rank_by: data did not match any variant"),
    (["Sum", []], MalformedRequest, "rank_by: data did not match"),
    (["Max", {}], MalformedRequest, "rank_by: data did not match"),
    (["Sum", WIRE_A], MalformedRequest, "rank_by: data did not match"),
    (["Product", [2]], MalformedRequest, "rank_by: data did not match"),
    (["Product", [2, WIRE_A, 3]], MalformedRequest, "rank_by: data did not match"),
    (["Product", 2, WIRE_A, 3], MalformedRequest, "rank_by: data did not match"),
    (["Product", True, WIRE_A], MalformedRequest, "rank_by: data did not match"),
    (["Product", "2", WIRE_A], MalformedRequest, "rank_by: data did not match"),
    (["Product", None, WIRE_A], MalformedRequest, "rank_by: data did not match"),
    (["Attribute"], MalformedRequest, "rank_by: data did not match"),
    (["Attribute", 1], MalformedRequest, "rank_by: data did not match"),
    (["Attribute", "a", "b"], MalformedRequest, "rank_by: data did not match"),
    (["Attribute", "$dist"], InvalidRequest, "reserved"),
    (["Saturate", WIRE_A], MalformedRequest, "rank_by: data did not match"),
    (["Saturate", WIRE_A, 3], MalformedRequest, "rank_by: data did not match"),
    (["Decay", WIRE_A, {"exponent": 1}], MalformedRequest, "rank_by: data did not match"),
    (["Decay", WIRE_A, {"midpoint": 0}], InvalidRequest, "midpoint .* number above 0"),
    (["Decay", WIRE_A, {"midpoint": True}], InvalidRequest, "midpoint .* number above 0"),
    (["Decay", WIRE_A, {"midpoint": 2e15}], InvalidRequest, "midpoint .* up to 1000000000000000"),
    (["Decay", WIRE_A, {"midpoint": "0s"}], InvalidRequest, "midpoint .* number above 0"),
    (["Decay", WIRE_A, {"midpoint": "6 h"}], InvalidRequest, "'6 h' is no duration: .* ms, s, m"),
    (["Decay", WIRE_A, {"midpoint": "1y"}], InvalidRequest, "'1y' is no duration"),
    (["Saturate", WIRE_A, CURVE | {"exponent": 0}], InvalidRequest, "exponent .* above 0"),
    (["Saturate", WIRE_A, CURVE | {"exponent": 101}], InvalidRequest, "exponent .* up to 100"),
    (["Dist", WIRE_A, None], MalformedRequest, "rank_by: data did not match"),
    (["Dist", WIRE_A, False], MalformedRequest, "rank_by: data did not match"),
    (["Product", 1.1e9, WIRE_A], InvalidRequest, "between 1e-09 and 1e\\+09"),
    (["Product", 0.9e-9, WIRE_A], InvalidRequest, "between 1e-09 and 1e\\+09"),
    (["Dist", WIRE_A, 1.1e100], InvalidRequest, "at most 1e\\+100"),
    (["Attribute", "id"], InvalidRequest, "reserved"),
    (["Product", -1.1e9, WIRE_A], InvalidRequest, "between 1e-09 and 1e\\+09"),
    (["Sum", [["a", "Like", 1]]], InvalidRequest, "unknown filter operator 'Like'"),
    (["Sum", [["a", "Eq", {"$ref_new": "b"}]]], InvalidRequest, r"\$ref_new"),
    (["Sum", [["text", "BM25", "fox"], WIRE_A]], InvalidRequest, "BM25 needs full-text search"),
    (["text", "BM25", ["fox"], {"last_as_prefix": True}], InvalidRequest, "full-text search"),
    (["text", "ContainsAllTokens", "fox"], InvalidRequest, "full-text search"),
    (nested(MAX_DEPTH + 1), InvalidRequest, f"nested {MAX_DEPTH} deep"),
    (nested(100_000), InvalidRequest, f"nested {MAX_DEPTH} deep"),
    (["Sum", [WIRE_A] * MAX_PARTS], InvalidRequest, f"{MAX_PARTS} parts"),
]


@pytest.mark.parametrize(("wire", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_expression_is_refused(wire: Any, error: type[Exception], words: str):
    with pytest.raises(error, match=words) as caught:
        parse_score(wire)

    assert type(caught.value) is error


def test_expressions_are_as_large_as_the_limits_allow():
    assert parse_score(["Sum", [WIRE_A] * (MAX_PARTS - 1)])
    assert parse_score(nested(MAX_DEPTH))


@pytest.mark.parametrize("operator", [*LEAVES, *sorted(TEXT_OPERATORS), "BM25"])
def test_whatever_is_a_filter_begins_an_expression(operator: str):
    assert is_score(["a", operator, "x"])


@pytest.mark.parametrize("wire", [["a", "asc"], ["a"], [1, "Eq", 1], ["v", "ANN", [1]], [["Sum"]]])
def test_other_rankings_do_not_begin_like_an_expression(wire: Any):
    assert not is_score(wire)


def bound(score: Score) -> Score:
    ranking = bind_ranking(Scored(score), BOOKS)
    assert isinstance(ranking, Scored)
    return ranking.score


def value(name: str) -> Value:
    return Value(Attribute(name))


def typed(name: str) -> Value:
    return Value(Attribute(name, SPECS[name].type))


@pytest.mark.parametrize("name", ["int", "uint", "float", "datetime", "hidden"])
def test_numbers_and_times_are_scores(name: str):
    assert bound(value(name)) == typed(name)


def test_an_attribute_that_no_document_has_stays_without_a_type():
    assert bound(Sum((A, Distance(B, 1.0)))) == Sum((A, Distance(B, 1.0)))


@pytest.mark.parametrize("name", ["string", "bool", "[]int", "[]datetime"])
def test_what_has_no_single_number_is_no_score(name: str):
    with pytest.raises(InvalidRequest) as caught:
        bound(Sum((Constant(1), Product((Constant(2), value(name))))))

    assert caught.value.message.endswith(f"attribute '{name}' has type {SPECS[name].type}")


def test_a_filter_in_an_expression_is_bound_like_any_other():
    count, size = Attribute("int"), Attribute("int", SPECS["int"].type)

    assert bound(Matches(Compare(count, Order.LESS, 3))) == Matches(Compare(size, Order.LESS, 3))
    with pytest.raises(InvalidRequest, match="`int`: type mismatch, Eq expects int"):
        bound(Max((Matches(Equal(count, "x")),)))
    with pytest.raises(InvalidRequest, match=r"`hidden`.*filterable"):
        bound(Max((Matches(Equal(Attribute("hidden"), 1)),)))


# (expression, its origin as a number)
NOON = datetime(2024, 3, 2, 12, tzinfo=UTC).timestamp() * 1000
ORIGINS: list[tuple[Score, float | str, float]] = [
    (value("int"), 5.0, 5.0),
    (value("datetime"), "2024-03-02T12:00:00Z", NOON),
    (value("datetime"), "2024-03-02T13:00:00.250+01:00", NOON + 250),
    (value("datetime"), "1969-12-31", -86_400_000.0),
    # no document has the attribute: any origin will do
    (A, "2024-03-02T12:00:00", NOON),
    (A, 5.0, 5.0),
    (Sum((value("int"),)), 5.0, 5.0),
]


@pytest.mark.parametrize(("part", "origin", "number"), ORIGINS)
def test_an_origin_becomes_a_number(part: Score, origin: float | str, number: float):
    score = bound(Distance(part, origin))

    assert isinstance(score, Distance)
    assert score.origin == pytest.approx(number, abs=1e-3)


@pytest.mark.parametrize(
    ("part", "origin", "words"),
    [
        (value("int"), "2024-03-02", "a time for a datetime attribute, and a number"),
        (value("datetime"), 5.0, "a time for a datetime attribute, and a number"),
        (Sum((value("datetime"),)), "2024-03-02", "a time for a datetime attribute, and a number"),
        (value("datetime"), "yesterday", "the origin of Dist is no time: 'yesterday'"),
    ],
)
def test_an_origin_of_another_kind_is_refused(part: Score, origin: float | str, words: str):
    with pytest.raises(InvalidRequest, match=words):
        bound(Distance(part, origin))


def test_a_change_reaches_every_node_the_inner_ones_first():
    seen: list[str] = []

    def note(score: Score) -> Score:
        seen.append(type(score).__name__)
        return Constant(1) if score == A else score

    changed = transformed(Sum((Decay(A, 2), Max((Distance(A, 3.0), MATCHES)))), note)

    assert changed == Sum((Decay(Constant(1), 2), Max((Distance(Constant(1), 3.0), MATCHES))))
    assert seen == ["Value", "Decay", "Value", "Distance", "Matches", "Max", "Sum"]


NUMBER = (
    "(CASE jsonb_typeof((attributes -> 'a')) WHEN 'number'"
    " THEN (attributes ->> 'a')::varchar(400)::numeric END)"
)
# (expression, what its SQL has, values in the order of the placeholders)
COMPILED: list[tuple[Score, str, tuple[object, ...]]] = [
    (Constant(2), "%s::float8", (2,)),
    (A, f"THEN {NUMBER}::float8", ()),
    (value("datetime"), "(attributes ->> 'datetime')", ()),
    (Sum((A, Constant(2))), ", 0) + coalesce(%s::float8, 0) AS x", (2,)),
    (Max((A, Constant(2))), ", 0), coalesce(%s::float8, 0))", (2,)),
    (Product((Constant(3), Constant(2))), "%s::float8", (3, 2)),
    (Saturate(Constant(1), 3, 2), "SELECT %s::float8 AS x", (2, 3, 1)),
    (Decay(Constant(1), 3, 2), "SELECT %s::float8 AS x", (2, 3, 1)),
    (Distance(A, 5.0), " - %s::float8)", (5.0,)),
    (Value(Attribute("it's 100%")), "(attributes -> 'it''s 100%%')", ()),
]


@pytest.mark.parametrize(("score", "part", "values"), COMPILED, ids=lambda case: str(case)[:50])
def test_an_expression_compiles(score: Score, part: str, values: tuple[object, ...]):
    fragment = compile_score(score)

    assert part in fragment.text
    assert fragment.values == values
    assert fragment.text.replace("%%", "").count("%s") == len(values)


def test_a_condition_is_one_or_nothing():
    fragment = compile_score(MATCHES)

    assert fragment.text == "(CASE WHEN attributes @> %s THEN 1 ELSE 0 END)::float8"


@pytest.mark.parametrize("node", get_args(Score), ids=lambda node: node.__name__)
def test_every_kind_of_expression_is_parsed_and_compiled(node: type):
    assert compile_score.dispatch(node) is not compile_score.dispatch(object)
    assert any(node.__name__ in repr(score) for _, score in EXPRESSIONS)
