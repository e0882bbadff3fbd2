"""What a good engineer would write: one table, one HNSW index, two indexes for filters, psycopg.

No service, no HTTP, no background work: the index is built once, behind the load, and every search
is one prepared statement. Rows that come later would go through the live index.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import numpy as np
import psycopg
from pgvector import Vector
from pgvector.psycopg import register_vector

from benchmarks.documents import Collection
from benchmarks.peers.base import BATCH, FILTERED, Found, Where, known_attributes

SCHEMA = "handwritten_benchmark"
INDEXES = (
    "CREATE INDEX ON documents USING hnsw (embedding vector_cosine_ops)",
    "CREATE INDEX ON documents USING gin (attributes jsonb_path_ops)",
    "CREATE INDEX ON documents (((attributes ->> 'size')::bigint))",
)
CONDITIONS = {
    "Eq": "attributes @> jsonb_build_object({name}, %s::text)",
    "NotEq": "attributes ->> {name} <> %s",
    "Gt": "(attributes ->> {name})::bigint > %s",
    "Lt": "(attributes ->> {name})::bigint < %s",
}


class Handwritten:
    """Searches with iterative scans, in relaxed order."""

    name = "by hand"
    way = "psycopg"

    def __init__(self, connection: psycopg.Connection) -> None:
        self.version = f"pgvector {psycopg_version(connection)}"
        self._connection = connection

    def load(self, collection: Collection) -> float:
        width = collection.vectors.dimensions
        self._connection.execute(f"""
            CREATE TABLE documents (
                id bigint PRIMARY KEY, attributes jsonb NOT NULL, embedding vector({width}))""")
        seconds = sum(self._copy(batch) for batch in collection.batches(BATCH))
        started = perf_counter()
        for statement in INDEXES:
            self._connection.execute(statement)
        self._connection.execute("VACUUM ANALYZE documents")
        return seconds + perf_counter() - started

    def _copy(self, batch) -> float:
        rows = zip(
            batch.ids,
            map(psycopg.types.json.Jsonb, known_attributes(batch.columns, FILTERED)),
            map(Vector, batch.vectors),
            strict=True,
        )
        started = perf_counter()
        statement = "COPY documents (id, attributes, embedding) FROM STDIN (FORMAT BINARY)"
        with self._connection.cursor().copy(statement) as copy:
            copy.set_types(["int8", "jsonb", "vector"])
            for row in rows:
                copy.write_row(row)
        return perf_counter() - started

    def tune(self, ef_search: int) -> None:
        self._connection.execute(f"SET hnsw.ef_search = {ef_search}")

    def search(self, vectors: np.ndarray, k: int, where: Where | None, budget: float) -> Found:
        condition = f"WHERE {condition_of(where)}" if where else ""
        statement = f"SELECT id FROM documents {condition} ORDER BY embedding <=> %s LIMIT {int(k)}"
        values = (where.value,) if where else ()
        ids, taken, give_up = [], [], perf_counter() + budget
        with self._connection.cursor(binary=True) as cursor:
            for vector in map(Vector, vectors):
                started = perf_counter()
                if started > give_up and len(ids) >= 10:
                    break
                rows = cursor.execute(statement, (*values, vector), prepare=True).fetchall()
                taken.append((perf_counter() - started) * 1000)
                ids.append([number for (number,) in rows])
        return Found(ids, taken)


def condition_of(where: Where) -> str:
    name = psycopg.sql.Literal(where.attribute).as_string().strip()
    return CONDITIONS[where.operator].format(name=name)


def psycopg_version(connection: psycopg.Connection) -> str:
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    return str((row.fetchone() or ("?",))[0])


@contextmanager
def opened(database_url: str) -> Iterator[Handwritten]:
    """A schema of its own in the same database, dropped at the end."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        register_vector(connection)
        place = connection.execute(
            "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'"
        ).fetchone()
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        try:
            connection.execute(f"SET search_path = {SCHEMA}, {(place or ('public',))[0]}")
            for setting in (
                "hnsw.iterative_scan = relaxed_order",
                "maintenance_work_mem = '1GB'",
                "max_parallel_maintenance_workers = 1",
                "max_parallel_workers_per_gather = 0",
                # values differ: a general plan could lose the index
                "plan_cache_mode = force_custom_plan",
                "jit = off",
            ):
                connection.execute(f"SET {setting}")
            yield Handwritten(connection)
        finally:
            connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
