"""Searches with filters: every share of matches, every kind, and every relation to the query.

Independent filters are asked from anywhere; near and far ones from inside a region: near, the
matches are the documents closest to it, far, those at the greatest distance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.attributes import INDEPENDENT, Cell
from benchmarks.client import connect
from benchmarks.datasets import Asking, Filtered, Plain
from benchmarks.loading import Loaded, load
from benchmarks.server import Target
from benchmarks.state import State, settle
from benchmarks.timing import Percentiles, ask_all, percentiles
from benchmarks.truth import Quality, judge
from benchmarks.wire import ids_of, query_body, query_path
from benchmarks.writing import drop_namespace

FIRST = 5


@dataclass(frozen=True, slots=True)
class Scale:
    k: int
    rounds: int
    budget: float  # seconds for each filter


@dataclass(frozen=True, slots=True)
class Row:
    """One filter's figures; ``share`` is what was aimed at."""

    name: str
    correlation: str
    kind: str
    share: float
    matching: int
    quality: Quality
    http: Percentiles


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    k: int
    loaded: Loaded
    settled: float
    state: State
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Real:
    """A filter on the attributes that the Debian documents have."""

    name: str
    filters: list[object]
    matches: Callable[[dict[str, object]], bool]


def real_filters(documents: Sequence[dict[str, object]]) -> list[Real]:
    """Their bounds on size follow the data, so that the subset has comparable shares."""
    sizes = sorted(document["size"] for document in documents)
    large = sizes[round(len(sizes) * 0.9947) - 1]
    small = sizes[round(len(sizes) * 0.2736)]
    wanted = ["mail::user-agent", "role::documentation"]
    return [
        Real("section Eq", ["section", "Eq", "haskell"], lambda d: d["section"] == "haskell"),
        Real("section NotEq", ["section", "NotEq", "libs"], lambda d: d["section"] != "libs"),
        Real("size Gt", ["size", "Gt", large], lambda d: d["size"] > large),
        Real("size Lt", ["size", "Lt", small], lambda d: d["size"] < small),
        Real("tags In", ["tags", "In", wanted], lambda d: not set(wanted).isdisjoint(d["tags"])),
        Real(
            "filename Glob prefix",
            ["filename", "Glob", "pool/main/p/*"],
            lambda d: d["filename"].startswith("pool/main/p/"),
        ),
        Real(
            "filename Glob infix",
            ["filename", "Glob", "*python*"],
            lambda d: "python" in d["filename"],
        ),
    ]


def measure(target: Target, data: Filtered, scale: Scale) -> Figures:
    """Every filter of the table on one collection, which is dropped at the end."""
    cells = list(data.orders.cells())
    named = [(f"{cell.kind}, {cell.correlation}", cell) for cell in cells]
    asked = [data.anywhere if cell.correlation == INDEPENDENT else data.region for cell in cells]
    return run(target, data, named, asked, scale)


def measure_real(
    target: Target, data: Plain, documents: Sequence[dict[str, object]], scale: Scale
) -> Figures:
    """The filters that people would ask on the Debian documents."""
    named = []
    for real in real_filters(documents):
        matching = np.array([real.matches(document) for document in documents])
        share = float(matching.mean())
        named.append((real.name, Cell("real", real.name, share, real.filters, matching)))
    return run(target, data, named, [data.asking] * len(named), scale)


def run(
    target: Target,
    data: Plain | Filtered,
    named: Sequence[tuple[str, Cell]],
    asking: Sequence[Asking],
    scale: Scale,
) -> Figures:
    """Ask each filter a few times, let the indexes be made that this asks for, then measure."""
    namespace = data.collection.namespace
    loaded = load(target, data.collection)
    settled = settle(target, namespace).seconds
    first = Scale(scale.k, 1, 0.0)
    for (name, cell), asked in zip(named, asking, strict=True):
        ask(target, namespace, name, cell, head(asked), first)
    after = settle(target, namespace)
    rows = [
        ask(target, namespace, name, cell, asked, scale)
        for (name, cell), asked in zip(named, asking, strict=True)
    ]
    drop_namespace(target, namespace)
    return Figures(data.title, scale.k, loaded, settled + after.seconds, after.state, rows)


def head(asking: Asking) -> Asking:
    return Asking(asking.vectors[:FIRST], asking.distances[:FIRST])


def ask(target: Target, namespace: str, name: str, cell: Cell, asking: Asking, scale: Scale) -> Row:
    """One filter over HTTP, one client; three queries come before, unmeasured."""
    bodies = [query_body(vector, scale.k, cell.filters) for vector in asking.vectors]
    path = query_path(namespace)
    with connect(target) as client:
        for body in bodies[:3]:
            client.send("POST", path, body)
        asked = ask_all(
            lambda body: client.send("POST", path, body),
            bodies,
            rounds=scale.rounds,
            budget=scale.budget,
        )
    quality = judge(
        [ids_of(answer) for answer in asked.answers], asking.distances, scale.k, cell.matching
    )
    times = percentiles(asked.milliseconds)
    matching = int(cell.matching.sum())
    return Row(name, cell.correlation, cell.kind, cell.share, matching, quality, times)
