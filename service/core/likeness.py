"""Rankings by likeness to examples: recommendations, discovery and context (VectorAI, section 12).

Likeness is the cosine, the inner product, or the negative distance: squared for Euclid, as it is
for Manhattan. Scores are sums and sigmoids of likenesses; the highest comes first, ties by id.
Documents without a vector are no results.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from service.core.errors import InvalidRequest
from service.core.vectors import Vector

# vectors that one ranking compares every document with
MAX_EXAMPLES = 1_000


class Strategy(Enum):
    """How a recommendation is made of its examples; the values are the words of callers.

    ``AVERAGE`` is a search for the nearest to one vector, and no ranking of its own.
    """

    AVERAGE = "average_vector"
    BEST_SCORE = "best_score"
    SUM_SCORES = "sum_scores"


@dataclass(frozen=True, slots=True)
class Pair:
    """What results shall be like, against what they shall not be like."""

    positive: Vector
    negative: Vector


@dataclass(frozen=True, slots=True)
class Recommended:
    """``BEST_SCORE``: by the example that is most like the document, counted against it when that
    is a negative one. ``SUM_SCORES``: by the sum over positives less that over negatives."""

    column: str
    positives: tuple[Vector, ...]
    negatives: tuple[Vector, ...]
    strategy: Strategy


@dataclass(frozen=True, slots=True)
class Discovered:
    """By the number of pairs on whose positive side the document is, then by likeness to the
    target."""

    column: str
    target: Vector
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class InContext:
    """By how far the document is on the negative sides of pairs, in sum: 0 at most."""

    column: str
    pairs: tuple[Pair, ...]


Likened = Recommended | Discovered | InContext


def vectors_of(ranking: Likened) -> tuple[Vector, ...]:
    """All that documents are compared with."""
    match ranking:
        case Recommended(_, positives, negatives):
            return positives + negatives
        case Discovered(_, target, pairs):
            return (target, *both_sides(pairs))
        case InContext(_, pairs):
            return both_sides(pairs)


def both_sides(pairs: tuple[Pair, ...]) -> tuple[Vector, ...]:
    return tuple(vector for pair in pairs for vector in (pair.positive, pair.negative))


def check_examples(count: int) -> None:
    """Refuse more examples than a ranking may have.

    Raises:
        InvalidRequest: naming the limit.
    """
    if count > MAX_EXAMPLES:
        raise InvalidRequest(f"a query has at most {MAX_EXAMPLES} examples, got {count}")
