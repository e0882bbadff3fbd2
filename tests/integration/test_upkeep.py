"""The background worker: what it finds to do, and how it ends."""

from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

from service import indexer
from service.config import Config
from service.core.documents import Upsert, Write
from service.engine import Engine
from service.processes import wait_until
from service.storage import upkeep
from service.storage.pool import Database, open_database

Connection = psycopg.Connection[tuple[Any, ...]]
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1"


@pytest.fixture
def database(engine: Engine, config: Config) -> Iterator[Database]:
    opened = open_database(
        config.database_url or "", config.schema, connections=1, wait=5.0, statement_timeout=0
    )
    yield opened
    opened.close()


def rows_known(connection: Connection, namespace: str) -> float:
    row = connection.execute(
        "SELECT reltuples FROM pg_class WHERE relname = %s", [namespace]
    ).fetchone()
    assert row is not None
    return float(str(row[0]))


def test_a_turn_analyses_a_table_that_was_filled(
    engine: Engine, database: Database, connection: Connection, namespace: str
):
    engine.write(namespace, Write(upsert=Upsert(tuple(range(100)))))
    before = rows_known(connection, namespace)

    pause = indexer.turn(database)

    assert before == -1
    assert rows_known(connection, namespace) == 100
    assert pause == indexer.PAUSE


def test_a_turn_leaves_nothing_for_the_next(engine: Engine, database: Database, namespace: str):
    engine.write(namespace, Write(upsert=Upsert((1,))))
    with database.session() as session:
        before = upkeep.unanalysed_tables(session)

    indexer.turn(database)

    with database.session() as session:
        assert upkeep.unanalysed_tables(session) == []
    assert namespace in before


def test_a_table_without_documents_is_left_alone(
    engine: Engine, database: Database, connection: Connection, namespace: str
):
    engine.write(namespace, Write(upsert=Upsert((1,))))
    connection.execute(f'TRUNCATE vectable."{namespace}"')

    indexer.turn(database)

    assert rows_known(connection, namespace) == -1


def test_the_worker_ends_when_it_is_told_to(
    engine: Engine, config: Config, connection: Connection, namespace: str
):
    engine.write(namespace, Write(upsert=Upsert((1,))))
    stop = Event()
    worker = Thread(target=indexer.run, args=(config, stop), daemon=True)

    worker.start()
    stop.set()
    worker.join(10)

    # what it had begun, it did
    assert not worker.is_alive()
    assert rows_known(connection, namespace) == 1


def test_the_worker_closes_its_connections(engine: Engine, config: Config, connection: Connection):
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'vectable'"
    )
    before = connection.execute(query).fetchone() or (0,)
    stop = Event()
    stop.set()

    indexer.run(config, stop)

    # the server notices a little later
    assert wait_until(lambda: (connection.execute(query).fetchone() or (0,)) <= before, 10)


def test_the_worker_waits_for_a_database_that_is_away(config: Config):
    away = open_database(NOWHERE, config.schema, connections=1, wait=0.1, statement_timeout=0)

    pause = indexer.turn(away)
    away.close()

    assert pause == indexer.PAUSE_AFTER_ERROR


def test_the_worker_waits_for_a_database_that_is_not_migrated(engine: Engine, config: Config):
    bare = open_database(
        config.database_url or "", "not_yet", connections=1, wait=5.0, statement_timeout=0
    )

    pause = indexer.turn(bare)
    bare.close()

    assert pause == indexer.PAUSE_AFTER_ERROR
