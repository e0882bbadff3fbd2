"""The current client reads: nearest neighbours, orders, limits, what is returned and how.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

import base64
import struct
from typing import Any

from official_client_v2_shared import (
    BY_ID,
    COSINE,
    SQUARED,
    client,
    ids,
    near,
    plain,
    reason,
    refusal,
)


def _fill(ns: Any) -> None:
    """The documents of the client's own test suite: 98 of them, with ties in distance."""
    tens = [[i / 10] * 2 for i in range(4)]
    rows = [{"id": i, "vector": [i / 10] * 2, "test": "rows"} for i in range(10, 100)]
    rows += [{"id": 4 + i, "vector": tens[i + 1]} for i in range(3)]
    rows += [{"id": 7, "vector": [0.7, 0.7], "hello": "world"}]
    columns = {"id": [0, 1, 2, 3], "vector": tens, "key1": ["zero", "one", "two", "three"]}
    ns.write(upsert_rows=rows, upsert_columns=columns, distance_metric=SQUARED)


def _animals(ns: Any) -> None:
    kinds = ["fish", "bird", None, "fish", "bird", "fish"]
    rows = [{"id": i, "kind": kind, "size": 10 - i} for i, kind in enumerate(kinds, start=1)]
    ns.write(upsert_rows=rows)


def the_nearest_come_first_and_ties_by_id(ns: Any) -> None:
    _fill(ns)
    found = ns.query(
        rank_by=("vector", "ANN", [0.8, 0.7]),
        top_k=5,
        include_attributes=["vector", "hello"],
    )
    near(found.rows, [(7, 0.01), (10, 0.13), (11, 0.25), (3, 0.41), (6, 0.41)])
    first, second = found.rows[:2]
    assert (first.vector, first.hello, second.vector) == ([0.7, 0.7], "world", [1.0, 1.0])
    assert "hello" not in second
    near(ns.query(rank_by=("vector", "ANN", [1.5, 1.6]), top_k=2).rows, [(15, 0.01), (16, 0.01)])


def exact_neighbours_may_be_asked_for(ns: Any) -> None:
    _fill(ns)
    query = {"rank_by": ("vector", "kNN", [1.5, 1.6]), "filters": ("id", "Gt", 15), "limit": 2}
    near(ns.query(**query).rows, [(16, 0.01), (17, 0.05)])


def the_metric_may_stand_in_the_query(ns: Any) -> None:
    ns.write(
        upsert_columns={"id": [1, 2], "vector": [[0.1, 0.1], [0.5, 0.0]]}, distance_metric=SQUARED
    )
    query = {"rank_by": ("vector", "ANN", [1.0, 0.0]), "top_k": 2}
    near(ns.query(**query, distance_metric=COSINE).rows, [(2, 0), (1, 1 - 0.5**0.5)])
    near(ns.query(**query).rows, [(2, 0.25), (1, 0.82)])


def rows_are_flat_and_have_nothing_that_was_not_asked_for(ns: Any) -> None:
    _fill(ns)
    nearest = ns.query(rank_by=("vector", "ANN", [0.7, 0.7]), top_k=1).rows[0]
    assert plain(nearest).keys() == {"id", "$dist"}
    ordered = ns.query(rank_by=BY_ID, top_k=1, filters=("hello", "Eq", "world")).rows[0]
    assert plain(ordered) == {"id": 7}


def attributes_are_included_by_name_or_all(ns: Any) -> None:
    _fill(ns)
    query = {"rank_by": BY_ID, "top_k": 1, "filters": ("id", "Eq", 7)}
    whole = {"id": 7, "vector": [0.7, 0.7], "hello": "world"}
    for include, row in (
        (True, whole),
        (["id", "vector"], {"id": 7, "vector": [0.7, 0.7]}),
        (["hello", "key1"], {"id": 7, "hello": "world"}),
        ([], {"id": 7}),
        (False, {"id": 7}),
    ):
        assert plain(ns.query(**query, include_attributes=include).rows[0]) == row, include


def attributes_are_excluded_by_name(ns: Any) -> None:
    _fill(ns)
    query = {"rank_by": BY_ID, "top_k": 1, "filters": ("id", "Eq", 7)}
    without = ns.query(**query, exclude_attributes=["vector", "unknown"]).rows[0]
    assert plain(without) == {"id": 7, "hello": "world"}
    both = refusal(ns.query, **query, exclude_attributes=["hello"], include_attributes=True)
    assert reason(both) == "💔 cannot specify both include_attributes and exclude_attributes"
    unknown = refusal(ns.query, **query, include_attributes=["unknown"])
    assert reason(unknown).startswith('💔 attribute "unknown" not found in schema, cannot be part')


def vectors_are_numbers_or_base64(ns: Any) -> None:
    _fill(ns)
    query = {"rank_by": ("vector", "ANN", [0.7, 0.7]), "top_k": 1, "include_attributes": ["vector"]}
    assert ns.query(**query, vector_encoding="float").rows[0].vector == [0.7, 0.7]
    encoded = ns.query(**query, vector_encoding="base64").rows[0].vector
    assert base64.b64decode(encoded, validate=True) == struct.pack("<2f", 0.7, 0.7)


def a_search_may_begin_at_an_encoded_vector(ns: Any) -> None:
    _fill(ns)
    encoded = base64.b64encode(struct.pack("<2f", 1.5, 1.6)).decode()
    found = ns.query(rank_by=("vector", "ANN", encoded), top_k=2)
    near(found.rows, [(15, 0.01), (16, 0.01)])


def documents_are_ordered_by_attributes(ns: Any) -> None:
    _animals(ns)
    for rank_by, expected in (
        (("kind", "asc"), [3, 2, 5, 1, 4, 6]),
        (("kind", "desc"), [1, 4, 6, 2, 5, 3]),
        (("size", "asc"), [6, 5, 4, 3, 2, 1]),
        (("id", "desc"), [6, 5, 4, 3, 2, 1]),
        ([("kind", "desc"), ("size", "asc")], [6, 4, 1, 5, 2, 3]),
    ):
        assert ids(ns.query(rank_by=rank_by, top_k=10)) == expected, rank_by


def a_query_has_as_many_rows_as_its_limit(ns: Any) -> None:
    _fill(ns)
    assert len(ns.query(rank_by=BY_ID).rows) == 10
    for limit in ({"top_k": 3}, {"limit": 3}, {"limit": {"total": 3}}):
        assert ids(ns.query(rank_by=BY_ID, **limit)) == [0, 1, 2], limit
    assert len(ns.query(rank_by=BY_ID, top_k=10_000).rows) == 98
    for limit in (0, 10_001):
        error = refusal(ns.query, rank_by=BY_ID, top_k=limit)
        assert reason(error) == "💔 top_k must be between 1 and 10000"


def a_limit_may_hold_for_each_value(ns: Any) -> None:
    _animals(ns)
    for rank_by, most, expected in ((BY_ID, 2, [1, 2, 3, 4]), (("size", "asc"), 1, [6, 5, 3])):
        limit = {"total": 4, "per": {"attributes": ["kind"], "limit": most}}
        assert ids(ns.query(rank_by=rank_by, limit=limit)) == expected, rank_by


def an_offset_skips_the_first_rows(ns: Any) -> None:
    _fill(ns)
    nearest = {"rank_by": ("vector", "ANN", [0.8, 0.7]), "limit": 2}
    assert ids(ns.query(**nearest, offset=3)) == [3, 6]
    assert ids(ns.query(rank_by=BY_ID, top_k=2, offset=97)) == [99]
    assert ids(ns.query(rank_by=BY_ID, top_k=2, offset=98)) == []


def pages_of_ids_are_read_to_the_end(ns: Any) -> None:
    _fill(ns)
    read: list[object] = []
    page = ids(ns.query(rank_by=BY_ID, top_k=40))
    while page:
        read += page
        page = ids(ns.query(rank_by=BY_ID, top_k=40, filters=("id", "Gt", page[-1])))
    assert read == [*range(8), *range(10, 100)]


def both_kinds_of_consistency_see_the_last_write(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": 1, "n": 1}])
    for consistency in (
        {"level": "strong"},
        {"level": "eventual"},
        {"level": "eventual", "max_staleness_seconds": 5},
    ):
        assert ids(ns.query(rank_by=BY_ID, top_k=1, consistency=consistency)) == [1]


def distances_are_computed_beside_the_order(ns: Any) -> None:
    _fill(ns)
    found = ns.query(
        rank_by=("id", "desc"),
        top_k=2,
        filters=("id", "Lt", 8),
        include_attributes=["hello"],
        compute_attributes={"far": ("vector", "VectorDist", [0.0, 0.5])},
    )
    seven, six = map(plain, found.rows)
    assert (seven["id"], seven["hello"], six.keys()) == (7, "world", {"id", "far"})
    assert abs(seven["far"] - 0.53) < 1e-6
    assert abs(six["far"] - 0.13) < 1e-6


def what_has_no_vector_has_no_distance(ns: Any) -> None:
    query = {"rank_by": BY_ID, "top_k": 2}
    rows = [{"id": 1, "vector": [1.0, 0.0]}, {"id": 2, "n": 1}]
    for metric in (COSINE, SQUARED):
        other = client.namespace(f"{ns.id}-{metric}")
        other.write(upsert_rows=rows, distance_metric=metric)
        found = other.query(**query, compute_attributes={"far": ("vector", "VectorDist", [1, 0])})
        assert [plain(row) for row in found.rows] == [{"id": 1, "far": 0}, {"id": 2}], metric


def a_query_tells_its_costs(ns: Any) -> None:
    _fill(ns)
    found = ns.query(
        rank_by=("vector", "ANN", [0.8, 0.7]),
        top_k=5,
        include_attributes=["vector", "hello"],
        filters=("id", "Lt", 50),
    )
    billing, performance = found.billing, found.performance
    assert billing.billable_logical_bytes_queried == 256_000_000
    assert billing.billable_logical_bytes_returned == 105
    assert type(performance.cache_hit_ratio) is float
    assert performance.cache_temperature in ("hot", "warm", "cold")
    assert performance.server_total_ms >= performance.query_execution_ms > 0
    assert (performance.exhaustive_search_count, performance.approx_namespace_size) == (98, 98)
    assert performance.client_total_ms > 0


def an_emptied_namespace_has_no_rows(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": 1, "vector": [0.5, 0.5]}], distance_metric=COSINE)
    ns.write(deletes=[1])
    assert ns.exists()
    assert ns.query(rank_by=("vector", "ANN", [1.0, 1.0]), top_k=5).rows == []
    assert ns.query(rank_by=BY_ID, top_k=5).rows == []
