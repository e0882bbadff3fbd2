"""What a search asks and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.core.attributes import JsonValue
from service.core.filters import EVERYTHING, Attribute, Filter
from service.core.ids import DocumentId
from service.core.vectors import Metric, Vector

DEFAULT_VECTOR = "vector"
MAX_LIMIT = 10_000
MAX_SAMPLES = 200


@dataclass(frozen=True, slots=True)
class Nearest:
    """By distance to a vector, nearest first, ties by id. ``metric`` None: the namespace's."""

    vector: Vector
    metric: Metric | None = None
    column: str = DEFAULT_VECTOR


@dataclass(frozen=True, slots=True)
class ByAttribute:
    """By an attribute, ties by id; documents without it come first, and last when descending."""

    attribute: Attribute
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ById:
    """By id."""

    descending: bool = False


Ranking = Nearest | ByAttribute | ById


@dataclass(frozen=True, slots=True)
class Projection:
    """What of a document is returned. ``attributes`` None: all of them."""

    attributes: tuple[str, ...] | None = ()
    vectors: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.attributes == () and not self.vectors


@dataclass(frozen=True, slots=True)
class Query:
    """One search."""

    ranking: Ranking = ById()
    filter: Filter = EVERYTHING
    limit: int = 10
    projection: Projection = Projection()


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found. ``distance`` is None unless the ranking was by distance."""

    id: DocumentId
    distance: float | None
    vectors: Mapping[str, Vector | None]
    attributes: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Result:
    """The documents found, best first, and the namespace's size (exact when it is small).

    ``exhaustive``: every document that matches was looked at.
    """

    hits: tuple[Hit, ...]
    namespace_size: int
    exhaustive: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a namespace in write order; ``next_position`` None: it was the last."""

    hits: tuple[Hit, ...]
    next_position: int | None


@dataclass(frozen=True, slots=True)
class Recall:
    """The planned search held against an exact one, averaged over sample vectors."""

    average: float
    exhaustive_count: float
    indexed_count: float
    truths: tuple[tuple[Vector, tuple[Hit, ...]], ...] = ()
