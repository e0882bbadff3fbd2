"""Latency of a query over HTTP, against the same statement through psycopg."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmarks import direct
from benchmarks.client import Client, connect, echo
from benchmarks.datasets import Plain, generated_plain
from benchmarks.loading import load
from benchmarks.server import Target
from benchmarks.state import settle
from benchmarks.timing import Percentiles, in_turns, percentiles, timed
from benchmarks.wire import query_body, query_path
from benchmarks.writing import drop_namespace

T = TypeVar("T")

NAMESPACE = "latency"
WARM_UP = 100


@dataclass(frozen=True, slots=True)
class Scale:
    rows: int
    dimensions: int
    queries: int
    k: int


@dataclass(frozen=True, slots=True)
class Overhead:
    """Both ways, and what the same client takes with a server that does nothing."""

    http: Percentiles
    sql: Percentiles
    client: Percentiles


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    k: int
    overhead: Overhead


def measure(target: Target, scale: Scale) -> Figures:
    data = generated_plain(NAMESPACE, scale.rows, scale.dimensions, scale.queries)
    load(target, data.collection)
    settle(target, NAMESPACE)
    found = compare(target, data, scale.k, scale.queries)
    drop_namespace(target, NAMESPACE)
    return Figures(data.title, scale.k, found)


def compare(target: Target, data: Plain, k: int, count: int) -> Overhead:
    """Time ``count`` queries each way, in turns, one client."""
    namespace, vectors = data.collection.namespace, data.asking.vectors
    bodies = repeated([query_body(vector, k) for vector in vectors], count)
    path = query_path(namespace)
    with connect(target) as client, direct.opened(target.database_url) as session:
        statements = repeated(direct.record(session, namespace, vectors, k), count)
        http = [lambda body=body: client.send("POST", path, body) for body in bodies]
        sql = [lambda sent=sent: direct.run(session, sent) for sent in statements]
        for act in [*http[:WARM_UP], *sql[:WARM_UP]]:
            act()
        taken = in_turns(http, sql)
        answer = client.send("POST", path, bodies[0])
    return Overhead(*taken, client_alone(path, bodies, answer))


def repeated(things: Sequence[T], count: int) -> list[T]:
    return [things[number % len(things)] for number in range(count)]


def client_alone(path: str, bodies: list[bytes], answer: bytes) -> Percentiles:
    """The same requests, answered at once."""
    smallest = min(len(body) for body in bodies)
    cut = [body[:smallest] for body in bodies]
    with echo(smallest, answer) as client:
        ask(client, path, cut[:WARM_UP])
        return percentiles(ask(client, path, cut))


def ask(client: Client, path: str, bodies: list[bytes]) -> list[float]:
    return [timed(lambda body=body: client.send("POST", path, body)) for body in bodies]
