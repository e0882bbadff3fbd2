"""What every generated client since the first one, 0.5.0, can do, in the shapes that the old ones
send: gzipped bodies, the source of a copy as a string, all vectors of a recall in one array.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

import asyncio
from typing import Any

from official_client_v2_shared import (
    BY_ID,
    COSINE,
    OPTIONS,
    SQUARED,
    client,
    ids,
    near,
    plain,
    reason,
    refusal,
    stored,
    tpuf,
)

COUNT = {"count": ("Count", "id")}


def _fill(ns: Any) -> None:
    vectors = [[0.1, 0.1], [0.2, 0.2], [0.7, 0.5]]
    columns = {"id": [1, 2, 3], "vector": vectors, "k": ["one", None, "three"]}
    ns.write(upsert_columns=columns, distance_metric=SQUARED)


def documents_are_written_patched_and_deleted(ns: Any) -> None:
    _fill(ns)
    rows = [{"id": 4, "vector": [1, 0.5], "k": "four"}, {"id": 5, "vector": [0.5, 1]}]
    answer = ns.write(upsert_rows=rows)
    assert (answer.status, answer.rows_affected) == ("OK", 2)
    assert answer.billing.billable_logical_bytes_written > 0
    ns.write(patch_rows=[{"id": 1, "k": "uno", "new": 1}], patch_columns={"id": [2], "k": ["dos"]})
    ns.write(deletes=[5])
    assert ns.write(delete_by_filter=("k", "Eq", "three")).rows_affected == 1
    assert stored(ns) == [
        {"id": 1, "vector": [0.1, 0.1], "k": "uno", "new": 1},
        {"id": 2, "vector": [0.2, 0.2], "k": "dos"},
        {"id": 4, "vector": [1, 0.5], "k": "four"},
    ]


def ids_may_be_strings(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": "b", "n": 1}, {"id": "a", "n": 2}])
    assert stored(ns) == [{"id": "a", "n": 2}, {"id": "b", "n": 1}]


def the_nearest_documents_are_found(ns: Any) -> None:
    _fill(ns)
    found = ns.query(rank_by=("vector", "ANN", [0.0, 0.2]), top_k=2, include_attributes=["k"])
    near(found.rows, [(1, 0.02), (2, 0.04)])
    assert plain(found.rows[0]).keys() == {"id", "$dist", "k"}
    assert found.performance.approx_namespace_size == 3
    assert found.billing.billable_logical_bytes_queried == 256_000_000


def vectors_are_encoded_when_asked(ns: Any) -> None:
    _fill(ns)
    query = {"rank_by": BY_ID, "top_k": 1, "include_attributes": ["vector"]}
    assert ns.query(**query).rows[0].vector == [0.1, 0.1]
    assert ns.query(**query, vector_encoding="base64").rows[0].vector == "zczMPc3MzD0="


def filters_and_orders_are_understood(ns: Any) -> None:
    _fill(ns)
    for filters, expected in (
        (("k", "Eq", None), [2]),
        (("And", [("k", "NotEq", "one"), ("id", "In", [1, 3])]), [3]),
        (("Or", [("k", "Glob", "t*"), ("id", "Lt", 2)]), [3, 1]),
        (("Not", ("id", "Eq", 2)), [3, 1]),
    ):
        found = ns.query(rank_by=("id", "desc"), top_k=10, filters=filters)
        assert ids(found) == expected, filters


def documents_are_counted(ns: Any) -> None:
    _fill(ns)
    answer = ns.query(aggregate_by=COUNT, filters=("k", "NotEq", None))
    assert answer.aggregations == {"count": 2}


def consistency_is_accepted(ns: Any) -> None:
    _fill(ns)
    for level in ("strong", "eventual"):
        assert len(ns.query(rank_by=BY_ID, top_k=9, consistency={"level": level}).rows) == 3
    error = refusal(ns.query, rank_by=BY_ID, top_k=9, consistency="eventual")
    assert isinstance(error, tpuf.UnprocessableEntityError)


def schemas_are_read_and_updated(ns: Any) -> None:
    search = {"type": "string", "full_text_search": True}
    ns.write(upsert_rows=[{"id": 1, "k": "a", "t": "b"}], schema={"k": "string", "t": search})
    read = {name: plain(entry) for name, entry in ns.schema().items()}
    assert {name: entry["type"] for name, entry in read.items()} == {
        "id": "uint",
        "k": "string",
        "t": "string",
    }
    assert (read["k"]["filterable"], read["t"]["filterable"]) == (True, False)
    assert read["t"]["full_text_search"]["language"] == "english"
    updated = ns.update_schema(schema={"k": {"type": "string", "filterable": False}, "n": "int"})
    assert (updated["k"].filterable, updated["n"].type) == (False, "int")
    error = refusal(ns.query, rank_by=BY_ID, top_k=1, filters=("k", "Eq", "a"))
    assert isinstance(error, tpuf.BadRequestError)


def recall_is_measured_on_samples_and_given_vectors(ns: Any) -> None:
    _fill(ns)
    assert ns.recall(num=2, top_k=2).avg_recall == 1.0
    given = ns.recall(queries=[0.1, 0.1, 0.7, 0.5], top_k=2, filters=("id", "Gt", 1))
    assert (given.avg_recall, given.avg_exhaustive_count, given.avg_ann_count) == (1.0, 2, 2)


def a_namespace_is_copied_by_its_name(ns: Any) -> None:
    _fill(ns)
    other = client.namespace(f"{ns.id}-copied")
    assert other.write(copy_from_namespace=ns.id).rows_affected == 3
    assert stored(other) == stored(ns)


def keys_of_a_cloud_are_refused(ns: Any) -> None:
    error = refusal(
        ns.write,
        upsert_rows=[{"id": 1, "vector": [0.5]}],
        distance_metric=COSINE,
        encryption={"cmek": {"key_name": "mykey"}},
    )
    assert isinstance(error, tpuf.BadRequestError)
    assert "Malformed Cloud KMS crypto key: mykey" in str(error)


def namespaces_come_and_go(ns: Any) -> None:
    assert not ns.exists()
    _fill(ns)
    assert ns.exists()
    assert ns.hint_cache_warm().status == "ACCEPTED"
    assert [one.id for one in client.namespaces(prefix=ns.id, page_size=1)] == [ns.id]
    assert ns.delete_all().status == "OK"
    error = refusal(ns.query, rank_by=BY_ID, top_k=1)
    assert isinstance(error, tpuf.NotFoundError)
    assert reason(error) == f"🤷 namespace '{ns.id}' was not found"


def large_bodies_are_compressed_both_ways(ns: Any) -> None:
    rows = [{"id": i, "vector": [i + 0.5] * 500} for i in range(3)]
    ns.write(upsert_rows=rows, distance_metric=COSINE)
    raw = ns.with_raw_response.query(rank_by=BY_ID, top_k=9, include_attributes=True)
    assert raw.headers["content-encoding"] == "gzip"
    assert [plain(row) for row in raw.parse().rows] == rows


async def the_other_half_of_the_client_works_too(ns: Any) -> None:
    await ns.write(upsert_rows=[{"id": i, "n": i} for i in range(4)])
    queries = [ns.query(rank_by=BY_ID, top_k=1, filters=("n", "Eq", i)) for i in range(4)]
    assert [ids(answer) for answer in await asyncio.gather(*queries)] == [[0], [1], [2], [3]]
    async with tpuf.AsyncTurbopuffer(**OPTIONS) as other:
        assert [one.id async for one in other.namespaces(prefix=ns.id)] == [ns.id]
