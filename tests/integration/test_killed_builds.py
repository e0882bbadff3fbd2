"""Builds that end half-way, wherever that is: right answers, nothing half made, and the next turn
makes what is missing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

from service.config import SETTINGS as VARIABLES
from service.config import Config
from service.core.errors import ServiceError
from service.core.index_settings import IndexSettings
from service.core.segments import START
from service.core.vectors import Metric
from service.engine import Engine
from service.processes import wait_until
from service.storage import backlog, samples
from service.storage.faults import Stale
from tests.integration.segment_tools import (
    Connection,
    Numbers,
    Workshop,
    best,
    ids,
    nearest,
    opened,
    own_database,
    segment_tables,
    upsert,
    value,
    vectors,
    workshop,
)

ROOT = Path(__file__).parent.parent.parent
METRIC = Metric.EUCLIDEAN_SQUARED
ROWS, DIMENSIONS = 3_600, 16
# slow enough that a build is met at every stage
SLOW = IndexSettings(seal_rows=100, m=24, ef_construction=200)
POINTS = 12
PATIENCE = 30.0


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
    with workshop(config, SLOW) as opened:
        yield opened


def fill(shop: Workshop, namespace: str, pieces: int = 1) -> Numbers:
    """Documents in so many segments; the last piece is the tail."""
    numbers = vectors(ROWS, DIMENSIONS)
    step = ROWS // pieces
    for start in range(0, ROWS, step):
        if start:
            assert shop.seal(namespace)
        part = range(start, start + step)
        shop.engine.write(namespace, upsert(part, numbers[part], METRIC))
    return numbers


def check_answers(shop: Workshop, namespace: str, numbers: Numbers) -> None:
    """Exact ones to the last document, planned ones to what an index may miss."""
    query = vectors(1, DIMENSIONS, seed=9)[0]
    truth = best(query, numbers, METRIC, 20)
    assert ids(shop.exact(namespace, nearest(query, 20)).result.hits) == truth
    assert sorted(ids(shop.covered(namespace, nearest(query, ROWS)).result.hits)) == list(
        range(ROWS)
    )
    found = ids(shop.engine.query(namespace, nearest(query, 20)).hits)
    assert len(found) == 20
    assert len({*found} & {*truth}) >= 16


def unlisted(connection: Connection, namespace: str) -> set[str]:
    """Tables of the namespace that stand in no list."""
    listed = connection.execute(
        "SELECT table_name FROM vectable_segments.segments"
        " UNION ALL SELECT table_name FROM vectable_segments.samples"
    ).fetchall()
    return segment_tables(connection, namespace) - {str(table) for (table,) in listed}


def builders(connection: Connection, shop: Workshop, namespace: str) -> list[int]:
    key = value(connection, "SELECT id FROM vectable_catalog.namespaces WHERE name = %s", namespace)
    rows = connection.execute(
        "SELECT pid FROM pg_stat_activity WHERE application_name = %s"
        " AND datname = current_database() AND state <> 'idle'",
        (f"vectable build {key}",),
    )
    return [int(pid) for (pid,) in rows]


def attempt(build: Callable[[], object]) -> list[BaseException]:
    """What went wrong with a build; empty when it came to its end."""
    try:
        build()
    except (ServiceError, Stale, psycopg.Error) as fault:
        return [fault]
    return []


def killed_at(
    connection: Connection, shop: Workshop, namespace: str, delay: float, build: Callable[[], Any]
) -> list[BaseException]:
    """A build in another thread, whose backend is ended so long after it was first seen."""
    outcome: list[list[BaseException]] = []
    thread = Thread(target=lambda: outcome.append(attempt(build)), daemon=True)
    thread.start()
    wait_until(
        lambda: not thread.is_alive() or bool(builders(connection, shop, namespace)), PATIENCE
    )
    time.sleep(delay)
    for pid in builders(connection, shop, namespace):
        connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
    thread.join(PATIENCE)
    assert not thread.is_alive()
    return outcome[0]


def duration(build: Callable[[], object]) -> float:
    began = time.monotonic()
    build()
    return time.monotonic() - began


def test_a_seal_that_is_killed_anywhere_leaves_nothing(
    shop: Workshop, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace)
    whole = duration(lambda: shop.seal(namespace))
    shop.engine.drop_indexes(namespace)
    dice, killed = Random(1), 0
    for point in range(POINTS):
        delay = whole * (point + dice.random()) / POINTS * 0.8
        before = segment_tables(connection, namespace)

        faults = killed_at(connection, shop, namespace, delay, lambda: shop.sealer.work(namespace))

        if faults:
            killed += 1
            assert segment_tables(connection, namespace) == before
            assert shop.listed(namespace) == ()
        else:
            assert [one.rows for one in shop.listed(namespace)] == [ROWS]
            shop.engine.drop_indexes(namespace)
        assert unlisted(connection, namespace) == set()
        check_answers(shop, namespace, numbers)

    assert killed >= POINTS // 2
    assert shop.seal(namespace)
    (made,) = shop.listed(namespace)
    assert (made.low, made.high, made.rows) == (START, made.high, ROWS)
    check_answers(shop, namespace, numbers)


def test_a_merge_that_is_killed_anywhere_leaves_the_segments_before_it(
    shop: Workshop, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace, 3)
    assert shop.seal(namespace)
    before = shop.tables(namespace)
    dice, killed = Random(2), 0
    for _ in range(POINTS // 2):
        faults = killed_at(
            connection, shop, namespace, dice.random() * 0.4, lambda: shop.merge(namespace)
        )

        if not faults:
            break
        killed += 1
        assert shop.tables(namespace) == before
        assert unlisted(connection, namespace) == set()
        check_answers(shop, namespace, numbers)

    assert killed >= 1
    shop.settle(namespace)
    (made,) = shop.listed(namespace)
    assert made.rows == ROWS
    assert made.table not in before
    check_answers(shop, namespace, numbers)


def test_a_build_whose_reading_connection_is_killed_leaves_nothing(
    shop: Workshop, connection: Connection, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    numbers = fill(shop, namespace)
    pipe = "service.storage.pool.Session.pipe"

    def cut(reader: Any, *_: Any) -> int:
        connection.execute("SELECT pg_terminate_backend(%s)", (reader.connection.info.backend_pid,))
        reader.connection.execute("SELECT 1")
        raise AssertionError("the connection was not cut")

    with monkeypatch.context() as patched:
        patched.setattr(pipe, cut)
        faults = attempt(lambda: shop.sealer.work(namespace))

    assert len(faults) == 1
    assert segment_tables(connection, namespace) == set()
    check_answers(shop, namespace, numbers)
    assert shop.seal(namespace)
    check_answers(shop, namespace, numbers)


@pytest.mark.parametrize("where", ["fill", "index", "claim", "record"])
def test_a_fault_at_each_step_of_a_build_leaves_nothing(
    shop: Workshop,
    connection: Connection,
    namespace: str,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
):
    numbers = fill(shop, namespace)
    module = "building" if where in ("fill", "index") else "segments"

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"service.storage.{module}.{where}", broken)
        with pytest.raises(KeyboardInterrupt):
            shop.sealer.work(namespace)

    assert segment_tables(connection, namespace) == set()
    check_answers(shop, namespace, numbers)
    assert shop.seal(namespace)
    assert unlisted(connection, namespace) == set()


def test_a_sample_that_is_killed_leaves_nothing(
    shop: Workshop, connection: Connection, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    fill(shop, namespace)
    assert shop.seal(namespace)
    before = segment_tables(connection, namespace)
    draw = samples.draw

    def cut(session: Any, *more: Any) -> None:
        draw(session, *more)
        connection.execute(
            "SELECT pg_terminate_backend(%s)", (session.connection.info.backend_pid,)
        )

    with monkeypatch.context() as patched:
        patched.setattr(samples, "draw", cut)
        faults = attempt(lambda: shop.tender.work(namespace, 1, quiet=True))

    assert len(faults) == 1
    assert segment_tables(connection, namespace) == before
    shop.settle(namespace)
    assert len(segment_tables(connection, namespace)) == len(before) + 1
    assert unlisted(connection, namespace) == set()


# --- a process ----------------------------------------------------------------------------------


@contextmanager
def worker(url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A real ``vectable worker``, killed when it is left."""
    ours = {setting.variable for setting in VARIABLES}
    inherited = {name: text for name, text in os.environ.items() if name not in ours}
    environment = {"PYTHONPATH": str(ROOT), "DATABASE_URL": url, "VECTABLE_SEAL_ROWS": "100"}
    with subprocess.Popen(
        [sys.executable, "-m", "service", "worker"],
        env=inherited | environment,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_a_worker_killed_while_it_builds_leaves_right_answers_and_the_next_one_goes_on(
    shop: Workshop, config: Config, database_url: str, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace)
    # the worker of its own settings builds as slowly
    connection.execute(
        "UPDATE vectable_catalog.namespaces SET settings = %s WHERE name = %s",
        ('{"m": 24, "ef_construction": 200}', namespace),
    )
    dice, caught = Random(3), 0
    for _ in range(3):
        with worker(database_url) as process:
            assert wait_until(
                lambda: bool(builders(connection, shop, namespace) or shop.listed(namespace)),
                PATIENCE,
            )
            time.sleep(dice.random() * 0.2)
            caught += bool(builders(connection, shop, namespace))
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)
        # the server notices when it next writes to the dead connection
        assert wait_until(lambda: not builders(connection, shop, namespace), PATIENCE)
        assert unlisted(connection, namespace) == set()
        check_answers(shop, namespace, numbers)
        shop.engine.drop_indexes(namespace)

    with worker(database_url) as process:
        assert wait_until(lambda: bool(shop.listed(namespace)), PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert caught >= 1
    assert sum(one.rows for one in shop.listed(namespace)) == ROWS
    check_answers(shop, namespace, numbers)


def test_a_killed_worker_is_no_sign_of_life(
    shop: Workshop, database_url: str, connection: Connection
):
    def lives() -> bool:
        with shop.database.session() as session:
            return backlog.indexer_lives(session)

    with worker(database_url) as process:
        began = wait_until(lives, PATIENCE)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)

    assert began
    assert wait_until(lambda: not lives(), PATIENCE)


def test_searches_beside_builds_that_are_killed_are_all_right(
    shop: Workshop, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace, 2)
    query = vectors(1, DIMENSIONS, seed=5)[0]
    truth = best(query, numbers, METRIC, 10)
    stop, wrong, searches = Event(), [], []

    def search() -> None:
        while not stop.is_set():
            try:
                found = ids(shop.engine.query(namespace, nearest(query)).hits)
                searches.append(len({*found} & {*truth}))
                if len(found) != 10 or searches[-1] < 8:
                    wrong.append(found)
            except Exception as fault:  # noqa: BLE001
                wrong.append(fault)

    thread = Thread(target=search, daemon=True)
    thread.start()
    dice = Random(4)
    for _ in range(6):
        killed_at(connection, shop, namespace, dice.random() * 0.3, lambda: shop.settle(namespace))
        attempt(lambda: shop.engine.drop_indexes(namespace))
    stop.set()
    thread.join(PATIENCE)

    assert wrong == []
    assert searches
    assert unlisted(connection, namespace) == set()
