"""Figures as tables: one function per part, from what the file of results holds."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.report import Table
from benchmarks.tables import dialects, others, searches, snapshots
from benchmarks.tables.cells import Figures

TABLES: dict[str, Callable[[Figures], list[Table]]] = {
    "latency": searches.latency,
    "unfiltered": searches.unfiltered,
    "filters": searches.filters,
    "writes": others.writes,
    "mixed": others.mixed,
    "bulk": others.bulk,
    "aggregates": others.aggregates,
    "dialects": dialects.dialects,
    "snapshots": snapshots.snapshots,
    "growth": searches.growth,
    "peers": others.peers,
}


def tables(part: str, figures: list[Figures]) -> list[Table]:
    return [table for one in figures for table in TABLES[part](one)]
