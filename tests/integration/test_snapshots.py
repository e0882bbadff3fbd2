"""Snapshots: whole, of one moment, recovered to the last bit, and never half made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any
from unittest.mock import patch
from uuid import UUID

import numpy as np
import psycopg
import pytest

from service.config import Config
from service.core.aliases import RemoveAlias, SetAlias
from service.core.attributes import AttributeColumn
from service.core.configuration import Configuration
from service.core.documents import SchemaUpdate, Upsert, VectorSpec, Write
from service.core.errors import (
    Closed,
    Conflict,
    Forbidden,
    InvalidRequest,
    NamespaceNotFound,
    TooLarge,
    TooManyRequests,
    Unavailable,
)
from service.core.evolution import Shape
from service.core.ids import IdType
from service.core.metadata import MetadataUpdate
from service.core.namespace import VectorColumn, short_identifier
from service.core.query import Nearest, Projection, Query
from service.core.snapshot_format import Reader, UnreadableSnapshot, Writer
from service.core.snapshots import Snapshot, SnapshotNotFound, name_at, snapshot_name
from service.core.vectors import Metric, Precision
from service.engine import Engine
from service.processes import wait_until
from service.storage.snapshots import loading
from tests.integration.segment_tools import Connection, batch, nearest, segment_tables, workshop
from tests.integration.snapshot_tools import KINDS, Keeping, documents, keeping, numbers, write

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30.0


@pytest.fixture(params=KINDS)
def kept(
    request: pytest.FixtureRequest, engine: Engine, config: Config, tmp_path: Path
) -> Iterator[Keeping]:
    with keeping(config, request.param, tmp_path / "snapshots") as keep:
        yield keep


@pytest.fixture
def kept_in_folder(engine: Engine, config: Config, tmp_path: Path) -> Iterator[Keeping]:
    with keeping(config, "directory", tmp_path / "snapshots") as keep:
        yield keep


def file(kept: Keeping, namespace: str, name: str) -> bytes:
    return b"".join(kept.snapshots.open(kept.snapshots.find(namespace, name)))


def stamped(ids: list[int], stamp: int, width: int) -> Write:
    return write(
        ids, np.full((len(ids), width), stamp % 100 + 1, np.float32), [{"n": stamp}] * len(ids)
    )


# --- round trips ---------------------------------------------------------------------------------

UUIDS = [UUID("f0e09527-b096-42a8-94e9-ea94d342b925"), UUID(int=2**64), UUID(int=2**128 - 1)]
PAYLOADS: list[Any] = [
    {},
    {"a": None, "b": [None, 1, "x", {"c": []}], "": "", "ß%s {}": {"deep": [1.5, -0.1, True]}},
    {"n": 2**63, "m": -(2**63), "f": 1e300, "s": 'tab\t"quoted" \\ \u2028 🎉'},
]


@pytest.mark.parametrize(
    ("ids", "id_type"),
    [
        ([3, 1, 2], IdType.BIGINT),
        ([2**64 - 1, 5, 2**63], IdType.NUMERIC),
        (UUIDS, IdType.UUID),
        (["c", "ä%s", "a\nb"], IdType.TEXT),
    ],
    ids=lambda case: getattr(case, "name", ""),
)
def test_a_recovered_namespace_has_every_document_in_write_order(
    kept: Keeping, engine: Engine, namespace: str, ids: list[Any], id_type: IdType
):
    engine.write(namespace, write(ids, numbers(3), PAYLOADS, missing=[1]))
    before, known = documents(engine, namespace), engine.schema(namespace)

    made = kept.snapshots.create(namespace)
    engine.write(namespace, write(ids[:2], numbers(2, seed=9)))
    kept.snapshots.recover(namespace, made.name)

    after = engine.schema(namespace)
    assert documents(engine, namespace) == before
    assert [hit.id for hit in before] == ids
    assert [hit.attributes for hit in before] == PAYLOADS
    assert [hit.vectors["vector"] is None for hit in before] == [False, True, False]
    assert (after.id_type, after.vectors, after.attributes) == (
        id_type, known.vectors, known.attributes
    )  # fmt: skip


def test_integers_among_uuids_come_back_as_integers(kept: Keeping, engine: Engine, namespace: str):
    engine.write(namespace, write([7, 2**64 - 1], numbers(2)))
    engine.write(namespace, write(UUIDS, numbers(3)))

    made = kept.snapshots.create(namespace)
    kept.snapshots.recover(f"{namespace}-new", made.name)

    assert engine.schema(f"{namespace}-new").id_type is IdType.MIXED
    assert documents(engine, f"{namespace}-new") == documents(engine, namespace)
    assert {hit.id for hit in documents(engine, f"{namespace}-new")} == {7, 2**64 - 1, *UUIDS}


def test_several_vector_columns_come_back_in_their_precision(
    kept: Keeping, engine: Engine, namespace: str
):
    half, long_name = numbers(4, 3, seed=1).astype(np.float16).astype(np.float32), "i" * 100
    held = {
        "vector": batch(numbers(4, 5), [0]),
        "50%": batch(half, [1, 2]),
        long_name: batch(numbers(4, 1, seed=2)),
    }
    schema = SchemaUpdate(
        vectors={
            "50%": VectorSpec(3, Precision.HALF, Metric.DOT),
            long_name: VectorSpec(1, metric=Metric.MANHATTAN),
        }
    )
    columns = (AttributeColumn("title", ("Dune", None, "Momo", "Emil")),)
    upsert = Upsert((1, 2, 3, 4), columns, held)
    engine.write(namespace, Write(upsert=upsert, schema=schema, metric=Metric.COSINE))

    made = kept.snapshots.create(namespace)
    kept.snapshots.recover(f"{namespace}-new", made.name)

    known, new = engine.schema(namespace), engine.schema(f"{namespace}-new")
    assert documents(engine, f"{namespace}-new") == documents(engine, namespace)
    assert (new.vectors, new.attributes) == (known.vectors, known.attributes)
    assert {(c.precision, c.metric) for c in new.vectors} == {
        (Precision.SINGLE, Metric.COSINE),
        (Precision.HALF, Metric.DOT),
        (Precision.SINGLE, Metric.MANHATTAN),
    }


@pytest.mark.parametrize("vectors", [(), (VectorColumn("vector", 3, Metric.DOT),)])
def test_an_empty_namespace_comes_back_empty(
    kept: Keeping, engine: Engine, namespace: str, vectors: tuple[VectorColumn, ...]
):
    engine.create(namespace, Shape(IdType.TEXT, vectors, {}), Configuration())

    made = kept.snapshots.create(namespace)
    kept.snapshots.recover(f"{namespace}-new", made.name)

    new = engine.schema(f"{namespace}-new")
    assert documents(engine, f"{namespace}-new") == []
    assert (new.id_type, new.vectors) == (IdType.TEXT, vectors)


def test_documents_larger_than_a_frame_come_back(kept: Keeping, engine: Engine, namespace: str):
    text = "".join(Random(3).choices("abcdefgh", k=5_000_000)) * 4
    engine.write(namespace, write([1, 2], None, [{"text": text}, {"n": 1}]))

    made = kept.snapshots.create(namespace)
    kept.snapshots.recover(f"{namespace}-new", made.name)

    assert documents(engine, f"{namespace}-new") == documents(engine, namespace)


def test_a_recovered_namespace_answers_exact_queries_as_before(
    kept: Keeping, engine: Engine, config: Config, namespace: str
):
    held = numbers(1500, 16)
    # equal distances are told apart by ids alone
    held[700:760] = held[0]
    engine.write(namespace, write(list(range(1500)), held))
    made = kept.snapshots.create(namespace)
    kept.snapshots.recover(f"{namespace}-new", made.name)

    with workshop(config) as shop:
        for at, asked in enumerate([*numbers(1000, 16, seed=5), held[0]]):
            metric = list(Metric)[at % len(Metric)]
            query = Query(nearest(asked, 20, metric=metric).ranking, limit=20)
            old = shop.exact(namespace, query).result.hits
            new = shop.exact(f"{namespace}-new", query).result.hits
            assert [(h.id, h.distance) for h in new] == [(h.id, h.distance) for h in old]
            assert len(new) == 20


def test_settings_and_indexes_come_back(
    kept: Keeping, engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write([1], numbers(1)))
    first = Configuration({"m": 24}, {"hnsw_config": {"m": 24}, "metadata": {"a": [1, None]}})
    engine.configure(namespace, first)
    key = engine.schema(namespace).id
    connection.execute(
        "INSERT INTO vectable_catalog.attribute_indexes VALUES (%s, 'number', 'n', now(), true)",
        (key,),
    )
    made = kept.snapshots.create(namespace)
    engine.configure(namespace, Configuration({"m": 8, "seal_rows": 500}, {"other": 1}))

    kept.snapshots.recover(namespace, made.name)
    kept.snapshots.recover(f"{namespace}-new", made.name)

    for name in (namespace, f"{namespace}-new"):
        known = engine.schema(name)
        assert known.settings == {"m": 24}
        assert known.config == first.config
        rows = connection.execute(
            "SELECT kind, attribute, ready FROM vectable_catalog.attribute_indexes"
            " WHERE namespace_id = %s",
            (known.id,),
        ).fetchall()
        assert rows == [("number", "n", False)]
    assert engine.schema(namespace).id == key


# --- recovering ----------------------------------------------------------------------------------


def relations(connection: Connection, namespace: str) -> set[str]:
    """Everything in the schema of documents whose name starts so, with a stand-in for the name."""
    start = short_identifier(namespace)
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'vectable'::regnamespace"
        " AND starts_with(relname, %s)"
        " UNION SELECT conname FROM pg_constraint WHERE contype IN ('p', 'c')"
        " AND connamespace = 'vectable'::regnamespace AND starts_with(conname, %s)",
        (start[:20], start[:20]),
    )
    return {str(name) for (name,) in rows}


@pytest.mark.parametrize(
    "name", ["{}", "{} #1 100% ä", "{}" + "n" * 200], ids=["plain", "odd", "long"]
)
def test_a_recovered_table_has_the_names_of_any_other(
    kept: Keeping, engine: Engine, connection: Connection, namespace: str, name: str
):
    name = name.format(namespace)
    engine.write(name, write([1, 2], numbers(2)))
    before = relations(connection, name)

    made = kept.snapshots.create(name)
    for _ in range(2):
        kept.snapshots.recover(name, made.name)

    assert relations(connection, name) == before
    assert len(before) >= 5
    engine.write(name, write([3], numbers(1)))
    assert [hit.id for hit in documents(engine, name)] == [1, 2, 3]
    engine.delete(name)
    assert relations(connection, name) == set()


def test_other_processes_see_the_recovered_documents_at_once(
    kept: Keeping, engine: Engine, namespace: str
):
    engine.write(namespace, write([1, 2], numbers(2)))
    made = kept.snapshots.create(namespace)
    engine.delete(namespace)
    engine.write(namespace, write(["a"], numbers(1, 7)))

    kept.snapshots.recover(namespace, made.name)

    found = engine.query(namespace, nearest(numbers(1)[0])).hits
    assert [hit.id for hit in found] == [1, 2]
    engine.write(namespace, write([5], numbers(1)))
    assert [hit.id for hit in documents(engine, namespace)] == [1, 2, 5]


def test_a_snapshot_outlives_its_namespace(kept: Keeping, engine: Engine, namespace: str):
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    engine.delete(namespace)

    assert kept.snapshots.list(namespace) == (made,)
    kept.snapshots.recover(namespace, made.name)

    assert [hit.id for hit in documents(engine, namespace)] == [1]


def test_segments_of_the_old_table_are_dropped_and_new_ones_are_built(
    kept: Keeping, config: Config, connection: Connection, namespace: str
):
    held = numbers(400, 8)
    with workshop(config) as shop:
        shop.engine.write(namespace, write(list(range(400)), held))
        assert shop.seal(namespace)
        made = kept.snapshots.create(namespace)
        old = segment_tables(connection, namespace)
        shop.engine.write(namespace, write(list(range(400)), held[::-1]))

        kept.snapshots.recover(namespace, made.name)

        assert old
        assert segment_tables(connection, namespace) == set()
        (best,) = shop.engine.query(namespace, nearest(held[5], 1)).hits
        assert best.id == 5
        assert shop.seal(namespace)
        (best,) = shop.walked(namespace, nearest(held[5], 1)).result.hits
        assert best.id == 5


def test_searches_go_on_while_a_namespace_is_recovered(
    kept: Keeping, engine: Engine, namespace: str
):
    engine.write(namespace, stamped(list(range(200)), 1, 4))
    made = kept.snapshots.create(namespace)
    engine.write(namespace, stamped(list(range(200)), 2, 4))
    # the hits carry the stamp of the state that they are of
    query = Query(
        Nearest(nearest(np.ones(4)).ranking.vector), limit=50, projection=Projection(("n",))
    )
    done, answers, during = Event(), [], []
    read = kept.store.read

    def slowly(snapshot: Any) -> Iterator[bytes]:
        yield from read(snapshot)
        count = len(answers)
        assert wait_until(lambda: len(answers) > count + 20, PATIENCE)
        during.append(len(answers) - count)

    def search() -> None:
        while not done.is_set():
            hits = engine.query(namespace, query).hits
            answers.append((len(hits), {hit.attributes["n"] for hit in hits}))

    with ThreadPoolExecutor(1) as pool, patch.object(kept.store, "read", slowly):
        searching = pool.submit(search)
        try:
            kept.snapshots.recover(namespace, made.name)
            after = len(answers)
            assert wait_until(lambda: len(answers) > after + 5, PATIENCE)
        finally:
            done.set()
        searching.result()

    assert during[0] > 20
    assert {count for count, _ in answers} == {50}
    states = [stamps for _, stamps in answers]
    switch = states.index({1})
    assert states == [{2}] * switch + [{1}] * (len(states) - switch)


def test_a_table_in_use_is_waited_for_and_the_load_is_not_repeated(
    kept: Keeping, engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    engine.write(namespace, write([2], numbers(1)))
    refused, loaded = Event(), []
    fill, put = loading.fill, loading.put_in_place

    def filling(*given: Any) -> int:
        loaded.append(fill(*given))
        return loaded[-1]

    def putting(*given: Any) -> Any:
        try:
            return put(*given)
        except BaseException:
            refused.set()
            raise

    connection.execute("BEGIN")
    connection.execute(f'SELECT count(*) FROM vectable."{namespace}"')
    with (
        patch.object(loading, "fill", filling),
        patch.object(loading, "put_in_place", putting),
        ThreadPoolExecutor(1) as pool,
    ):
        recovering = pool.submit(kept.snapshots.recover, namespace, made.name)
        assert refused.wait(PATIENCE)
        assert [hit.id for hit in documents(engine, namespace)] == [1, 2]
        connection.execute("COMMIT")
        recovering.result(PATIENCE)

    assert [hit.id for hit in documents(engine, namespace)] == [1]
    assert loaded == [1]


def test_a_table_that_is_never_free_is_left_as_it_is(
    kept: Keeping, engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    engine.write(namespace, write([2], numbers(1)))
    before = relations(connection, namespace)

    connection.execute("BEGIN")
    connection.execute(f'SELECT count(*) FROM vectable."{namespace}"')
    with (
        patch("service.engine.recovering.ATTEMPTS", 2),
        pytest.raises(Unavailable, match="in use all the time"),
    ):
        kept.snapshots.recover(namespace, made.name)
    connection.execute("COMMIT")

    assert [hit.id for hit in documents(engine, namespace)] == [1, 2]
    assert relations(connection, namespace) == before


def test_a_namespace_that_may_not_be_written_is_not_recovered(
    kept: Keeping, engine: Engine, namespace: str
):
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)

    engine.update_metadata(namespace, MetadataUpdate(read_only=True))
    with pytest.raises(Forbidden):
        kept.snapshots.recover(namespace, made.name)
    engine.update_metadata(namespace, MetadataUpdate(read_only=False))
    engine.configure(namespace, Configuration(closed=True))
    with pytest.raises(Closed):
        kept.snapshots.recover(namespace, made.name)
    with pytest.raises(Closed):
        kept.snapshots.create(namespace)


def test_a_table_that_a_view_depends_on_is_not_replaced(
    kept: Keeping, engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    engine.write(namespace, write([2], numbers(1)))
    view = f'public."{namespace}-view"'
    connection.execute(f'CREATE VIEW {view} AS SELECT id FROM vectable."{namespace}"')

    with pytest.raises(Conflict, match="cannot be replaced: view"):
        kept.snapshots.recover(namespace, made.name)
    assert [hit.id for hit in documents(engine, namespace)] == [1, 2]

    connection.execute(f"DROP VIEW {view}")
    kept.snapshots.recover(namespace, made.name)
    assert [hit.id for hit in documents(engine, namespace)] == [1]


# --- aliases -------------------------------------------------------------------------------------


def test_aliases_come_back_where_they_stand_for_nothing_else(
    kept: Keeping, engine: Engine, namespace: str
):
    other = f"{namespace}-other"
    gone, moved, newer, taken = (
        f"{namespace}-{part}" for part in ("gone", "moved", "newer", "taken")
    )
    for name in (namespace, other):
        engine.write(name, write([1], numbers(1)))
    engine.change_aliases([SetAlias(alias, namespace) for alias in (gone, moved, taken)])
    made = kept.snapshots.create(namespace)
    engine.change_aliases([RemoveAlias(gone), RemoveAlias(taken), SetAlias(moved, other)])
    engine.change_aliases([SetAlias(newer, namespace)])
    engine.write(taken, write([9], numbers(1)))

    kept.snapshots.recover(namespace, made.name)

    assert {one.alias for one in engine.aliases_of(namespace)} == {gone, newer}
    assert {one.alias for one in engine.aliases_of(other)} == {moved}
    assert [hit.id for hit in documents(engine, taken)] == [9]
    assert [hit.id for hit in documents(engine, gone)] == [1]


def test_a_namespace_of_another_name_does_not_get_the_aliases(
    kept: Keeping, engine: Engine, namespace: str
):
    engine.write(namespace, write([1], numbers(1)))
    engine.change_aliases([SetAlias(f"{namespace}-alias", namespace)])
    made = kept.snapshots.create(namespace)
    engine.change_aliases([RemoveAlias(f"{namespace}-alias")])

    kept.snapshots.recover(f"{namespace}-new", made.name)

    assert engine.aliases_of(f"{namespace}-new") == ()


def test_an_alias_stands_for_its_namespace(kept: Keeping, engine: Engine, namespace: str):
    alias = f"{namespace}-alias"
    engine.write(namespace, write([1], numbers(1)))
    engine.change_aliases([SetAlias(alias, namespace)])

    made = kept.snapshots.create(alias)
    engine.write(alias, write([2], numbers(1)))
    kept.snapshots.recover(alias, made.name)

    assert made.namespace == namespace
    assert kept.snapshots.list(alias) == kept.snapshots.list(namespace) == (made,)
    assert kept.snapshots.find(alias, made.name) == made
    assert [hit.id for hit in documents(engine, namespace)] == [1]
    assert [one.alias for one in engine.aliases_of(namespace)] == [alias]


# --- one moment ----------------------------------------------------------------------------------


ROWS, WIDTH, WRITERS = 3000, 256, 4


@dataclass
class Stamping:
    """Threads that write pairs of documents, both with the same stamp."""

    engine: Engine
    namespace: str
    done: Event = field(default_factory=Event)
    written: list[int] = field(default_factory=lambda: [0] * WRITERS)
    faults: list[Exception] = field(default_factory=list[Exception])

    @contextmanager
    def at_work(self) -> Iterator[None]:
        threads = [Thread(target=self.work, args=(number,)) for number in range(WRITERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.done.set()
            for thread in threads:
                thread.join(PATIENCE)
        assert self.faults == []

    def work(self, number: int) -> None:
        dice = Random(number)
        try:
            while not self.done.is_set():
                pair = 2 * dice.randrange(ROWS // 2)
                # now and then a pair goes, and comes back
                if dice.random() < 0.2:
                    self.engine.write(self.namespace, Write(deletes=(pair, pair + 1)))
                stamp = number * 10**6 + self.written[number]
                self.engine.write(self.namespace, stamped([pair, pair + 1], stamp, WIDTH))
                self.written[number] += 1
        except Exception as fault:  # noqa: BLE001  (looked at by the test)
            self.faults.append(fault)

    def more(self) -> bool:
        """Wait until others have written some more."""
        now = sum(self.written)
        return wait_until(lambda: sum(self.written) > now + 20, PATIENCE)


def test_a_snapshot_has_all_of_a_write_or_nothing(kept: Keeping, engine: Engine, namespace: str):
    engine.write(namespace, stamped(list(range(ROWS)), 0, WIDTH))
    stamping, put = Stamping(engine, namespace), kept.store.put

    def slowly(snapshot: Any, pieces: Iterator[bytes]) -> None:
        # writers are not held up, neither before the first rows nor between them
        put(snapshot, (piece for at, piece in enumerate(pieces) if at > 2 or stamping.more()))

    with stamping.at_work(), patch.object(kept.store, "put", slowly):
        made = [kept.snapshots.create(namespace) for _ in range(3)]

    seen = [stamps_of(kept, engine, f"{namespace}-new", one) for one in made]
    assert seen[0] != seen[1] != seen[2]


def stamps_of(kept: Keeping, engine: Engine, namespace: str, made: Snapshot) -> dict[Any, Any]:
    """The stamps in a snapshot, which are the same in each pair, and fit the vectors."""
    kept.snapshots.recover(namespace, made.name)
    found = documents(engine, namespace)
    stamps = {hit.id: hit.attributes["n"] for hit in found}
    assert ROWS - 2 * WRITERS <= len(stamps) <= ROWS
    assert all(stamps.get(at) == stamps.get(at ^ 1) for at in range(ROWS))
    for hit in found:
        expected = np.full(WIDTH, stamps[hit.id] % 100 + 1, "<f4").tobytes()
        assert hit.vectors["vector"].data == expected
    return stamps


def test_a_table_that_is_replaced_before_the_snapshot_is_seen_whole(
    kept: Keeping, engine: Engine, connection: Connection, namespace: str
):
    """The view of the database must not be older than the lock on the table."""
    engine.write(namespace, write([1], numbers(1)))
    older = kept.snapshots.create(namespace)
    engine.write(namespace, write([2, 3], numbers(2)))
    connection.execute("BEGIN")
    connection.execute(f'LOCK TABLE vectable."{namespace}" IN ACCESS EXCLUSIVE MODE')

    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(kept.snapshots.create, namespace)
        waiting = wait_until(lambda: waits_for(kept, "hold_table"), PATIENCE)
        # what a recovery does: another table under the name
        connection.execute(f'ALTER TABLE vectable."{namespace}" RENAME TO "{namespace}:gone"')
        connection.execute(
            f'CREATE TABLE vectable."{namespace}" AS SELECT * FROM vectable."{namespace}:gone"'
        )
        connection.execute("COMMIT")
        made = making.result(PATIENCE)

    assert waiting
    kept.snapshots.recover(f"{namespace}-new", made.name)
    assert [hit.id for hit in documents(engine, f"{namespace}-new")] == [1, 2, 3]
    kept.snapshots.recover(f"{namespace}-new", older.name)
    assert [hit.id for hit in documents(engine, f"{namespace}-new")] == [1]
    connection.execute(f'DROP TABLE vectable."{namespace}:gone" CASCADE')


def waits_for(kept: Keeping, statement: str) -> bool:
    """Whether a session waits for a lock in the statement of this name."""
    with kept.database.session() as session:
        rows = session.connection.execute(
            "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        ).fetchall()
    return any(str(query).startswith(f"-- {statement}:") for (query,) in rows)


# --- one at a time -------------------------------------------------------------------------------


class Held:
    """A store whose files take until they are told to go on."""

    def __init__(self, kept: Keeping) -> None:
        self.reached, self.go_on = Event(), Event()
        self._put = kept.store.put

    def put(self, snapshot: Any, pieces: Any) -> None:
        self.reached.set()
        assert self.go_on.wait(PATIENCE)
        self._put(snapshot, pieces)


def test_one_namespace_is_snapshot_or_recovered_once_at_a_time(
    kept: Keeping, engine: Engine, namespace: str
):
    other = f"{namespace}-other"
    for name in (namespace, other):
        engine.write(name, write([1], numbers(1)))
    known = kept.snapshots.create(namespace)
    held = Held(kept)
    with ThreadPoolExecutor(1) as pool:
        with patch.object(kept.store, "put", held.put):
            making = pool.submit(kept.snapshots.create, namespace)
            assert held.reached.wait(PATIENCE)
        try:
            operations: list[Callable[[], object]] = [
                lambda: kept.snapshots.create(namespace),
                lambda: kept.snapshots.recover(namespace, known.name),
                lambda: kept.snapshots.receive(namespace, [file(kept, namespace, known.name)]),
            ]
            for operation in operations:
                with pytest.raises(Conflict, match="is being made, received or recovered"):
                    operation()
            # what is being made is not listed, and not taken for something that was left
            assert kept.snapshots.list(namespace) == (known,)
            kept.snapshots.recover(f"{namespace}-new", known.name)
            kept.snapshots.create(other)
            engine.write(namespace, write([2], numbers(1)))
        finally:
            held.go_on.set()
        made = making.result(PATIENCE)

    assert kept.snapshots.list(namespace) == (known, made)
    kept.snapshots.recover(namespace, made.name)
    assert [hit.id for hit in documents(engine, namespace)] == [1]


def test_a_process_makes_few_snapshots_at_a_time(kept: Keeping, engine: Engine, namespace: str):
    names = [f"{namespace}-{number}" for number in range(3)]
    for name in names:
        engine.write(name, write([1], numbers(1)))
    held = Held(kept)
    with ThreadPoolExecutor(2) as pool, patch.object(kept.store, "put", held.put):
        making = [pool.submit(kept.snapshots.create, name) for name in names[:2]]
        try:
            assert held.reached.wait(PATIENCE)
            assert wait_until(lambda: kept.snapshots._free._value == 0, PATIENCE)
            with pytest.raises(TooManyRequests):
                kept.snapshots.create(names[2])
        finally:
            held.go_on.set()
        assert [job.result(PATIENCE).namespace for job in making] == names[:2]
        kept.snapshots.create(names[2])


# --- names and lists -----------------------------------------------------------------------------


def test_snapshots_are_named_by_their_second_and_listed_in_order(
    kept: Keeping, engine: Engine, namespace: str
):
    name = f"{namespace} #1 100%"
    engine.write(name, write([1], numbers(1)))
    began = datetime.now(UTC) - timedelta(seconds=1)

    made = [kept.snapshots.create(name) for _ in range(4)]

    assert kept.snapshots.list(name) == tuple(made)
    assert len({one.name for one in made}) == 4
    for one in made:
        data = file(kept, name, one.name)
        assert one.name.startswith(f"{name}-{one.created_at:%Y-%m-%d-%H-%M-%S}")
        assert one.name.endswith(".snapshot")
        assert began <= one.created_at <= datetime.now(UTC)
        assert (len(data), Reader([data]).header[:1]) == (one.size, b"{")


def test_names_of_one_second_are_told_apart():
    moment = datetime(2026, 11, 21, 10, 0, 9, tzinfo=UTC)

    assert snapshot_name("c", moment) == "c-2026-11-21-10-00-09.snapshot"
    assert snapshot_name("c", moment, 1) == "c-2026-11-21-10-00-09-2.snapshot"


def test_a_snapshot_is_found_under_its_own_namespace_alone(
    kept: Keeping, engine: Engine, namespace: str
):
    other = f"{namespace}-other"
    for name in (namespace, other):
        engine.write(name, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)

    assert kept.snapshots.find(namespace, made.name) == made
    assert kept.snapshots.list(other) == ()
    for name, snapshot in [(other, made.name), (namespace, "recover"), (namespace, "x.snapshot")]:
        with pytest.raises(SnapshotNotFound):
            kept.snapshots.find(name, snapshot)
        with pytest.raises(SnapshotNotFound):
            kept.snapshots.delete(name, snapshot)


def test_a_namespace_that_never_was_has_no_snapshots(kept: Keeping, namespace: str):
    with pytest.raises(NamespaceNotFound):
        kept.snapshots.list(namespace)
    with pytest.raises(NamespaceNotFound):
        kept.snapshots.create(namespace)
    assert kept.left(namespace) == (0, 0, [])


def test_a_deleted_snapshot_leaves_nothing(kept: Keeping, engine: Engine, namespace: str):
    engine.write(namespace, write([1], numbers(1)))
    made, other = kept.snapshots.create(namespace), kept.snapshots.create(namespace)
    pieces = kept.snapshots.open(made)

    kept.snapshots.delete(namespace, made.name)

    assert kept.snapshots.list(namespace) == (other,)
    for operation in (kept.snapshots.find, kept.snapshots.delete, kept.snapshots.recover):
        with pytest.raises(SnapshotNotFound):
            operation(namespace, made.name)
    with pytest.raises(SnapshotNotFound):
        next(pieces)
    kept.snapshots.delete(namespace, other.name)
    assert kept.left(namespace) == (0, 0, [])


def test_a_file_that_somebody_took_away_is_not_listed(
    kept_in_folder: Keeping, engine: Engine, namespace: str
):
    kept = kept_in_folder
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    (kept.folder / made.name).unlink()

    assert kept.snapshots.list(namespace) == ()
    with pytest.raises(SnapshotNotFound):
        kept.snapshots.recover(namespace, made.name)


# --- only what was made --------------------------------------------------------------------------

LOCATIONS = [
    ("file:///srv/snapshots/c-1.snapshot", "c-1.snapshot"),
    ("file://localhost/srv/snapshots/c-1.snapshot", "c-1.snapshot"),
    ("file:///srv/snapshots/demo%20rest%20%231-x.snapshot", "demo rest #1-x.snapshot"),
    ("file:///srv/snapshots/demo rest #1-x.snapshot", "demo rest #1-x.snapshot"),
    ("file:///srv/snapshots/100%25.snapshot", "100%.snapshot"),
]
REFUSED = [
    "",
    "c-1.snapshot",
    "/srv/snapshots/c-1.snapshot",
    "http://example.com/srv/snapshots/c-1.snapshot",
    "https:///srv/snapshots/c-1.snapshot",
    "file://example.com/srv/snapshots/c-1.snapshot",
    "file:///srv/snapshots/",
    "file:///srv/snapshots/../c-1.snapshot",
    "file:///srv/snapshots/../snapshots/c-1.snapshot",
    "file:///srv/snapshots/%2e%2e/%2e%2e/etc/passwd",
    "file:///srv/snapshots//c-1.snapshot",
    "file:///srv/snapshots/sub/c-1.snapshot",
    "file:///srv/other/c-1.snapshot",
    "file:///c-1.snapshot",
    "file:///srv/snapshots/c-1.snapshot?x",
    "file://[/srv/snapshots/c-1.snapshot",
]


@pytest.mark.parametrize(("location", "name"), LOCATIONS)
def test_a_location_in_the_folder_gives_a_name(location: str, name: str):
    assert name_at(location, "/srv/snapshots") == name


@pytest.mark.parametrize("location", REFUSED)
def test_a_location_anywhere_else_is_refused(location: str):
    with pytest.raises(InvalidRequest, match="not one of a snapshot that this server keeps"):
        name_at(location, "/srv/snapshots")


def test_a_namespace_is_recovered_from_a_location(kept: Keeping, engine: Engine, namespace: str):
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    folder = kept.store.folder.rstrip("/")
    engine.write(namespace, write([2], numbers(1)))

    kept.snapshots.recover_from(namespace, f"file://{folder}/{made.name}", made.checksum)

    assert [hit.id for hit in documents(engine, namespace)] == [1]
    for name in ("passwd", "..", made.name + "x"):
        with pytest.raises((SnapshotNotFound, InvalidRequest)):
            kept.snapshots.recover_from(namespace, f"file://{folder}/{name}")
    with pytest.raises(InvalidRequest):
        kept.snapshots.recover_from(namespace, f"file:///etc/{made.name}")


def test_a_symbolic_link_is_not_followed(
    kept_in_folder: Keeping, engine: Engine, namespace: str, tmp_path: Path
):
    kept = kept_in_folder
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    moved = (kept.folder / made.name).rename(tmp_path / "moved")
    (kept.folder / made.name).symlink_to(moved)

    assert kept.snapshots.list(namespace) == ()
    with pytest.raises(SnapshotNotFound):
        kept.snapshots.recover(namespace, made.name)
    with pytest.raises(SnapshotNotFound):
        b"".join(kept.store.read(made))


def test_files_are_for_this_account_alone_and_their_names_fit(
    kept_in_folder: Keeping, engine: Engine, namespace: str
):
    kept, name = kept_in_folder, namespace + "ä" * 200
    engine.write(name, write([1], numbers(1)))

    made = kept.snapshots.create(name)

    (path,) = kept.folder.iterdir()
    assert len(path.name.encode()) <= 200
    assert path.stat().st_mode & 0o777 == 0o600
    assert kept.folder.stat().st_mode & 0o777 == 0o700
    kept.snapshots.recover(name, made.name)
    kept.snapshots.delete(name, made.name)
    assert kept.left(name) == (0, 0, [])


# --- damage --------------------------------------------------------------------------------------


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut off": lambda data: data[:-1],
    "half": lambda data: data[: len(data) // 2],
    "empty": lambda _: b"",
    "a byte of the header": lambda data: changed(data, 40),
    "a byte in the middle": lambda data: changed(data, len(data) // 2),
    "a byte of the end": lambda data: changed(data, len(data) - 3),
    "something behind": lambda data: data + b"x",
    "another version": lambda data: data[:8] + (9).to_bytes(4, "big") + data[12:],
    "another file": lambda data: b"PK" + data[2:],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_changes_nothing(
    kept: Keeping,
    engine: Engine,
    connection: Connection,
    namespace: str,
    damage: Callable[[bytes], bytes],
):
    engine.write(namespace, write(list(range(500)), numbers(500)))
    made = kept.snapshots.create(namespace)
    engine.write(namespace, write([1000], numbers(1)))
    before, names = documents(engine, namespace), relations(connection, namespace)
    kept.write_file(made.name, damage(file(kept, namespace, made.name)))

    with pytest.raises(UnreadableSnapshot):
        kept.snapshots.recover(namespace, made.name)
    with pytest.raises(UnreadableSnapshot):
        kept.snapshots.recover(f"{namespace}-new", made.name)

    assert documents(engine, namespace) == before
    assert relations(connection, namespace) == names


def test_another_whole_snapshot_in_its_place_is_noticed(
    kept: Keeping, engine: Engine, namespace: str
):
    engine.write(namespace, write([1], numbers(1)))
    one = kept.snapshots.create(namespace)
    engine.write(namespace, write([2], numbers(1)))
    other = kept.snapshots.create(namespace)
    kept.write_file(one.name, file(kept, namespace, other.name))

    with pytest.raises(UnreadableSnapshot, match="not the one that was made"):
        kept.snapshots.recover(namespace, one.name)


ULID = (
    b'{"namespace":"x","id_type":"ulid","vectors":[],"attributes":{},"settings":{},'
    b'"config":{},"aliases":[],"indexes":[]}'
)


@pytest.mark.parametrize(
    "header",
    [
        b"not json", b"[]", b"null", b'{"namespace": "x"}',
        ULID,
    ],
)  # fmt: skip
def test_a_header_that_makes_no_sense_is_refused(kept: Keeping, namespace: str, header: bytes):
    writer = Writer()
    data = [writer.header(header), writer.block(b""), writer.trailer(0)]

    with pytest.raises(UnreadableSnapshot, match="header of the snapshot"):
        kept.snapshots.receive(namespace, data)
    assert kept.left(namespace) == (0, 0, [])


@pytest.mark.parametrize("rows", [b"", b"no rows", b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\2\0\0"])
def test_rows_that_make_no_sense_are_refused(
    kept: Keeping, engine: Engine, connection: Connection, namespace: str, rows: bytes
):
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    reader, writer = Reader([file(kept, namespace, made.name)]), Writer()
    data = [writer.header(reader.header), writer.block(rows), writer.trailer(0)]
    names = relations(connection, namespace)

    received = kept.snapshots.receive(namespace, data)
    with pytest.raises(InvalidRequest):
        kept.snapshots.recover(namespace, received.name)

    assert [hit.id for hit in documents(engine, namespace)] == [1]
    assert relations(connection, namespace) == names


def test_a_wrong_number_of_documents_is_noticed(kept: Keeping, engine: Engine, namespace: str):
    engine.write(namespace, write([1, 2], numbers(2)))
    made = kept.snapshots.create(namespace)
    reader, writer = Reader([file(kept, namespace, made.name)]), Writer()
    blocks = [writer.header(reader.header), *map(writer.block, reader.rows()), writer.trailer(3)]

    received = kept.snapshots.receive(namespace, blocks)
    with pytest.raises(UnreadableSnapshot, match="says that it has 3 documents, it has 2"):
        kept.snapshots.recover(namespace, received.name)


def test_a_checksum_must_be_that_of_the_file(kept: Keeping, engine: Engine, namespace: str):
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    engine.write(namespace, write([2], numbers(1)))

    for wrong in ("0" * 64, "", made.checksum[:-1], "sha256"):
        with pytest.raises(InvalidRequest, match="checksum"):
            kept.snapshots.recover(namespace, made.name, wrong)
    assert [hit.id for hit in documents(engine, namespace)] == [1, 2]
    kept.snapshots.recover(namespace, made.name, made.checksum.upper())
    assert [hit.id for hit in documents(engine, namespace)] == [1]


# --- files from elsewhere ------------------------------------------------------------------------


def test_a_file_from_elsewhere_is_kept_and_recovered(
    kept: Keeping, engine: Engine, config: Config, namespace: str, tmp_path: Path
):
    engine.write(namespace, write([1, 2], numbers(2)))
    made = kept.snapshots.create(namespace)
    data = file(kept, namespace, made.name)
    other = {"directory": "database", "database": "directory"}[kept.store.kind]

    with keeping(config, other, tmp_path / "others") as elsewhere:
        pieces = (data[start : start + 100] for start in range(0, len(data), 100))
        received = elsewhere.snapshots.receive(f"{namespace}-new", pieces, made.checksum)
        elsewhere.snapshots.recover(f"{namespace}-new", received.name)

        assert elsewhere.snapshots.list(f"{namespace}-new") == (received,)
    assert (received.size, received.checksum) == (made.size, made.checksum)
    assert documents(engine, f"{namespace}-new") == documents(engine, namespace)


def test_a_file_from_elsewhere_is_kept_only_if_it_is_right(
    kept: Keeping, engine: Engine, namespace: str
):
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    data = file(kept, namespace, made.name)
    before = kept.left(namespace)

    for damage in DAMAGE.values():
        with pytest.raises(UnreadableSnapshot):
            kept.snapshots.receive(namespace, [damage(data)])
    with pytest.raises(InvalidRequest, match="checksum"):
        kept.snapshots.receive(namespace, [data], "0" * 64)
    kept.snapshots._max_bytes = len(data) - 1
    with pytest.raises(TooLarge):
        kept.snapshots.receive(namespace, [data])

    assert kept.snapshots.list(namespace) == (made,)
    assert kept.left(namespace) == before


# --- interruptions -------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_fault_while_a_snapshot_is_made_leaves_nothing(
    kept: Keeping, engine: Engine, namespace: str, after: int
):
    engine.write(namespace, write(list(range(3000)), numbers(3000, 256)))
    put = kept.store.put

    def broken(snapshot: Any, pieces: Iterator[bytes]) -> None:
        def some() -> Iterator[bytes]:
            for number, piece in enumerate(pieces):
                if number == after:
                    raise KeyboardInterrupt
                yield piece

        put(snapshot, some())

    with patch.object(kept.store, "put", broken), pytest.raises(KeyboardInterrupt):
        kept.snapshots.create(namespace)

    assert kept.left(namespace) == (0, 0, [])
    made = kept.snapshots.create(namespace)
    assert kept.snapshots.list(namespace) == (made,)


@pytest.mark.parametrize("step", ["build", "fill", "put_in_place", "rename", "want_indexes"])
def test_a_fault_while_a_namespace_is_recovered_changes_nothing(
    kept: Keeping, engine: Engine, connection: Connection, namespace: str, step: str
):
    engine.write(namespace, write([1], numbers(1)))
    made = kept.snapshots.create(namespace)
    engine.write(namespace, write([2], numbers(1)))
    names = relations(connection, namespace)

    with (
        patch.object(loading, step, side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        kept.snapshots.recover(namespace, made.name)

    assert [hit.id for hit in documents(engine, namespace)] == [1, 2]
    assert relations(connection, namespace) == names
    kept.snapshots.recover(namespace, made.name)
    assert [hit.id for hit in documents(engine, namespace)] == [1]


CHILD = """
import sys, time
from pathlib import Path
from service.config import Config
from tests.integration.snapshot_tools import keeping

url, kind, folder, action, namespace, snapshot = sys.argv[1:]

def slowly(pieces, stop):
    for number, piece in enumerate(pieces):
        yield piece
        if number == stop:
            print("half-way", flush=True)
            time.sleep(600)

with keeping(Config.from_env(database_url=url), kind, Path(folder)) as kept:
    put, read = kept.store.put, kept.store.read
    kept.store.put = lambda snapshot, pieces: put(snapshot, slowly(pieces, 2))
    kept.store.read = lambda snapshot: slowly(read(snapshot), 1)
    if action == "create":
        kept.snapshots.create(namespace)
    else:
        kept.snapshots.recover(namespace, snapshot)
"""


def killed_half_way(
    kept: Keeping, config: Config, action: str, namespace: str, snapshot: str = ""
) -> None:
    """Let another process begin, and kill it."""
    arguments = [
        config.database_url or "", kept.store.kind, str(kept.folder), action, namespace, snapshot
    ]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half-way\n"
        if action == "create":
            rows, _, files = kept.left(namespace)
            assert rows == 1
            assert [name.endswith(".partial") for name in files] == (
                [True] if kept.store.kind == "directory" else []
            )
        process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("how", ["listed", "made again"])
def test_what_a_killed_process_left_is_removed(
    kept: Keeping, engine: Engine, config: Config, namespace: str, how: str
):
    engine.write(namespace, write(list(range(3000)), numbers(3000, 256)))

    killed_half_way(kept, config, "create", namespace)

    if how == "listed":
        # PostgreSQL notices that its client is gone when it writes to it next
        assert wait_until(
            lambda: kept.snapshots.list(namespace) == () and kept.left(namespace) == (0, 0, []),
            PATIENCE,
        )
        return
    made = eventually(lambda: kept.snapshots.create(namespace))
    assert kept.snapshots.list(namespace) == (made,)
    rows, chunks, files = kept.left(namespace)
    assert (rows, files) == (1, [made.name] if kept.store.kind == "directory" else [])
    assert chunks == (0 if files else -(-made.size // 2**20))


def eventually(operation: Callable[[], Any]) -> Any:
    """The outcome, once the backend of the killed process has ended."""
    outcome: list[Any] = []

    def attempt() -> bool:
        try:
            outcome.append(operation())
        except Conflict:
            return False
        return True

    assert wait_until(attempt, PATIENCE)
    return outcome[0]


def test_a_recovery_that_is_killed_changes_nothing(
    kept: Keeping, engine: Engine, config: Config, connection: Connection, namespace: str
):
    engine.write(namespace, write(list(range(3000)), numbers(3000, 256)))
    made = kept.snapshots.create(namespace)
    engine.write(namespace, write([5000], numbers(1, 256)))
    before, names = documents(engine, namespace), relations(connection, namespace)

    killed_half_way(kept, config, "recover", namespace, made.name)

    assert documents(engine, namespace) == before
    assert wait_until(lambda: relations(connection, namespace) == names, PATIENCE)
    eventually(lambda: kept.snapshots.recover(namespace, made.name))
    assert documents(engine, namespace) == before[:-1]


def test_a_lost_connection_leaves_nothing(
    kept: Keeping, engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write(list(range(3000)), numbers(3000, 256)))
    put = kept.store.put

    def cut(snapshot: Any, pieces: Iterator[bytes]) -> None:
        def some() -> Iterator[bytes]:
            for number, piece in enumerate(pieces):
                if number == 1:
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE query LIKE '-- copy_snapshot:%' AND datname = current_database()"
                    )
                yield piece

        put(snapshot, some())

    with patch.object(kept.store, "put", cut), pytest.raises((Unavailable, psycopg.Error)):
        kept.snapshots.create(namespace)

    assert kept.left(namespace) == (0, 0, [])
    assert eventually(lambda: kept.snapshots.create(namespace)).size > 3000 * 256 * 4
