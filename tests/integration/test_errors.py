"""Faults of the database in the words of the service; what passes is tried again."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from service.app import create_app
from service.config import Config
from service.core.attributes import AttributeColumn
from service.core.documents import Upsert, Write
from service.core.errors import InvalidRequest, NamespaceNotFound, TooSlow, Unavailable
from service.core.query import Query
from service.engine import Engine
from service.processes import wait_until
from service.storage.pool import Database, open_database

Connection = psycopg.Connection[tuple[Any, ...]]
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1"
ONE = Write(upsert=Upsert((1,)))

WAITING = """
SELECT pid, query_start FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE %s
"""


@pytest.fixture
def hurried(engine: Engine, config: Config) -> Iterator[Database]:
    """One connection, a tenth of a second for everything."""
    database = open_database(
        config.database_url or "", config.schema, connections=1, wait=0.1, statement_timeout=0.1
    )
    yield database
    database.close()


@pytest.fixture
def blocker(engine: Engine, database_url: str) -> Iterator[Connection]:
    """A connection whose transactions stay open until they are told to end."""
    with psycopg.connect(database_url) as opened:
        yield opened


@pytest.fixture
def unreachable(config: Config) -> Iterator[Engine]:
    engine = Engine(
        open_database(NOWHERE, config.schema, connections=1, wait=0.1, statement_timeout=1.0)
    )
    yield engine
    engine.close()


def eventually(condition: Callable[[], Any]) -> None:
    assert wait_until(lambda: bool(condition()), 20), "it never happened"


@pytest.mark.parametrize(
    ("title", "change"),
    [
        ("drop_table", lambda engine, name: engine.delete(name)),
        ("change_id_type", lambda engine, name: engine.write(name, Write(upsert=Upsert((2**63,))))),
    ],
    ids=["drop", "alter"],
)
def test_a_lock_not_had_in_time_is_asked_for_again(
    engine: Engine,
    connection: Connection,
    blocker: Connection,
    namespace: str,
    title: str,
    change: Any,
):
    engine.write(namespace, ONE)

    def waiting() -> list[Any]:
        return connection.execute(WAITING, [f"-- {title}:%"]).fetchall()

    with ThreadPoolExecutor(1) as threads:
        blocker.execute(f'SELECT * FROM vectable."{namespace}"')
        changed = threads.submit(change, engine, namespace)
        eventually(waiting)
        first = waiting()
        # the same statement, started anew: the first one was given up
        eventually(lambda: (again := waiting()) and again != first)
        blocker.rollback()

    assert changed.exception() is None


def test_a_waiting_change_lets_readers_through(
    engine: Engine, connection: Connection, blocker: Connection, namespace: str
):
    engine.write(namespace, ONE)

    with ThreadPoolExecutor(1) as threads:
        blocker.execute(f'SELECT * FROM vectable."{namespace}"')
        dropped = threads.submit(engine.delete, namespace)
        eventually(lambda: connection.execute(WAITING, ["-- drop_table:%"]).fetchall())
        found = [hit.id for hit in engine.query(namespace, Query()).hits]
        still_waiting = not dropped.done()
        blocker.rollback()

    assert (found, still_waiting) == ([1], True)
    assert dropped.exception() is None
    with pytest.raises(NamespaceNotFound):
        engine.query(namespace, Query())


def test_a_statement_over_the_timeout_is_too_slow(
    engine: Engine, hurried: Database, config: Config, connection: Connection, namespace: str
):
    engine.write(namespace, ONE)
    slow = Engine(hurried)
    client = create_app(slow, config).test_client()

    with connection.transaction():
        connection.execute(f'LOCK TABLE vectable."{namespace}" IN ACCESS EXCLUSIVE MODE')
        with pytest.raises(TooSlow):
            slow.query(namespace, Query())
        answer = client.post(f"/v1/namespaces/{namespace}/query", json={})

    assert answer.status_code == 504
    assert answer.get_json() == {
        "status": "error",
        "error": "the database gave the statement up: it took longer than the timeout",
    }
    assert [hit.id for hit in slow.query(namespace, Query()).hits] == [1]


def test_a_pool_without_a_free_connection_is_unavailable(
    engine: Engine, hurried: Database, config: Config, namespace: str
):
    engine.write(namespace, ONE)
    client = create_app(Engine(hurried), config).test_client()

    with hurried.session():
        answer = client.post(f"/v1/namespaces/{namespace}/query", json={})

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert "too busy or cannot be reached" in answer.get_json()["error"]
    assert client.post(f"/v1/namespaces/{namespace}/query", json={}).get_json() == [{"id": 1}]


@pytest.mark.parametrize(
    "operation",
    [
        lambda engine: engine.query("books", Query()),
        lambda engine: engine.write("books", ONE),
        lambda engine: engine.list_namespaces("", "", 10),
    ],
    ids=["query", "write", "list"],
)
def test_a_server_that_cannot_be_reached_is_unavailable(unreachable: Engine, operation: Any):
    with pytest.raises(Unavailable, match="cannot be reached"):
        operation(unreachable)


def test_readiness_says_that_the_database_is_away(unreachable: Engine, config: Config):
    client = create_app(unreachable, config).test_client()

    assert "cannot be reached" in (unreachable.missing() or "")
    assert client.get("/readyz").status_code == 503
    assert client.get("/livez").status_code == 200


def test_a_connection_that_is_cut_is_unavailable_and_then_replaced(
    engine: Engine, config: Config, connection: Connection, namespace: str
):
    engine.write(namespace, ONE)
    database = open_database(
        config.database_url or "", config.schema, connections=1, wait=5.0, statement_timeout=60.0
    )
    cut = Engine(database)
    try:
        with database.session() as session:
            pid = session.connection.info.backend_pid
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        with pytest.raises(Unavailable):
            cut.query(namespace, Query())
        found = [hit.id for hit in cut.query(namespace, Query()).hits]
    finally:
        cut.close()

    assert found == [1]


def test_a_refused_value_is_the_callers_fault_and_shows_no_sql(engine: Engine, namespace: str):
    # past the edge, which would refuse it as well
    nul = Write(upsert=Upsert((1,), (AttributeColumn("a", ("\0",)),)))

    with pytest.raises(InvalidRequest) as caught:
        engine.write(namespace, nul)

    assert not [word for word in ("INSERT", "COPY", "DELETE") if word in caught.value.message]
