"""Searches while one request patches or deletes a hundred thousand documents by a filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

import orjson

from benchmarks.client import Client
from benchmarks.clients import Searching, Start, Tally, duration, together
from benchmarks.datasets import Plain, generated_plain
from benchmarks.loading import load
from benchmarks.server import Target
from benchmarks.state import settle
from benchmarks.timing import Percentiles, percentiles
from benchmarks.wire import query_body, query_path
from benchmarks.writing import drop_namespace

NAMESPACE = "bulk"
SEARCHERS = 2


@dataclass(frozen=True, slots=True)
class Scale:
    rows: int
    changed: int  # documents of one request
    dimensions: int
    seconds: float  # of each phase
    k: int


@dataclass(frozen=True, slots=True)
class Changing:
    """The requests of one writer, one after the other; each tells how many documents it changed."""

    host: str
    port: int
    bodies: Sequence[bytes]

    def __call__(self, start: Start) -> Tally:
        taken: list[float] = []
        rows = 0
        with Client(self.host, self.port) as client:
            started = now = start()
            for body in self.bodies:
                answer = client.send("POST", f"/v2/namespaces/{NAMESPACE}", body)
                rows += orjson.loads(answer)["rows_affected"]
                before, now = now, perf_counter()
                taken.append((now - before) * 1000)
        return Tally(started, now, taken, rows)


@dataclass(frozen=True, slots=True)
class Phase:
    """What the searching clients had, and what the writer did."""

    name: str
    http: Percentiles
    searches_per_second: float
    changed: int
    seconds: list[float] = field(default_factory=list)  # of each request


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    k: int
    searchers: int
    phases: list[Phase]


def measure(target: Target, scale: Scale) -> Figures:
    data = generated_plain(NAMESPACE, scale.rows, scale.dimensions, 200)
    load(target, data.collection)
    some = ["size", "Lt", scale.changed]
    patch = [{"patch_by_filter": {"filters": some, "patch": {"turn": turn}}} for turn in range(2)]
    phases = [
        phase(target, data, scale, "quiet", []),
        phase(target, data, scale, f"patch {scale.changed:,} by filter, twice", patch),
        phase(target, data, scale, f"delete {scale.changed:,} by filter", [
            {"delete_by_filter": some}
        ]),
    ]  # fmt: skip
    drop_namespace(target, NAMESPACE)
    return Figures(data.title, scale.k, SEARCHERS, phases)


def phase(
    target: Target, data: Plain, scale: Scale, name: str, writes: list[dict[str, object]]
) -> Phase:
    """Search, and change beside it, from a namespace that has settled."""
    settle(target, NAMESPACE)
    bodies = [query_body(vector, scale.k) for vector in data.asking.vectors]
    path = query_path(NAMESPACE)
    searching = Searching(target.host, target.port, path, bodies, scale.seconds)
    changing = Changing(target.host, target.port, [orjson.dumps(body) for body in writes])
    tallies = together([searching] * SEARCHERS + [changing] * bool(writes), scale.seconds + 120)
    searched, written = tallies[:SEARCHERS], tallies[SEARCHERS:]
    times = [taken for tally in searched for taken in tally.milliseconds]
    return Phase(
        name,
        percentiles(times),
        len(times) / duration(searched),
        sum(tally.rows for tally in written),
        [taken / 1000 for tally in written for taken in tally.milliseconds],
    )
