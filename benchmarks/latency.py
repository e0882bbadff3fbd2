"""Latency of a query over HTTP, against the same statement through psycopg.

The statement is not written here: the service's own ``search`` runs once for every vector on a
session that notes what is sent, on a connection of the service's own pool, so text, values, session
options and prepared statements are those of the service. Both ways are timed in turns, in one run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from benchmarks.client import Client, connect, echo
from benchmarks.data import Rows, make_vectors, query_body, write_body
from benchmarks.server import SCHEMAS, Target
from service.compile.fragment import Fragment
from service.core.query import Nearest, Query
from service.core.vectors import Metric, Vector
from service.engine import bound
from service.storage import catalog, reads
from service.storage.pool import Row, Session, open_database

NAMESPACE = "latency"
PERCENTILES = (50, 90, 99)
WARM_UP = 100
TURN = 20
LOAD_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Sizes:
    rows: int
    dimensions: int
    queries: int
    k: int


@dataclass(frozen=True, slots=True)
class Recorder(Session):
    """A session that notes its statements."""

    sent: list[Fragment] = field(default_factory=list)

    def execute(self, fragment: Fragment) -> object:
        self.sent.append(fragment)
        return Session.execute(self, fragment)


def measure(target: Target, sizes: Sizes) -> dict[str, object]:
    """Percentiles in milliseconds of both ways and of the client alone."""
    vectors = make_vectors(sizes.queries, sizes.dimensions, seed=2)
    bodies = [query_body(vector, sizes.k) for vector in vectors]
    with connect(target) as client:
        load(client, sizes)
        with direct(target) as session:
            settle(session)
            statements = record(session, vectors, sizes.k)
            http, sql = compare(
                [lambda body=body: ask(client, body) for body in bodies],
                [lambda sent=sent: run(session, sent) for sent in statements],
            )
        answer = ask(client, bodies[0])
    alone = client_alone(bodies, answer)
    return {"sizes": sizes, "http": http, "sql": sql, "client": alone, "overhead": over(http, sql)}


def load(client: Client, sizes: Sizes) -> None:
    rows = Rows(make_vectors(sizes.rows, sizes.dimensions, seed=1))
    for batch in rows.batches(LOAD_BATCH):
        client.send("POST", f"/v1/namespaces/{NAMESPACE}", write_body(batch, as_base64=True))


@contextmanager
def direct(target: Target) -> Iterator[Session]:
    """A session as the service has it, on a connection of this process."""
    database = open_database(
        target.database_url, SCHEMAS.documents, connections=1, wait=10, statement_timeout=60
    )
    try:
        with database.session() as session:
            yield session
    finally:
        database.close()


def settle(session: Session) -> None:
    """No autovacuum in the middle of the measurement."""
    session.connection.execute(f'VACUUM ANALYZE {SCHEMAS.documents}."{NAMESPACE}"'.encode())


def record(session: Session, vectors: np.ndarray, k: int) -> list[Fragment]:
    """What the service sends for each query."""
    namespace = catalog.find(session, NAMESPACE)
    recorder = Recorder(session.connection, session.schemas, session.pgvector)
    for vector in vectors:
        nearest = Nearest(Vector(vector.astype("<f4").tobytes()), Metric.COSINE)
        reads.search(recorder, namespace, bound(namespace, Query(nearest, limit=k)))
    if len(recorder.sent) != len(vectors):
        raise RuntimeError("a search is no longer one statement: compare it in another way")
    return recorder.sent


def ask(client: Client, body: bytes) -> bytes:
    return client.send("POST", f"/v1/namespaces/{NAMESPACE}/query", body)


def run(session: Session, statement: Fragment) -> list[Row]:
    return session.execute(statement).fetchall()


def compare(
    ours: list[Callable[[], object]], plain: list[Callable[[], object]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Percentiles of two ways to do the same things, in turns of a few queries.

    Which way is first changes with each turn. Within a turn the queries follow each other at once,
    as those of one client do.
    """
    ways = (ours, plain)
    for way in ways:
        for act in way[:WARM_UP]:
            act()
    taken: tuple[list[float], list[float]] = ([], [])
    for turn, start in enumerate(range(0, len(ours), TURN)):
        for which in (0, 1) if turn % 2 else (1, 0):
            taken[which].extend(timed(act) for act in ways[which][start : start + TURN])
    return percentiles(taken[0]), percentiles(taken[1])


def client_alone(bodies: list[bytes], answer: bytes) -> dict[str, float]:
    """What the same client takes when the server does nothing."""
    smallest = min(len(body) for body in bodies)
    with echo(smallest, answer) as client:
        for body in bodies[:WARM_UP]:
            ask(client, body[:smallest])
        return percentiles(
            [timed(lambda body=body: ask(client, body[:smallest])) for body in bodies]
        )


def timed(act: Callable[[], object]) -> float:
    started = perf_counter()
    act()
    return (perf_counter() - started) * 1000


def percentiles(milliseconds: list[float]) -> dict[str, float]:
    found = np.percentile(milliseconds, PERCENTILES)
    return {f"p{p}": float(value) for p, value in zip(PERCENTILES, found, strict=True)}


def over(http: dict[str, float], sql: dict[str, float]) -> dict[str, dict[str, float]]:
    """Ratio and difference at each percentile."""
    return {
        "ratio": {name: http[name] / sql[name] for name in http},
        "difference": {name: http[name] - sql[name] for name in http},
    }
