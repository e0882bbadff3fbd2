"""Metadata: numbers and times as they are, and what an owner sets, for every process at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.config import Config
from service.engine import Engine
from service.processes import wait_until
from service.storage.backlog import Presence
from tests.integration.segment_tools import SETTINGS, Connection, Workshop, workshop

PATIENCE = 30.0


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


@pytest.fixture
def new_process(shop: Workshop, config: Config) -> Callable[[], FlaskClient]:
    """Each one has a cache of its own, and has not noted any write."""
    return lambda: create_app(Engine(shop.database, SETTINGS), config).test_client()


@pytest.fixture
def other(new_process: Callable[[], FlaskClient]) -> FlaskClient:
    return new_process()


def write(client: FlaskClient, namespace: str, **body: Any) -> Any:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def stored(client: FlaskClient, namespace: str) -> dict[Any, dict[str, Any]]:
    body = {"rank_by": ["id", "asc"], "limit": 10_000, "include_attributes": True}
    answer = client.post(f"/v2/namespaces/{namespace}/query", json=body)
    assert answer.status_code == 200, answer.text
    return {row.pop("id"): row for row in answer.get_json()["rows"]}


def metadata(client: FlaskClient, namespace: str) -> dict[str, Any]:
    answer = client.get(f"/v2/namespaces/{namespace}/metadata")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def update(client: FlaskClient, namespace: str, **body: Any) -> dict[str, Any]:
    answer = client.patch(f"/v1/namespaces/{namespace}/metadata", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


# --- numbers and times --------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "shown"), [(99, 0), (100, 100), (250, 250)])
def test_documents_are_counted_once_there_are_some(
    client: FlaskClient, namespace: str, written: int, shown: int
):
    write(client, namespace, upsert_rows=[{"id": 1000}])
    ids = list(range(written))
    write(client, namespace, upsert_columns={"id": ids, "a": ["x" * 100] * written})

    write(client, namespace, deletes=[1000])
    found = metadata(client, namespace)

    assert found["approx_row_count"] == shown
    assert found["approx_logical_bytes"] >= 100 * shown
    assert (found["approx_logical_bytes"] == 0) is (shown == 0)


def test_documents_that_wait_for_an_index_are_told_while_somebody_works_on_them(
    client: FlaskClient, other: FlaskClient, shop: Workshop, namespace: str
):
    rows = [{"id": n, "vector": [n, 1]} for n in range(150)]
    write(client, namespace, upsert_rows=rows, distance_metric="cosine_distance")
    alone = metadata(other, namespace)["index"]

    with Presence(shop.database) as presence:
        presence.keep()
        waiting = metadata(other, namespace)["index"]
        assert shop.seal(namespace)
        # a process learns of a segment with the next search
        search = {"rank_by": ["vector", "ANN", [1, 1]]}
        other.post(f"/v2/namespaces/{namespace}/query", json=search)
        sealed = metadata(other, namespace)["index"]

    assert alone == {"status": "up-to-date"}
    assert (waiting["status"], waiting["unindexed_rows"]) == ("updating", 150)
    assert waiting["unindexed_bytes"] > 150 * 8
    assert sealed == {"status": "up-to-date"}


WRITES: list[dict[str, Any]] = [
    {"upsert_rows": [{"id": 2, "a": 2}]},
    {"patch_rows": [{"id": 1, "a": 2}]},
    {"deletes": [1]},
    {"delete_by_filter": ["a", "Eq", 1]},
    {"patch_by_filter": {"filters": ["a", "Eq", 1], "patch": {"a": 2}}},
    {"upsert_rows": [{"id": 1, "a": 2}], "upsert_condition": ["a", "Eq", 1]},
]


@pytest.mark.parametrize("body", WRITES, ids=str)
def test_a_write_moves_the_time_of_the_last_one(
    client: FlaskClient,
    connection: Connection,
    new_process: Callable[[], FlaskClient],
    namespace: str,
    body: dict[str, Any],
):
    write(client, namespace, upsert_rows=[{"id": 1, "a": 1}])
    move_back(connection, namespace)
    before, now = metadata(client, namespace), datetime.now(UTC) - timedelta(seconds=1)

    stored(client, namespace)
    unmoved = metadata(client, namespace)
    write(new_process(), namespace, **body)
    after = metadata(client, namespace)

    assert before["last_write_at"] == unmoved["last_write_at"] == "2020-01-02T03:04:05.678Z"
    assert now <= datetime.fromisoformat(after["last_write_at"]) <= datetime.now(UTC)
    assert after["updated_at"] == after["last_write_at"]
    assert after["created_at"] == before["created_at"]


def move_back(connection: Connection, namespace: str) -> None:
    connection.execute(
        "UPDATE vectable_catalog.namespaces SET written_at = '2020-01-02 03:04:05.678Z',"
        " updated_at = '2020-01-01Z' WHERE name = %s",
        (namespace,),
    )


def test_the_writes_of_one_process_are_stamped_again_and_again(
    client: FlaskClient, connection: Connection, namespace: str
):
    write(client, namespace, upsert_rows=[{"id": 1, "a": 1}])
    move_back(connection, namespace)

    def moved() -> bool:
        write(client, namespace, upsert_rows=[{"id": 1, "a": 1}])
        return not metadata(client, namespace)["last_write_at"].startswith("2020")

    assert wait_until(moved, PATIENCE)


def test_a_change_of_the_schema_is_an_update_and_no_write(
    client: FlaskClient, connection: Connection, namespace: str
):
    write(client, namespace, upsert_rows=[{"id": 1}])
    move_back(connection, namespace)

    client.post(f"/v1/namespaces/{namespace}/schema", json={"new": "int"})

    found = metadata(client, namespace)
    assert found["last_write_at"].startswith("2020")
    assert not found["updated_at"].startswith("2020")


# --- what an owner sets -------------------------------------------------------------------------

REFUSED: list[tuple[str, str, dict[str, Any] | None]] = [
    *(("POST", "/v2/namespaces/{}", body) for body in WRITES),
    ("POST", "/v2/namespaces/{}", {"schema": {"new": "int"}}),
    ("POST", "/v2/namespaces/{}", {"schema": {"a": {"drop": True}}}),
    ("POST", "/v2/namespaces/{}", {"copy_from_namespace": "{}-source"}),
    ("POST", "/v1/namespaces/{}", {"ids": [2], "attributes": {"a": [2]}}),
    ("POST", "/v1/vectors/{}", {"ids": [1], "vectors": [None]}),
    ("POST", "/v1/namespaces/{}/schema", {"new": "int"}),
    ("DELETE", "/v2/namespaces/{}", None),
    ("DELETE", "/v1/namespaces/{}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), REFUSED, ids=str)
def test_nothing_of_a_read_only_namespace_is_changed(
    client: FlaskClient,
    other: FlaskClient,
    namespace: str,
    method: str,
    path: str,
    body: dict[str, Any] | None,
):
    write(client, f"{namespace}-source", upsert_rows=[{"id": 7}])
    write(client, namespace, upsert_rows=[{"id": 1, "a": 1}])
    if body and "copy_from_namespace" in body:
        body = {"copy_from_namespace": f"{namespace}-source"}
        write(client, namespace, deletes=[1])  # a copy takes the place of an empty one
    # the other process knows the namespace as it was before
    before = stored(other, namespace)
    shown = update(client, namespace, read_only=True)

    answers = [
        one.open(path.format(namespace), method=method, json=body) for one in (other, client)
    ]

    assert shown["read_only"] is True
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].get_json()["error"] == f"💔 namespace '{namespace}' is read-only"
    assert stored(client, namespace) == stored(other, namespace) == before
    assert metadata(other, namespace)["schema"] == metadata(client, namespace)["schema"]


def test_a_namespace_is_writable_again_for_every_process(
    client: FlaskClient, other: FlaskClient, namespace: str
):
    write(client, namespace, upsert_rows=[{"id": 1}])
    update(client, namespace, read_only=True)
    refused = [
        one.post(f"/v2/namespaces/{namespace}", json={"deletes": [1]}) for one in (client, other)
    ]

    shown = update(other, namespace, read_only=False)

    assert [answer.status_code for answer in refused] == [403, 403]
    assert "read_only" not in shown
    for identity, one in enumerate((other, client), start=2):
        write(one, namespace, upsert_rows=[{"id": identity}])
    assert stored(client, namespace).keys() == {1, 2, 3}


@pytest.mark.parametrize(
    ("given", "shown"), [(True, 1), ({"replicas": 3}, 3), (False, None), (None, None)], ids=str
)
def test_pinning_is_kept_until_it_is_taken_away(
    client: FlaskClient, other: FlaskClient, namespace: str, given: Any, shown: int | None
):
    write(client, namespace, upsert_rows=[{"id": 1}])
    update(client, namespace, pinning={"replicas": 7})

    update(other, namespace, pinning=given)
    update(client, namespace, read_only=True)
    found = update(other, namespace, read_only=None)

    assert found.get("pinning") == (shown and {"replicas": shown})
    assert found["read_only"] is True
    assert metadata(client, namespace) == metadata(other, namespace)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_what_does_not_exist_has_no_metadata(client: FlaskClient, namespace: str, method: str):
    body = None if method == "GET" else {"pinning": True}

    answer = client.open(f"/v1/namespaces/{namespace}/metadata", method=method, json=body)

    assert answer.status_code == 404


# --- beside writes ------------------------------------------------------------------------------


def test_an_update_from_an_old_cache_keeps_the_schema(
    client: FlaskClient, other: FlaskClient, namespace: str
):
    write(client, namespace, upsert_rows=[{"id": 1}])
    stored(other, namespace)
    write(client, namespace, upsert_rows=[{"id": 2, "a": "text"}])

    update(other, namespace, pinning=True)
    refused = other.post(f"/v2/namespaces/{namespace}", json={"upsert_rows": [{"id": 3, "a": 7}]})

    assert refused.status_code == 400
    assert metadata(other, namespace)["schema"]["a"]["type"] == "string"
    assert stored(other, namespace) == {1: {}, 2: {"a": "text"}}


def test_an_update_from_an_old_cache_lifts_nothing(
    client: FlaskClient, other: FlaskClient, namespace: str
):
    write(client, namespace, upsert_rows=[{"id": 1}])
    stored(other, namespace)
    update(client, namespace, read_only=True)

    shown = update(other, namespace, pinning=True)
    refused = other.post(f"/v2/namespaces/{namespace}", json={"deletes": [1]})

    assert shown.get("read_only") is True
    assert refused.status_code == 403
    assert stored(client, namespace) == {1: {}}


def test_updates_beside_writes_lose_neither(
    client: FlaskClient, new_process: Callable[[], FlaskClient], namespace: str
):
    write(client, namespace, upsert_rows=[{"id": 0}])
    processes, start = [new_process() for _ in range(4)], Barrier(4)

    def act(number: int) -> None:
        start.wait()
        for turn in range(20):
            update(processes[number], namespace, pinning={"replicas": 7})
            row = {"id": 100 * number + turn, f"a{number} {turn}": turn}
            write(processes[number], namespace, upsert_rows=[row])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(act, range(4)))

    names = {f"a{number} {turn}" for number in range(4) for turn in range(20)}
    for one in (client, *processes):
        found = metadata(one, namespace)
        assert found["pinning"] == {"replicas": 7}
        assert found["schema"].keys() == {"id", *names}
    assert len(stored(client, namespace)) == 80
