"""Fusion: several rankings become one."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import pytest

from service.core.errors import InvalidRequest, MalformedRequest
from service.core.fusion import RANK_CONSTANT, fuse, fuse_places, fuse_scores
from service.core.query import Hit, Result
from service.dialects.turbopuffer.fusions import Fusion
from service.dialects.turbopuffer.queries_v2 import Multi, QueryRequest
from service.dialects.turbopuffer.routes_v2 import fused as cut


def hits(*ids: Any, distance: float | None = 0.5, **attributes: Any) -> list[Hit]:
    return [Hit(identity, distance, {}, attributes) for identity in ids]


def fused(*rankings: list[Hit], weights: tuple[float, ...] = (), **rest: Any) -> dict[Any, float]:
    """The scores in their order."""
    found = fuse(rankings, weights or (1.0,) * len(rankings), **rest)
    return {hit.id: hit.distance or 0.0 for hit in found}


def test_a_score_is_the_sum_of_the_reciprocals_of_ranks_from_one():
    scores = fused(hits(1, 2), hits(2, 3))

    assert scores == pytest.approx({2: 1 / 62 + 1 / 61, 1: 1 / 61, 3: 1 / 62})
    assert list(scores) == [2, 1, 3]


def test_the_rank_constant_is_60_unless_another_is_given():
    assert RANK_CONSTANT == 60
    assert fused(hits("a", "b"), rank_constant=1) == pytest.approx({"a": 1 / 2, "b": 1 / 3})


def test_a_weight_multiplies_what_its_ranking_gives():
    scores = fused(hits(1, 2), hits(2, 1), weights=(1, 3), rank_constant=1)

    assert scores == pytest.approx({2: 1 / 3 + 3 / 2, 1: 1 / 2 + 3 / 3})
    assert list(scores) == [2, 1]


# (rankings, weights, order)
ORDERS: list[tuple[list[list[Hit]], tuple[float, ...], list[Any]]] = [
    ([], (), []),
    ([[], []], (1, 1), []),
    ([hits(3, 1, 2)], (1,), [3, 1, 2]),
    ([hits(1), []], (1, 1), [1]),
    # what is first in one list and what is first in the other are equal: the smaller id
    ([hits(9), hits(2)], (1, 1), [2, 9]),
    ([hits("b"), hits("a"), hits("B")], (1, 1, 1), ["B", "a", "b"]),
    ([hits(9), hits(2)], (2, 1), [9, 2]),
    ([hits(1, 2), hits(2, 1)], (1, 1), [1, 2]),
    # in both lists beats once at the top
    ([hits(1, 5), hits(2, 5)], (1, 1), [5, 1, 2]),
    # a light ranking does not overturn a heavy one
    ([hits(1, 2, 3), hits(3, 2, 1)], (1, 0.001), [1, 2, 3]),
]


@pytest.mark.parametrize(("rankings", "weights", "order"), ORDERS, ids=range(len(ORDERS)))
def test_the_highest_score_is_first_and_ties_go_to_the_smaller_id(
    rankings: list[list[Hit]], weights: tuple[float, ...], order: list[Any]
):
    assert [hit.id for hit in fuse(rankings, weights)] == order


def test_a_document_comes_as_the_first_ranking_has_it():
    first, second = hits(1, distance=0.1, title="Dune"), hits(1, 2, distance=None, size=3)

    found = fuse([first, second], (1.0, 1.0))

    assert [(hit.id, hit.attributes) for hit in found] == [(1, {"title": "Dune"}), (2, {"size": 3})]
    assert [hit.distance for hit in found] == pytest.approx([2 / 61, 1 / 62])


def test_a_weight_for_each_ranking_is_needed():
    with pytest.raises(ValueError, match="shorter"):
        fuse([hits(1), hits(2)], (1.0,))


# (limit, offset, ids): of five documents
PAGES: list[tuple[int, int, list[int]]] = [
    (9, 0, [1, 3, 5, 2, 4]),
    (2, 0, [1, 3]),
    (2, 2, [5, 2]),
    (2, 4, [4]),
    (2, 5, []),
]


@pytest.mark.parametrize(("limit", "offset", "ids"), PAGES)
def test_limit_and_offset_count_in_the_list_of_all_rankings(
    limit: int, offset: int, ids: list[int]
):
    answers = (Result(tuple(hits(1, 3, 5)), 7), Result(tuple(hits(1, 2, 3, 4)), 7))

    found = cut(answers, Fusion(60, (2.0, 1.0), limit, offset))

    assert [hit.id for hit in found.hits] == ids


BY_ID: Any = {"rank_by": ["id", "asc"]}
COUNT: Any = {"aggregate_by": {"n": ["Count"]}}


def fusion(rerank: Any, second: Any = BY_ID, **root: Any) -> Fusion:
    """How a body of two queries wants them fused."""
    body = {"queries": [BY_ID, second], "rerank_by": rerank, **root}
    multi = cast(Any, QueryRequest().load(body))
    assert isinstance(multi, Multi)
    assert multi.fusion
    return multi.fusion


# (rerank_by, other fields at the root, what they mean)
BODIES: list[tuple[Any, dict[str, Any], Fusion]] = [
    (["RRF"], {}, Fusion(60, (1.0, 1.0), 10_000, 0)),
    (["RRF", {}], {"top_k": 5}, Fusion(60, (1.0, 1.0), 5, 0)),
    (["RRF", {"rank_constant": None, "weights": None}], {}, Fusion(60, (1.0, 1.0), 10_000, 0)),
    (["RRF", {"rank_constant": 1, "weights": [2, 0.5]}], {}, Fusion(1, (2.0, 0.5), 10_000, 0)),
    (["RRF"], {"limit": {"total": 5}, "offset": 2}, Fusion(60, (1.0, 1.0), 5, 2)),
]


@pytest.mark.parametrize(("rerank", "root", "meant"), BODIES, ids=range(len(BODIES)))
def test_the_root_of_a_multi_query_says_how_it_is_fused(
    rerank: Any, root: dict[str, Any], meant: Fusion
):
    assert fusion(rerank, **root) == meant


CAPPED: Any = {"total": 1, "per": {"attributes": ["a"], "limit": 1}}
# (rerank_by, other fields, error, words)
REFUSED: list[tuple[Any, dict[str, Any], type[InvalidRequest], str]] = [
    ({"model": "x"}, {}, InvalidRequest, "this server has no models"),
    (["Sum"], {}, MalformedRequest, "rerank_by: expected"),
    (["RRF", []], {}, MalformedRequest, "rerank_by: expected"),
    (["RRF"], {"second": COUNT}, InvalidRequest, "an aggregation has none"),
    (["RRF"], {"limit": CAPPED}, MalformedRequest, "limit: data did not match"),
    (["RRF"], {"offset": 1}, InvalidRequest, "offset needs an explicit top_k or limit"),
    (["RRF"], {"limit": 1, "top_k": 1}, InvalidRequest, "both top_k and limit"),
    (["RRF", {"rank_constant": 0}], {}, InvalidRequest, "rank_constant must be greater than 0"),
    (["RRF", {"rank_constant": -1}], {}, InvalidRequest, "rank_constant must be greater than 0"),
    (["RRF", {"rank_constant": "60"}], {}, MalformedRequest, "rank_constant: invalid type: string"),
    (["RRF", {"weights": 1}], {}, InvalidRequest, "must be 2 numbers, one for each query"),
    (["RRF", {"weights": [1]}], {}, InvalidRequest, "must be 2 numbers, one for each query"),
    (["RRF", {"weights": [1, 0]}], {}, InvalidRequest, "weights must be positive numbers"),
    (["RRF", {"weights": [1, True]}], {}, InvalidRequest, "weights must be positive numbers"),
    (["RRF", {"weights": [1, "1"]}], {}, InvalidRequest, "weights must be positive numbers"),
    (["RRF", {"weights": [1, 1e7]}], {}, InvalidRequest, "weights must be positive numbers"),
]


@pytest.mark.parametrize(("rerank", "root", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_a_fusion_that_cannot_be_is_refused(
    rerank: Any, root: dict[str, Any], error: type[InvalidRequest], words: str
):
    with pytest.raises(error, match=words) as caught:
        fusion(rerank, **root)

    assert type(caught.value) is error


def places(*rankings: list[Hit], weights: tuple[float, ...], constant: float) -> dict[Any, float]:
    found = fuse_places(rankings, weights, constant)
    return {hit.id: hit.distance or 0.0 for hit in found}


def test_places_begin_at_zero():
    assert places(hits(1, 2), hits(2, 3), weights=(1, 1), constant=2) == pytest.approx(
        {2: 1 / 3 + 1 / 2, 1: 1 / 2, 3: 1 / 3}
    )


def test_a_weight_draws_the_places_of_its_ranking_together():
    scores = places(hits(1, 2, 3), hits(4), weights=(3, 1), constant=2)

    # the third place of weight 3 counts like the first one of weight 1
    assert scores == pytest.approx({1: 1 / (1 / 3 + 1), 2: 1 / (2 / 3 + 1), 3: 1 / 2, 4: 1 / 2})
    assert list(scores) == [1, 2, 3, 4]


def test_a_ranking_without_weight_adds_nothing():
    assert places(hits(1), hits(2), weights=(0, 1), constant=1) == {2: 1.0, 1: 0.0}


def shares(**scores: float) -> list[tuple[Hit, float]]:
    return [(hit, scores[str(hit.id)]) for hit in hits(*scores)]


def fused_scores(*rankings: list[tuple[Hit, float]]) -> dict[Any, float]:
    return {hit.id: hit.distance or 0.0 for hit in fuse_scores(rankings)}


def test_scores_are_brought_into_proportion_before_they_are_added():
    # mean 2, deviation 1: from -1 to 5; mean 20, deviation 10: from -10 to 50
    scores = fused_scores(shares(a=3, b=2, c=1), shares(a=30, d=20, c=10))

    assert scores == pytest.approx({"a": 4 / 3, "c": 2 / 3, "b": 1 / 2, "d": 1 / 2})
    assert list(scores) == ["a", "c", "b", "d"]


@pytest.mark.parametrize("ranking", [shares(a=7), shares(a=0.3, b=0.3, c=0.3)])
def test_scores_that_do_not_differ_are_in_the_middle(ranking: list[tuple[Hit, float]]):
    assert set(fused_scores(ranking).values()) == {0.5}


def test_empty_rankings_add_nothing():
    assert fused_scores([], shares(a=1)) == {"a": 0.5}
    assert fused_scores() == {}


def test_integers_come_before_uuids():
    mixed = [UUID(int=2**64), 7, UUID(int=2**65), 3]

    assert [hit.id for hit in fuse([[h] for h in hits(*mixed)], (1.0,) * 4)] == [
        3, 7, UUID(int=2**64), UUID(int=2**65),
    ]  # fmt: skip
