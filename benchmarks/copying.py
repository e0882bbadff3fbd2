"""PostgreSQL itself, without the service: COPY, and COPY into a table with a live HNSW index."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import psycopg
from psycopg import sql

from benchmarks import generated
from benchmarks.documents import Batch, Collection, plain_columns
from benchmarks.generated import Clustered
from benchmarks.server import Target
from benchmarks.wire import copy_data

LIVE_TABLE = sql.Identifier("live_benchmark", "documents")
MAKE_LIVE = (
    sql.SQL("CREATE SCHEMA live_benchmark"),
    sql.SQL("""
        CREATE TABLE live_benchmark.documents (
            id bigint PRIMARY KEY, seq bigserial, attributes jsonb, vector vector({dimensions})
        )"""),
    sql.SQL("SET maintenance_work_mem = '1GB'"),
)
INDEX_LIVE = sql.SQL("""
    CREATE INDEX ON live_benchmark.documents
    USING hnsw ((vector::halfvec({dimensions})) halfvec_cosine_ops)""")


def into_live_index(target: Target, dimensions: int, present: int, rows: int, batch: int) -> float:
    """Rows per second of batches into a table whose HNSW index has ``present`` rows already."""
    width = sql.Literal(dimensions)
    filling = Clustered(dimensions, present).all()
    source = Collection("", Clustered(dimensions, rows, generated.WRITES), plain_columns)
    batches = [copy_data(part) for part in source.batches(batch)]
    with psycopg.connect(target.database_url, autocommit=True) as connection:
        try:
            for statement in MAKE_LIVE:
                connection.execute(statement.format(dimensions=width))
            first = Batch(10**9, filling, plain_columns(0, len(filling)))
            copy(connection, LIVE_TABLE, copy_data(first))
            connection.execute(INDEX_LIVE.format(dimensions=width))
            seconds = timed(lambda: [copy(connection, LIVE_TABLE, data) for data in batches])
        finally:
            connection.execute("DROP SCHEMA IF EXISTS live_benchmark CASCADE")
    return rows / seconds


def copy(connection: psycopg.Connection, name: sql.Identifier, data: bytes) -> None:
    statement = sql.SQL("COPY {} (id, attributes, vector) FROM STDIN (FORMAT BINARY)")
    with connection.cursor().copy(statement.format(name)) as target:
        target.write(data)


def timed(act: Callable[[], object]) -> float:
    started = perf_counter()
    act()
    return perf_counter() - started
