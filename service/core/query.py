"""What a search asks and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from service.core.attributes import JsonValue
from service.core.filters import EVERYTHING, Attribute, Field, Filter
from service.core.ids import DocumentId
from service.core.likeness import Likened
from service.core.paths import Path
from service.core.scores import Score
from service.core.vectors import Metric, Vector

DEFAULT_VECTOR = "vector"
MAX_LIMIT = 10_000
MAX_SAMPLES = 200


@dataclass(frozen=True, slots=True)
class Nearest:
    """By distance to a vector, nearest first, ties by id. ``metric`` None: the namespace's.

    ``exact``: every document that matches is looked at.
    """

    vector: Vector
    metric: Metric | None = None
    column: str = DEFAULT_VECTOR
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an order: documents without a value come first, and last when descending."""

    field: Field
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Ordered:
    """By the values of fields, ties by id; without keys: by id."""

    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """By a score, the highest first, ties by id; a score of 0 is no result."""

    score: Score


@dataclass(frozen=True, slots=True)
class ByPath:
    """By the numbers and times at a path, once for each of them, ties by id; documents without any
    are no results. ``start``: the first value that may come; times are microseconds since 1970."""

    path: Path
    descending: bool = False
    start: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Shuffled:
    """At random."""


Ranking = Nearest | Ordered | Scored | Likened | ByPath | Shuffled


@dataclass(frozen=True, slots=True)
class Projection:
    """What of a document is returned. ``attributes`` None: all of them but those in ``without``."""

    attributes: tuple[str, ...] | None = ()
    vectors: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self.attributes == () and not self.vectors


@dataclass(frozen=True, slots=True)
class Named:
    """The attributes and vectors of these names, each of which the schema has."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllBut:
    """Every attribute and vector except those of these names."""

    names: tuple[str, ...] = ()


Selection = Projection | Named | AllBut


@dataclass(frozen=True, slots=True)
class Computed:
    """A value returned with each document: the distance of one of its vectors from this one."""

    name: str
    column: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Cap:
    """At most ``limit`` documents with the same values of ``attributes``."""

    attributes: tuple[Attribute, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class Query:
    """One search: ``limit`` documents after the first ``offset``."""

    ranking: Ranking = Ordered()
    filter: Filter = EVERYTHING
    limit: int = 10
    projection: Selection = Projection()
    offset: int = 0
    cap: Cap | None = None
    computed: tuple[Computed, ...] = ()

    @property
    def depth(self) -> int:
        """How many documents have to be found, best first."""
        return self.limit + self.offset


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found. ``distance`` is what it was ranked by: distance, score, or the value at a
    path; None when it was ranked by the values of fields, or at random. ``computed``: values asked
    for by name."""

    id: DocumentId
    distance: float | None
    vectors: Mapping[str, Vector | None]
    attributes: Mapping[str, JsonValue]
    computed: Mapping[str, float | None] = field(default_factory=dict[str, "float | None"])


@dataclass(frozen=True, slots=True)
class Result:
    """The documents found, best first, and the namespace's size (exact when it is small).

    ``exhaustive``: every document that matches was looked at. ``metric``: of the distances; None
    where the hits were not ranked by one.
    """

    hits: tuple[Hit, ...]
    namespace_size: int
    exhaustive: bool = True
    metric: Metric | None = None


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
