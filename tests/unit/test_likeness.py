"""Rankings by likeness to examples: what they are, and their SQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.compile.likeness import compile_likeness
from service.core.errors import InvalidRequest, WrongLength
from service.core.ids import IdType
from service.core.likeness import (
    MAX_EXAMPLES,
    Discovered,
    InContext,
    Likened,
    Pair,
    Recommended,
    Strategy,
    check_examples,
    vectors_of,
)
from service.core.namespace import Namespace, VectorColumn
from service.core.query_binding import bind_ranking
from service.core.vectors import Metric, Precision, Vector

A, B, C = (Vector(bytes([n]) * 8) for n in (1, 2, 3))
PAIRS = (Pair(A, B), Pair(C, A))
COLUMN = VectorColumn("vector", 2, Metric.DOT)
NAMESPACE = Namespace("books", "books", IdType.BIGINT, (COLUMN,), {}, 1, datetime.now(UTC))

Compiled = tuple[str, str, tuple[object, ...]]

# (ranking, all its vectors)
RANKINGS: list[tuple[Likened, tuple[Vector, ...]]] = [
    (Recommended("vector", (A, B), (C,), Strategy.BEST_SCORE), (A, B, C)),
    (Recommended("vector", (), (C,), Strategy.SUM_SCORES), (C,)),
    (Discovered("vector", C, PAIRS), (C, A, B, C, A)),
    (InContext("vector", PAIRS), (A, B, C, A)),
]

# (metric, how like a vector is)
LIKENESSES = [
    (None, '(1 - coalesce(nullif("v" OPERATOR("p".<=>) %s::"p"."vector", \'NaN\'), 1))'),
    (Metric.COSINE, '(1 - coalesce(nullif("v" OPERATOR("p".<=>) %s::"p"."vector", \'NaN\'), 1))'),
    (Metric.DOT, '-("v" OPERATOR("p".<#>) %s::"p"."vector")'),
    (Metric.EUCLIDEAN, '-("p"."vector_l2_squared_distance"("v", %s::"p"."vector"))'),
    (Metric.EUCLIDEAN_SQUARED, '-("p"."vector_l2_squared_distance"("v", %s::"p"."vector"))'),
    (Metric.MANHATTAN, '-("v" OPERATOR("p".<+>) %s::"p"."vector")'),
]


def sql(
    ranking: Likened, metric: Metric | None = Metric.DOT
) -> tuple[str, str, tuple[object, ...]]:
    compiled = compile_likeness(ranking, VectorColumn("vector", 2, metric), "p")
    text = compiled.columns.text.replace('"vector" OPERATOR', '"v" OPERATOR')
    return text.replace('("vector",', '("v",'), compiled.score.text, compiled.columns.values


@pytest.mark.parametrize(("metric", "likeness"), LIKENESSES)
def test_each_metric_has_its_likeness(metric: Metric | None, likeness: str):
    columns, score, values = sql(Recommended("vector", (A,), (), Strategy.SUM_SCORES), metric)

    assert columns == f"({likeness}) - 0::float8 AS total"
    assert score == "total"
    assert values == (A,)


def test_the_best_example_decides_and_no_example_is_infinitely_far():
    columns, score, values = sql(Recommended("vector", (A, B), (), Strategy.BEST_SCORE))

    like = LIKENESSES[2][1]
    assert columns == f"greatest({like}, {like}) AS positive, '-Infinity'::float8 AS negative"
    assert score == (
        "CASE WHEN positive > negative THEN (0.5 * (positive / (1 + abs(positive)) + 1))"
        " ELSE -(0.5 * (negative / (1 + abs(negative)) + 1)) END"
    )
    assert values == (A, B)


def test_discovery_counts_pairs_before_it_looks_at_the_target():
    columns, score, values = sql(Discovered("vector", C, PAIRS))

    like = LIKENESSES[2][1]
    side = f"sign(({like} - {like}))"
    assert columns == f"{side} + {side} AS sides, {like} AS target"
    assert score == "sides + (0.5 * (target / (1 + abs(target)) + 1))"
    assert values == (A, B, C, A, C)


def test_context_adds_up_what_is_lost_in_each_pair():
    columns, score, values = sql(InContext("vector", PAIRS))

    assert columns.count(" - 1.1920929e-7, 0) AS ") == 2
    assert score == '"loss_0" / (1 - "loss_0") + "loss_1" / (1 - "loss_1")'
    assert values == (A, B, C, A)


def test_half_precision_is_compared_as_single():
    column = VectorColumn("vector", 2, Metric.DOT, Precision.HALF)
    compiled = compile_likeness(InContext("vector", PAIRS), column, "p")

    assert '("vector"::"p"."vector") OPERATOR("p".<#>)' in compiled.columns.text


@pytest.mark.parametrize(("ranking", "every"), RANKINGS)
def test_examples_have_the_length_of_the_column(ranking: Likened, every: tuple[Vector, ...]):
    assert vectors_of(ranking) == every
    assert bind_ranking(ranking, NAMESPACE) == ranking


def test_an_example_of_another_length_is_refused():
    longer = Vector(bytes(12))
    for ranking in (
        Recommended("vector", (A,), (longer,), Strategy.BEST_SCORE),
        Discovered("vector", longer, PAIRS),
        Discovered("vector", A, (Pair(A, longer),)),
        InContext("vector", (Pair(longer, A),)),
    ):
        with pytest.raises(WrongLength):
            bind_ranking(ranking, NAMESPACE)


def test_there_is_a_limit_to_examples():
    check_examples(MAX_EXAMPLES)
    with pytest.raises(InvalidRequest, match="at most 1000 examples, got 1001"):
        check_examples(MAX_EXAMPLES + 1)
