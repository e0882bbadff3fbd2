"""VectorAI's client writes, reads, changes and deletes points over REST.

Run by ``official_vectorai_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from typing import Any

from official_vectorai_shared import (
    CATEGORY_A,
    FLAT,
    POINTS,
    UUID,
    fill,
    ids,
    payloads,
    refusal,
    transport,
)


async def points_are_inserted_and_read(rest: Any, name: str) -> None:
    await rest.collections_create(name, FLAT)
    done = await rest.points_upsert(name, POINTS)
    assert done["status"] in ("Completed", "completed")
    found = await rest.points_get(name, ids=[UUID, 1], with_payload=True, with_vector=True)
    assert ids(found) == [UUID, 1]
    assert found[1]["payload"] == POINTS[0]["payload"]
    assert [round(x, 6) for x in found[1]["vector"]] == POINTS[0]["vector"]


async def points_are_replaced(rest: Any, name: str) -> None:
    await fill(rest, name)
    await rest.points_upsert(name, [{"id": 1, "vector": [1, 0, 0, 0]}])
    assert await payloads(rest, name, 1) == [{}]
    assert await rest.points_count(name) == len(POINTS)


async def points_are_counted(rest: Any, name: str) -> None:
    await fill(rest, name)
    assert await rest.points_count(name) == 4
    assert await rest.points_count(name, filter=CATEGORY_A, exact=True) == 2


async def points_are_deleted_by_ids(rest: Any, name: str) -> None:
    await fill(rest, name)
    await rest.points_delete(name, ids=[1, UUID])
    assert ids(await rest.points_get(name, ids=[1, 2, 3, UUID])) == [2, 3]
    error = await refusal(rest.points_delete(name, ids=[99]), "PointNotFoundError")
    assert "99" in str(error)
    await rest.points_delete(name, ids=[99], strict=False)
    assert await rest.points_count(name) == 2


async def points_are_deleted_by_a_filter(rest: Any, name: str) -> None:
    await fill(rest, name)
    await rest.points_delete(name, filter=CATEGORY_A)
    assert ids(await rest.points_get(name, ids=[1, 2, 3, UUID])) == [2, UUID]


async def a_uuid_is_deleted_in_any_form(rest: Any, name: str) -> None:
    for spelled in (UUID, UUID.replace("-", ""), UUID.upper(), f"{{{UUID}}}", f"urn:uuid:{UUID}"):
        await rest.collections_create(name, FLAT)
        await rest.points_upsert(name, [{"id": spelled, "vector": [1, 0, 0, 0]}])
        await rest.points_delete(name, ids=[spelled])
        assert await rest.points_count(name) == 0
        await rest.collections_delete(name)


async def payloads_are_set(rest: Any, name: str) -> None:
    await fill(rest, name)
    await rest.points_set_payload(name, payload={"color": "red", "value": 11}, ids=[1, 2])
    await rest.points_set_payload(name, payload={"flag": True}, filter=CATEGORY_A)
    assert await payloads(rest, name, 1, 2, 3) == [
        {"category": "A", "value": 11, "tags": ["x", "y"], "color": "red", "flag": True},
        {"category": "B", "value": 11, "color": "red"},
        {"category": "A", "value": 30, "n": None, "flag": True},
    ]


async def payloads_are_replaced(rest: Any, name: str) -> None:
    await fill(rest, name)
    await rest.points_overwrite_payload(name, payload={"only": 1}, ids=[1])
    await rest.points_overwrite_payload(name, payload={"w": 2}, filter=CATEGORY_A)
    assert await payloads(rest, name, 1, 3) == [{"only": 1}, {"w": 2}]


async def keys_of_payloads_are_deleted(rest: Any, name: str) -> None:
    await fill(rest, name)
    await rest.points_delete_payload(name, keys=["tags", "no_such_key"], ids=[1])
    await rest.points_delete_payload(name, keys=["value"], filter=CATEGORY_A)
    assert await payloads(rest, name, 1, 3) == [{"category": "A"}, {"category": "A", "n": None}]


async def payloads_are_cleared(rest: Any, name: str) -> None:
    await fill(rest, name)
    await rest.points_clear_payload(name, ids=[2])
    await rest.points_clear_payload(name, filter=CATEGORY_A)
    assert await payloads(rest, name, 1, 2, 3) == [{}, {}, {}]
    assert await payloads(rest, name, UUID) == [{"category": "B", "value": 5}]


async def vectors_are_changed(rest: Any, name: str) -> None:
    await fill(rest, name)
    await rest.points_update_vectors(name, points=[{"id": 1, "vector": [1, 0, 0, 0]}])
    await rest.points_update_vectors(name, points=[{"id": 2, "vectors": [0, 1, 0, 0]}])
    found = await rest.points_get(name, ids=[1, 2], with_vector=True)
    assert [point["vector"] for point in found] == [[1, 0, 0, 0], [0, 1, 0, 0]]
    assert found[0]["payload"] == POINTS[0]["payload"]


async def points_that_are_missing_are_missed_before_a_change(rest: Any, name: str) -> None:
    await fill(rest, name)
    calls = [
        rest.points_delete_payload(name, keys=["value"], ids=[1, 999]),
        rest.points_update_vectors(name, points=[{"id": 999, "vector": [1, 0, 0, 0]}]),
    ]
    for call in calls:
        error = await refusal(call, "PointNotFoundError")
        assert "999" in str(error)
    assert await payloads(rest, name, 1) == [POINTS[0]["payload"]]


async def other_changes_ignore_points_that_are_missing(rest: Any, name: str) -> None:
    await fill(rest, name)
    await rest.points_set_payload(name, payload={"x": 1}, ids=[1, 999])
    await rest.points_overwrite_payload(name, payload={"y": 1}, ids=[2, 999])
    await rest.points_clear_payload(name, ids=[3, 999])
    await rest.points_delete_payload(name, keys=["x"], ids=[1, 999], strict=False)
    assert await payloads(rest, name, 1, 2, 3, 999) == [POINTS[0]["payload"], {"y": 1}, {}]


async def a_vector_of_another_length_says_both(rest: Any, name: str) -> None:
    await fill(rest, name)
    points = [{"id": 8, "vector": [1, 2, 3, 4]}, {"id": 9, "vector": [1, 2, 3]}]
    error = await refusal(rest.points_upsert(name, points), "DimensionMismatchError")
    assert (error.expected, error.actual) == (4, 3)
    assert await rest.points_count(name) == len(POINTS)


async def large_answers_arrive_whole(rest: Any, name: str) -> None:
    await rest.collections_create(name, FLAT)
    points = [{"id": i, "vector": [i, 1, 2, 3], "payload": {"k": "x" * 50}} for i in range(500)]
    await rest.points_upsert(name, points)
    wanted = list(range(499, -1, -1))
    found = await rest.points_get(name, ids=wanted, with_vector=True)
    assert found == points[::-1]


async def what_one_process_writes_every_process_reads(rest: Any, name: str) -> None:
    """Each transport has a connection of its own, which either process may have taken."""
    for turn in range(12):
        async with transport() as writing, transport() as reading, transport() as another:
            await writing.collections_create(name, {"vectors": {"size": 1 + turn % 3}})
            vector = [1.0] * (1 + turn % 3)
            await reading.points_upsert(name, [{"id": turn, "vector": vector}])
            assert await another.points_count(name) == 1
            assert ids(await writing.points_search(name, vector=vector, limit=1)) == [turn]
            await another.collections_delete(name)
            assert not await reading.collections_exists(name)
            await refusal(writing.points_count(name), "CollectionNotFoundError")


async def what_is_no_id_is_named(rest: Any, name: str) -> None:
    await fill(rest, name)
    error = await refusal(
        rest.points_upsert(name, [{"id": "abc", "vector": [1, 2, 3, 4]}]), "ValidationError"
    )
    assert "abc" in str(error)


async def ids_of_64_bits_come_back(rest: Any, name: str) -> None:
    await rest.collections_create(name, FLAT)
    largest = 2**64 - 1
    await rest.points_upsert(name, [{"id": largest, "vector": [1, 0, 0, 0]}])
    assert ids(await rest.points_get(name, ids=[largest])) == [largest]
    await rest.points_delete(name, ids=[largest])
