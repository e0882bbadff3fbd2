"""The current client's other half: the same calls, awaited, several at a time.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from official_client_v2_shared import BY_ID, COSINE, OPTIONS, ids, plain, reason, tpuf

ROWS = [{"id": i, "vector": [i / 10, 1.0], "k": "ab"[i % 2]} for i in range(4)]
LONGEST_COPY = 30


async def _fill(ns: Any) -> None:
    await ns.write(upsert_rows=ROWS, distance_metric=COSINE)


async def documents_are_written_and_read_without_blocking(ns: Any) -> None:
    await _fill(ns)
    answer = await ns.write(patch_rows=[{"id": 0, "k": "z"}], deletes=[1])
    assert (answer.rows_patched, answer.rows_deleted) == (1, 1)
    found = await ns.query(rank_by=("vector", "ANN", [0.0, 1.0]), top_k=2, include_attributes=["k"])
    assert [(row.id, row.k) for row in found.rows] == [(0, "z"), (2, "a")]


async def many_queries_run_at_once(ns: Any) -> None:
    await _fill(ns)
    queries = [ns.query(rank_by=BY_ID, top_k=1, filters=("id", "Eq", i % 4)) for i in range(24)]
    found = await asyncio.gather(*queries)
    assert [ids(answer) for answer in found] == [[i % 4] for i in range(24)]


async def writes_of_the_same_document_leave_one_of_them(ns: Any) -> None:
    newer = ("n", "Lt", {"$ref_new": "n"})
    await ns.write(upsert_rows=[{"id": 1, "n": 0}])
    await asyncio.gather(
        *(ns.write(upsert_rows=[{"id": 1, "n": n}], upsert_condition=newer) for n in range(1, 9))
    )
    found = await ns.query(rank_by=BY_ID, top_k=9, include_attributes=["n"])
    assert [plain(row) for row in found.rows] == [{"id": 1, "n": 8}]


async def several_questions_are_asked_at_once_and_explained(ns: Any) -> None:
    await _fill(ns)
    count = {"aggregate_by": {"count": ("Count",)}, "group_by": ["k"]}
    answer = await ns.multi_query(queries=[{"rank_by": BY_ID, "top_k": 2}, count])
    assert ids(answer.results[0]) == [0, 1]
    assert answer.results[1].aggregation_groups == [{"k": "a", "count": 2}, {"k": "b", "count": 2}]
    assert (await ns.explain_query(rank_by=BY_ID, top_k=1)).plan_text


async def the_list_is_read_page_by_page(ns: Any) -> None:
    async with tpuf.AsyncTurbopuffer(**OPTIONS) as client:
        names = [f"{ns.id}-{letter}" for letter in "abc"]
        for name in names:
            await client.namespace(name).write(upsert_rows=[{"id": 1, "n": 1}])
        listed = [one.id async for one in client.namespaces(prefix=f"{ns.id}-", page_size=1)]
    assert listed == names


async def namespaces_are_managed(ns: Any) -> None:
    await _fill(ns)
    assert await ns.exists()
    assert (await ns.update_metadata(pinning=True)).pinning.replicas == 1
    assert (await ns.metadata()).pinning.replicas == 1
    assert (await ns.update_schema(schema={"n": "int"}))["n"].type == "int"
    assert sorted(await ns.schema()) == ["id", "k", "n", "vector"]
    assert (await ns.hint_cache_warm()).status == "ACCEPTED"
    assert (await ns.recall(num=2, top_k=2)).avg_recall == 1.0
    assert (await ns.delete_all()).status == "OK"
    assert not await ns.exists()


async def namespaces_are_copied(ns: Any) -> None:
    await _fill(ns)
    async with tpuf.AsyncTurbopuffer(**OPTIONS) as client:
        copied, branched, later = (client.namespace(f"{ns.id}-{x}") for x in ("c", "b", "l"))
        assert (await copied.copy_from(source_namespace=ns.id)).rows_affected == 4
        assert (await branched.branch_from(source_namespace=ns.id)).rows_affected == 4
        token = (await later.start_copy_from(source_namespace=ns.id)).token
        assert (await _finished(later, token)).result.success.rows_affected == 4
        for other in (copied, branched, later):
            assert ids(await other.query(rank_by=BY_ID, top_k=9)) == [0, 1, 2, 3]


async def answers_have_headers(ns: Any) -> None:
    await _fill(ns)
    answer = await ns.with_raw_response.query(rank_by=BY_ID, top_k=1)
    assert "content-encoding" not in answer.headers
    assert ids(await answer.parse()) == [0]


async def errors_are_raised(ns: Any) -> None:
    calls: list[Any] = [ns.query(rank_by=BY_ID, top_k=1), ns.schema(), ns.delete_all()]
    for error in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(error, tpuf.NotFoundError)
        assert reason(error) == f"🤷 namespace '{ns.id}' was not found"


async def _finished(ns: Any, token: str) -> Any:
    """The operation when it has come to its end."""
    give_up = time.monotonic() + LONGEST_COPY
    while time.monotonic() < give_up:
        operation = await ns.poll_copy_from(token)
        if operation.status == "finished":
            return operation
    raise AssertionError("the copy did not finish")
