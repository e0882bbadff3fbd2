"""Turns at writing: who waits for whom, who waits for nobody, and that nobody waits for ever."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Barrier
from typing import Any, LiteralString

import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg.errors import QueryCanceled

from service.app import create_app
from service.config import Config
from service.engine import Engine
from service.processes import wait_until
from tests.integration.segment_tools import Connection, opened

PATIENCE = 30.0
# the document that holds a write up, and those that it does not
LOCKED, FREE, ROWS = 9, 5, 12


@pytest.fixture
def clients(engine: Engine, config: Config) -> Iterator[list[Callable[[], FlaskClient]]]:
    """Two processes with connections enough for all threads of a test."""
    with opened(config, 6) as one, opened(config, 6) as other:
        yield [create_app(Engine(database), config).test_client for database in (one, other)]


def write(client: FlaskClient, namespace: str, body: dict[str, Any]) -> Any:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, f"{answer.text} for {body}"
    return answer.get_json()


def stored(client: FlaskClient, namespace: str) -> dict[Any, dict[str, Any]]:
    body = {"rank_by": ["id", "asc"], "limit": 10_000, "include_attributes": True}
    answer = client.post(f"/v2/namespaces/{namespace}/query", json=body)
    assert answer.status_code == 200, answer.text
    return {row.pop("id"): row for row in answer.get_json()["rows"]}


def fill(client: FlaskClient, namespace: str) -> None:
    rows = [{"id": n, "n": n, "vector": [n, 1]} for n in range(ROWS)]
    write(client, namespace, {"upsert_rows": rows})


def exists(connection: Connection, query: LiteralString, *values: Any) -> bool:
    return connection.execute(query, values).fetchone() is not None


def waits(connection: Connection, kind: LiteralString) -> bool:
    """Until somebody waits for a lock of this kind."""
    query: LiteralString = (
        "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = %s"
        " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
    )
    return wait_until(lambda: exists(connection, query, kind), PATIENCE)


# each on one document, given by its id
PLAIN: dict[str, Callable[[int], dict[str, Any]]] = {
    "upsert": lambda i: {"upsert_rows": [{"id": i, "n": 100, "vector": [1, 1]}]},
    "delete": lambda i: {"deletes": [i]},
    "patch": lambda i: {"patch_rows": [{"id": i, "n": 100}]},
    "delete by filter": lambda i: {"delete_by_filter": ["id", "Eq", i]},
    "patch by filter": lambda i: {
        "patch_by_filter": {"filters": ["n", "Eq", i], "patch": {"n": 100}}
    },
}
ALONE: dict[str, Callable[[int], dict[str, Any]]] = {
    "conditional upsert": lambda i: PLAIN["upsert"](i) | {"upsert_condition": ["n", "Eq", i]},
    "conditional patch": lambda i: PLAIN["patch"](i) | {"patch_condition": ["n", "Eq", i]},
    "conditional delete": lambda i: PLAIN["delete"](i) | {"delete_condition": ["n", "Eq", i]},
    "two parts": lambda i: PLAIN["upsert"](i) | {"delete_by_filter": ["id", "Eq", 1000]},
}


@contextmanager
def held(
    client: FlaskClient, database_url: str, connection: Connection, namespace: str, body: Any
) -> Generator[tuple[ThreadPoolExecutor, Future[Any]]]:
    """A write in the middle of its transaction, for as long as somebody has its document locked."""
    with ThreadPoolExecutor(4) as threads, psycopg.connect(database_url) as locker:
        lock = f'SELECT FROM vectable."{namespace}" WHERE id = {LOCKED} FOR UPDATE'
        locker.execute(lock.encode())
        first = threads.submit(write, client.application.test_client(), namespace, body)
        try:
            assert waits(connection, "transactionid")
            yield threads, first
        finally:
            locker.rollback()
            first.result(PATIENCE)


# --- who waits ----------------------------------------------------------------------------------


def check_waiting(
    client: FlaskClient, database_url: str, connection: Connection, namespace: str, *bodies: Any
) -> None:
    """That the second write waits for the first one, though their documents are different."""
    fill(client, namespace)
    first, second = bodies
    with held(client, database_url, connection, namespace, first) as (threads, holding):
        waiting = threads.submit(write, client.application.test_client(), namespace, second)

        assert waits(connection, "advisory")
        assert [waiting.done(), holding.done()] == [False, False]

    counts = [future.result(PATIENCE)["rows_affected"] for future in (holding, waiting)]
    assert counts == [1, 1]


@pytest.mark.parametrize("alone", ALONE)
@pytest.mark.parametrize("plain", PLAIN)
def test_who_needs_to_be_alone_waits_for_others(
    client: FlaskClient,
    connection: Connection,
    database_url: str,
    namespace: str,
    plain: str,
    alone: str,
):
    bodies = PLAIN[plain](LOCKED), ALONE[alone](FREE)

    check_waiting(client, database_url, connection, namespace, *bodies)


@pytest.mark.parametrize("alone", ALONE)
@pytest.mark.parametrize("plain", [*PLAIN, *ALONE])
def test_others_wait_for_who_needs_to_be_alone(
    client: FlaskClient,
    connection: Connection,
    database_url: str,
    namespace: str,
    plain: str,
    alone: str,
):
    bodies = ALONE[alone](LOCKED), (PLAIN | ALONE)[plain](FREE)

    check_waiting(client, database_url, connection, namespace, *bodies)


@pytest.mark.parametrize("second", PLAIN)
@pytest.mark.parametrize("first", PLAIN)
def test_others_do_not_wait_for_each_other(
    client: FlaskClient,
    connection: Connection,
    database_url: str,
    namespace: str,
    first: str,
    second: str,
):
    fill(client, namespace)

    with held(client, database_url, connection, namespace, PLAIN[first](LOCKED)) as (_, holding):
        answer = write(client, namespace, PLAIN[second](FREE))
        assert not holding.done()

    assert answer["rows_affected"] == 1


def test_nobody_waits_for_a_writer_of_another_namespace_nor_does_a_reader(
    client: FlaskClient, connection: Connection, database_url: str, namespace: str
):
    for name in (namespace, f"{namespace}-2"):
        fill(client, name)
    holding = ALONE["conditional upsert"](LOCKED)

    with held(client, database_url, connection, namespace, holding) as (_, first):
        answer = write(client, f"{namespace}-2", ALONE["conditional patch"](FREE))
        seen = stored(client, namespace)
        assert not first.done()

    assert answer["rows_affected"] == 1
    assert seen[LOCKED]["n"] == LOCKED


def test_a_turn_ends_with_a_write_that_is_refused(
    client: FlaskClient, connection: Connection, namespace: str
):
    fill(client, namespace)
    rule = f"ALTER TABLE vectable.\"{namespace}\" ADD CHECK (attributes <> '{{}}')"
    connection.execute(rule.encode())
    bad = {"upsert_rows": [{"id": 1, "vector": [1, 1]}], "upsert_condition": ["n", "Eq", 1]}

    refused = client.post(f"/v2/namespaces/{namespace}", json=bad)

    assert refused.status_code == 409
    for body in (ALONE["conditional patch"](FREE), PLAIN["upsert"](LOCKED)):
        assert write(client, namespace, body)["rows_affected"] == 1


# --- maintenance --------------------------------------------------------------------------------


def test_an_index_built_beside_the_writers_does_not_hold_them_up(
    client: FlaskClient, connection: Connection, database_url: str, namespace: str
):
    fill(client, namespace)
    building: LiteralString = (
        "SELECT 1 FROM pg_stat_progress_create_index"
        " WHERE relid = to_regclass(%s) AND phase LIKE 'waiting for%%'"
    )
    table = f'vectable."{namespace}"'

    def build() -> None:
        with psycopg.connect(database_url, autocommit=True) as own:
            own.execute(f"CREATE INDEX CONCURRENTLY ON {table} ((attributes -> 'n'))".encode())

    with ThreadPoolExecutor(1) as threads, psycopg.connect(database_url) as writer:
        # the build waits for who has written before it, and has its lock meanwhile
        writer.execute(f"UPDATE {table} SET attributes = '{{}}' WHERE id = {LOCKED}".encode())
        index = threads.submit(build)
        assert wait_until(lambda: exists(connection, building, table), PATIENCE)
        counts = [write(client, namespace, body(FREE))["rows_affected"] for body in ALONE.values()]
        still_building = exists(connection, building, table)
        writer.commit()
        index.result(PATIENCE)

    # the first two, the one that deletes nothing for its condition, and the last
    assert still_building
    assert counts == [1, 0, 0, 1]


def test_a_vacuum_does_not_hold_writers_up(
    client: FlaskClient, connection: Connection, database_url: str, namespace: str
):
    fill(client, namespace)
    table = f'vectable."{namespace}"'
    insert = f"INSERT INTO {table} (id) SELECT g FROM generate_series(2000, 20000) AS g"
    connection.execute(insert.encode())
    running: LiteralString = "SELECT 1 FROM pg_stat_progress_vacuum WHERE relid = to_regclass(%s)"

    def vacuum(own: Connection) -> None:
        # so slow that it is still at it when all others are done
        own.execute("SET vacuum_cost_delay = '100ms'; SET vacuum_cost_limit = 1")
        with pytest.raises(QueryCanceled):
            own.execute(f"VACUUM (FREEZE) {table}".encode())

    with (
        ThreadPoolExecutor(1) as threads,
        psycopg.connect(database_url, autocommit=True) as own,
    ):
        vacuuming = threads.submit(vacuum, own)
        assert wait_until(lambda: exists(connection, running, table), PATIENCE)
        counts = [write(client, namespace, body(FREE))["rows_affected"] for body in ALONE.values()]
        still_running = exists(connection, running, table)
        own.cancel()
        vacuuming.result(PATIENCE)

    assert still_running
    assert counts == [1, 0, 0, 1]


# --- many at once -------------------------------------------------------------------------------

THREADS, WRITES, COUNTER = 8, 30, 1000


def stormy(dice: Random, by: int) -> dict[str, Any]:
    """A write of any kind on documents that others write as well."""
    ids = dice.sample(range(ROWS), dice.randint(1, 6))
    rows = [{"id": i, "n": dice.randrange(5), "by": by, "vector": [i, by]} for i in ids]
    patches = [{"id": i, "n": dice.randrange(5)} for i in ids]
    condition, filters = ["n", dice.choice(["Lt", "Gte"]), 3], ["n", "Eq", dice.randrange(5)]
    bodies: list[dict[str, Any]] = [
        {"upsert_rows": rows},
        {"upsert_rows": rows},
        {"deletes": ids},
        {"patch_rows": patches},
        {"delete_by_filter": filters},
        {"patch_by_filter": {"filters": filters, "patch": {"n": dice.randrange(5)}}},
        {"upsert_rows": rows, "upsert_condition": condition},
        {"patch_rows": patches, "patch_condition": condition},
        {"deletes": ids, "delete_condition": condition},
        {"upsert_rows": rows[:2], "deletes": ids[2:], "delete_by_filter": filters},
    ]
    return dice.choice(bodies)


def increment(client: FlaskClient, namespace: str) -> None:
    done = 0
    while not done:
        n = stored(client, namespace)[COUNTER]["count"]
        patch = {"patch_rows": [{"id": COUNTER, "count": n + 1}]}
        done = write(client, namespace, patch | {"patch_condition": ["count", "Eq", n]})[
            "rows_patched"
        ]


def test_patches_of_the_same_documents_all_count(
    clients: list[Callable[[], FlaskClient]], namespace: str
):
    fill(clients[0](), namespace)

    def act(number: int) -> None:
        client, dice = clients[number % 2](), Random(number)
        for turn in range(10):
            ids = dice.sample(range(ROWS), ROWS)
            rows = [{"id": i, f"a{number}": turn} for i in ids]
            write(client, namespace, {"patch_rows": rows})

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(act, range(THREADS)))

    expected = {f"a{number}": 9 for number in range(THREADS)}
    documents = stored(clients[0](), namespace)
    assert list(documents) == list(range(ROWS))
    assert all(row.items() >= expected.items() for row in documents.values())


def test_a_storm_of_all_kinds_of_writes_comes_to_its_end(
    clients: list[Callable[[], FlaskClient]], namespace: str
):
    fill(clients[0](), namespace)
    write(clients[0](), namespace, {"upsert_rows": [{"id": COUNTER, "count": 0, "vector": [0, 0]}]})
    start = Barrier(THREADS)

    def act(number: int) -> int:
        client, dice = clients[number % 2](), Random(number)
        start.wait()
        for turn in range(WRITES):
            write(client, namespace, stormy(dice, number))
            if turn % 5 == 0:
                increment(client, namespace)
        return number

    with ThreadPoolExecutor(THREADS) as threads:
        ended = list(threads.map(act, range(THREADS)))

    documents = stored(clients[1](), namespace)
    assert ended == list(range(THREADS))
    assert documents.pop(COUNTER)["count"] == THREADS * len(range(0, WRITES, 5))
    # every document is one that somebody wrote whole
    assert documents.keys() <= {*range(ROWS)}
    assert all(row["vector"] == [i, row.get("by", 1)] for i, row in documents.items())
    exported = clients[0]().get(f"/v1/namespaces/{namespace}").get_json()
    assert sorted(exported["ids"]) == [*documents, COUNTER]
