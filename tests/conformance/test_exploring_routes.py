"""The routes of queries by example, groups, facets and matrices: shapes of answers, and errors."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

Wire = Any

POINTS: list[Wire] = [
    {"id": 1, "vector": [1, 0], "payload": {"city": "Rome", "n": 3, "tags": ["a", "b"]}},
    {"id": 2, "vector": [0.9, 0.1], "payload": {"city": "Oslo", "n": 1, "tags": ["a"]}},
    {"id": 3, "vector": [0, 1], "payload": {"city": "Rome", "n": 2}},
    {"id": "9939d0d1-8a8e-4a5b-9c3d-2e1f00112233", "vector": [-1, 0], "payload": {"n": 4}},
]
UUID_POINT = POINTS[3]["id"]


@pytest.fixture(scope="module")
def collection(client: FlaskClient) -> str:
    name = "exploring routes"
    client.delete(f"/collections/{name}")
    config = {"vectors": {"size": 2, "distance": "Cosine"}}
    assert client.put(f"/collections/{name}", json=config).status_code == 200
    assert client.put(f"/collections/{name}/points", json={"points": POINTS}).status_code == 200
    return name


def post(client: FlaskClient, collection: str, path: str, body: Wire) -> Wire:
    answer = client.post(f"/collections/{collection}/{path}", json=body)
    assert answer.status_code == 200, answer.text
    envelope = answer.get_json()
    assert list(envelope) == ["usage", "time", "status", "result"]
    return envelope["result"]


def ids(points: Wire) -> list[Any]:
    return [point["id"] for point in points]


def test_a_query_is_answered_with_a_list_of_points(client: FlaskClient, collection: str):
    found = post(client, collection, "points/query", {"query": [1, 0], "limit": 2})

    assert ids(found) == [1, 2]
    assert set(found[0]) == {"id", "version", "score", "payload", "vector"}
    assert found[0]["score"] == pytest.approx(1)
    assert found[0]["payload"] == POINTS[0]["payload"]
    assert found[0]["vector"] is None
    assert ids(post(client, collection, "points/query", {})) == [1, 2, 3, UUID_POINT]
    by_id = {"query": UUID_POINT.replace("-", ""), "with_payload": False, "with_vector": True}
    near = post(client, collection, "points/query", by_id)
    assert ids(near) == [3, 2, 1]
    assert (near[0]["payload"], near[0]["vector"]) == (None, [0, 1])


def test_a_batch_is_answered_in_the_words_of_its_client(client: FlaskClient, collection: str):
    queries = [{"query": 1, "limit": 1}, {"query": [0, 1], "limit": 1}]

    lists = post(client, collection, "points/query/batch", {"queries": queries})
    objects = post(client, collection, "points/query/batch", {"searches": queries})

    assert [ids(one) for one in lists] == [[2], [3]]
    assert objects == [{"points": one} for one in lists]
    assert post(client, collection, "points/query/batch", {"queries": []}) == []


def test_recommendations_and_discoveries(client: FlaskClient, collection: str):
    recommend = {"positive": [1], "negative": [3]}
    discover = {"target": 2, "context": [{"positive": 1, "negative": 3}]}
    for path, body in (("recommend", recommend), ("discover", discover)):
        found = post(client, collection, f"points/{path}", body)
        batch = post(client, collection, f"points/{path}/batch", {"searches": [body, body]})
        named = post(client, collection, "points/query", {"query": {path: body}})

        assert batch == [found, found]
        assert named == found
    assert ids(post(client, collection, "points/recommend", recommend)) == [2, UUID_POINT]
    assert ids(post(client, collection, "points/discover", discover)) == [UUID_POINT]


def test_groups(client: FlaskClient, collection: str):
    body = {"vector": [1, 0], "group_by": "city", "limit": 5}
    one = post(client, collection, "points/search/groups", body)
    two = post(client, collection, "points/search/groups", body | {"group_size": 2})
    by_query = {"query": [1, 0], "group_by": "city", "group_size": 2}
    tags = post(client, collection, "points/query/groups", by_query | {"group_by": "tags"})

    assert [(g["id"], ids(g["hits"])) for g in one["groups"]] == [("Rome", [1]), ("Oslo", [2])]
    assert [ids(group["hits"]) for group in two["groups"]] == [[1, 3], [2]]
    assert two == post(client, collection, "points/query/groups", by_query)
    assert [(g["id"], ids(g["hits"])) for g in tags["groups"]] == [("a", [1, 2]), ("b", [1])]
    like = {"positive": [1], "group_by": "city"}
    found = post(client, collection, "points/recommend/groups", like)
    assert [(g["id"], ids(g["hits"])) for g in found["groups"]] == [("Oslo", [2]), ("Rome", [3])]
    looked = body | {"group_by": "n", "limit": 3, "with_lookup": collection}
    groups = post(client, collection, "points/search/groups", looked)["groups"]
    assert [(g["id"], g["lookup"] and g["lookup"]["id"]) for g in groups] == [
        (3, 3), (1, 1), (2, 2),
    ]  # fmt: skip


def test_facets(client: FlaskClient, collection: str):
    assert post(client, collection, "facet", {"key": "city"}) == {
        "hits": [{"value": "Rome", "count": 2}, {"value": "Oslo", "count": 1}]
    }
    filtered = {"key": "tags", "limit": 1, "filter": {"must": {"has_id": [1]}}}
    assert post(client, collection, "facet", filtered) == {"hits": [{"value": "a", "count": 1}]}


def test_matrices(client: FlaskClient, collection: str):
    pairs = post(client, collection, "points/search/matrix/pairs", {"limit": 1})["pairs"]
    offsets = post(client, collection, "points/search/matrix/offsets", {"limit": 1})

    assert [(pair["a"], pair["b"]) for pair in pairs] == [(1, 2), (2, 1), (3, 2), (UUID_POINT, 3)]
    assert offsets["ids"] == [1, 2, 3, UUID_POINT]
    assert offsets["offsets_row"] == [0, 1, 2, 3]
    assert offsets["offsets_col"] == [1, 0, 1, 2]
    assert offsets["scores"] == [pair["score"] for pair in pairs]


def test_an_order_shows_its_values(client: FlaskClient, collection: str):
    body = {"query": {"order_by": {"key": "n", "direction": "desc"}}, "limit": 2}
    found = post(client, collection, "points/query", body)

    assert [(p["id"], p["score"], p["order_value"]) for p in found] == [
        (UUID_POINT, 0.0, 4), (1, 0.0, 3),
    ]  # fmt: skip


def test_prefetches_are_fused_and_ranked_again(client: FlaskClient, collection: str):
    prefetch = [{"query": [1, 0], "limit": 2}, {"query": [0, 1], "limit": 2}]
    fused = post(
        client, collection, "points/query", {"query": {"fusion": "rrf"}, "prefetch": prefetch}
    )
    again = post(client, collection, "points/query", {"query": [-1, 0], "prefetch": prefetch})

    assert [(p["id"], round(p["score"], 6)) for p in fused] == [
        (2, round(2 / 3, 6)), (1, 0.5), (3, 0.5),
    ]  # fmt: skip
    assert ids(again) == [3, 2, 1]
    assert fused[0]["payload"] == POINTS[1]["payload"]


# (path, body, status, message)
ERRORS: list[tuple[str, Wire, int, str]] = [
    ("points/query", {"query": 42}, 404, "Not found: No point with id 42 found"),
    ("points/recommend", {"positive": [42]}, 404, "Not found: No point with id 42 found"),
    ("points/discover", {"target": 42}, 404, "Not found: No point with id 42 found"),
    (
        "points/query", {"query": [1, 2, 3]}, 400,
        "Dimension mismatch for vector '': expected 2, got 3",
    ),
    (
        "points/recommend", {"positive": [[1, 2, 3]]}, 400,
        "Dimension mismatch for vector '': expected 2, got 3",
    ),
    ("points/query", {"query": [1, 2], "using": "x"}, 404, "Vector space 'x' not found"),
    (
        "points/query", {"query": 1, "lookup_from": {"collection": "nowhere"}}, 404,
        "Collection not found: nowhere",
    ),
    (
        "points/recommend", {"negative": [1]}, 400,
        "At least one positive vector ID required with this strategy",
    ),
    (
        "points/recommend", {"strategy": "best_score"}, 400,
        "At least one positive or negative vector ID required with this strategy",
    ),
    ("points/query", {"query": {"fusion": "rrf"}}, 400, "a fusion needs prefetches to fuse"),
    ("points/query", {"filter": {"what": 1}}, 400, "Filter parse error"),
    ("points/query/batch", {}, 400, "Invalid request: queries: missing field"),
    (
        "points/query/batch", {"queries": [{"query": 1}, {"limit": 0}]}, 400,
        "Invalid request: queries[1].limit: value 0 invalid, must be 1 or larger",
    ),
    ("points/search/groups", {"vector": [1, 0]}, 400, "Invalid request: group_by: missing field"),
    (
        "points/search/groups", {"vector": [1, 0], "group_by": "n", "with_lookup": "nowhere"}, 404,
        "Collection not found: nowhere",
    ),
    ("facet", {}, 400, "Invalid request: key: missing field"),
    ("points/search/matrix/pairs", {"sample": 1}, 400, "Invalid request: sample: value 1 invalid"),
    ("points/search/matrix/offsets", {"using": "x"}, 404, "Vector space 'x' not found"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "status", "message"), ERRORS)
def test_errors_say_what_is_wrong(
    client: FlaskClient, collection: str, path: str, body: Wire, status: int, message: str
):
    answer = client.post(f"/collections/{collection}/{path}", json=body)

    assert answer.status_code == status, answer.text
    told = answer.get_json()["status"]["error"]
    assert told.startswith(message)
    # words that clients take for another error
    if status == 404 and "Collection not found" not in message:
        assert "collection" not in told.lower()
    if status == 400 and "Dimension mismatch" not in message:
        assert "dimension" not in told.lower()


@pytest.mark.parametrize(
    "path",
    [
        "points/query", "points/query/batch", "points/query/groups", "points/search/groups",
        "points/recommend", "points/recommend/batch", "points/recommend/groups",
        "points/discover", "points/discover/batch", "facet",
        "points/search/matrix/pairs", "points/search/matrix/offsets",
    ],
)  # fmt: skip
def test_every_route_misses_a_collection_that_is_not_there(client: FlaskClient, path: str):
    bodies: dict[str, Wire] = {
        "points/query/batch": {"queries": [{}]},
        "points/query/groups": {"group_by": "n"},
        "points/search/groups": {"vector": [1], "group_by": "n"},
        "points/recommend": {"positive": [1]},
        "points/recommend/batch": {"searches": [{"positive": [1]}]},
        "points/recommend/groups": {"positive": [1], "group_by": "n"},
        "points/discover": {"target": 1},
        "points/discover/batch": {"searches": [{"target": 1}]},
        "facet": {"key": "n"},
    }
    answer = client.post(f"/collections/nowhere/{path}", json=bodies.get(path, {}))

    assert answer.status_code == 404, answer.text
    assert answer.get_json()["status"]["error"] == "Collection not found: nowhere"
