"""How much is measured: quick for a first look, full for figures to show."""

from __future__ import annotations

from dataclasses import dataclass

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

PARTS = (
    "latency", "unfiltered", "filters", "writes", "mixed", "bulk", "aggregates", "dialects",
    "snapshots", "growth", "peers",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scale:
    """The sizes of every part; ``parts`` are those of a run that names none."""

    parts: tuple[str, ...]
    sizes: tuple[int, ...]  # generated collections: the last one in filters only
    dimensions: int
    queries: int
    filter_queries: int
    latency: latency.Scale
    unfiltered: unfiltered.Scale
    filters: filters.Scale
    writes: writes.Scale
    mixed: mixed.Scale
    bulk: bulk.Scale
    aggregates: aggregates.Scale
    dialects: dialects.Scale
    snapshots: snapshots.Scale
    growth: growth.Scale


QUICK = Scale(
    parts=PARTS[:-1],
    sizes=(10_000,),
    dimensions=384,
    queries=100,
    filter_queries=20,
    latency=latency.Scale(rows=10_000, dimensions=384, queries=500, k=10),
    unfiltered=unfiltered.Scale(k=10, queries=200, seconds=2.0),
    filters=filters.Scale(k=10, rounds=1, budget=0.5),
    writes=writes.Scale(rows=10_000, dimensions=384, batch=1000, rounds=1, peers=False),
    mixed=mixed.Scale(rows=10_000, dimensions=384, quiet=5.0, sustained=8.0, flooded=6.0, k=10),
    bulk=bulk.Scale(rows=20_000, changed=10_000, dimensions=384, seconds=4.0, k=10),
    aggregates=aggregates.Scale(rows=20_000, dimensions=384, rounds=10),
    dialects=dialects.Scale(
        rows=10_000, dimensions=384, queries=200, k=10, scrolled=10_000, page=1_000
    ),
    snapshots=snapshots.Scale(rows=20_000, dimensions=128, queries=100, k=10),
    growth=growth.Scale(sizes=(10_000,), dimensions=768, queries=100, rounds=2, k=10),
)

FULL = Scale(
    parts=PARTS,
    sizes=(100_000, 1_000_000),
    dimensions=384,
    queries=200,
    filter_queries=50,
    latency=latency.Scale(rows=10_000, dimensions=384, queries=1000, k=10),
    unfiltered=unfiltered.Scale(k=10, queries=1000, seconds=6.0),
    filters=filters.Scale(k=10, rounds=3, budget=1.5),
    writes=writes.Scale(rows=50_000, dimensions=384, batch=1000, rounds=1, peers=True),
    mixed=mixed.Scale(rows=50_000, dimensions=384, quiet=15.0, sustained=30.0, flooded=20.0, k=10),
    bulk=bulk.Scale(rows=200_000, changed=100_000, dimensions=384, seconds=15.0, k=10),
    aggregates=aggregates.Scale(rows=1_000_000, dimensions=384, rounds=20),
    dialects=dialects.Scale(
        rows=100_000, dimensions=384, queries=1000, k=10, scrolled=1_000_000, page=1_000
    ),
    snapshots=snapshots.Scale(rows=1_000_000, dimensions=128, queries=200, k=10),
    growth=growth.Scale(
        sizes=(10_000, 100_000, 1_000_000), dimensions=768, queries=200, rounds=3, k=10
    ),
)
