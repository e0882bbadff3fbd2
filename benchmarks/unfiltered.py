"""Searches without a filter: recall, latency beside psycopg's, requests per second, and tuning.

Requests per second come from clients in processes of their own, over HTTP and with the same SQL
through psycopg, which share the machine's cores with what they ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import direct
from benchmarks.client import connect
from benchmarks.clients import Executing, Searching, Task, duration, together
from benchmarks.datasets import Plain
from benchmarks.latency import Overhead, compare
from benchmarks.loading import Loaded, load
from benchmarks.server import Target
from benchmarks.state import State, set_ef, settle
from benchmarks.timing import Percentiles, ask_all, percentiles
from benchmarks.truth import Quality, judge
from benchmarks.wire import ids_of, query_body, query_path
from benchmarks.writing import drop_namespace

CLIENTS = (1, 8)
EFS = (20, 40, 80, 160, 320)
BUDGET = 20.0


@dataclass(frozen=True, slots=True)
class Scale:
    k: int
    queries: int  # timed each way
    seconds: float  # for each count of clients


@dataclass(frozen=True, slots=True)
class Throughput:
    clients: int
    http: float
    sql: float
    failed: int


@dataclass(frozen=True, slots=True)
class Tuned:
    """One setting of the namespace's ``ef_search``."""

    ef_search: int
    quality: Quality
    http: Percentiles


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    k: int
    loaded: Loaded
    settled: float
    state: State
    quality: Quality
    overhead: Overhead
    throughput: list[Throughput]
    tuned: list[Tuned]


def measure(target: Target, data: Plain, scale: Scale) -> Figures:
    """Load the collection, let it settle, and measure everything; it is dropped at the end."""
    namespace = data.collection.namespace
    loaded = load(target, data.collection)
    settled = settle(target, namespace)
    figures = Figures(
        data.title,
        scale.k,
        loaded,
        settled.seconds,
        settled.state,
        ask(target, data, scale.k, 1)[0],
        compare(target, data, scale.k, scale.queries),
        [throughput(target, data, scale, clients) for clients in CLIENTS],
        tune(target, data, scale.k),
    )
    drop_namespace(target, namespace)
    return figures


def ask(target: Target, data: Plain, k: int, rounds: int) -> tuple[Quality, Percentiles]:
    """Every query over HTTP, one client; the answers of the first round are judged."""
    bodies = [query_body(vector, k) for vector in data.asking.vectors]
    path = query_path(data.collection.namespace)
    with connect(target) as client:
        for body in bodies[:20]:
            client.send("POST", path, body)
        asked = ask_all(
            lambda body: client.send("POST", path, body), bodies, rounds=rounds, budget=BUDGET
        )
    answers = [ids_of(answer) for answer in asked.answers]
    return judge(answers, data.asking.distances, k), percentiles(asked.milliseconds)


def throughput(target: Target, data: Plain, scale: Scale, clients: int) -> Throughput:
    """The same queries by so many clients, over HTTP and then through psycopg."""
    vectors, namespace = data.asking.vectors, data.collection.namespace
    bodies = [query_body(vector, scale.k) for vector in vectors]
    with direct.opened(target.database_url) as session:
        statements = direct.record(session, namespace, vectors, scale.k)
    searching = Searching(target.host, target.port, query_path(namespace), bodies, scale.seconds)
    executing = Executing(target.database_url, statements, scale.seconds)
    http, failed = rate([searching] * clients, scale.seconds)
    sql, _ = rate([executing] * clients, scale.seconds)
    return Throughput(clients, http, sql, failed)


def rate(tasks: Sequence[Task], seconds: float) -> tuple[float, int]:
    """Requests answered in a second, and those that failed."""
    tallies = together(tasks, seconds + 60)
    done = sum(len(tally.milliseconds) for tally in tallies)
    return done / duration(tallies), sum(tally.failed for tally in tallies)


def tune(target: Target, data: Plain, k: int) -> list[Tuned]:
    """Recall and latency with other settings of the namespace."""
    found = []
    for ef_search in EFS:
        set_ef(target, data.collection.namespace, ef_search)
        found.append(Tuned(ef_search, *ask(target, data, k, 2)))
    set_ef(target, data.collection.namespace, None)
    return found
