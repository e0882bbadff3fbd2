"""Bodies of turbopuffer's v2 queries become core values."""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import Any, cast

import pytest
from marshmallow import ValidationError

from service.core.aggregation import Aggregation, Count
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import Attribute, Equal, IdField
from service.core.query import (
    AllBut,
    Cap,
    Computed,
    Key,
    Named,
    Nearest,
    Ordered,
    Projection,
    Query,
    Ranking,
    Scored,
)
from service.core.scores import Constant, Product, Value
from service.core.vectors import Metric, Vector
from service.dialects.turbopuffer.queries_v2 import FIELDS, Multi, QueryRequest, Single

TARGET = "Failed to deserialize the JSON body into the target type: "
TWO = struct.pack("<2f", 1, 2)
A, B, ID = Attribute("a"), Attribute("b"), IdField()
BY_ID: Any = ["id", "asc"]
FIRST = Ordered((Key(ID),))


def load(**body: Any) -> Any:
    return cast(Any, QueryRequest().load(body))


def query(**body: Any) -> Query:
    """The one search of a body that ranks by id unless it says otherwise."""
    single = load(**({"rank_by": BY_ID} | body))
    assert isinstance(single, Single)
    assert isinstance(single.question, Query)
    return single.question


def multi(*queries: Any, **root: Any) -> Multi:
    loaded = load(queries=list(queries), **root)
    assert isinstance(loaded, Multi)
    return loaded


def test_a_query_carries_everything_it_asks_for():
    single = load(
        rank_by=["title", "ANN", [1, 2]], distance_metric="euclidean_squared", top_k=7, offset=3,
        filters=["a", "Eq", 1], include_attributes=["b", "a", "b"], vector_encoding="base64",
        compute_attributes={"far": ["vector", "VectorDist", [1, 2]]},
        consistency={"level": "strong"}, analyze=True,
    )  # fmt: skip

    assert single == Single(
        Query(
            Nearest(Vector(TWO), Metric.EUCLIDEAN_SQUARED, "title"), Equal(A, 1), 7,
            Named(("b", "a")), 3, None, (Computed("far", "vector", Vector(TWO)),),
        ),
        base64=True,
        analyze=True,
    )  # fmt: skip


def test_null_is_the_same_as_absent_and_unknown_fields_are_ignored():
    nulls: dict[str, Any] = dict.fromkeys(FIELDS)

    assert load(**nulls | {"rank_by": BY_ID}, new=1) == load(rank_by=BY_ID)
    assert load(rank_by=BY_ID) == Single(Query(FIRST), base64=False)


# (rank_by, ranking)
RANKINGS: list[tuple[Any, Ranking]] = [
    (["vector", "ANN", [1, 2]], Nearest(Vector(TWO))),
    (["vector", "ANN", b64encode(TWO).decode()], Nearest(Vector(TWO))),
    (["v", "kNN", [1, 2]], Nearest(Vector(TWO), None, "v", exact=True)),
    (["a", "asc"], Ordered((Key(A),))),
    (["a", "desc"], Ordered((Key(A, descending=True),))),
    (["id", "desc"], Ordered((Key(ID, descending=True),))),
    ([["a", "asc"]], Ordered((Key(A),))),
    ([["a", "desc"], ["id", "asc"]], Ordered((Key(A, descending=True), Key(ID)))),
    (["Product", 2, ["Attribute", "a"]], Scored(Product((Constant(2), Value(A))))),
    # an attribute called like a function has an order as any other
    (["Sum", "asc"], Ordered((Key(Attribute("Sum")),))),
    (["asc", "desc"], Ordered((Key(Attribute("asc"), descending=True),))),
]


@pytest.mark.parametrize(("wire", "ranking"), RANKINGS, ids=lambda case: str(case)[:50])
def test_a_ranking_is_read(wire: Any, ranking: Ranking):
    assert query(rank_by=wire).ranking == ranking


# (fields, limit, what they bound)
LIMITS: list[tuple[dict[str, Any], int, Cap | None]] = [
    ({}, 10, None),
    ({"top_k": 1}, 1, None),
    ({"top_k": 10_000}, 10_000, None),
    ({"limit": 7}, 7, None),
    ({"limit": {"total": 7}}, 7, None),
    ({"limit": {"total": 7, "per": None}}, 7, None),
    ({"limit": {"total": 7, "per": {"attributes": ["a", "b"], "limit": 2}}}, 7, Cap((A, B), 2)),
]


@pytest.mark.parametrize(("fields", "limit", "cap"), LIMITS, ids=lambda case: str(case)[:50])
def test_a_limit_has_three_spellings(fields: dict[str, Any], limit: int, cap: Cap | None):
    found = query(**fields)

    assert (found.limit, found.cap) == (limit, cap)


# (fields, selection)
SELECTIONS: list[tuple[dict[str, Any], Any]] = [
    ({}, Projection()),
    ({"include_attributes": False}, Projection()),
    ({"include_attributes": []}, Projection()),
    ({"include_attributes": True}, AllBut()),
    ({"include_attributes": ["vector", "a", "id", "a"]}, Named(("vector", "a", "id"))),
    ({"exclude_attributes": []}, AllBut()),
    ({"exclude_attributes": ["b", "a", "b"]}, AllBut(("b", "a"))),
]


@pytest.mark.parametrize(("fields", "selection"), SELECTIONS, ids=str)
def test_attributes_are_included_or_excluded(fields: dict[str, Any], selection: Any):
    assert query(**fields).projection == selection


@pytest.mark.parametrize(
    "wire",
    [
        None,
        {"level": "strong"},
        {"level": "eventual"},
        {"level": "eventual", "max_staleness_seconds": 60},
        {"level": "eventual", "max_staleness_seconds": None},
    ],
)
def test_every_level_of_consistency_is_kept(wire: Any):
    assert query(consistency=wire) == query()


@pytest.mark.parametrize(("wire", "base64"), [(None, False), ("float", False), ("base64", True)])
def test_vectors_come_in_the_encoding_asked_for(wire: Any, base64: bool):
    assert load(rank_by=BY_ID, vector_encoding=wire).base64 is base64
    assert multi({"rank_by": BY_ID}, vector_encoding=wire).base64 is base64


COUNT: Any = {"count": ["Count"]}
LATE: Any = ["vector", "ANN", [[1], [2]]]
PER: Any = {"attributes": ["a"], "limit": 1}
# (body, words): well-formed, and still not to be answered
UNASKABLE: list[tuple[dict[str, Any], str]] = [
    ({}, "💔 a query needs rank_by or aggregate_by"),
    ({"rank_by": []}, "💔 rank_by cannot be empty"),
    ({"rank_by": ["id", "ANN", [1]]}, "'id' is reserved"),
    ({"rank_by": ["$dist", "asc"]}, "is reserved"),
    ({"rank_by": ["v", "ANN", []]}, "at least one dimension"),
    ({"rank_by": ["v", "ANN", ["Embed", "x", {}]]}, "does not embed texts"),
    ({"rank_by": LATE}, "no late-interaction vectors"),
    ({"rank_by": ["s", "SparseKNN", {"0": 1.0}]}, "no sparse vectors"),
    ({"rank_by": ["a", "BM25", "x"]}, "full-text search"),
    ({"rank_by": [["a", "asc"]] * 17}, "rank_by takes at most 16 attributes"),
    ({"top_k": 0}, "💔 top_k must be between 1 and 10000"),
    ({"top_k": 10_001}, "💔 top_k must be between 1 and 10000"),
    ({"limit": 0}, "💔 limit must be between 1 and 10000"),
    ({"limit": {"total": 0}}, "💔 limit.total must be between 1 and 10000"),
    ({"limit": {"total": 1, "per": PER | {"limit": 0}}}, "limit.per.limit must be between 1"),
    ({"limit": {"total": 1, "per": {"attributes": ["id"], "limit": 1}}}, "'id' is reserved"),
    (
        {"limit": {"total": 1, "per": PER}, "rank_by": ["v", "ANN", [1]]},
        "💔 `limit.per` is only supported when ranking by an attribute",
    ),
    ({"top_k": 1, "limit": 1}, "cannot specify both top_k and limit"),
    ({"offset": 1}, "offset needs an explicit top_k or limit"),
    ({"offset": -1, "top_k": 1}, "offset and limit together are at most 10000"),
    ({"offset": 10_000, "top_k": 1}, "offset and limit together are at most 10000"),
    (
        {"include_attributes": True, "exclude_attributes": ["a"]},
        "💔 cannot specify both include_attributes and exclude_attributes",
    ),
    ({"include_attributes": [f"a{n}" for n in range(1025)]}, "more than 1024 names"),
    ({"include_attributes": [""]}, "must not be empty"),
    ({"consistency": {"level": "eventual", "max_staleness_seconds": -1}}, "must not be negative"),
    ({"compute_attributes": {"id": ["v", "VectorDist", [1]]}}, "'id' is reserved"),
    ({"compute_attributes": {"x": ["v", "VectorDist", []]}}, "at least one dimension"),
    ({"compute_attributes": {"x": ["Highlight", "t", {}]}}, "Highlight needs full-text search"),
    ({"filters": ["a", "Eq", {"$ref_new": "a"}]}, "$ref_new has a meaning only in the conditions"),
    ({"group_by": ["a"]}, "group_by needs aggregate_by"),
    ({"rerank_by": ["RRF"]}, "rerank_by needs queries to combine"),
]


@pytest.mark.parametrize(("body", "words"), UNASKABLE, ids=lambda case: str(case)[:50])
def test_a_query_that_makes_no_sense_is_refused(body: dict[str, Any], words: str):
    given = body if not body or "rank_by" in body else {"rank_by": BY_ID} | body

    with pytest.raises(InvalidRequest) as caught:
        load(**given)

    assert type(caught.value) is InvalidRequest
    assert words in caught.value.message


# (body, words): 422
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"rank_by": {}}, "rank_by: data did not match any variant of enum a valid variant of Rank"),
    ({"rank_by": "a"}, "rank_by: data did not match any variant"),
    ({"rank_by": ["a"]}, "rank_by: data did not match any variant"),
    ({"rank_by": ["a", "up"]}, "rank_by: data did not match any variant"),
    ({"rank_by": [["a", "asc"], ["b"]]}, "rank_by: data did not match any variant"),
    ({"rank_by": ["v", "ANN"]}, "rank_by: data did not match any variant"),
    ({"top_k": 1.5}, "top_k: invalid type: float, expected usize"),
    ({"top_k": True}, "top_k: invalid type: bool, expected usize"),
    ({"top_k": "1"}, "top_k: invalid type: string, expected usize"),
    ({"limit": "1"}, "limit: data did not match any variant of untagged enum LimitInput"),
    ({"limit": True}, "limit: data did not match any variant of untagged enum LimitInput"),
    ({"limit": {"per": PER}}, "limit: data did not match any variant"),
    ({"limit": {"total": "1"}}, "limit.total: invalid type: string, expected usize"),
    ({"limit": {"total": 1, "per": {"attributes": ["a"]}}}, "limit: data did not match"),
    ({"limit": {"total": 1, "per": PER | {"attributes": []}}}, "limit: data did not match"),
    ({"limit": {"total": 1, "per": PER | {"attributes": [1]}}}, "limit: data did not match"),
    ({"offset": "1"}, "offset: invalid type: string, expected usize"),
    ({"offset": True}, "offset: invalid type: bool, expected usize"),
    ({"include_attributes": "a"}, "include_attributes: expected an array of names"),
    ({"include_attributes": [1]}, "include_attributes: expected an array of names"),
    ({"exclude_attributes": True}, "exclude_attributes: expected an array of names"),
    ({"vector_encoding": "hex"}, "unknown variant `hex`, expected `float` or `base64`"),
    ({"vector_encoding": 1}, "vector_encoding: unknown variant `1`"),
    ({"distance_metric": "dot"}, "distance_metric: unknown variant `dot`, expected one of `cos"),
    ({"filters": "a"}, "filters: data did not match any variant of untagged enum FiltersInput"),
    (
        {"consistency": "eventual"},
        'consistency: invalid type: string "eventual", expected struct Consistency',
    ),
    ({"consistency": 1}, "consistency: invalid type: int, expected struct Consistency"),
    ({"consistency": {}}, "consistency: missing field `level`"),
    (
        {"consistency": {"level": "nonexistentvalue"}},
        "consistency.level: unknown variant `nonexistentvalue`, expected `strong` or `eventual`",
    ),
    (
        {"consistency": {"level": "eventual", "max_staleness_seconds": "1"}},
        "consistency.max_staleness_seconds: invalid type: string, expected usize",
    ),
    ({"compute_attributes": []}, "compute_attributes: expected a map"),
    ({"compute_attributes": {f"x{n}": 1 for n in range(17)}}, "a map of up to 16 names"),
    ({"compute_attributes": {"x": ["v", "Length"]}}, "compute_attributes.x: expected [attribute"),
    ({"queries": {}}, "queries: invalid type: object, expected a sequence"),
    ({"queries": ["x"]}, "queries[0]: invalid type: string, expected struct Query"),
]


@pytest.mark.parametrize(("body", "words"), MALFORMED, ids=lambda case: str(case)[:50])
def test_a_query_of_the_wrong_shape_is_told_what_was_expected(body: dict[str, Any], words: str):
    with pytest.raises(MalformedRequest) as caught:
        load(**{"rank_by": BY_ID} | body)

    assert caught.value.message.startswith(TARGET)
    assert words in caught.value.message


def test_a_flag_is_a_boolean():
    with pytest.raises(ValidationError, match="analyze"):
        load(rank_by=BY_ID, analyze=1)


@pytest.mark.parametrize(
    "field", ["rank_by", "include_attributes", "exclude_attributes", "compute_attributes"]
)
def test_an_aggregation_takes_nothing_of_a_search(field: str):
    with pytest.raises(InvalidRequest, match=f"cannot specify both aggregate_by and {field}"):
        load(aggregate_by=COUNT, **{field: ["a"]})


def test_the_queries_of_a_multi_query_are_read_like_single_ones():
    found = multi(
        {"rank_by": BY_ID, "top_k": 3, "new": 1}, {"aggregate_by": COUNT, "filters": None}
    )

    assert found == Multi(
        (Query(FIRST, limit=3), Aggregation({"count": Count()})), base64=False, fusion=None
    )


ONE: Any = {"rank_by": BY_ID}
# (sub-queries, error, words)
NOT_MULTI: list[tuple[list[Any], type[InvalidRequest], str]] = [
    ([], InvalidRequest, "💔 must send at least one sub-query"),
    (
        [ONE] * 17,
        InvalidRequest,
        "💔 multi-query exceeds per-namespace concurrency budget: requires 17 permits, max is 16",
    ),
    ([{}], InvalidRequest, "needs rank_by or aggregate_by"),
    ([{"queries": []}], InvalidRequest, "queries belongs to the root of a multi-query"),
    ([ONE | {"consistency": {"level": "strong"}}], InvalidRequest, "consistency belongs to"),
    ([ONE | {"vector_encoding": "float"}], InvalidRequest, "vector_encoding belongs to"),
    ([ONE | {"rerank_by": ["RRF"]}], InvalidRequest, "rerank_by belongs to the root"),
    ([ONE, ONE | {"top_k": "1"}], MalformedRequest, "top_k: invalid type: string"),
]


@pytest.mark.parametrize(("queries", "error", "words"), NOT_MULTI, ids=range(len(NOT_MULTI)))
def test_a_multi_query_that_cannot_be_is_refused(
    queries: list[Any], error: type[InvalidRequest], words: str
):
    with pytest.raises(error) as caught:
        multi(*queries)

    assert type(caught.value) is error
    assert words in caught.value.message
