"""Throughput of writes over HTTP, against binary COPY of the same rows into the same kind of table.

The tables are made by the service, with the primary key and the index of write order. Bodies and
COPY data are prepared before the clock starts: what is timed is the service and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import psycopg
from psycopg import sql

from benchmarks.client import Client, connect
from benchmarks.data import Rows, copy_data, make_vectors, write_body
from benchmarks.server import SCHEMAS, Target

NAMESPACE = "writes"
ROUNDS = 3
JSON, BASE64, COPY = "HTTP, JSON floats", "HTTP, base64", "binary COPY"


@dataclass(frozen=True, slots=True)
class Sizes:
    rows: int
    dimensions: int
    batch: int


def measure(target: Target, sizes: Sizes) -> dict[str, object]:
    """Rows per second of each way: all rounds, the median, and its share of COPY's."""
    rows = Rows(make_vectors(sizes.rows, sizes.dimensions, seed=3))
    batches = rows.batches(sizes.batch)
    data = copy_data(rows)
    bodies = {
        JSON: [write_body(batch, as_base64=False) for batch in batches],
        BASE64: [write_body(batch, as_base64=True) for batch in batches],
    }
    with connect(target) as client, psycopg.connect(target.database_url, autocommit=True) as direct:
        ways: dict[str, Callable[[], None]] = {
            JSON: lambda: write(client, bodies[JSON]),
            BASE64: lambda: write(client, bodies[BASE64]),
            COPY: lambda: copy(direct, data),
        }
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                make_empty(client, direct, batches[0])
                taken[name].append(sizes.rows / timed(way))
                check(direct, sizes.rows)
    return {"sizes": sizes, "rounds": taken, "ways": summary(taken)}


def make_empty(client: Client, direct: psycopg.Connection, batch: Rows) -> None:
    """A namespace without documents, made by the service and truncated."""
    with suppress(RuntimeError):  # there is none before the first round
        client.send("DELETE", f"/v1/namespaces/{NAMESPACE}")
    one = Rows(batch.vectors[:1])
    client.send("POST", f"/v1/namespaces/{NAMESPACE}", write_body(one, as_base64=True))
    direct.execute(sql.SQL("TRUNCATE {}").format(table()))
    # One way is not to pay for what the one before left to be written.
    with suppress(psycopg.errors.InsufficientPrivilege):
        direct.execute("CHECKPOINT")


def write(client: Client, bodies: list[bytes]) -> None:
    for body in bodies:
        client.send("POST", f"/v1/namespaces/{NAMESPACE}", body)


def copy(direct: psycopg.Connection, data: bytes) -> None:
    statement = sql.SQL("COPY {} (id, attributes, vector) FROM STDIN (FORMAT BINARY)")
    with direct.cursor().copy(statement.format(table())) as target:
        target.write(data)


def check(direct: psycopg.Connection, rows: int) -> None:
    (count,) = direct.execute(sql.SQL("SELECT count(*) FROM {}").format(table())).fetchone() or (0,)
    if count != rows:
        raise RuntimeError(f"{count} rows were written, not {rows}")


def table() -> sql.Identifier:
    return sql.Identifier(SCHEMAS.documents, NAMESPACE)


def timed(act: Callable[[], None]) -> float:
    started = perf_counter()
    act()
    return perf_counter() - started


def summary(taken: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    best = median(taken[COPY])
    return {
        name: {"rows_per_second": median(rates), "share_of_copy": median(rates) / best}
        for name, rates in taken.items()
    }
