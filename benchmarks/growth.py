"""How latency grows with the number of documents, with an empty tail and with a nearly full one."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from benchmarks import generated
from benchmarks.datasets import Asking, Plain, generated_plain
from benchmarks.documents import Collection, plain_columns
from benchmarks.generated import Clustered
from benchmarks.loading import Loaded, load
from benchmarks.server import Target
from benchmarks.state import SEAL_ROWS, State, count_tail, settle
from benchmarks.timing import Percentiles
from benchmarks.truth import Quality, distances
from benchmarks.unfiltered import ask
from benchmarks.writing import drop_namespace
from service.core.index_settings import IndexSettings

# documents that the fullest tail lacks to become a segment
LACKING = 50
BUILD_MEMORY = os.environ.get("VECTABLE_BUILD_MEMORY") or "default (1 GiB)"


@dataclass(frozen=True, slots=True)
class Scale:
    sizes: tuple[int, ...]
    dimensions: int
    queries: int
    rounds: int
    k: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A namespace with a tail of this many rows."""

    rows: int
    tail: int
    quality: Quality
    http: Percentiles


@dataclass(frozen=True, slots=True)
class Size:
    title: str
    loaded: Loaded
    build_seconds: float  # from the end of the load until the indexer is done
    build_memory: str
    state: State
    empty: Moment
    full: Moment


@dataclass(frozen=True, slots=True)
class Figures:
    k: int
    sizes: list[Size]


def measure(target: Target, scale: Scale) -> Figures:
    return Figures(scale.k, [measure_size(target, scale, count) for count in scale.sizes])


def measure_size(target: Target, scale: Scale, count: int) -> Size:
    namespace = f"growth-{count}"
    data = generated_plain(namespace, count, scale.dimensions, scale.queries)
    loaded = load(target, data.collection)
    settled = settle(target, namespace)
    limit = IndexSettings(seal_rows=SEAL_ROWS).sealed_at(scale.dimensions)
    # What is left fills up to a segment of its own: then the tail is empty.
    tail = count_tail(target, namespace)
    data = add(target, data, limit - tail if tail else 0)
    state = settle(target, namespace).state
    empty = moment(target, data, scale)
    data = add(target, data, limit - LACKING)
    settle(target, namespace)
    full = moment(target, data, scale)
    drop_namespace(target, namespace)
    return Size(data.title, loaded, settled.seconds, BUILD_MEMORY, state, empty, full)


def add(target: Target, data: Plain, count: int) -> Plain:
    """More documents behind those that are there, known to the truth as well."""
    if not count:
        return data
    present = data.asking.distances.shape[1]
    vectors = Clustered(data.collection.vectors.dimensions, count, generated.TAIL + present)
    more = Collection(data.collection.namespace, vectors, plain_columns, present + 1)
    load(target, more)
    found = np.hstack([data.asking.distances, distances(data.asking.vectors, vectors)])
    return Plain(data.title, data.collection, Asking(data.asking.vectors, found))


def moment(target: Target, data: Plain, scale: Scale) -> Moment:
    quality, http = ask(target, data, scale.k, scale.rounds)
    rows = data.asking.distances.shape[1]
    return Moment(rows, count_tail(target, data.collection.namespace), quality, http)
