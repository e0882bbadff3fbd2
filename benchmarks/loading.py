"""Documents into a namespace over HTTP, by two clients, and a count of what is there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from time import perf_counter

import psycopg
from psycopg import sql

from benchmarks.client import connect
from benchmarks.documents import Batch, Collection
from benchmarks.server import SCHEMAS, Target
from benchmarks.wire import METRIC, namespace_path, write_body

BATCH = 1000
CLIENTS = 2


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows written, and the seconds that it took: making and encoding them included."""

    rows: int
    seconds: float

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.seconds


class Shared:
    """An iterator that several threads may draw from."""

    def __init__(self, batches: Iterator[Batch]) -> None:
        self._batches = batches
        self._lock = Lock()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        with self._lock:
            return next(self._batches)


def load(target: Target, collection: Collection, *, searched: bool = True) -> Loaded:
    """Write a collection, however far behind the indexer is; the rows are counted afterwards.

    ``searched``: with a metric, so that the indexer indexes the vectors.
    """
    started = perf_counter()
    before = count_rows(target, collection.namespace)
    batches = Shared(collection.batches(BATCH))
    with ThreadPoolExecutor(CLIENTS) as pool:
        sending = [
            pool.submit(_send, target, collection.namespace, batches, searched)
            for _ in range(CLIENTS)
        ]
        written = sum(job.result() for job in sending)
    seconds = perf_counter() - started
    check_rows(target, collection.namespace, before + written)
    return Loaded(written, seconds)


def _send(target: Target, namespace: str, batches: Shared, searched: bool) -> int:
    written = 0
    with connect(target) as client:
        for batch in batches:
            metric = METRIC if searched else None
            body = write_body(batch, as_base64=True, unbounded=True, metric=metric)
            client.send("POST", namespace_path(namespace), body)
            written += len(batch)
    return written


def check_rows(target: Target, namespace: str, expected: int) -> None:
    count = count_rows(target, namespace)
    if count != expected:
        raise RuntimeError(f"the namespace {namespace} has {count} rows, not {expected}")


def count_rows(target: Target, namespace: str) -> int:
    with psycopg.connect(target.database_url, autocommit=True) as connection:
        name = connection.execute(
            "SELECT to_regclass(%s)", [f'{SCHEMAS.documents}."{namespace}"']
        ).fetchone()
        if name is None or name[0] is None:
            return 0
        statement = sql.SQL("SELECT count(*) FROM {}").format(table(namespace))
        (count,) = connection.execute(statement).fetchone() or (0,)
    return int(count)


def table(namespace: str) -> sql.Identifier:
    return sql.Identifier(SCHEMAS.documents, namespace)
