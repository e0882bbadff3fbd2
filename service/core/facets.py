"""Facets: which values stand at a path, and in how many documents (VectorAI, section 12)."""

from __future__ import annotations

from dataclasses import dataclass

from service.core.filters import EVERYTHING, Filter
from service.core.paths import Path

FacetValue = str | int | bool


@dataclass(frozen=True, slots=True)
class Facet:
    """The ``limit`` values that most documents have: strings, integers and booleans.

    An array counts for each of its elements, once for a document.
    """

    path: Path
    filter: Filter = EVERYTHING
    limit: int = 10


@dataclass(frozen=True, slots=True)
class FacetCount:
    """One value, and the number of documents that have it."""

    value: FacetValue
    count: int
