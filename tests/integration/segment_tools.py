"""What tests of segments share: vectors, an indexer at hand, and answers computed by numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
import psycopg

from service.config import Config
from service.core.attributes import AttributeColumn
from service.core.documents import Upsert, Write
from service.core.filters import EVERYTHING, Filter
from service.core.index_settings import IndexSettings
from service.core.plan import Walk
from service.core.query import DEFAULT_VECTOR, Hit, Nearest, Query
from service.core.query_binding import bind_query
from service.core.segments import Segment
from service.core.vectors import Metric, Vector, VectorBatch
from service.engine import Engine
from service.engine.sealing import Outcome, Sealer
from service.engine.tending import Tender
from service.storage import catalog, layouts, reads, segments
from service.storage.building import Resources
from service.storage.migrations import migrate
from service.storage.pool import Database, open_database
from service.storage.reads import Found

Numbers = np.ndarray[Any, np.dtype[np.float32]]
Connection = psycopg.Connection[tuple[Any, ...]]

SETTINGS = IndexSettings(seal_rows=100)
MIB = 1024 * 1024
RESOURCES = Resources(64 * MIB, 0)
# wide enough to look at every document of a small namespace
WIDE = Walk(candidates=10_000, budget=40_000, enough=0)


@contextmanager
def own_database(server_url: str) -> Iterator[str]:
    """A migrated database without the namespaces of other tests; gives its URL."""
    name = f"vectable_test_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING UTF8')
    url = urlsplit(server_url)._replace(path=f"/{name}").geturl()
    try:
        migrate(url, Config.from_env(database_url=url).schema)
        yield url
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def opened(config: Config, connections: int = 8) -> Iterator[Database]:
    database = open_database(
        config.database_url or "",
        config.schema,
        connections=connections,
        wait=10.0,
        statement_timeout=60.0,
    )
    try:
        with database.transaction() as session:
            segments.prepare(session)
        yield database
    finally:
        database.close()


@dataclass
class Workshop:
    """An indexer whose steps are taken one by one, and what another process has."""

    database: Database
    sealer: Sealer
    tender: Tender
    engine: Engine

    def seal(self, name: str) -> bool:
        return self.sealer.work(name) is Outcome.SEALED

    def merge(self, name: str, changes: int = 0, *, quiet: bool = True) -> bool:
        """Tend until segments were replaced, or nothing is left to do; whether they were."""
        before = self.tables(name)
        for _ in range(100):
            if not self.tender.work(name, changes, quiet=quiet):
                return False
            if self.tables(name) != before:
                return True
        raise AssertionError("the indexer does not come to an end")

    def settle(self, name: str, changes: int = 0) -> None:
        """Seal and merge until nothing is left to do."""
        for _ in range(100):
            if not (self.seal(name) or self.merge(name, changes)):
                return
        raise AssertionError("the indexer does not come to an end")

    def listed(self, name: str, column: str = "vector") -> tuple[Segment, ...]:
        with self.database.session() as session:
            namespace = catalog.find(session, name)
            return layouts.find(session, namespace, SETTINGS).of(column)

    def tables(self, name: str) -> list[str]:
        return [one.table for one in self.listed(name)]

    def walked(self, name: str, query: Query, plan: Walk = WIDE) -> Found:
        """The answer through all segments and what they leave, whatever the planner would say."""
        with self.database.session() as session:
            namespace = catalog.find(session, name)
            known = layouts.find(session, namespace, SETTINGS).of("vector")
            return reads.search(session, namespace, bind_query(query, namespace), plan, known)

    def covered(self, name: str, query: Query) -> Found:
        """The same statement with the segments' rows sorted instead of their indexes walked.

        An index may miss a document, which recall allows; a row in no branch is a fault.
        """
        with self.database.transaction() as session:
            session.connection.execute("SET LOCAL enable_indexscan = off")
            namespace = catalog.find(session, name)
            known = layouts.find(session, namespace, SETTINGS).of("vector")
            return reads.search(session, namespace, bind_query(query, namespace), WIDE, known)

    def exact(self, name: str, query: Query) -> Found:
        with self.database.session() as session:
            namespace = catalog.find(session, name)
            return reads.search(session, namespace, bind_query(query, namespace))


@contextmanager
def recorded() -> Iterator[list[str]]:
    """What this thread has executed, each statement with its values."""
    seen: list[str] = []
    execute, thread = psycopg.Cursor.execute, get_ident()

    def recording(cursor: Any, query: Any, params: Any = None, **more: Any) -> Any:
        if get_ident() == thread:
            text = query.decode() if isinstance(query, bytes) else str(query)
            seen.append(f"{text} {params or ()}")
        return execute(cursor, query, params, **more)

    with patch.object(psycopg.Cursor, "execute", recording):
        yield seen


@contextmanager
def workshop(config: Config, settings: IndexSettings = SETTINGS) -> Iterator[Workshop]:
    with opened(config) as database:
        engine = Engine(database, settings)
        yield Workshop(
            database,
            Sealer(database, settings, RESOURCES),
            Tender(database, settings, RESOURCES),
            engine,
        )


def vectors(count: int, dimensions: int = 8, seed: int = 0) -> Numbers:
    return np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)


def batch(numbers: Numbers, missing: Sequence[int] = ()) -> VectorBatch:
    """The rows as vectors; those in ``missing`` have none."""
    kept = np.delete(numbers, list(missing), axis=0) if missing else numbers
    return VectorBatch(numbers.shape[1], kept.astype("<f4").tobytes(), frozenset(missing))


def upsert(
    ids: Sequence[Any],
    numbers: Numbers | None,
    metric: Metric | None = Metric.COSINE,
    missing: Sequence[int] = (),
    **attributes: Sequence[Any],
) -> Write:
    columns = tuple(AttributeColumn(name, tuple(v)) for name, v in attributes.items())
    held = {} if numbers is None else {DEFAULT_VECTOR: batch(numbers, missing)}
    return Write(upsert=Upsert(tuple(ids), columns, held), metric=metric)


def vector(numbers: Any) -> Vector:
    return Vector(np.asarray(numbers, dtype="<f4").tobytes())


def nearest(
    numbers: Any, limit: int = 10, condition: Filter = EVERYTHING, metric: Metric | None = None
) -> Query:
    return Query(Nearest(vector(numbers), metric), condition, limit)


def ids(hits: Sequence[Hit]) -> list[Any]:
    return [hit.id for hit in hits]


def distances(query: Any, numbers: Numbers, metric: Metric) -> Any:
    """True distances, in double precision."""
    a, b = np.asarray(query, np.float32).astype(np.float64), numbers.astype(np.float64)
    match metric:
        case Metric.COSINE:
            lengths = np.linalg.norm(a) * np.linalg.norm(b, axis=1)
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.where(lengths > 0, 1 - (b @ a) / lengths, 1.0)
        case Metric.DOT:
            return -(b @ a)
        case Metric.MANHATTAN:
            return np.abs(b - a).sum(axis=1)
        case Metric.EUCLIDEAN:
            return np.linalg.norm(b - a, axis=1)
        case Metric.EUCLIDEAN_SQUARED:
            return ((b - a) ** 2).sum(axis=1)


def best(query: Any, numbers: Numbers, metric: Metric, limit: int = 10) -> list[int]:
    """Positions of the nearest rows, ties by position."""
    return [int(at) for at in np.argsort(distances(query, numbers, metric), kind="stable")[:limit]]


def value(connection: Connection, query: str, *parameters: Any) -> Any:
    row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row[0]


def set_settings(connection: Connection, name: str, settings: str) -> None:
    """Give a namespace index settings of its own, as an operator would."""
    connection.execute(
        "UPDATE vectable_catalog.namespaces"
        " SET settings = %s, version = nextval('vectable_catalog.versions') WHERE name = %s",
        (settings, name),
    )


def segment_tables(connection: Connection, name: str) -> set[str]:
    """Tables in the schema of segments that belong to a namespace, listed or not."""
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, %s)"
        " AND relnamespace = to_regnamespace('vectable_segments')",
        (f"{name}:",),
    )
    return {str(table) for (table,) in rows}
