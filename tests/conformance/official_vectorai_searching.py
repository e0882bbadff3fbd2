"""VectorAI's client searches and queries over REST.

Run by ``official_vectorai_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from official_vectorai_shared import CATEGORY_A, POINTS, QUERY, UUID, fill, ids, refusal

SCORES = [1.0, 0.98437404, 0.96886396, 0.84271]


def _near(points: list[dict[str, Any]], scores: list[float]) -> None:
    assert len(points) == len(scores), points
    for point, score in zip(points, scores, strict=True):
        assert abs(point["score"] - score) < 1e-5, points


async def the_nearest_come_first(rest: Any, name: str) -> None:
    await fill(rest, name)
    found = await rest.points_search(name, vector=QUERY, limit=10)
    assert ids(found) == [1, 3, 2, UUID]
    _near(found, SCORES)
    assert found[0]["payload"] == POINTS[0]["payload"]
    assert found[0]["vector"] is None


async def every_option_of_a_search_is_used(rest: Any, name: str) -> None:
    await fill(rest, name)
    found = await rest.points_search(
        name,
        vector=QUERY,
        limit=1,
        offset=1,
        filter=CATEGORY_A,
        params={"hnsw_ef": 128, "exact": True},
        score_threshold=0.9,
        with_payload=False,
        with_vector=True,
        timeout=20.0,
    )
    assert ids(found) == [3]
    assert found[0]["payload"] is None
    assert len(found[0]["vector"]) == 4


async def filters_are_passed_on(rest: Any, name: str) -> None:
    await fill(rest, name)
    cases: list[tuple[dict[str, Any], list[object]]] = [
        ({"must": [{"has_id": [1, 2, UUID]}]}, [1, 2, UUID]),
        ({"must": [{"key": "value", "range": {"gte": 5, "lte": 20}}]}, [1, 2, UUID]),
        ({"must_not": [{"key": "category", "match": {"value": "B"}}]}, [1, 3]),
        ({"must": [{"key": "category", "match": {"any": ["B"]}}]}, [2, UUID]),
        ({"must": [{"key": "tags", "values_count": {"gte": 2}}]}, [1]),
        ({"must": [{"is_null": {"key": "n"}}]}, [3]),
        ({"must_not": [{"is_empty": {"key": "tags"}}]}, [1]),
    ]
    for condition, expected in cases:
        found = await rest.points_search(name, vector=QUERY, limit=10, filter=condition)
        assert ids(found) == expected, condition


async def searches_come_in_batches(rest: Any, name: str) -> None:
    await fill(rest, name)
    searches = [{"vector": QUERY, "limit": 2}, {"vector": QUERY, "limit": 1, "filter": CATEGORY_A}]
    found = await rest.points_search_batch(name, searches)
    assert [ids(one) for one in found] == [[1, 3], [1]]


async def queries_are_lists_of_points(rest: Any, name: str) -> None:
    await fill(rest, name)
    found = await rest.points_query(name, {"query": QUERY, "limit": 3, "with_payload": True})
    assert ids(found) == [1, 3, 2]
    _near(found, SCORES[:3])
    found = await rest.points_query(name, {"query": {"nearest": QUERY}, "limit": 3})
    assert ids(found) == [1, 3, 2]
    fusion = {"prefetch": [{"query": QUERY}, {"query": 1}], "query": {"fusion": "rrf"}}
    assert set(ids(await rest.points_query(name, fusion))) == {1, 2, 3, UUID}


async def queries_come_in_batches(rest: Any, name: str) -> None:
    await fill(rest, name)
    queries = [{"query": QUERY, "limit": 2}, {"query": [0.5, 0.6, 0.7, 0.8], "limit": 1}]
    found = await rest.points_query_batch(name, queries)
    assert [ids(one) for one in found] == [[1, 3], [2]]


async def a_query_vector_of_another_length_says_both(rest: Any, name: str) -> None:
    await fill(rest, name)
    calls = [
        rest.points_search(name, vector=[1.0, 2.0], limit=1),
        rest.points_query(name, {"query": [1.0, 2.0]}),
        rest.points_search_batch(name, [{"vector": [1.0, 2.0], "limit": 1}]),
        rest.points_query_batch(name, [{"query": [1.0, 2.0], "limit": 1}]),
    ]
    for call in calls:
        error = await refusal(call, "DimensionMismatchError")
        assert (error.expected, error.actual) == (4, 2)


async def an_odd_search_is_a_validation_error(rest: Any, name: str) -> None:
    await fill(rest, name)
    odd = {"must": [{"key": "a", "matches": 1}]}
    await refusal(rest.points_search(name, vector=QUERY, limit=1, filter=odd), "ValidationError")
    await refusal(rest.points_query(name, {"query": QUERY, "using": "none"}), "ValidationError")
    await refusal(rest.points_query(name, {"query": {"explode": 1}}), "ValidationError")


async def a_point_that_is_missing_is_missed_by_a_query(rest: Any, name: str) -> None:
    await fill(rest, name)
    await refusal(rest.points_query(name, {"query": 999}), "PointNotFoundError")


async def what_is_too_large_is_an_error_of_its_own(rest: Any, name: str) -> None:
    await fill(rest, name)
    large = {"must": [{"key": "k", "match": {"value": "x" * 5_000_000}}]}
    error = await refusal(rest.points_count(name, filter=large), "ServerError")
    assert "large" in str(error)


async def a_closed_collection_is_an_error_of_its_own(rest: Any, name: str) -> None:
    await fill(rest, name)
    # what has no method of its own is asked for by its path
    path = f"/collections/{quote(name, safe='')}"
    await rest.post(f"{path}/close", json={})
    await refusal(rest.points_search(name, vector=QUERY, limit=1), "CollectionClosedError")
    await rest.post(f"{path}/open", json={})
    assert await rest.points_count(name) == len(POINTS)


async def paths_are_asked_by_every_method(rest: Any, name: str) -> None:
    await fill(rest, name)
    path = f"/collections/{quote(name, safe='')}"
    assert (await rest.get(f"{path}/status", params={"timeout": 5}))["result"]["points_count"] == 4
    assert (await rest.patch(path, json={"hnsw_config": {"m": 8}}))["result"] is True
    scrolled = await rest.post(f"{path}/points/scroll", json={"limit": 2})
    assert scrolled["result"]["next_page_offset"] == 3
    assert (await rest.delete(f"{path}/index/none"))["result"]["status"] == "Completed"
    assert (await rest.delete(path))["result"] is True
    nobody = {"api-key": "wrong", "Authorization": "Bearer wrong"}
    await refusal(rest.get("/collections", headers=nobody), "InvalidCredentialsError")
    await refusal(rest.get("/nowhere"), "PointNotFoundError")
    await refusal(rest.patch("/aliases", json={}), "ServerError")
