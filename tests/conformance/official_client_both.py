"""turbopuffer's client on collections of VectorAI's API, and that API on the client's namespaces.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from official_client_v2_shared import BY_ID, COSINE, client, ids, near, refusal, stored

UUID = "f0e09527-b096-42a8-94e9-ea94d342b925"
OTHER = "00e09527-b096-42a8-94e9-ea94d342b925"
FLAT = {"vectors": {"size": 2, "distance": "Cosine"}}


def _call(method: str, path: str, body: object = None) -> tuple[int, Any]:
    """A request to VectorAI's API: its status, and its result or the whole answer."""
    headers = {
        "Content-Type": "application/json",
        "api-key": os.environ["TURBOPUFFER_API_KEY"],
    }
    url = os.environ["TURBOPUFFER_BASE_URL"] + path
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data, headers, method=method), timeout=30) as response:
            return response.status, json.load(response)["result"]
    except HTTPError as error:
        return error.code, json.load(error)


def _ask(ns: Any, method: str, rest: str = "", body: object = None) -> Any:
    """The result of a request that is to succeed."""
    status, result = _call(method, f"/collections/{quote(ns.id, safe='')}{rest}", body)
    assert status == 200, result
    return result


def _refused(ns: Any, method: str, rest: str, body: object) -> tuple[int, str]:
    status, answer = _call(method, f"/collections/{quote(ns.id, safe='')}{rest}", body)
    return status, answer["status"]["error"]


def _make(ns: Any, *points: dict[str, Any], create: object = FLAT) -> None:
    _ask(ns, "PUT", "", create)
    _ask(ns, "PUT", "/points", {"points": points})


def _payloads(ns: Any) -> dict[object, Any]:
    points = _ask(ns, "POST", "/points/scroll", {})["points"]
    return {point["id"]: point["payload"] for point in points}


def a_collection_is_a_namespace(ns: Any) -> None:
    _make(
        ns, {"id": 1, "vector": [1, 0], "payload": {"k": "a", "n": 1}}, {"id": 2, "vector": [1, 1]}
    )
    assert ns.exists()
    assert ns.id in [one.id for one in client.namespaces(prefix=ns.id)]
    found = ns.query(rank_by=("vector", "ANN", [1, 0]), top_k=10, include_attributes=True)
    near(found.rows, [(1, 0.0), (2, 1 - 0.5**0.5)])
    assert found.rows[0].k == "a"
    assert stored(ns)[0] == {"id": 1, "vector": [1.0, 0.0], "k": "a", "n": 1}


def a_namespace_is_a_collection(ns: Any) -> None:
    rows = [{"id": 1, "vector": [1, 0], "k": "a", "n": 1}, {"id": 2, "vector": [0, 1]}]
    ns.write(upsert_rows=rows, distance_metric=COSINE)
    described = _ask(ns, "GET")
    assert described["config"]["params"]["vectors"] == {"size": 2, "distance": "Cosine"}
    assert described["points_count"] == 2
    found = _ask(ns, "POST", "/points/search", {"vector": [1, 0], "with_vector": True})
    assert found == [
        {"id": 1, "version": 0, "score": 1.0, "payload": {"k": "a", "n": 1}, "vector": [1.0, 0.0]},
        {"id": 2, "version": 0, "score": 0.0, "payload": {}, "vector": [0.0, 1.0]},
    ]
    assert _ask(ns, "POST", "/points/count", {}) == {"count": 2}


def a_score_is_one_less_the_distance(ns: Any) -> None:
    points = [{"id": i, "vector": [1, i / 7]} for i in range(1, 20)]
    _make(ns, *points)
    query = [0.3, 0.9]
    ours = _ask(ns, "POST", "/points/search", {"vector": query, "limit": 19})
    theirs = ns.query(rank_by=("vector", "ANN", query), top_k=19)
    near(theirs.rows, [(point["id"], 1 - point["score"]) for point in ours])


def what_one_writes_the_other_finds_at_once(ns: Any) -> None:
    _make(ns, {"id": 1, "vector": [1, 0], "payload": {"k": "a"}})
    for turn in range(2, 12, 2):
        ns.write(upsert_rows=[{"id": turn, "vector": [1, 0], "k": "b"}])
        assert _ask(ns, "GET", f"/points/{turn}")["payload"] == {"k": "b"}
        _ask(ns, "PUT", "/points", {"points": [{"id": turn + 1, "vector": [1, 0]}]})
        assert ids(ns.query(filters=("id", "Eq", turn + 1), rank_by=BY_ID, top_k=1)) == [turn + 1]


def points_are_patched_and_deleted(ns: Any) -> None:
    points = [{"id": i, "vector": [1, i], "payload": {"k": "a", "n": i}} for i in range(1, 7)]
    _make(ns, *points)
    ns.write(patch_rows=[{"id": 1, "k": "patched"}], deletes=[2])
    ns.write(patch_by_filter={"filters": ("n", "Gte", 5), "patch": {"big": True}})
    ns.write(delete_by_filter=("n", "Eq", 3))
    assert _payloads(ns) == {
        1: {"k": "patched", "n": 1},
        4: {"k": "a", "n": 4},
        5: {"k": "a", "n": 5, "big": True},
        6: {"k": "a", "n": 6, "big": True},
    }


def documents_are_patched_and_deleted(ns: Any) -> None:
    rows = [{"id": i, "vector": [1, i], "k": "a", "n": i} for i in range(1, 7)]
    ns.write(upsert_rows=rows, distance_metric=COSINE)
    _ask(ns, "POST", "/points/payload", {"payload": {"k": "set"}, "points": [1]})
    _ask(ns, "PUT", "/points/payload", {"payload": {"only": 5}, "points": [4]})
    _ask(ns, "POST", "/points/payload/delete", {"keys": ["k"], "points": [5]})
    _ask(ns, "POST", "/points/payload/clear", {"points": [6]})
    _ask(ns, "PUT", "/points/vectors", {"points": [{"id": 1, "vector": [5, 5]}]})
    filtered = {"filter": {"must": [{"key": "n", "range": {"gte": 2, "lte": 3}}]}}
    _ask(ns, "POST", "/points/delete", filtered)
    assert stored(ns) == [
        {"id": 1, "vector": [5.0, 5.0], "k": "set", "n": 1},
        {"id": 4, "vector": [1.0, 4.0], "only": 5},
        {"id": 5, "vector": [1.0, 5.0], "n": 5},
        {"id": 6, "vector": [1.0, 6.0]},
    ]


def a_collection_is_deleted_by_either(ns: Any) -> None:
    _make(ns, {"id": 1, "vector": [1, 0]})
    ns.delete_all()
    assert _ask(ns, "GET", "/exists") == {"exists": False}
    ns.write(upsert_rows=[{"id": 1, "vector": [1, 0]}], distance_metric=COSINE)
    _ask(ns, "DELETE", "", {})
    assert not ns.exists()


def unsigned_ids_of_64_bits_go_both_ways(ns: Any) -> None:
    largest = 2**64 - 1
    _make(ns, {"id": largest, "vector": [1, 0]}, {"id": 2**63, "vector": [1, 1]})
    assert ids(ns.query(rank_by=BY_ID, top_k=10)) == [2**63, largest]
    ns.write(upsert_rows=[{"id": largest - 1, "vector": [0, 1]}])
    assert list(_payloads(ns)) == [2**63, largest - 1, largest]
    ns.write(deletes=[largest])
    assert list(_payloads(ns)) == [2**63, largest - 1]


def uuids_go_both_ways(ns: Any) -> None:
    ns.write(
        upsert_rows=[{"id": UUID, "vector": [1, 0]}], schema={"id": "uuid"}, distance_metric=COSINE
    )
    _ask(ns, "PUT", "/points", {"points": [{"id": OTHER.replace("-", ""), "vector": [0, 1]}]})
    assert list(_payloads(ns)) == [OTHER, UUID]
    assert ids(ns.query(rank_by=BY_ID, top_k=10)) == [OTHER, UUID]
    ns.write(deletes=[UUID])
    assert list(_payloads(ns)) == [OTHER]


def mixed_ids_are_read_and_deleted_by_both(ns: Any) -> None:
    _make(
        ns, {"id": 7, "vector": [1, 0]}, {"id": UUID, "vector": [1, 1]}, {"id": 8, "vector": [0, 1]}
    )
    assert ids(ns.query(rank_by=BY_ID, top_k=10)) == [7, 8, UUID]
    assert ids(ns.query(rank_by=("vector", "ANN", [1, 0]), top_k=10)) == [7, UUID, 8]
    assert ids(ns.query(rank_by=BY_ID, filters=("id", "In", [7, UUID]), top_k=10)) == [7, UUID]
    ns.write(deletes=[7, UUID])
    assert list(_payloads(ns)) == [8]


def ids_that_are_strings_are_read_as_they_are(ns: Any) -> None:
    rows = [{"id": "a", "vector": [1, 0], "k": 1}, {"id": "b/c", "vector": [0, 1], "k": 2}]
    ns.write(upsert_rows=rows, distance_metric=COSINE)
    assert _payloads(ns) == {"a": {"k": 1}, "b/c": {"k": 2}}
    found = _ask(ns, "POST", "/points/search", {"vector": [1, 0]})
    assert [point["id"] for point in found] == ["a", "b/c"]
    status, _ = _refused(ns, "PUT", "/points", {"points": [{"id": 5, "vector": [1, 0]}]})
    assert 400 <= status < 500
    by_filter = {"filter": {"must": [{"key": "k", "match": {"value": 1}}]}}
    _ask(ns, "POST", "/points/delete", by_filter)
    assert ids(ns.query(rank_by=BY_ID, top_k=10)) == ["b/c"]


def types_are_inferred_from_payloads(ns: Any) -> None:
    payload = {"s": "x", "i": 5, "f": 1.5, "b": True, "l": ["x"], "n": [1, 2]}
    _make(ns, {"id": 1, "vector": [1, 0], "payload": payload})
    schema = ns.schema()
    types = {name: schema[name].type for name in payload}
    assert types == {
        "s": "string", "i": "int", "f": "float", "b": "bool", "l": "[]string", "n": "[]int",
    }  # fmt: skip


def payloads_that_only_one_can_spell_are_kept(ns: Any) -> None:
    payload = {"o": {"a": [1, {"b": None}]}, "m": [1, "x"], "z": None, "k": "a"}
    _make(ns, {"id": 1, "vector": [1, 0], "payload": payload}, {"id": 2, "vector": [1, 0]})
    assert ids(ns.query(rank_by=BY_ID, filters=("k", "Eq", "a"), top_k=10)) == [1]
    ns.write(patch_rows=[{"id": 1, "k": "b"}])
    assert _payloads(ns) == {1: {**payload, "k": "b"}, 2: {}}


def a_value_of_another_type_is_kept_and_told(ns: Any) -> None:
    _make(ns, {"id": 1, "vector": [1, 0], "payload": {"k": "a"}})
    _ask(ns, "PUT", "/points", {"points": [{"id": 2, "vector": [1, 0], "payload": {"k": 5}}]})
    assert _payloads(ns) == {1: {"k": "a"}, 2: {"k": 5}}
    found = ns.query(rank_by=BY_ID, top_k=10, include_attributes=["k"])
    assert [row.k for row in found.rows] == ["a", 5]


def a_declared_type_is_widened_by_the_other(ns: Any) -> None:
    ns.write(
        upsert_rows=[{"id": 1, "vector": [1, 0], "k": "a"}],
        schema={"k": "string"},
        distance_metric=COSINE,
    )
    _ask(ns, "POST", "/points/payload", {"payload": {"k": {"x": 1}}, "points": [1]})
    assert _payloads(ns) == {1: {"k": {"x": 1}}}
    assert ids(ns.query(rank_by=BY_ID, top_k=10)) == [1]


def named_vectors_are_ranked_by(ns: Any) -> None:
    create = {
        "vectors": {
            "title": {"size": 2, "distance": "Cosine"},
            "image": {"size": 3, "distance": "Euclid"},
        }
    }
    first = {"id": 1, "vector": {"title": [1, 0], "image": [1, 1, 1]}}
    _make(ns, first, {"id": 2, "vector": {"title": [0, 1]}}, create=create)
    near(ns.query(rank_by=("title", "ANN", [0, 1]), top_k=10).rows, [(2, 0.0), (1, 1.0)])
    near(ns.query(rank_by=("image", "ANN", [1, 1, 1]), top_k=10).rows, [(1, 0.0)])


def names_that_only_one_can_spell_stay_apart(ns: Any) -> None:
    name = f"{ns.id} rest #1"
    path = f"/collections/{quote(name, safe='')}"
    assert _call("PUT", path, FLAT) == (200, True)
    assert refusal(client.namespace(name).query, rank_by=BY_ID, top_k=1).status_code in (400, 404)
    assert all(one.id for one in client.namespaces(prefix=ns.id))
    assert _call("DELETE", path, {}) == (200, True)


def an_alias_is_a_name_for_both(ns: Any) -> None:
    _make(ns, {"id": 1, "vector": [1, 0]})
    alias = f"{ns.id}-alias"
    action = {"create_alias": {"collection_name": ns.id, "alias_name": alias}}
    assert _call("POST", "/aliases", {"actions": [action]}) == (200, True)
    assert ids(client.namespace(alias).query(rank_by=BY_ID, top_k=10)) == [1]


def what_is_read_only_is_so_for_both(ns: Any) -> None:
    _make(ns, {"id": 1, "vector": [1, 0]})
    ns.update_metadata(read_only=True)
    status, _ = _refused(ns, "PUT", "/points", {"points": [{"id": 2, "vector": [1, 0]}]})
    assert status == 403
    ns.update_metadata(read_only=False)
    _ask(ns, "PUT", "/points", {"points": [{"id": 2, "vector": [1, 0]}]})


def what_is_closed_is_so_for_both(ns: Any) -> None:
    _make(ns, {"id": 1, "vector": [1, 0]})
    _ask(ns, "POST", "/close", {})
    assert 400 <= refusal(ns.query, rank_by=BY_ID, top_k=1).status_code < 500
    _ask(ns, "POST", "/open", {})
    assert ids(ns.query(rank_by=BY_ID, top_k=1)) == [1]


def a_copy_has_what_the_other_wrote(ns: Any) -> None:
    payload = {"o": {"a": None}, "k": "a"}
    _make(ns, {"id": 1, "vector": [1, 0], "payload": payload})
    copy = client.namespace(f"{ns.id}-copy")
    copy.write(copy_from_namespace=ns.id)
    assert _payloads(copy) == {1: payload}


def an_update_that_is_refused_stores_nothing_anywhere(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": 1, "vector": [1, 0]}], distance_metric=COSINE)
    points = [{"id": 2, "vector": [1, 0]}, {"id": 3, "vector": [1, 0, 0]}]
    status, text = _refused(ns, "PUT", "/points", {"points": points})
    assert (status, text) == (400, "Dimension mismatch for vector '': expected 2, got 3")
    refusal(ns.write, upsert_rows=[{"id": 4, "vector": [1]}])
    assert ids(ns.query(rank_by=BY_ID, top_k=10)) == [1]
