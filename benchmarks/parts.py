"""The parts of a run: what each measures, on which data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import (
    aggregates,
    bulk,
    dialects,
    filters,
    growth,
    latency,
    mixed,
    snapshots,
    unfiltered,
    writes,
)
from benchmarks.datasets import (
    debian_filtered,
    debian_plain,
    generated_filtered,
    generated_plain,
)
from benchmarks.debian import read
from benchmarks.peers import compare
from benchmarks.scales import Scale
from benchmarks.server import Target

# one collection's figures after the other
Figures = Iterator[object]


@dataclass(frozen=True, slots=True)
class Run:
    """Where and how much: what every part gets."""

    target: Target
    scale: Scale
    debian: Path | None

    @property
    def middle(self) -> tuple[int, ...]:
        """Generated sizes without the largest, when there are several."""
        return self.scale.sizes[:1] if len(self.scale.sizes) == 1 else self.scale.sizes[:-1]


def measure_latency(run: Run) -> Figures:
    yield latency.measure(run.target, run.scale.latency)


def measure_unfiltered(run: Run) -> Figures:
    scale = run.scale
    data = debian_plain("debian", read(run.debian))
    yield unfiltered.measure(run.target, data, scale.unfiltered)
    for size in run.middle:
        data = generated_plain(f"generated-{size}", size, scale.dimensions, scale.queries)
        yield unfiltered.measure(run.target, data, scale.unfiltered)


def measure_filters(run: Run) -> Figures:
    scale, debian = run.scale, read(run.debian)
    plain = debian_plain("debian-real", debian)
    yield filters.measure_real(run.target, plain, debian.documents, scale.filters)
    data = debian_filtered("debian-made", debian, scale.filter_queries)
    yield filters.measure(run.target, data, scale.filters)
    for size in scale.sizes:
        data = generated_filtered(f"filters-{size}", size, scale.dimensions, scale.filter_queries)
        yield filters.measure(run.target, data, scale.filters)


def measure_writes(run: Run) -> Figures:
    yield writes.measure(run.target, run.scale.writes)


def measure_growth(run: Run) -> Figures:
    yield growth.measure(run.target, run.scale.growth)


def measure_peers(run: Run) -> Figures:
    debian, k = read(run.debian), run.scale.unfiltered.k
    plain = debian_plain("debian-peers", debian)
    asked = compare.questions(debian.documents, len(debian.documents))
    yield compare.measure(run.target, plain, asked, k)
    for size in run.middle:
        data = generated_plain(f"peers-{size}", size, run.scale.dimensions, run.scale.queries)
        yield compare.measure(run.target, data, compare.questions(None, size), k)


def measure_aggregates(run: Run) -> Figures:
    yield aggregates.measure(run.target, run.scale.aggregates)


def measure_bulk(run: Run) -> Figures:
    yield bulk.measure(run.target, run.scale.bulk)


def measure_dialects(run: Run) -> Figures:
    yield dialects.measure(run.target, run.scale.dialects)


def measure_snapshots(run: Run) -> Figures:
    yield snapshots.measure(run.target, run.scale.snapshots)


MEASURES: dict[str, Callable[[Run], Figures]] = {
    "latency": measure_latency,
    "unfiltered": measure_unfiltered,
    "filters": measure_filters,
    "writes": measure_writes,
    "growth": measure_growth,
    "aggregates": measure_aggregates,
    "bulk": measure_bulk,
    "dialects": measure_dialects,
    "snapshots": measure_snapshots,
    "peers": measure_peers,
}


def measure_mixed(database_url: str | None, scale: Scale) -> Figures:
    """The part that has a server of its own."""
    yield mixed.measure(database_url, scale.mixed)
