"""Sealing beside writers: no document falls between a segment and the tail, none is found twice."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from threading import Event, Thread
from typing import Any

import numpy as np
import psycopg
import pytest
from flask.testing import FlaskClient

from service.config import Config
from service.core.documents import Write
from service.core.errors import NamespaceNotFound, ServiceError, TooManyRequests
from service.core.segments import START
from service.core.vectors import Metric
from service.engine import Engine, sealing
from service.engine.sealing import Outcome, Sealer
from service.indexer import Sealing, Tending
from service.storage import backlog
from service.storage.faults import Stale
from tests.integration.segment_tools import (
    RESOURCES,
    SETTINGS,
    Connection,
    Workshop,
    ids,
    nearest,
    opened,
    set_settings,
    upsert,
    value,
    vectors,
    workshop,
)

L2 = Metric.EUCLIDEAN_SQUARED
ZERO = [1.0] * 4


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


@pytest.fixture
def writer(engine: Engine, database_url: str) -> Iterator[Connection]:
    """A writer by SQL, whose transactions stay open until they are told to end."""
    with psycopg.connect(database_url) as opened:
        yield opened


def write(shop: Workshop, namespace: str, numbers: range, seed: int = 0) -> None:
    shop.engine.write(namespace, upsert(numbers, vectors(len(numbers), 4, seed), L2))


def everything(shop: Workshop, namespace: str) -> tuple[list[Any], list[Any]]:
    """All ids as a scan finds them, and as segments and tail together have them."""
    query = nearest(ZERO, 10_000)
    exact = ids(shop.exact(namespace, query).result.hits)
    return sorted(exact), sorted(ids(shop.covered(namespace, query).result.hits))


def insert(namespace: str) -> str:
    return f"INSERT INTO vectable.\"{namespace}\" (id, vector) VALUES (%s, '[1,2,3,4]')"


# --- a writer that stays open -------------------------------------------------------------------


def test_while_a_writer_with_numbers_is_open_nothing_is_sealed(
    shop: Workshop, writer: Connection, namespace: str
):
    write(shop, namespace, range(200))
    writer.execute(insert(namespace), (1_000,))
    write(shop, namespace, range(200, 400))

    sealed_meanwhile = shop.seal(namespace)
    writer.commit()

    assert not sealed_meanwhile
    assert shop.listed(namespace) == ()
    assert shop.seal(namespace)
    assert everything(shop, namespace) == ([*range(400), 1_000],) * 2


def test_a_writer_that_was_rolled_back_holds_nothing_up(
    shop: Workshop, writer: Connection, namespace: str
):
    write(shop, namespace, range(200))
    writer.execute(insert(namespace), (1_000,))
    writer.rollback()

    assert shop.seal(namespace)
    assert everything(shop, namespace) == (list(range(200)),) * 2


def test_numbers_drawn_first_and_used_after_the_seal_are_not_lost(
    shop: Workshop, writer: Connection, namespace: str
):
    write(shop, namespace, range(200))
    low = value(writer, f"SELECT vectable_catalog.next_seq('vectable.\"{namespace}:seq\"')")
    write(shop, namespace, range(200, 400))

    sealed_meanwhile = shop.seal(namespace)
    writer.execute(
        f"INSERT INTO vectable.\"{namespace}\" (id, seq, vector) VALUES (1000, %s, '[1,2,3,4]')",
        (low,),
    )
    writer.commit()
    shop.seal(namespace)

    assert not sealed_meanwhile
    assert everything(shop, namespace) == ([*range(400), 1_000],) * 2


def test_a_writer_that_used_plain_nextval_is_waited_for_too(
    shop: Workshop, writer: Connection, namespace: str
):
    write(shop, namespace, range(200))
    writer.execute(
        f'INSERT INTO vectable."{namespace}" (id, seq, vector)'
        f" VALUES (1000, nextval('vectable.\"{namespace}:seq\"'), '[1,2,3,4]')"
    )

    assert not shop.seal(namespace)
    writer.commit()
    assert shop.seal(namespace)
    assert everything(shop, namespace) == ([*range(200), 1_000],) * 2


def test_a_number_drawn_in_a_savepoint_that_was_rolled_back_is_waited_for(
    shop: Workshop, writer: Connection, namespace: str
):
    """Numbers do not go back, so the transaction may still use it."""
    write(shop, namespace, range(200))
    writer.execute(f'SELECT count(*) FROM vectable."{namespace}"')
    with writer.transaction(force_rollback=True):
        low = value(writer, f"SELECT vectable_catalog.next_seq('vectable.\"{namespace}:seq\"')")

    sealed_meanwhile = shop.seal(namespace)
    writer.execute(
        f"INSERT INTO vectable.\"{namespace}\" (id, seq, vector) VALUES (1000, %s, '[1,2,3,4]')",
        (low,),
    )
    writer.commit()
    shop.seal(namespace)

    assert not sealed_meanwhile
    assert everything(shop, namespace) == ([*range(200), 1_000],) * 2


def test_a_writer_that_begins_while_the_sealer_waits_is_in_the_tail(
    shop: Workshop, writer: Connection, database_url: str, namespace: str
):
    """Its number is above the last one read, so it need not be waited for."""
    write(shop, namespace, range(200))
    with psycopg.connect(database_url) as first:
        first.execute(insert(namespace), (1_000,))
        begun: list[object] = []

        def meanwhile(_: float) -> None:
            if not begun:
                begun.append(writer.execute(insert(namespace), (1_001,)))
                first.commit()

        outcome = Sealer(shop.database, SETTINGS, RESOURCES, meanwhile).work(namespace)
        writer.commit()

    assert outcome is Outcome.SEALED
    assert [(one.high, one.rows) for one in shop.listed(namespace)] == [(201, 201)]
    assert everything(shop, namespace) == ([*range(200), 1_000, 1_001],) * 2


def test_a_reader_without_a_number_holds_nothing_up(
    shop: Workshop, writer: Connection, namespace: str
):
    write(shop, namespace, range(200))
    writer.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    writer.execute(f'SELECT count(*) FROM vectable."{namespace}"')

    assert shop.seal(namespace)


def test_a_writer_of_another_namespace_holds_nothing_up(
    shop: Workshop, writer: Connection, namespace: str
):
    write(shop, namespace, range(200))
    write(shop, f"{namespace}-b", range(200))
    writer.execute(insert(namespace), (1_000,))

    assert not shop.seal(namespace)
    assert shop.seal(f"{namespace}-b")


def test_a_turn_seals_the_others_when_one_is_held_up(
    shop: Workshop, writer: Connection, namespace: str
):
    names = [f"{namespace}-{letter}" for letter in "abc"]
    for name in names:
        write(shop, name, range(200))
    writer.execute(insert(names[0]), (1_000,))
    turns = Sealing(shop.database, shop.sealer)
    for _ in range(50):
        turns.turn()
        if all(shop.listed(name) for name in names[1:]):
            break
        time.sleep(0.1)

    assert [len(shop.listed(name)) for name in names] == [0, 1, 1]


def test_a_namespace_that_was_held_up_is_sealed_when_the_writer_has_ended(
    shop: Workshop, writer: Connection, namespace: str
):
    """Also when nothing is written to it after that."""
    write(shop, namespace, range(200))
    writer.execute(f"SELECT vectable_catalog.next_seq('vectable.\"{namespace}:seq\"')")
    turns = Sealing(shop.database, shop.sealer)
    # long enough for PostgreSQL's counters to have told of everything
    for _ in range(3):
        turns.turn()
        time.sleep(0.5)
    sealed_early = bool(shop.listed(namespace))
    writer.rollback()
    for _ in range(60):
        turns.turn()
        if shop.listed(namespace):
            break
        time.sleep(0.1)

    assert not sealed_early
    assert len(shop.listed(namespace)) == 1


# --- writers and an indexer at work -------------------------------------------------------------


class Indexing:
    """Seals, merges and drops without a pause, in a thread, until it is left."""

    def __init__(self, shop: Workshop, connection: Connection, name: str) -> None:
        self._shop, self._connection, self._name = shop, connection, name
        self._stop = Event()
        self.faults: list[Exception] = []
        self.sealed = self.merged = 0

    def _work(self) -> None:
        changes = 0
        while not self._stop.is_set():
            changes += 1_000_000
            try:
                self.sealed += self._shop.seal(self._name)
                self.merged += self._shop.merge(self._name, changes)
                self._connection.execute(
                    "UPDATE vectable_segments.segments SET retired_at = '-infinity'"
                    " WHERE retired_at IS NOT NULL"
                )
                self._shop.tender.clean()
            except (ServiceError, Stale, NamespaceNotFound):
                continue
            except Exception as fault:  # noqa: BLE001
                self.faults.append(fault)

    def __enter__(self) -> "Indexing":
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()


@contextmanager
def indexing(shop: Workshop, connection: Connection, name: str) -> Iterator[Indexing]:
    with Indexing(shop, connection, name) as running:
        yield running
    assert running.faults == []


def check(shop: Workshop, namespace: str, expected: dict[int, Any]) -> None:
    """Every document exactly once, with its last vector, by a scan and in segments and tail."""
    exact, covered = everything(shop, namespace)
    assert exact == sorted(expected)
    assert covered == exact
    walked = ids(shop.walked(namespace, nearest(ZERO, 50)).result.hits)
    assert len(walked) == len(set(walked)) == 50
    assert set(walked) <= set(expected)
    listed = shop.listed(namespace)
    assert all(one.high <= two.low for one, two in pairwise(listed))
    for identity in list(expected)[::37]:
        (hit,) = shop.covered(namespace, nearest(expected[identity], 1)).result.hits
        assert (hit.id, hit.distance) == (identity, 0.0)


def test_writers_beside_the_indexer_lose_nothing(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    last: dict[int, Any] = {}

    def work(thread: int) -> dict[int, Any]:
        mine: dict[int, Any] = {}
        for turn in range(400):
            if turn >= 30 and running.sealed >= 2 and running.merged:
                break
            time.sleep(0.05)  # merges wait while sealing does not keep up with the writers
            # each has ids of its own, and writes many of them again
            start = 10_000 * thread + 20 * (turn % 60)
            numbers = range(start, start + 40)
            data = vectors(40, 4, seed=1_000 * thread + turn)
            engine.write(namespace, upsert(numbers, data, L2))
            mine |= dict(zip(numbers, data, strict=True))
            if turn % 5 == 4:
                doomed = tuple(range(start - 30, start - 25))
                engine.write(namespace, Write(deletes=doomed))
                for identity in doomed:
                    mine.pop(identity, None)
        return mine

    write(shop, namespace, range(1))
    last |= {0: vectors(1, 4)[0]}
    with indexing(shop, connection, namespace) as running, ThreadPoolExecutor(3) as threads:
        for mine in threads.map(work, [1, 2, 3]):
            last |= mine
    check(shop, namespace, last)
    shop.settle(namespace, changes=10**9)
    check(shop, namespace, last)

    assert running.sealed >= 2
    assert running.merged >= 1


def test_writers_of_the_same_documents_leave_each_once(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    write(shop, namespace, range(120))

    def work(thread: int) -> None:
        order = list(range(120)) if thread % 2 else list(range(119, -1, -1))
        for turn in range(15):
            data = vectors(120, 4, seed=100 * thread + turn)
            engine.write(namespace, upsert(order, data, L2))

    with indexing(shop, connection, namespace) as running, ThreadPoolExecutor(2) as threads:
        list(threads.map(work, [1, 2]))
    found = everything(shop, namespace)
    shop.settle(namespace, changes=10**9)

    assert running.sealed >= 1
    assert found == (list(range(120)),) * 2
    assert everything(shop, namespace) == (list(range(120)),) * 2


def test_two_writers_of_one_document_and_a_seal_between(
    shop: Workshop, writer: Connection, namespace: str
):
    """The one that came first commits last; what counts is what the table says."""
    write(shop, namespace, range(200))
    writer.execute(
        f"UPDATE vectable.\"{namespace}\" SET vector = '[9,9,9,9]', seq = DEFAULT WHERE id = 7"
    )
    with ThreadPoolExecutor(1) as thread:
        second = thread.submit(write, shop, namespace, range(5, 10), 77)
        time.sleep(0.2)
        sealed_meanwhile = shop.seal(namespace)
        writer.commit()
        second.result(20)
    shop.seal(namespace)

    assert not sealed_meanwhile
    assert everything(shop, namespace) == (list(range(200)),) * 2
    (hit,) = shop.walked(namespace, nearest(vectors(5, 4, 77)[2], 1)).result.hits
    assert (hit.id, hit.distance) == (7, 0.0)


def test_every_write_is_seen_by_the_next_query_of_another_process(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    """Planned searches of a namespace large enough to be walked."""
    shop.engine.write(namespace, upsert(range(4_000), vectors(4_000, 4), L2))
    settings = replace(SETTINGS, seal_rows=100)
    other = Engine(shop.database, settings)
    dice = np.random.default_rng(5)

    with indexing(shop, connection, namespace) as running:
        for turn in range(50):
            writing, reading = (engine, other) if turn % 2 else (other, engine)
            some = dice.integers(0, 4_000, 15).tolist()
            chosen = sorted({*some, 10_000 + turn})
            data = vectors(len(chosen), 4, seed=900 + turn)
            writing.write(namespace, upsert(chosen, data, L2))
            at = turn % len(chosen)
            doomed = chosen[(at + 1) % len(chosen)]
            writing.write(namespace, Write(deletes=(doomed,)))

            hits = reading.query(namespace, nearest(data[at], 10)).hits

            assert (hits[0].id, hits[0].distance) == (chosen[at], 0.0)
            assert len(hits) == 10
            assert doomed not in ids(hits)
            assert len(set(ids(hits))) == 10
    assert running.sealed >= 1


def test_two_sealers_at_once_make_no_ranges_that_overlap(
    shop: Workshop, engine: Engine, config: Config, namespace: str
):
    write(shop, namespace, range(1))
    stop, faults = Event(), []

    def work(indexer: Workshop) -> None:
        while not stop.is_set():
            try:
                indexer.seal(namespace)
                indexer.merge(namespace, time.monotonic_ns())
            except Stale:
                continue
            except Exception as fault:  # noqa: BLE001
                faults.append(fault)

    with workshop(config) as second, ThreadPoolExecutor(4) as threads:
        running = [threads.submit(work, one) for one in (shop, shop, second, second)]
        for turn in range(25):
            write(shop, namespace, range(40 * turn, 40 * turn + 60), turn)
        stop.set()
        for one in running:
            one.result(30)
    listed = shop.listed(namespace)

    assert faults == []
    assert listed
    assert listed[0].low == START
    assert all(one.high == two.low for one, two in pairwise(listed))
    assert everything(shop, namespace) == (list(range(1_020)),) * 2


def test_a_namespace_dropped_and_made_anew_beside_the_indexer(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    with indexing(shop, connection, namespace):
        for turn in range(10):
            write(shop, namespace, range(200), turn)
            query = nearest(vectors(200, 4, turn)[turn], 200)
            (first, *more) = engine.query(namespace, query).hits
            assert (first.id, first.distance, len(more)) == (turn, 0.0, 199)
            engine.delete(namespace)
    shop.tender.clean()

    left = "SELECT count(*) FROM pg_class WHERE starts_with(relname, %s)"
    assert value(connection, left, f"{namespace}:") == 0


# --- back-pressure ------------------------------------------------------------------------------


@pytest.fixture
def full(shop: Workshop, connection: Connection, namespace: str) -> str:
    """A namespace with as many documents waiting as it may have, and a few more."""
    write(shop, namespace, range(1_500))
    set_settings(connection, namespace, '{"max_unindexed": 1000}')
    return namespace


@pytest.fixture
def presence(engine: Engine, config: Config) -> Iterator[backlog.Presence]:
    """What an indexer of another process has; it shows itself when ``keep`` is called."""
    with opened(config, 1) as database, backlog.Presence(database) as sign:
        yield sign


def test_a_long_backlog_refuses_writes(shop: Workshop, presence: backlog.Presence, full: str):
    presence.keep()
    with pytest.raises(TooManyRequests) as caught:
        write(shop, full, range(1_500, 1_510))

    assert caught.value.retry_after
    assert "disable_backpressure" in caught.value.message


def test_a_refused_write_leaves_nothing(shop: Workshop, presence: backlog.Presence, full: str):
    presence.keep()
    request = replace(
        upsert(range(1_495, 1_510), vectors(15, 4, 8), L2, n=[1] * 15), deletes=(3, 4)
    )
    with pytest.raises(TooManyRequests):
        shop.engine.write(full, request)

    assert everything(shop, full)[0] == list(range(1_500))
    assert "n" not in shop.engine.schema(full).attributes


def test_without_an_indexer_nothing_is_refused(shop: Workshop, full: str):
    write(shop, full, range(1_500, 1_510))

    assert len(everything(shop, full)[0]) == 1_510


def test_when_the_indexer_has_gone_nothing_is_refused(shop: Workshop, config: Config, full: str):
    with opened(config, 1) as database, backlog.Presence(database) as presence:
        presence.keep()
        with pytest.raises(TooManyRequests):
            write(shop, full, range(1_500, 1_510))

    write(shop, full, range(1_500, 1_510))


def test_without_an_indexer_writers_beside_each_other_are_not_refused(shop: Workshop, full: str):
    """To look for an indexer must not look like one."""
    with shop.database.transaction() as session:
        assert not backlog.indexer_lives(session)

        write(shop, full, range(1_500, 1_510))


def test_an_indexer_that_starts_is_not_held_up_by_a_writer(
    shop: Workshop, presence: backlog.Presence
):
    with ThreadPoolExecutor(1) as thread, shop.database.transaction() as session:
        backlog.indexer_lives(session)
        begun = thread.submit(presence.keep)
        _, waiting = wait([begun], 3)

    assert not waiting


def test_a_refusal_says_over_http_when_to_try_again(
    client: FlaskClient, presence: backlog.Presence, full: str
):
    presence.keep()
    body = {"ids": [9_000], "vectors": [[1, 2, 3, 4]], "distance_metric": "euclidean_squared"}

    refused = client.post(f"/v1/namespaces/{full}", json=body)
    passed = client.post(f"/v1/namespaces/{full}", json=body | {"disable_backpressure": True})

    assert (refused.status_code, passed.status_code) == (429, 200)
    assert int(refused.headers["Retry-After"]) >= 1


def test_disable_backpressure_passes(shop: Workshop, presence: backlog.Presence, full: str):
    presence.keep()
    request = upsert(range(1_500, 1_510), vectors(10, 4), L2)

    shop.engine.write(full, replace(request, disable_backpressure=True))

    assert len(everything(shop, full)[0]) == 1_510


def test_deletions_are_never_refused(shop: Workshop, presence: backlog.Presence, full: str):
    presence.keep()

    shop.engine.write(full, Write(deletes=(1, 2)))

    assert len(everything(shop, full)[0]) == 1_498


def test_after_a_seal_writes_pass_again(
    shop: Workshop,
    engine: Engine,
    presence: backlog.Presence,
    full: str,
    monkeypatch: pytest.MonkeyPatch,
):
    presence.keep()
    with pytest.raises(TooManyRequests):
        engine.write(full, upsert([1_500], vectors(1, 4), L2))
    # a tail beyond its bound may be growing still: after a while it is seen that it is not
    held = shop.sealer.work(full)
    monkeypatch.setattr(sealing, "CALM", 0.0)
    sealed = shop.sealer.work(full)

    engine.write(full, upsert([1_500], vectors(1, 4), L2))

    assert (held, sealed) == (Outcome.HELD_UP, Outcome.SEALED)

    assert len(everything(shop, full)[0]) == 1_501


def test_documents_written_again_and_again_are_no_backlog(
    shop: Workshop, connection: Connection, presence: backlog.Presence, namespace: str
):
    """2,500 numbers were drawn, but only 50 documents wait."""
    write(shop, namespace, range(50))
    set_settings(connection, namespace, '{"max_unindexed": 1000}')

    presence.keep()

    for turn in range(50):
        write(shop, namespace, range(50), turn)

    assert everything(shop, namespace)[0] == list(range(50))


def test_a_namespace_without_a_metric_is_never_refused(
    shop: Workshop, connection: Connection, presence: backlog.Presence, namespace: str
):
    presence.keep()
    shop.engine.write(namespace, upsert(range(1_500), vectors(1_500, 4), None))
    set_settings(connection, namespace, '{"max_unindexed": 1000}')

    shop.engine.write(namespace, upsert(range(1_500, 1_510), vectors(10, 4), None))

    assert shop.engine.describe(namespace).size == 1_510


# --- the indexer's two threads ------------------------------------------------------------------


def test_turns_of_both_threads_end_with_few_segments_and_nothing_to_do(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str, monkeypatch: Any
):
    monkeypatch.setattr("service.engine.watching.QUIET", 0.0)
    sealing = Sealing(shop.database, shop.sealer)
    tending = Tending(shop.database, shop.tender)
    for part in range(6):
        write(shop, namespace, range(120 * part, 120 * part + 120), part)
        for _ in range(30):
            sealing.turn()
            tending.turn()
            if sum(one.rows for one in shop.listed(namespace)) == 120 * part + 120:
                break
            time.sleep(0.1)
    for _ in range(30):
        tending.turn()
        if len(shop.listed(namespace)) <= 2:
            break
        time.sleep(0.1)

    assert sum(one.rows for one in shop.listed(namespace)) == 720
    assert len(shop.listed(namespace)) <= 2
    assert everything(shop, namespace) == (list(range(720)),) * 2
