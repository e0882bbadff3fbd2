"""The data that the parts measure: a collection to load, groups of queries, and the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks import generated
from benchmarks.attributes import Orders, orders
from benchmarks.debian import Debian
from benchmarks.documents import Collection, ColumnsOf, Vectors, plain_columns
from benchmarks.generated import Clustered, centre
from benchmarks.truth import distances

REGION_CLUSTER = 0


@dataclass(frozen=True, slots=True)
class Asking:
    """Vectors to search with, and their true distances from every document."""

    vectors: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True, slots=True)
class Plain:
    """A collection and queries of its own kind."""

    title: str
    collection: Collection
    asking: Asking


@dataclass(frozen=True, slots=True)
class Filtered:
    """A collection whose attributes make every filter, and queries far and wide or in a region."""

    title: str
    collection: Collection
    orders: Orders
    anywhere: Asking
    region: Asking


def generated_plain(namespace: str, count: int, dimensions: int, queries: int) -> Plain:
    vectors = Clustered(dimensions, count)
    asking = Clustered(dimensions, queries, generated.QUERIES).all()
    return Plain(
        title(vectors, "generated"),
        Collection(namespace, vectors, plain_columns),
        Asking(asking, distances(asking, vectors)),
    )


def debian_plain(namespace: str, data: Debian) -> Plain:
    return Plain(
        title(data.vectors, "Debian"),
        Collection(namespace, data.vectors, data.columns),
        Asking(data.queries, distances(data.queries, data.vectors)),
    )


def generated_filtered(namespace: str, count: int, dimensions: int, queries: int) -> Filtered:
    anywhere = Clustered(dimensions, queries, generated.QUERIES).all()
    region = Clustered(dimensions, queries, generated.REGION, REGION_CLUSTER).all()
    middle = centre(dimensions, REGION_CLUSTER)
    return filtered(namespace, "generated", Clustered(dimensions, count), anywhere, region, middle)


def debian_filtered(namespace: str, data: Debian, queries: int) -> Filtered:
    """The real vectors with the made attributes, in a namespace of their own.

    Together with the real attributes, rows would be too large to stay in one piece.
    """
    anywhere, region = data.queries[:queries], data.region[:queries]
    return filtered(namespace, "Debian", data.vectors, anywhere, region, data.centre)


def filtered(
    namespace: str,
    kind: str,
    vectors: Vectors,
    anywhere: np.ndarray,
    region: np.ndarray,
    middle: np.ndarray,
) -> Filtered:
    found = distances(np.concatenate([anywhere, region, middle[None, :]]), vectors)
    made = orders(found[-1])
    columns: ColumnsOf = made.columns
    return Filtered(
        f"{title(vectors, kind)}, made attributes",
        Collection(namespace, vectors, columns),
        made,
        Asking(anywhere, found[: len(anywhere)]),
        Asking(region, found[len(anywhere) : -1]),
    )


def title(vectors: Vectors, kind: str) -> str:
    return f"{kind} {vectors.count:,} × {vectors.dimensions}"
