"""The indexer: what its turns find to do, what they cost when there is nothing, and how it ends."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

from service import indexer
from service.config import Config
from service.core.documents import Upsert, Write
from service.core.indexing import AttributeIndex, IndexKind
from service.engine import Engine
from service.engine.sealing import Sealer
from service.engine.tending import Tender
from service.engine.watching import Watch
from service.indexer import PAUSE_AFTER_ERROR, Attributing, Sealing, Tending
from service.processes import wait_until
from service.storage import attribute_indexes, catalog
from service.storage.attribute_indexes import index_name
from service.storage.migrations import migrate
from service.storage.pool import Database, open_database
from tests.integration.segment_tools import (
    RESOURCES,
    SETTINGS,
    Connection,
    Workshop,
    nearest,
    opened,
    own_database,
    recorded,
    segment_tables,
    upsert,
    value,
    vectors,
    workshop,
)

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1"
IDLE = 200
# PostgreSQL's counters tell of a change up to a second later
LAG = 20.0


@pytest.fixture(scope="module")
def database_url(server_url: str) -> Iterator[str]:
    """An indexer has to do with all namespaces of a database: here only with those of this file."""
    with own_database(server_url) as url:
        yield url


@pytest.fixture(scope="module")
def config(database_url: str) -> Config:
    return Config.from_env(database_url=database_url)


@pytest.fixture(scope="module")
def engine(config: Config) -> Iterator[Engine]:
    with opened(config, 4) as database:
        yield Engine(database)


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fault the next try comes soon."""
    monkeypatch.setattr(indexer, "PAUSE_AFTER_ERROR", 0.1)
    monkeypatch.setattr(indexer, "LONGEST_PAUSE", 0.5)


@contextmanager
def running(config: Config) -> Iterator[Thread]:
    """An indexer in a thread, told to end when it is left."""
    stop = Event()
    thread = Thread(target=indexer.run, args=(config, stop), daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def impatient(config: Config) -> Config:
    return replace(config, seal_rows=SETTINGS.seal_rows, pool_timeout=5.0)


def unindexed(name: str, count: int = 150) -> tuple[str, Write]:
    return name, upsert(range(count), vectors(count))


def plain(count: int) -> Write:
    return Write(upsert=Upsert(tuple(range(count))))


def rows_known(connection: Connection, table: str) -> float:
    return float(value(connection, "SELECT reltuples FROM pg_class WHERE relname = %s", table))


def backends(connection: Connection) -> set[int]:
    rows = connection.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND starts_with(application_name, 'vectable')"
    )
    return {int(pid) for (pid,) in rows}


def turning(turn: Callable[[], float], until: Callable[[], bool]) -> bool:
    """Take turns until something holds; whether it came to hold."""

    def holds() -> bool:
        turn()
        return until()

    return wait_until(holds, LAG)


# --- the thread that seals ----------------------------------------------------------------------


def test_a_turn_seals_what_was_written(shop: Workshop, namespace: str):
    shop.engine.write(*unindexed(namespace))

    assert turning(Sealing(shop.database, shop.sealer).turn, lambda: bool(shop.listed(namespace)))
    assert [one.rows for one in shop.listed(namespace)] == [150]


def test_turns_of_two_threads_that_seal_make_each_segment_once(shop: Workshop, namespace: str):
    names = [f"{namespace}-{number}" for number in range(6)]
    for name in names:
        shop.engine.write(*unindexed(name))
    stop, faults = Event(), []

    def work() -> None:
        turns = Sealing(shop.database, Sealer(shop.database, SETTINGS, RESOURCES))
        while not stop.wait(0.05):
            try:
                turns.turn()
            except Exception as fault:  # noqa: BLE001
                faults.append(fault)

    threads = [Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    done = wait_until(lambda: all(shop.listed(name) for name in names), LAG)
    stop.set()
    for thread in threads:
        thread.join(LAG)

    assert (done, faults) == (True, [])
    assert [len(shop.listed(name)) for name in names] == [1] * 6


def test_indexes_that_were_deleted_are_made_anew_without_a_write(shop: Workshop, namespace: str):
    shop.engine.write(*unindexed(namespace))
    shop.seal(namespace)
    turns = Sealing(shop.database, shop.sealer)
    turns.turn()

    shop.engine.drop_indexes(namespace)

    assert turning(turns.turn, lambda: bool(shop.listed(namespace)))


def test_a_table_without_enough_documents_is_looked_at_once(shop: Workshop, namespace: str):
    shop.engine.write(*unindexed(namespace, 20))
    turns = Sealing(shop.database, shop.sealer)
    looked = []

    def turn() -> float:
        with recorded() as seen:
            pause = turns.turn()
        looked.append(any(namespace in one for one in seen))
        return pause

    assert turning(turn, lambda: looked[-3:] == [False] * 3)
    assert any(looked)


# --- the thread that tends ----------------------------------------------------------------------


@pytest.fixture
def tending(shop: Workshop) -> Tending:
    return Tending(shop.database, shop.tender)


def test_a_turn_merges_once_a_namespace_is_quiet(
    shop: Workshop, tending: Tending, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    for part in range(2):
        shop.engine.write(namespace, upsert(range(150 * part, 150 * part + 150), vectors(150)))
        assert shop.seal(namespace)
    monkeypatch.setattr("service.engine.watching.QUIET", 10**9)
    for _ in range(3):
        tending.turn()
    while_written = len(shop.listed(namespace))
    monkeypatch.setattr("service.engine.watching.QUIET", 0.0)

    assert while_written == 2
    assert turning(tending.turn, lambda: len(shop.listed(namespace)) == 1)


def test_a_turn_draws_a_sample(
    shop: Workshop, tending: Tending, connection: Connection, namespace: str
):
    shop.engine.write(*unindexed(namespace))
    shop.seal(namespace)
    drawn = (
        "SELECT count(*) FROM vectable_segments.samples s"
        " JOIN vectable_catalog.namespaces n ON n.id = s.namespace_id WHERE n.name = %s"
    )

    assert turning(tending.turn, lambda: value(connection, drawn, namespace) == 1)


def test_a_turn_analyses_a_table_that_was_filled(
    shop: Workshop, tending: Tending, connection: Connection, namespace: str
):
    shop.engine.write(namespace, plain(100))
    before = rows_known(connection, namespace)

    tending.turn()

    assert before == -1
    assert rows_known(connection, namespace) == 100


def test_a_table_without_documents_is_left_alone(
    shop: Workshop, tending: Tending, connection: Connection, namespace: str
):
    shop.engine.write(namespace, plain(1))
    connection.execute(f'TRUNCATE vectable."{namespace}"')

    tending.turn()

    assert rows_known(connection, namespace) == -1


def test_a_table_that_is_locked_keeps_no_other_from_being_analysed(
    shop: Workshop, connection: Connection, database_url: str, namespace: str
):
    names = [f"{namespace}-{letter}" for letter in "abc"]
    for name in names:
        shop.engine.write(name, plain(10))
    with psycopg.connect(database_url) as other:
        other.execute(f'LOCK TABLE vectable."{names[1]}"')
        cleaning = Thread(target=shop.tender.clean, daemon=True)
        cleaning.start()
        cleaning.join(5)
        held_up = cleaning.is_alive()
        known = [rows_known(connection, name) for name in names]
    cleaning.join(LAG)

    assert (known, held_up) == ([10, -1, 10], False)


def test_a_turn_drops_what_was_replaced_when_the_grace_period_is_over(
    shop: Workshop, connection: Connection, namespace: str
):
    for part in range(2):
        shop.engine.write(namespace, upsert(range(150 * part, 150 * part + 150), vectors(150)))
        assert shop.seal(namespace)
    before = set(shop.tables(namespace))
    assert shop.merge(namespace)

    Tending(shop.database, shop.tender).turn()
    within = segment_tables(connection, namespace)
    connection.execute(
        "UPDATE vectable_segments.segments SET retired_at = retired_at - interval '1 hour'"
        " WHERE table_name = ANY (%s)",
        (list(before),),
    )
    Tending(shop.database, shop.tender).turn()
    after = segment_tables(connection, namespace)

    assert before < within
    assert not before & after
    assert set(shop.tables(namespace)) <= after


def test_leftovers_that_somebody_still_reads_are_dropped_another_time(
    shop: Workshop, connection: Connection, database_url: str, namespace: str
):
    for letter in "ab":
        connection.execute(f'CREATE TABLE vectable_segments."{namespace}:{letter}" (id int)')
    with psycopg.connect(database_url) as report:
        report.execute(f'SELECT count(*) FROM vectable_segments."{namespace}:a"')
        shop.tender.clean()
        read = segment_tables(connection, namespace)
    shop.tender.clean()

    assert read == {f"{namespace}:a"}
    assert segment_tables(connection, namespace) == set()


# --- the thread that indexes attributes ---------------------------------------------------------


def test_a_turn_builds_what_filters_asked_for_and_what_a_dba_dropped(
    shop: Workshop, connection: Connection, namespace: str
):
    shop.engine.write(namespace, upsert(range(150), vectors(150), n=list(range(150))))
    wish = AttributeIndex(IndexKind.NUMBER, "n")
    name = index_name(namespace, wish)
    with shop.database.session() as session:
        key = catalog.find(session, namespace).id
        attribute_indexes.ask(session, key, [wish])
    exists = "SELECT count(*) FROM pg_indexes WHERE schemaname = 'vectable' AND indexname = %s"

    pause = Attributing(shop.database).turn()
    built = value(connection, exists, name)
    connection.execute(f'DROP INDEX vectable."{name}"')
    Attributing(shop.database).turn()

    assert (pause, built) == (0.0, 1)
    assert value(connection, exists, name) == 1


# --- what is noticed ----------------------------------------------------------------------------


def noticed(watch: Watch, shop: Workshop, name: str) -> bool:
    def due() -> bool:
        watch.look(shop.database)
        return name in watch.due()

    return wait_until(due, LAG)


def test_what_was_changed_is_due_until_it_is_done(shop: Workshop, namespace: str):
    shop.engine.write(*unindexed(namespace))
    watch = Watch()
    first = noticed(watch, shop, namespace)
    watch.done(namespace)
    done = namespace in watch.due()
    superseding = watch.superseding(namespace)

    # the same document twice: the second write takes the first one's row away
    shop.engine.write(namespace, upsert([10**6], vectors(1)))
    shop.engine.write(namespace, upsert([10**6], vectors(1)))

    assert (first, done) == (True, False)
    assert noticed(watch, shop, namespace)
    assert wait_until(
        lambda: watch.look(shop.database) or watch.superseding(namespace) > superseding, LAG
    )


def test_what_is_put_off_is_due_later(shop: Workshop, namespace: str):
    shop.engine.write(*unindexed(namespace))
    watch = Watch()
    assert noticed(watch, shop, namespace)

    watch.later(namespace, 3_600)
    put_off = namespace in watch.due()
    watch.later(namespace, 0)

    assert not put_off
    assert namespace in watch.due()


def test_those_that_wait_longest_come_first(shop: Workshop, namespace: str):
    names = [f"{namespace}-{letter}" for letter in "ab"]
    for name in names:
        shop.engine.write(*unindexed(name))
    watch = Watch()
    assert all(noticed(watch, shop, name) for name in names)

    watch.later(names[0], 0)
    watch.later(names[1], -1)

    assert [name for name in watch.due() if name in names] == names[::-1]


def test_a_namespace_that_is_written_is_not_quiet(
    shop: Workshop, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    shop.engine.write(*unindexed(namespace))
    watch = Watch()
    assert noticed(watch, shop, namespace)

    written = watch.is_quiet(namespace)
    monkeypatch.setattr("service.engine.watching.QUIET", 0.0)

    assert not written
    assert watch.is_quiet(namespace)


def test_a_namespace_that_is_gone_is_due_no_more(shop: Workshop, namespace: str):
    shop.engine.write(*unindexed(namespace))
    watch = Watch()
    assert noticed(watch, shop, namespace)

    shop.engine.delete(namespace)

    assert wait_until(lambda: watch.look(shop.database) or namespace not in watch.due(), LAG)


def test_namespaces_without_vectors_are_not_looked_at(shop: Workshop, namespace: str):
    shop.engine.write(namespace, plain(10))
    shop.engine.write(*unindexed(f"{namespace}-b"))
    watch = Watch()

    assert noticed(watch, shop, f"{namespace}-b")
    assert namespace not in watch.due()


# --- idle namespaces ----------------------------------------------------------------------------


@contextmanager
def idle_namespaces(connection: Connection, like: str) -> Iterator[None]:
    """Many namespaces with a few documents each, that nobody touches."""
    names = [f"{like}-idle-{number}" for number in range(IDLE)]
    for name in names:
        table, sequence = f'vectable."{name}"', f'vectable."{name}:seq"'
        connection.execute(
            f'CREATE TABLE {table} (LIKE vectable."{like}" INCLUDING ALL);'
            f" CREATE SEQUENCE {sequence} OWNED BY {table}.seq;"
            f" ALTER TABLE {table} ALTER seq SET DEFAULT vectable_catalog.next_seq('{sequence}')"
        )
        connection.execute(f"INSERT INTO {table} (id, vector) VALUES (1, '[1,2,3,4,5,6,7,8]')")
    connection.execute(
        "INSERT INTO vectable_catalog.namespaces"
        " (name, table_name, id_type, vectors, attributes, version)"
        " SELECT idle, idle, id_type, vectors, attributes, nextval('vectable_catalog.versions')"
        " FROM vectable_catalog.namespaces, unnest(%s::text[]) AS idle WHERE name = %s",
        (names, like),
    )
    connection.execute("SELECT pg_stat_force_next_flush()")
    try:
        yield
    finally:
        connection.execute(
            "DELETE FROM vectable_catalog.namespaces WHERE name = ANY (%s)", (names,)
        )
        for name in names:
            connection.execute(f'DROP TABLE vectable."{name}"')


def cost(turn: Callable[[], float]) -> list[str]:
    """The statements of a turn once there is nothing left to do: three turns cost the same."""
    last: list[list[str]] = []

    def settled() -> bool:
        with recorded() as seen:
            turn()
        last.append(seen)
        counts = [len(one) for one in last[-3:]]
        return len(counts) == 3 and counts == [min(len(one) for one in last)] * 3

    assert wait_until(settled, 2 * LAG), [len(one) for one in last]
    return last[-1]


@pytest.fixture(params=["sealing", "tending", "attributing"])
def turn(
    shop: Workshop, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], float]:
    monkeypatch.setattr("service.engine.watching.QUIET", 0.0)
    kinds: dict[str, Any] = {
        "sealing": lambda: Sealing(shop.database, shop.sealer),
        "tending": lambda: Tending(shop.database, shop.tender),
        "attributing": lambda: Attributing(shop.database),
    }
    return kinds[request.param]().turn


def test_idle_namespaces_cost_nothing(
    shop: Workshop, turn: Callable[[], float], connection: Connection, namespace: str
):
    shop.engine.write(*unindexed(namespace, 20))
    before = cost(turn)
    with idle_namespaces(connection, namespace):
        after = cost(turn)

        # one that is written costs what it costs, and not the others' share
        shop.engine.write(namespace, upsert(range(20, 30), vectors(10)))
        counts = []
        for _ in range(30):
            with recorded() as seen:
                turn()
            counts.append(len(seen))
            assert not any(f"{namespace}-idle" in one for one in seen)
            wait_until(lambda: False, 0.05)

    assert len(after) == len(before)
    assert max(counts) < IDLE / 4


def test_a_turn_without_anything_to_do_makes_longer_pauses(shop: Workshop):
    turns = Sealing(shop.database, shop.sealer)
    cost(turns.turn)

    pauses = [turns.turn() for _ in range(6)]

    assert max(pauses) == indexer.LONGEST_PAUSE


# --- a database that is not there ---------------------------------------------------------------


class Stop(Event):
    """Notes the pauses and ends after three."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        return len(self.pauses) >= 3


def all_turns(database: Database) -> list[Callable[[], float]]:
    sealing = Sealing(database, Sealer(database, SETTINGS, RESOURCES))
    tending = Tending(database, Tender(database, SETTINGS, RESOURCES))
    return [sealing.turn, tending.turn, Attributing(database).turn]


@pytest.mark.parametrize("which", range(3))
def test_a_database_that_is_away_is_waited_for(config: Config, which: int):
    away = open_database(NOWHERE, config.schema, connections=1, wait=0.1, statement_timeout=0)
    stop = Stop()

    indexer.loop(all_turns(away)[which], stop)
    away.close()

    assert stop.pauses == [0.0, PAUSE_AFTER_ERROR, PAUSE_AFTER_ERROR]


@pytest.mark.parametrize("which", range(3))
def test_a_database_that_is_not_migrated_is_waited_for(engine: Engine, config: Config, which: int):
    bare = open_database(
        config.database_url or "", "not_yet", connections=1, wait=5.0, statement_timeout=0
    )
    stop = Stop()

    indexer.loop(all_turns(bare)[which], stop)
    bare.close()

    assert stop.pauses == [0.0, PAUSE_AFTER_ERROR, PAUSE_AFTER_ERROR]


def test_a_fault_of_its_own_does_not_end_the_indexer():
    stop = Stop()

    def broken() -> float:
        raise ZeroDivisionError

    indexer.loop(broken, stop)

    assert stop.pauses == [0.0, PAUSE_AFTER_ERROR, PAUSE_AFTER_ERROR]


@pytest.mark.usefixtures("soon")
def test_a_database_that_is_migrated_later_is_indexed(engine: Engine, config: Config):
    schema = f"late_{uuid.uuid4().hex[:12]}"
    late = replace(impatient(config), schema=schema)
    url = config.database_url or ""
    with running(late), psycopg.connect(url, autocommit=True) as connection:
        wait_until(lambda: False, 0.5)
        migrate(url, schema)
        database = open_database(url, schema, connections=2, wait=5.0, statement_timeout=60)
        other = Engine(database)
        try:
            other.write("first", upsert(range(150), vectors(150)))
            shown = f"SELECT coalesce(max(rows), 0) FROM {schema}_segments.state"
            assert wait_until(
                lambda: value(connection, f"SELECT to_regclass('{schema}_segments.state')"), LAG
            )
            assert wait_until(lambda: value(connection, shown) == 150, LAG)
        finally:
            other.close()


# --- as a whole ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("soon")
def test_the_worker_seals_analyses_and_goes_on(
    shop: Workshop, config: Config, connection: Connection, namespace: str
):
    shop.engine.write(*unindexed(namespace))
    with running(impatient(config)):
        assert wait_until(lambda: bool(shop.listed(namespace)), LAG)
        assert wait_until(lambda: rows_known(connection, namespace) == 150, LAG)
        shop.engine.write(namespace, upsert(range(150, 300), vectors(150)))
        assert wait_until(lambda: sum(o.rows for o in shop.listed(namespace)) == 300, LAG)

    assert len(shop.engine.query(namespace, nearest(vectors(1)[0], 300)).hits) == 300


@pytest.mark.usefixtures("soon")
def test_the_worker_goes_on_after_its_connections_were_cut(
    shop: Workshop, config: Config, connection: Connection, namespace: str
):
    shop.engine.write(*unindexed(namespace))
    others = backends(connection)
    with running(impatient(config)):
        assert wait_until(lambda: bool(shop.listed(namespace)), LAG)
        cut = backends(connection) - others
        for pid in cut:
            connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
        shop.engine.write(namespace, upsert(range(150, 300), vectors(150)))
        assert wait_until(lambda: sum(o.rows for o in shop.listed(namespace)) == 300, LAG)

    assert cut


def test_the_worker_that_is_told_to_end_at_once_leaves_no_connection(
    engine: Engine, config: Config, connection: Connection
):
    before = backends(connection)
    stop = Event()
    stop.set()

    indexer.run(config, stop)

    # the server notices a little later
    assert wait_until(lambda: backends(connection) <= before, 10)


def test_the_worker_closes_its_connections(
    shop: Workshop, config: Config, connection: Connection, namespace: str
):
    shop.engine.write(*unindexed(namespace))
    before = backends(connection)
    with running(impatient(config)):
        assert wait_until(lambda: bool(shop.listed(namespace)), LAG)
        assert backends(connection) - before

    assert wait_until(lambda: backends(connection) <= before, 10)


@pytest.mark.usefixtures("soon")
def test_the_worker_can_be_ended_while_the_database_is_away(config: Config):
    away = replace(config, database_url=NOWHERE, maintenance_database_url=NOWHERE, pool_timeout=0.2)

    with running(away) as thread:
        wait_until(lambda: False, 1.0)
        assert thread.is_alive()
