"""Throughput of writes over HTTP, against COPY, against a live index, and against Chroma.

Clients are processes of their own, and encode what they send before the clock starts; it runs from
the first start to the last answer. The number of rows is checked after each way.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import psycopg

from benchmarks import generated
from benchmarks.clients import duration, together
from benchmarks.copying import copy, into_live_index, timed
from benchmarks.documents import Batch, Collection, plain_columns
from benchmarks.generated import Clustered
from benchmarks.loading import check_rows, count_rows, load, table
from benchmarks.peers import chroma
from benchmarks.peers.base import Missing
from benchmarks.server import Target
from benchmarks.state import settle
from benchmarks.wire import copy_data
from benchmarks.writing import SendingAll, drop_namespace, make_namespace

EMPTY, SEGMENTS = "writes", "writes-segments"
CLIENTS = 4
LIMIT = 300.0
COPY, LIVE, CHROMA = "binary COPY", "COPY into a live HNSW index", "Chroma, HTTP, 1 client"
LIVE_SHARE = 10  # rows into the live index: every so many of the others


@dataclass(frozen=True, slots=True)
class Scale:
    rows: int
    dimensions: int
    batch: int
    rounds: int
    peers: bool


@dataclass(frozen=True, slots=True)
class Way:
    """Rows per second: the median, all rounds; or why there are none."""

    name: str
    rows_per_second: float
    rounds: list[float]
    rows: int
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    batch: int
    ways: list[Way]


@dataclass(frozen=True, slots=True)
class Http:
    """A way to write over HTTP."""

    name: str
    namespace: str
    clients: int
    as_base64: bool
    updates: bool = False


WAYS = (
    Http("HTTP, JSON floats, 1 client", EMPTY, 1, as_base64=False),
    Http("HTTP, base64, 1 client", EMPTY, 1, as_base64=True),
    Http(f"HTTP, JSON floats, {CLIENTS} clients", EMPTY, CLIENTS, as_base64=False),
    Http(f"HTTP, base64, {CLIENTS} clients", EMPTY, CLIENTS, as_base64=True),
    Http(f"beside segments: JSON floats, {CLIENTS} clients", SEGMENTS, CLIENTS, as_base64=False),
    Http(f"beside segments: base64, {CLIENTS} clients", SEGMENTS, CLIENTS, as_base64=True),
    Http(f"updates: base64, {CLIENTS} clients", SEGMENTS, CLIENTS, as_base64=True, updates=True),
)


def measure(target: Target, scale: Scale) -> Figures:
    """All ways in turns, as many rounds; the live index and Chroma once, as they are slow."""
    vectors = Clustered(scale.dimensions, scale.rows)
    load(target, Collection(SEGMENTS, vectors, plain_columns))
    rounds: dict[str, list[float]] = {}
    for turn in range(scale.rounds):
        for way in WAYS:
            rounds.setdefault(way.name, []).append(over_http(target, scale, way, turn))
        rounds.setdefault(COPY, []).append(over_copy(target, scale))
    drop_namespace(target, SEGMENTS)
    ways = [Way(name, median(rates), rates, scale.rows) for name, rates in rounds.items()]
    ways.append(
        once(
            LIVE,
            live_rows(scale),
            lambda: into_live_index(
                target, scale.dimensions, scale.rows, live_rows(scale), scale.batch
            ),
        )
    )
    if scale.peers:
        ways.append(once(CHROMA, scale.rows, lambda: into_chroma(scale)))
    return Figures(f"{scale.rows:,} × {scale.dimensions}", scale.batch, ways)


def over_http(target: Target, scale: Scale, way: Http, turn: int) -> float:
    if way.namespace == EMPTY:
        drop_namespace(target, EMPTY)
        make_namespace(target, EMPTY, scale.dimensions)
        checkpoint(target)
    else:
        settle(target, SEGMENTS)
    before = count_rows(target, way.namespace)
    first_id = 1 if way.updates else before + 1
    # other vectors in each round: an update that changes nothing would be no update
    stream = generated.WRITES * (1 + turn)
    tallies = together(tasks(target, scale, way, first_id, stream), LIMIT)
    check_rows(target, way.namespace, before + (0 if way.updates else scale.rows))
    return scale.rows / duration(tallies)


def tasks(target: Target, scale: Scale, way: Http, first_id: int, stream: int) -> list[SendingAll]:
    """The rows divided among the clients, each with ids of its own."""
    ends = [scale.rows * number // way.clients for number in range(way.clients + 1)]
    return [
        SendingAll(
            target.host, target.port, way.namespace,
            Clustered(scale.dimensions, stop - start, stream + number),
            first_id + start, scale.batch, way.as_base64,
        )
        for number, (start, stop) in enumerate(pairwise(ends))
    ]  # fmt: skip


def over_copy(target: Target, scale: Scale) -> float:
    """One connection, one command, into a table that the service made."""
    drop_namespace(target, EMPTY)
    make_namespace(target, EMPTY, scale.dimensions)
    checkpoint(target)
    vectors = Clustered(scale.dimensions, scale.rows, generated.WRITES).all()
    data = copy_data(Batch(1, vectors, plain_columns(0, scale.rows)))
    with psycopg.connect(target.database_url, autocommit=True) as connection:
        seconds = timed(lambda: copy(connection, table(EMPTY), data))
    check_rows(target, EMPTY, scale.rows + 1)
    drop_namespace(target, EMPTY)
    return scale.rows / seconds


def live_rows(scale: Scale) -> int:
    return max(scale.rows // LIVE_SHARE, scale.batch)


def into_chroma(scale: Scale) -> float:
    vectors = Clustered(scale.dimensions, scale.rows, generated.WRITES)
    with chroma.serving() as peer:
        return scale.rows / peer.load(Collection("writes", vectors, plain_columns))


def once(name: str, rows: int, measure_it: Callable[[], float]) -> Way:
    try:
        rate = measure_it()
    except Missing as reason:
        return Way(name, 0.0, [], 0, str(reason))
    return Way(name, rate, [rate], rows)


def checkpoint(target: Target) -> None:
    """One way is not to pay for what the one before left to be written."""
    with (
        psycopg.connect(target.database_url, autocommit=True) as connection,
        suppress(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CHECKPOINT")
