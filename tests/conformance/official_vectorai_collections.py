"""VectorAI's client makes, describes, changes and deletes collections over REST.

Run by ``official_vectorai_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from typing import Any

from official_vectorai_shared import FLAT, POINTS, fill, refusal, transport


async def the_service_is_healthy(rest: Any, name: str) -> None:
    health = await rest.health_check()
    assert health["title"]
    assert health["version"]
    assert health["result"]["version"] == health["version"]


async def a_collection_lives(rest: Any, name: str) -> None:
    assert not await rest.collections_exists(name)
    await rest.collections_create(name, FLAT)
    assert await rest.collections_exists(name)
    assert name in await rest.collections_list()
    await rest.collections_delete(name)
    assert not await rest.collections_exists(name)
    assert name not in await rest.collections_list()


async def a_collection_is_described(rest: Any, name: str) -> None:
    config = {"vectors": {"size": 256, "distance": "Euclid"}, "hnsw_config": {"m": 32}}
    await rest.collections_create(name, config)
    found = await rest.collections_get(name)
    assert found["status"] in ("Green", "green")
    assert found["points_count"] == 0
    assert found["config"]["params"]["vectors"] == {"size": 256, "distance": "Euclid"}
    assert found["config"]["hnsw_config"]["m"] == 32


async def a_collection_is_changed(rest: Any, name: str) -> None:
    await fill(rest, name)
    config = {"optimizers_config": {"indexing_threshold": 50000}, "hnsw_config": {"ef_search": 100}}
    await rest.collections_update(name, config)
    found = await rest.collections_get(name)
    assert found["config"]["hnsw_config"]["ef_search"] == 100
    assert found["points_count"] == len(POINTS)


async def a_collection_is_made_once(rest: Any, name: str) -> None:
    await rest.collections_create(name, FLAT)
    error = await refusal(rest.collections_create(name, FLAT), "CollectionExistsError")
    assert name in str(error)


async def a_missing_collection_is_missed(rest: Any, name: str) -> None:
    calls = [
        rest.collections_get(name),
        rest.collections_delete(name),
        rest.collections_update(name, {}),
        rest.points_count(name),
        rest.points_search(name, vector=[1.0], limit=1),
        rest.points_upsert(name, [{"id": 1, "vector": [1.0]}]),
    ]
    for call in calls:
        error = await refusal(call, "CollectionNotFoundError")
        assert error.collection_name == name


async def names_are_any_text(rest: Any, name: str) -> None:
    for odd in (f"{name} rest #1", f"{name}+100%41&é🏂", f"{name} "):
        await fill(rest, odd)
        assert await rest.collections_exists(odd)
        assert odd in await rest.collections_list()
        assert await rest.points_count(odd) == len(POINTS)
        await rest.collections_delete(odd)


async def a_wrong_config_is_explained(rest: Any, name: str) -> None:
    error = await refusal(rest.collections_create(name, {}), "ValidationError")
    assert "vectors_config is required" in str(error)
    wrong = {"vectors": {"size": 4, "distance": "Far"}}
    error = await refusal(rest.collections_create(name, wrong), "ValidationError")
    assert "Cosine, Euclid, Dot, Manhattan" in str(error)
    wrong = {"vectors": {"size": 0, "distance": "Dot"}}
    await refusal(rest.collections_create(name, wrong), "ValidationError")


async def a_key_is_needed(rest: Any, name: str) -> None:
    async with transport(api_key=None) as nobody:
        await refusal(nobody.collections_list(), "InvalidCredentialsError")
        assert (await nobody.health_check())["title"]
    async with transport(api_key="wrong") as stranger:
        await refusal(stranger.collections_create(name, FLAT), "InvalidCredentialsError")
    assert not await rest.collections_exists(name)
