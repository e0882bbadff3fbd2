"""Distances between documents of a sample (VectorAI, section 12)."""

from __future__ import annotations

from dataclasses import dataclass

from service.core.filters import EVERYTHING, Filter
from service.core.ids import DocumentId
from service.core.query import DEFAULT_VECTOR

MAX_SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class MatrixQuery:
    """Of ``sample`` documents drawn at random: the ``limit`` others nearest to each."""

    sample: int = 10
    limit: int = 3
    column: str = DEFAULT_VECTOR
    filter: Filter = EVERYTHING


@dataclass(frozen=True, slots=True)
class Cell:
    """Two documents by their places among the ids, and the score that callers see."""

    row: int
    column: int
    score: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """The documents drawn, in the order of their ids; cells row by row, best first."""

    ids: tuple[DocumentId, ...]
    cells: tuple[Cell, ...]
