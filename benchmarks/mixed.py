"""Searches while documents come in: at a rate that can be sustained, and at more than that.

The service runs with a low bound on what waits for an index, so that the bound is reached within
the time that there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

import psycopg

from benchmarks import generated
from benchmarks.clients import Searching, Tally, Task, duration, together
from benchmarks.datasets import Plain, generated_plain
from benchmarks.generated import Clustered
from benchmarks.loading import load
from benchmarks.server import Target, running
from benchmarks.state import read_state, settle
from benchmarks.timing import Percentiles, percentiles
from benchmarks.wire import query_body, query_path
from benchmarks.writing import Streaming

NAMESPACE = "mixed"
SEARCHERS = 4
FLOODERS = 2
RATE = 2000.0
MAX_UNINDEXED = 10_000
SUSTAINED_BATCH, FLOOD_BATCH = 200, 1000
SUPPLY = 20_000
FIRST_ID = 10_000_000
POLL = 0.25


@dataclass(frozen=True, slots=True)
class Scale:
    rows: int
    dimensions: int
    quiet: float  # seconds of each phase
    sustained: float
    flooded: float
    k: int


@dataclass(frozen=True, slots=True)
class Phase:
    """What the searching clients had, what the writers did, and how far the indexer fell behind."""

    name: str
    seconds: float
    http: Percentiles
    searches_per_second: float
    rows_per_second: float
    refused: int
    failed: int
    largest_tail: int


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    k: int
    searchers: int
    max_unindexed: int
    phases: list[Phase]


@dataclass(slots=True)
class Watch:
    """The largest tail seen so far."""

    largest: int = 0
    done: Event = field(default_factory=Event)

    def follow(self, database_url: str) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            while not self.done.wait(POLL):
                self.largest = max(self.largest, read_state(connection, NAMESPACE).tail_rows)


def measure(database_url: str | None, scale: Scale) -> Figures:
    """All three phases, on a server of their own."""
    settings = {"VECTABLE_MAX_UNINDEXED": str(MAX_UNINDEXED)}
    with running(database_url, settings) as target:
        data = generated_plain(NAMESPACE, scale.rows, scale.dimensions, 200)
        load(target, data.collection)
        phases = [
            phase(target, data, scale, "quiet", scale.quiet, []),
            phase(
                target, data, scale, f"one writer, {RATE:,.0f} rows/s", scale.sustained,
                [stream(target, scale, 0, SUSTAINED_BATCH, RATE, scale.sustained)],
            ),
            phase(
                target, data, scale, f"{FLOODERS} writers, as fast as they can", scale.flooded,
                [
                    stream(target, scale, 1 + number, FLOOD_BATCH, None, scale.flooded)
                    for number in range(FLOODERS)
                ],
            ),
        ]  # fmt: skip
    return Figures(data.title, scale.k, SEARCHERS, MAX_UNINDEXED, phases)


def stream(
    target: Target, scale: Scale, number: int, batch: int, rate: float | None, seconds: float
) -> Streaming:
    """One writer; each has vectors and ids of its own."""
    supply = Clustered(scale.dimensions, SUPPLY, generated.WRITES + number)
    first_id = FIRST_ID * (1 + number)
    return Streaming(target.host, target.port, NAMESPACE, supply, first_id, batch, rate, seconds)


def phase(
    target: Target,
    data: Plain,
    scale: Scale,
    name: str,
    seconds: float,
    writers: list[Task],
) -> Phase:
    """Search and write side by side, from a namespace that has settled."""
    settle(target, NAMESPACE)
    bodies = [query_body(vector, scale.k) for vector in data.asking.vectors]
    searching = Searching(target.host, target.port, query_path(NAMESPACE), bodies, seconds)
    with watching(target.database_url) as largest:
        tallies = together([searching] * SEARCHERS + writers, seconds + 60)
    searched, written = tallies[:SEARCHERS], tallies[SEARCHERS:]
    return summary(name, seconds, searched, written, largest())


@contextmanager
def watching(database_url: str) -> Iterator[Callable[[], int]]:
    watch = Watch()
    thread = Thread(target=watch.follow, args=(database_url,), daemon=True)
    thread.start()
    try:
        yield lambda: watch.largest
    finally:
        watch.done.set()
        thread.join()


def summary(
    name: str, seconds: float, searched: list[Tally], written: list[Tally], largest: int
) -> Phase:
    times = [taken for tally in searched for taken in tally.milliseconds]
    return Phase(
        name,
        seconds,
        percentiles(times),
        len(times) / duration(searched),
        sum(tally.rows for tally in written) / duration(written) if written else 0.0,
        sum(tally.refused for tally in written),
        sum(tally.failed for tally in searched + written),
        largest,
    )
