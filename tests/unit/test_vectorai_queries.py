"""Bodies of queries by example, groups, facets and matrices, and the core values they become."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from service.core.elements import Element, IsValue
from service.core.errors import InvalidRequest
from service.core.exploration import (
    BY_ID,
    MAX_DEPTH,
    Aim,
    ByPlaces,
    ByScores,
    Context,
    Discovery,
    ExamplePair,
    Exploration,
    Lookup,
    Near,
    Recommendation,
)
from service.core.facets import Facet, FacetCount
from service.core.grouping import HitGroup, HitGroups, Records
from service.core.likeness import Strategy
from service.core.matrix import MAX_SAMPLE, Cell, Matrix, MatrixQuery
from service.core.paths import Each, Key, Path
from service.core.query import AllBut, ByPath, Hit, Projection, Shuffled
from service.core.similarity import Ranked
from service.core.vectors import Metric, Vector
from service.dialects.vectorai.discoveries import parse_discover
from service.dialects.vectorai.explorations import MAX_BATCH, read_batch
from service.dialects.vectorai.facets import parse_facet, render_facet
from service.dialects.vectorai.groups import (
    parse_query_groups,
    parse_recommend_groups,
    parse_search_groups,
    render_groups,
)
from service.dialects.vectorai.matrices import parse_matrix, render_offsets, render_pairs
from service.dialects.vectorai.queries import parse_query
from service.dialects.vectorai.recommendations import parse_recommend
from service.dialects.vectorai.render_ranked import render_ranked
from service.dialects.vectorai.selections import Shown

Wire = Any

HEX = "9939d0d18a8e4a5b9c3d2e1f00112233"
POINT = UUID(HEX)
N = Path((Key("n"),))
AB = Path((Key("a"), Each(), Key("b")))


def vector(*numbers: float) -> Vector:
    return Vector(np.asarray(numbers, dtype="<f4").tobytes())


V = vector(1, 2)
PAIR = ExamplePair(1, V)

# (query, aim)
AIMS: list[tuple[Any, Aim]] = [
    (None, BY_ID),
    ([1, 2], Near(V)),
    (7, Near(7)),
    (HEX, Near(POINT)),
    ({"nearest": [1, 2]}, Near(V)),
    ({"nearest": 0}, Near(0)),
    ({"nearest": {"id": 42}}, Near(42)),
    ({"vector": [1, 2]}, Near(V)),
    ({"recommend": {"positive": [1, [1, 2], HEX]}}, Recommendation((1, V, POINT))),
    (
        {"recommend": {"positive": [], "negative": [2], "strategy": "best_score"}},
        Recommendation((), (2,), Strategy.BEST_SCORE),
    ),
    (
        {"recommend": {"positive": [1], "negative": None, "strategy": "sum_scores"}},
        Recommendation((1,), (), Strategy.SUM_SCORES),
    ),
    ({"discover": {"target": 5}}, Discovery(5)),
    (
        {"discover": {"target": [1, 2], "context": [{"positive": 1, "negative": [1, 2]}]}},
        Discovery(V, (PAIR,)),
    ),
    ({"context": [{"positive": 1, "negative": [1, 2]}] * 2}, Context((PAIR, PAIR))),
    ({"context": {"positive": 1, "negative": [1, 2]}}, Context((PAIR,))),
    ({"order_by": "a[].b"}, ByPath(AB)),
    ({"order_by": {"key": "n", "direction": "desc"}}, ByPath(N, True)),
    ({"order_by": {"key": "n", "start_from": 1.5}}, ByPath(N, False, Decimal("1.5"))),
    (
        {"order_by": {"key": "n", "direction": "asc", "start_from": "1970-01-01T00:00:01Z"}},
        ByPath(N, False, Decimal(1_000_000)),
    ),
    ({"sample": "random"}, Shuffled()),
]

# (query, a part of the message)
MISREAD: list[tuple[Any, str]] = [
    (True, "'True' is no id"),
    (-1, "'-1' is no id"),
    (1.5, "'1.5' is no id"),
    ("abc", "'abc' is no id"),
    ([], "query: a vector has at least one number"),
    ([1, "2"], "array of numbers"),
    ([[1, 2]], "query: vectors of several vectors are not supported"),
    ({"indices": [1], "values": [2]}, "query: sparse vectors are not supported"),
    ({}, "query: expected a list of numbers"),
    ({"nearest": None}, "query.nearest: missing field"),
    ({"nearest": [1, 2], "sample": "random"}, "query: expected nearest alone"),
    ({"nearest": [1, 2], "mmr": {}}, "query: nearest has no mmr here"),
    ({"recommend": {}}, "At least one positive vector ID required with this strategy"),
    ({"recommend": []}, "query.recommend: array, expected an object"),
    ({"recommend": {"positive": 1}}, "query.recommend.positive: invalid type: int"),
    ({"recommend": {"positive": [1, None]}}, "query.recommend.positive[1]: missing field"),
    ({"recommend": {"positive": [1], "strategy": "x"}}, "strategy: expected one of average_vector"),
    ({"recommend": {"positive": [1], "strategy": 1}}, "strategy: invalid type: int"),
    ({"recommend": {"strategy": "best_score"}}, "At least one positive or negative vector ID"),
    ({"discover": {}}, "at least one pair of examples"),
    ({"discover": {"context": [{"positive": 1}]}}, "discover.context[0].negative: missing field"),
    ({"context": []}, "at least one pair of examples"),
    ({"context": [1]}, "query.context[0]: int, expected an object"),
    ({"order_by": {}}, "query.order_by.key: missing field"),
    ({"order_by": {"key": "n", "direction": "up"}}, "direction: expected asc or desc"),
    ({"order_by": {"key": "n", "start_from": "soon"}}, "start_from: expected a number or a time"),
    ({"order_by": {"key": "n", "start_from": True}}, "start_from: invalid type: bool"),
    ({"order_by": 1}, "query.order_by: int, expected an object"),
    ({"sample": "all"}, "query.sample: expected random"),
    ({"formula": {"sum": []}}, "query.formula: formulas are not supported"),
    ({"fusion": "rrf"}, "a fusion needs prefetches"),
    ({"fusion": "borda"}, "query.fusion: expected rrf or dbsf"),
    ({"rrf": {"k": 0}}, "value 0 invalid, must be 1 or larger"),
]

# (body, a part of the message)
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"limit": 0}, "limit: value 0 invalid"),
    ({"limit": "3"}, "limit: invalid type: string, expected an integer"),
    ({"offset": -1}, "offset: value -1 invalid"),
    ({"limit": 600_000, "offset": 600_000}, "limit and offset together are at most 1000000"),
    ({"score_threshold": "high"}, "score_threshold: invalid type: string"),
    ({"params": {"exact": 1}}, "params.exact: invalid type: int, expected a boolean"),
    ({"using": 3}, "using: invalid type: int"),
    ({"lookup_from": {}}, "lookup_from.collection: missing field"),
    ({"lookup_from": "other"}, "lookup_from: invalid type: string"),
    ({"with_payload": 1}, "with_payload: expected a boolean"),
    ({"filter": {"must": [{"nothing": 1}]}}, "Filter parse error"),
    ({"prefetch": [{"query": 1}]}, "needs a query to rank their results"),
    ({"prefetch": 5, "query": 1}, "prefetch[0]: int, expected an object"),
    ({"prefetch": [{"limit": 0}], "query": 1}, "prefetch[0].limit: value 0 invalid"),
    (
        {"prefetch": [{}, {}], "query": {"rrf": {"weights": [1]}}},
        "a fusion of 2 prefetches got 1 weights",
    ),
    ({"prefetch": [{}], "query": {"rrf": {"weights": [-1]}}}, "query.rrf.weights: weights are 0"),
    ({"prefetch": [{}], "query": {"rrf": {"weights": [True]}}}, "weights are numbers"),
    ({"prefetch": [{}], "query": {"rrf": {"weights": 1}}}, "query.rrf.weights: invalid type: int"),
]


@pytest.mark.parametrize(("query", "aim"), AIMS)
def test_a_query_says_what_it_aims_at(query: Any, aim: Aim):
    assert parse_query({"query": query}).request.aim == aim


@pytest.mark.parametrize(("query", "message"), MISREAD)
def test_a_query_that_cannot_be_read_is_refused(query: Any, message: str):
    with pytest.raises(InvalidRequest) as refusal:
        parse_query({"query": query})

    assert message in refusal.value.message
    assert "dimension" not in refusal.value.message.lower()


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_fields_that_cannot_be_read_are_refused_by_name(body: dict[str, Any], message: str):
    with pytest.raises(InvalidRequest) as refusal:
        parse_query(body)

    assert message in refusal.value.message


def test_every_field_of_a_query_is_read():
    asked = parse_query(
        {
            "query": 1, "using": "title", "limit": 3, "offset": 4, "score_threshold": 0.5,
            "filter": {"must": {"key": "n", "match": {"value": 1}}}, "params": {"exact": True},
            "lookup_from": {"collection": "other", "vector": "body"}, "with_payload": False,
            "with_vector": ["title"], "unknown": 1,
        }
    )  # fmt: skip

    assert asked.request == Exploration(
        Near(1), "title", Element(N, IsValue(1)), 3, 4, 0.5, Projection((), ("title",)),
        Lookup("other", "body"), exact=True,
    )  # fmt: skip


def test_without_fields_a_query_lists_points_with_their_payloads():
    asked = parse_query({})

    assert asked.request == Exploration(projection=Projection(None))
    assert parse_query({"with_vectors": True}).request.projection == AllBut()
    assert parse_query(dict.fromkeys(["query", "limit", "filter", "using"])) == asked


def test_prefetches_are_stages_of_which_only_ids_are_read():
    inner: Wire = {"query": [1, 2], "limit": 5, "score_threshold": 1, "offset": 9}
    inner["with_payload"] = True
    asked = parse_query({"prefetch": {"prefetch": [inner], "query": 3}, "query": {"fusion": "rrf"}})

    (stage,) = asked.request.stages
    assert stage == Exploration(Near(3), stages=(Exploration(Near(V), limit=5, threshold=1.0),))
    assert asked.request.aim == ByPlaces()


@pytest.mark.parametrize(
    ("query", "aim"),
    [
        ({"fusion": "dbsf"}, ByScores()),
        ({"rrf": {}}, ByPlaces(2)),
        ({"rrf": {"k": 60}}, ByPlaces(60)),
        ({"rrf": {"k": 3, "weights": [2, 0.5]}}, ByPlaces(3, (2.0, 0.5))),
    ],
)
def test_fusions_have_their_numbers(query: Any, aim: Aim):
    stages: list[Wire] = [{}, {}]
    assert parse_query({"query": query, "prefetch": stages}).request.aim == aim


def test_prefetches_are_not_nested_without_end():
    body: dict[str, Any] = {"query": 1}
    for _ in range(MAX_DEPTH):
        body = {"query": 1, "prefetch": [body]}
    parse_query(body)
    with pytest.raises(InvalidRequest, match="nested at most 16 deep"):
        parse_query({"query": 1, "prefetch": body})


def test_recommend_and_discover_are_queries_of_their_own():
    recommended = parse_recommend({"positive": [1], "negative": [[1, 2]], "limit": 2})
    discovered = parse_discover({"target": 3, "context": [{"positive": 1, "negative": [1, 2]}]})

    assert recommended.request.aim == Recommendation((1,), (V,))
    assert recommended.request.limit == 2
    assert discovered.request.aim == Discovery(3, (PAIR,))
    assert parse_discover({"context": {"positive": 1, "negative": [1, 2]}}).request.aim == Context(
        (PAIR,)
    )


def test_a_batch_names_its_field():
    queries: list[Wire] = [{"query": 1}]

    assert read_batch({"queries": queries}, "queries", "searches") == ("queries", queries)
    assert read_batch({"searches": queries}, "queries", "searches") == ("searches", queries)
    with pytest.raises(InvalidRequest, match="queries: missing field"):
        read_batch({}, "queries", "searches")
    with pytest.raises(InvalidRequest, match="searches: invalid type: object"):
        read_batch({"searches": {}}, "searches")
    with pytest.raises(InvalidRequest, match="at most 100 queries, got 101"):
        read_batch({"searches": queries * (MAX_BATCH + 1)}, "searches")


def test_groups_have_a_key_a_number_and_a_size():
    asked = parse_search_groups({"vector": {"name": "title", "vector": [1, 2]}, "group_by": "n"})
    request = asked.request

    assert (request.path, request.groups, request.size, request.records) == (N, 10, 1, None)
    assert request.query.aim == Near(V)
    assert request.query.column == "title"

    query = parse_query_groups({"query": 5, "group_by": "a[].b", "limit": 3, "group_size": 4})
    assert (query.request.path, query.request.groups, query.request.size) == (AB, 3, 4)
    assert query.request.query.aim == Near(5)

    recommended = parse_recommend_groups({"positive": [1], "group_by": "n"})
    assert recommended.request.query.aim == Recommendation((1,))


def test_groups_may_be_looked_up_elsewhere():
    body = {"vector": [1, 2], "group_by": "n"}
    named = parse_search_groups(body | {"with_lookup": "books"})
    chosen = {"collection": "books", "with_payload": ["a"], "with_vectors": True}
    picked = parse_search_groups(body | {"with_lookup": chosen})

    assert named.request.records == Records("books", Projection(None))
    assert picked.request.records == Records("books", AllBut())
    assert picked.looked_up == Shown(include=(("a",),), vectors=None)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"vector": [1, 2]}, "group_by: missing field"),
        ({"group_by": "n"}, "vector: missing field"),
        ({"vector": [1, 2], "group_by": 1}, "group_by: invalid type: int"),
        ({"vector": [1, 2], "group_by": "n", "group_size": 0}, "group_size: value 0 invalid"),
        ({"vector": [1, 2], "group_by": "n", "limit": 10_001}, "limit: value 10001 invalid"),
        (
            {"vector": [1, 2], "group_by": "n", "limit": 10_000, "group_size": 11},
            "limit times group_size is at most 100000",
        ),
        ({"vector": [1, 2], "group_by": "n", "with_lookup": {}}, "with_lookup.collection: missing"),
    ],
)
def test_groups_that_cannot_be_read_are_refused(body: dict[str, Any], message: str):
    with pytest.raises(InvalidRequest) as refusal:
        parse_search_groups(body)

    assert message in refusal.value.message


def hit(identity: Any, distance: float | None = 0.25, **computed: float) -> Hit:
    return Hit(identity, distance, {}, {"k": [1]}, computed)


def test_points_are_rendered_with_scores():
    rendered = render_ranked(Ranked((hit(POINT),), Metric.COSINE), Shown())

    assert rendered == [
        {"id": str(POINT), "version": 0, "score": 0.75, "payload": {"k": [1]}, "vector": None}
    ]


def test_groups_are_rendered_with_what_they_stand_for():
    asked = parse_search_groups({"vector": [1, 2], "group_by": "n", "with_payload": False})
    found = HitGroups((HitGroup("a", (hit(1), hit(2))), HitGroup(5, (hit(3),))), Metric.EUCLIDEAN)

    rendered = render_groups(found, asked)
    groups: Any = rendered["groups"]
    assert [(g["id"], [h["id"] for h in g["hits"]]) for g in groups] == [("a", [1, 2]), (5, [3])]
    assert groups[0]["hits"][0]["score"] == 0.25
    assert "lookup" not in groups[0]

    looked = parse_search_groups({"vector": [1, 2], "group_by": "n", "with_lookup": "books"})
    record = Hit(5, None, {}, {"t": 1})
    with_record = HitGroups((HitGroup(5, (hit(3),), record), HitGroup("a", (hit(1),))), None)
    groups = render_groups(with_record, looked)["groups"]
    assert groups[0]["lookup"] == {"id": 5, "payload": {"t": 1}, "vector": None}
    assert groups[1]["lookup"] is None


def test_facets_are_read_and_rendered():
    assert parse_facet({"key": "n"}) == Facet(N)
    assert (
        parse_facet(
            {"key": "n", "limit": 3, "exact": True, "filter": {"must": {"has_id": [1]}}}
        ).limit
        == 3
    )
    with pytest.raises(InvalidRequest, match="key: missing field"):
        parse_facet({})
    with pytest.raises(InvalidRequest, match="limit: value 0 invalid"):
        parse_facet({"key": "n", "limit": 0})

    counts = (FacetCount("a", 3), FacetCount(True, 2), FacetCount(1, 1))
    assert render_facet(counts) == {
        "hits": [
            {"value": "a", "count": 3},
            {"value": True, "count": 2},
            {"value": 1, "count": 1},
        ]
    }


def test_matrices_are_read_and_rendered():
    assert parse_matrix({}) == MatrixQuery(10, 3)
    assert parse_matrix({"sample": 5, "limit": 2, "using": "t"}) == MatrixQuery(5, 2, "t")
    for body in ({"sample": 1}, {"sample": MAX_SAMPLE + 1}, {"limit": 0}):
        with pytest.raises(InvalidRequest, match="invalid, must be"):
            parse_matrix(body)

    matrix = Matrix((1, POINT), (Cell(0, 1, 0.5), Cell(1, 0, 0.5)))
    assert render_pairs(matrix) == {
        "pairs": [
            {"a": 1, "b": str(POINT), "score": 0.5},
            {"a": str(POINT), "b": 1, "score": 0.5},
        ]
    }
    assert render_offsets(matrix) == {
        "offsets_row": [0, 1],
        "offsets_col": [1, 0],
        "scores": [0.5, 0.5],
        "ids": [1, str(POINT)],
    }
