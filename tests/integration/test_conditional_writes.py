"""Conditional writes: what they compare, and that nothing comes between the look and the write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg.errors import DeadlockDetected

from service.app import create_app
from service.config import Config
from service.engine import Engine
from service.processes import wait_until
from service.storage import conditions
from tests.integration.oracle import holds
from tests.integration.segment_tools import Connection, opened

Client = Callable[[], FlaskClient]
Way = Callable[[int, int], dict[str, Any]]
PROCESSES, THREADS, INCREMENTS = 4, 16, 1000
PATIENCE = 20.0
WAITING = (
    b"SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
    b" AND wait_event_type = 'Lock' AND query LIKE 'UPDATE vectable%'"
)
ORDERS = ["Lt", "Lte", "Gt", "Gte"]
OPERATORS = ["Eq", "NotEq", *ORDERS]
# of every type, in any order
VALUES: dict[str, list[Any]] = {
    "string": ["", "a", "B", "aa", "é", "😀"],
    "int": [-(2**63), -1, 0, 10, 9, 2**63 - 1],
    "uint": [0, 1, 2**53 + 1, 2**63, 2**64 - 1],
    "float": [-1e300, -0.5, 0.0, 0.1, 2.0, 1e300],
    "bool": [False, True],
    "uuid": ["0b8ab8a9-6c7a-4d5e-8b0a-000000000000", "f0000000-0000-0000-0000-000000000001"],
    "datetime": ["0999-12-31T00:00:00.000000000Z", "2024-02-29T23:59:59.999000000Z"],
    "[]string": [[], ["a"], ["a", "b"], ["b", "a"]],
    "[]int": [[], [1], [1, 2]],
}


@pytest.fixture
def clients(engine: Engine, config: Config) -> Iterator[list[Client]]:
    """What several processes have: connections and a cache each. They give a client per thread."""
    with ExitStack() as stack:
        databases = [
            stack.enter_context(opened(config, THREADS // PROCESSES)) for _ in range(PROCESSES)
        ]
        yield [create_app(Engine(database), config).test_client for database in databases]


def send(client: FlaskClient, namespace: str, body: Any, below: str = "") -> Any:
    answer = client.post(f"/v2/namespaces/{namespace}{below}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def stored(client: FlaskClient, namespace: str) -> dict[Any, dict[str, Any]]:
    body = {"rank_by": ["id", "asc"], "limit": 10_000, "include_attributes": True}
    rows = send(client, namespace, body, "/query")["rows"]
    return {row.pop("id"): row for row in rows}


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What ``act`` returns for 0 … count - 1, all started together."""
    start = Barrier(count)

    def run(number: int) -> Any:
        start.wait()
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


# --- counters -----------------------------------------------------------------------------------


def as_upsert(counter: int, n: int) -> dict[str, Any]:
    row = {"id": counter, "n": n + 1, "vector": [n, 1.0]}
    return {"upsert_rows": [row], "upsert_condition": ["n", "Eq", n]}


def as_newer_upsert(counter: int, n: int) -> dict[str, Any]:
    return as_upsert(counter, n) | {"upsert_condition": ["n", "Lt", {"$ref_new": "n"}]}


def as_patch(counter: int, n: int) -> dict[str, Any]:
    return {"patch_rows": [{"id": counter, "n": n + 1}], "patch_condition": ["n", "Eq", n]}


def as_newer_patch(counter: int, n: int) -> dict[str, Any]:
    return as_patch(counter, n) | {"patch_condition": ["n", "Lt", {"$ref_new": "n"}]}


WAYS = [as_upsert, as_newer_upsert, as_patch, as_newer_patch]


def increment(client: FlaskClient, namespace: str, counter: int, way: Way) -> None:
    """Read the counter and write the next number, until nobody else was faster."""
    while True:
        n = stored(client, namespace)[counter]["n"]
        if send(client, namespace, way(counter, n))["rows_affected"]:
            return


def increment_with_sql(connection: Connection, namespace: str, counter: int) -> None:
    """As an application would beside the service. An upsert replaces the row, so that an UPDATE
    that waited for one finds none."""
    update = (
        f"UPDATE vectable.\"{namespace}\" SET attributes = jsonb_set(attributes, '{{n}}',"
        " to_jsonb((attributes -> 'n')::bigint + 1)) WHERE id = %s"
    )
    changed = 0
    while not changed:
        try:
            changed = connection.execute(update.encode(), (counter,)).rowcount
        except DeadlockDetected:
            continue


def shares(total: int, parts: int) -> list[int]:
    return [total // parts + (part < total % parts) for part in range(parts)]


@pytest.mark.parametrize(
    ("counters", "with_sql"), [(1, False), (4, True)], ids=["alone", "beside SQL"]
)
def test_increments_by_compare_and_set_are_never_lost(
    clients: list[Client], database_url: str, namespace: str, counters: int, with_sql: bool
):
    # every counter is written by every process, each time in another way
    rows = [{"id": counter, "n": 0, "vector": [0, 1]} for counter in range(counters)]
    send(clients[0](), namespace, {"upsert_rows": rows})
    turns, share = shares(INCREMENTS, THREADS), THREADS // counters

    def act(number: int) -> None:
        counter, process = number // share, number % PROCESSES
        client, way = clients[process](), WAYS[(counter + process) % len(WAYS)]
        with psycopg.connect(database_url, autocommit=True) as connection:
            for turn in range(turns[number]):
                if with_sql and turn % 4 == process:
                    increment_with_sql(connection, namespace, counter)
                else:
                    increment(client, namespace, counter, way)

    at_once(THREADS, act)

    found = [row["n"] for row in stored(clients[0](), namespace).values()]
    assert found == [sum(turns[at : at + share]) for at in range(0, THREADS, share)]
    assert sum(found) == INCREMENTS


@pytest.mark.parametrize("first", [True, False], ids=["the first write of all", "later writes"])
def test_of_many_inserts_of_one_id_exactly_one_succeeds(
    clients: list[Client], namespace: str, first: bool
):
    if not first:
        send(clients[0](), namespace, {"upsert_rows": [{"id": 1000, "by": -1}]})
    ids = range(20)

    def act(number: int) -> list[Any]:
        client, won = clients[number % PROCESSES](), list[Any]()
        for identity in ids:
            body = {
                "upsert_rows": [{"id": identity, "by": number}],
                "upsert_condition": ["id", "Eq", None],
                "return_affected_ids": True,
            }
            won += send(client, namespace, body).get("upserted_ids", [])
        return won

    outcomes = at_once(THREADS, act)

    assert sorted(identity for won in outcomes for identity in won) == list(ids)
    winners = {identity: number for number, won in enumerate(outcomes) for identity in won}
    found = stored(clients[0](), namespace)
    assert {identity: found[identity]["by"] for identity in ids} == winners


@pytest.mark.parametrize("way", [as_upsert, as_patch])
def test_no_update_of_sql_comes_between_the_look_and_the_write(
    client: FlaskClient,
    connection: Connection,
    database_url: str,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    way: Way,
):
    send(client, namespace, {"upsert_rows": [{"id": 1, "n": 0, "vector": [0, 1]}]})
    original, waited = conditions.met, list[bool]()

    def interrupted(*arguments: Any) -> Any:
        found = original(*arguments)
        updating.append(threads.submit(increment_with_sql, other, namespace, 1))
        waited.append(wait_until(lambda: bool(connection.execute(WAITING).fetchone()), PATIENCE))
        return found

    monkeypatch.setattr(conditions, "met", interrupted)
    updating: list[Future[None]] = []
    with (
        psycopg.connect(database_url, autocommit=True) as other,
        ThreadPoolExecutor(1) as threads,
    ):
        send(client, namespace, way(1, 0))
        updating[0].result(PATIENCE)

    assert waited == [True]
    assert stored(client, namespace)[1]["n"] == 2


# --- what is compared ---------------------------------------------------------------------------


def met(value: Any, operator: str, operand: Any) -> bool:
    """Section 11.2: a missing value is below every other, and neither below nor above another."""
    positive = holds(value, operator.removeprefix("Not"), operand)
    return positive != operator.startswith("Not")


def seed(client: FlaskClient, namespace: str, kind: str) -> list[Any]:
    """A document for each value of the type and one without; returns the values by id."""
    values = [*VALUES[kind], None]
    rows = [{"id": at, "a": value} for at, value in enumerate(values)]
    schema = {"a": kind, "b": kind}
    send(client, namespace, {"upsert_rows": rows, "schema": schema})
    return values


def operators_of(kind: str) -> list[str]:
    return ["Eq", "NotEq"] if kind.startswith("[]") else OPERATORS


@pytest.mark.parametrize("by_reference", [False, True], ids=["literals", "$ref_new"])
@pytest.mark.parametrize("kind", VALUES)
def test_an_upsert_and_a_patch_change_what_meets_the_condition(
    client: FlaskClient, namespace: str, kind: str, by_reference: bool
):
    values = seed(client, namespace, kind)
    missing = len(values)  # an id of no document

    for operator in operators_of(kind):
        for operand in values:
            # what is compared stays as it is, whether the row is written or not
            condition = ["a", operator, {"$ref_new": "b"} if by_reference else operand]
            rows = [{"id": at, "a": a, "b": operand} for at, a in enumerate([*values, None])]
            expected = [at for at, value in enumerate(values) if met(value, operator, operand)]

            patches = [{"id": row["id"], "b": operand} for row in rows]
            body = {"patch_rows": patches, "patch_condition": condition}
            patched = send(client, namespace, body | {"return_affected_ids": True})
            body = {"upsert_rows": rows, "upsert_condition": condition, "deletes": []}
            upserted = send(client, namespace, body | {"return_affected_ids": True})

            assert sorted(patched.get("patched_ids", [])) == expected, condition
            assert upserted["upserted_ids"] == [*expected, missing], condition
            assert patched["rows_affected"] == patched["rows_patched"] == len(expected)
            assert upserted["rows_upserted"] == len(expected) + 1
            send(client, namespace, {"deletes": [missing]})


@pytest.mark.parametrize("kind", ["string", "int", "datetime", "[]string"])
def test_a_delete_removes_what_meets_the_condition(client: FlaskClient, namespace: str, kind: str):
    for operator in operators_of(kind):
        for operand in (*VALUES[kind][:3], None, "of the new"):
            values = seed(client, namespace, kind)
            # what is deleted has no new value
            new = operand == "of the new"
            condition = ["a", operator, {"$ref_new": "a"} if new else operand]
            expected = [v for v in values if not met(v, operator, None if new else operand)]

            body = {"deletes": [*range(len(values)), 1000], "delete_condition": condition}
            deleted = send(client, namespace, body)

            assert deleted["rows_deleted"] == len(values) - len(expected), condition
            assert [r.get("a") for r in stored(client, namespace).values()] == expected, condition


def test_numbers_of_all_types_compare_with_each_other(client: FlaskClient, namespace: str):
    values = [-1.5, 0.0, 0.5, 1.0, 2.0, 2.0**53, None]
    rows = [{"id": at, "f": value} for at, value in enumerate(values)]
    send(client, namespace, {"upsert_rows": rows, "schema": {"f": "float", "i": "int"}})

    for operator in OPERATORS:
        for new in (-1, 0, 1, 2**53 + 1, None):
            body = {
                "patch_rows": [{"id": at, "i": new} for at in range(len(values))],
                "patch_condition": ["f", operator, {"$ref_new": "i"}],
                "return_affected_ids": True,
            }
            found = send(client, namespace, body).get("patched_ids", [])
            expected = [at for at, value in enumerate(values) if met(value, operator, new)]
            assert sorted(found) == expected, (operator, new)


def test_each_kind_of_write_has_its_own_condition(client: FlaskClient, namespace: str):
    send(client, namespace, {"upsert_rows": [{"id": n, "n": n} for n in range(6)]})

    answer = send(
        client,
        namespace,
        {
            "upsert_rows": [{"id": 0, "n": 10}, {"id": 1, "n": 10}],
            "upsert_condition": ["n", "Eq", 1],
            "patch_rows": [{"id": 2, "n": 20}, {"id": 3, "n": 20}],
            "patch_condition": ["n", "Eq", 3],
            "deletes": [4, 5],
            "delete_condition": ["n", "Eq", 5],
        },
    )

    counts = [answer[f"rows_{what}"] for what in ("upserted", "patched", "deleted", "affected")]
    assert counts == [1, 1, 1, 3]
    assert [row["n"] for row in stored(client, namespace).values()] == [0, 10, 2, 20, 4]


def test_a_null_that_sql_stored_is_a_missing_value(
    client: FlaskClient, connection: Connection, namespace: str
):
    send(client, namespace, {"upsert_rows": [{"id": 1, "a": 1}]})
    update = f'UPDATE vectable."{namespace}" SET attributes = \'{{"a": null}}\''
    connection.execute(update.encode())

    for operator, new in (("Eq", None), ("NotEq", 1), ("Lt", 1), ("Lte", 1)):
        body = {
            "patch_rows": [{"id": 1, "b": new}],
            "schema": {"b": "int"},
            "patch_condition": ["a", operator, {"$ref_new": "b"}],
        }
        assert send(client, namespace, body)["rows_patched"] == 1, operator


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (["n", "Eq", {"$ref_new": "s"}], "type mismatch"),
        (["n", "Eq", "one"], "type mismatch"),
        (["t", "Lt", {"$ref_new": "t"}], "compares single values"),
        (["id", "Eq", {"$ref_new": "n"}], "ids are not compared"),
        (["n", "Glob", {"$ref_new": "s"}], "Glob"),
        (["n", "Lt", {"$ref_new": "id"}], "reserved"),
    ],
    ids=str,
)
def test_a_condition_that_cannot_hold_is_refused_and_nothing_written(
    client: FlaskClient, namespace: str, condition: Any, message: str
):
    row = {"id": 1, "n": 1, "s": "x", "t": ["x"]}
    send(client, namespace, {"upsert_rows": [row]})

    answer = client.post(
        f"/v2/namespaces/{namespace}",
        json={"upsert_rows": [row | {"n": 2}, {"id": 2}], "upsert_condition": condition},
    )

    assert answer.status_code == 400
    assert message in answer.get_json()["error"]
    assert stored(client, namespace) == {1: {"n": 1, "s": "x", "t": ["x"]}}
