"""Many writers at once, in one process and in several: nothing is lost, torn or stale."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier
from typing import Any

import pytest
from psycopg.errors import DeadlockDetected

from service.config import Config
from service.core.attributes import AttributeColumn
from service.core.documents import Affected, Matching, Upsert, Write
from service.core.errors import InvalidRequest, NamespaceNotFound
from service.core.filters import Attribute, Equal, IdField
from service.core.index_settings import IndexSettings
from service.core.query import Nearest, Projection, Query
from service.core.vectors import Vector, VectorBatch
from service.engine import Engine
from service.engine.writing import Writer
from service.storage import catalog
from service.storage.faults import Busy
from service.storage.layouts import Layouts
from service.storage.pool import Database, open_database

Operation = Callable[[Engine, str], Any]
EVERYTHING = Query(limit=10_000, projection=Projection(None))


@contextmanager
def opened(config: Config, size: int) -> Iterator[Database]:
    url, schema = config.database_url or "", config.schema
    database = open_database(url, schema, connections=size, wait=20.0, statement_timeout=60.0)
    yield database
    database.close()


@pytest.fixture
def other(engine: Engine, config: Config) -> Iterator[Engine]:
    """What another process has: connections and a cache of its own."""
    with opened(config, 2) as database:
        yield Engine(database)


def write(ids: Any, dimensions: int = 0, **attributes: Any) -> Write:
    """Documents that all have the same attributes and, unless without, a vector of zeros."""
    ids = tuple(ids)
    columns = tuple(AttributeColumn(n, (v,) * len(ids)) for n, v in attributes.items())
    zeros = VectorBatch(dimensions, bytes(4 * dimensions * len(ids))) if dimensions else None
    return Write(upsert=Upsert(ids, columns, {"vector": zeros} if zeros else {}))


def documents(engine: Engine, namespace: str) -> dict[Any, Any]:
    return {hit.id: dict(hit.attributes) for hit in engine.query(namespace, EVERYTHING).hits}


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """What ``act`` returns, or raises, for 0 … count - 1, all started together."""
    start = Barrier(count)
    with ThreadPoolExecutor(count) as threads:
        futures = [threads.submit(lambda n: (start.wait(), act(n))[1], n) for n in range(count)]
    return [future.exception() or future.result() for future in futures]


@pytest.mark.parametrize("processes", [1, 16])
def test_sixteen_writers_make_one_new_namespace(
    engine: Engine, config: Config, namespace: str, processes: int
):
    with opened(config, 16) as database:
        engines = [Engine(database) for _ in range(processes)] * (16 // processes)
        outcomes = at_once(16, lambda n: engines[n].write(namespace, write([n, 100], 2)).upserted)

    assert outcomes == [Affected(2)] * 16
    assert set(documents(engine, namespace)) == {*range(16), 100}


def test_overlapping_batches_in_opposite_orders_do_not_deadlock(
    engine: Engine, config: Config, namespace: str
):
    ids = range(300)
    engine.write(namespace, write(ids, by=0))
    writer = Writer(Layouts(IndexSettings()))

    def attempt(request: Write) -> bool:
        # without the engine, which would try again and hide a deadlock
        try:
            with database.transaction() as session:
                writer.write(session, catalog.find(session, namespace), namespace, request)
        except Busy as error:
            if isinstance(error.__cause__, DeadlockDetected):
                raise
            return False
        return True

    def rewrite(number: int) -> int:
        request, turns = write(ids if number % 2 else reversed(ids), by=number), 0
        while turns < 5:
            turns += attempt(request)
        return number

    with opened(config, 4) as database:
        outcomes = at_once(4, rewrite)

    assert outcomes == list(range(4))
    assert len({document["by"] for document in documents(engine, namespace).values()}) == 1


def test_a_write_beside_a_drop_is_whole_or_gone(engine: Engine, other: Engine, namespace: str):
    def act(number: int) -> None:
        for batch in range(100 * number, 100 * number + 8):
            if number:
                ids = range(batch * 20, batch * 20 + 20)
                engine.write(namespace, write(ids, 2, batch=batch))
            else:
                with suppress(NamespaceNotFound):
                    other.delete(namespace)

    outcomes = at_once(4, act)
    engine.write(namespace, write([10**6], 2, batch=-1))

    batches = [document["batch"] for document in documents(engine, namespace).values()]
    assert outcomes == [None] * 4
    assert {batches.count(batch) for batch in batches if batch >= 0} <= {20}


def test_of_two_types_for_a_new_attribute_exactly_one_wins(
    engine: Engine, other: Engine, namespace: str
):
    engine.write(namespace, write([0]))
    other.schema(namespace)
    contestants, values = (engine, other), (1, "one")

    for turn in range(10):
        name = f"a{turn}"

        def act(number: int, name: str = name) -> Affected | None:
            request = write([number + 1], **{name: values[number]})
            return contestants[number].write(namespace, request).upserted

        outcomes = at_once(2, act)

        (winner,) = [number for number in (0, 1) if outcomes[number] == Affected(1)]
        assert isinstance(outcomes[1 - winner], InvalidRequest)
        assert f"'{name}'" in outcomes[1 - winner].message
        condition = Equal(Attribute(name), values[winner])
        assert [h.id for h in other.query(namespace, Query(filter=condition)).hits] == [winner + 1]


def test_a_write_is_seen_by_the_next_query_of_any_process(
    engine: Engine, other: Engine, namespace: str
):
    for turn in range(50):
        writer, reader = (engine, other) if turn % 2 else (other, engine)
        writer.write(namespace, write([turn], **{f"a{turn % 7}": turn}))

        condition = Equal(Attribute(f"a{turn % 7}"), turn)
        found = reader.query(namespace, Query(filter=condition)).hits
        assert [hit.id for hit in found] == [turn]
        assert reader.describe(namespace).size == turn + 1


@pytest.mark.parametrize("act", ["describe", "schema", "delete"])
def test_a_drop_is_seen_by_every_process(engine: Engine, other: Engine, namespace: str, act: str):
    engine.write(namespace, write([1], 2))
    other.query(namespace, Query())
    engine.delete(namespace)

    with pytest.raises(NamespaceNotFound):
        getattr(other, act)(namespace)
    with pytest.raises(NamespaceNotFound):
        other.query(namespace, Query())


def recreate(engine: Engine, other: Engine, namespace: str) -> None:
    """Leaves ``other`` with a namespace in its cache that was dropped and made anew."""
    engine.write(namespace, write([1, 2], 2, a=1))
    other.query(namespace, Query(Nearest(Vector(bytes(8)))))
    engine.delete(namespace)
    engine.write(namespace, write(["x", "y"], 3, a="one", b=True))


WITH_B = Matching(Equal(Attribute("b"), True))
# what another process does with the new namespace, and what comes of it
OPERATIONS: list[tuple[Operation, Any]] = [
    (lambda e, n: [h.id for h in e.query(n, Query(Nearest(Vector(bytes(12))))).hits], ["x", "y"]),
    (lambda e, n: [h.id for h in e.query(n, Query(filter=Equal(IdField(), "x"))).hits], ["x"]),
    (lambda e, n: [h.id for h in e.export(n, 0).hits], ["x", "y"]),
    (lambda e, n: e.describe(n).namespace.dimensions, 3),
    (lambda e, n: e.recall(n, 2, Query()).average, 1.0),
    (lambda e, n: e.write(n, write(["z"], 3, a="two")).upserted, Affected(1)),
    (lambda e, n: e.write(n, Write(deletes=("x",))).deleted, Affected(1)),
    (lambda e, n: e.write(n, Write(delete_where=WITH_B)).deleted, Affected(2)),
    (lambda e, n: e.copy(f"{n}-copy", n), 2),
]


@pytest.mark.parametrize(("operation", "outcome"), OPERATIONS)
def test_an_old_cache_never_makes_an_answer_wrong(
    engine: Engine, other: Engine, namespace: str, operation: Any, outcome: Any
):
    recreate(engine, other, namespace)

    assert operation(other, namespace) == outcome


# old ids, old dimensions, an old type
OLD = [write([1], 2), write(["z"], 2), write(["z"], 3, a=1), Write(deletes=(1,))]


@pytest.mark.parametrize("old", OLD)
def test_an_old_cache_never_makes_a_wrong_write(
    engine: Engine, other: Engine, namespace: str, old: Write
):
    recreate(engine, other, namespace)

    with pytest.raises(InvalidRequest):
        other.write(namespace, old)

    assert documents(engine, namespace) == {key: {"a": "one", "b": True} for key in "xy"}
