"""Likeness to examples as SQL: first what each document is compared by, then the score of that.

A score mentions most of its likenesses twice, and each costs a pass over a vector; so they are
columns of an inner query, and the score is an expression over these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.compile.fragment import Fragment, identifier, joined, raw
from service.compile.ranking import distance
from service.core.likeness import Discovered, InContext, Likened, Pair, Recommended, Strategy
from service.core.namespace import VectorColumn
from service.core.vectors import Metric, Vector

# of float32: what is no farther apart counts as equally far
EPSILON = raw("1.1920929e-7")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The columns of the inner query, and the score over them."""

    columns: Fragment
    score: Fragment


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a column's vectors are compared."""

    column: VectorColumn
    schema: str

    def to(self, vector: Vector) -> Fragment:
        """How like a document is to a vector: the larger, the more."""
        match self.column.metric or Metric.COSINE:
            case Metric.COSINE:
                before, metric = raw("(1 - "), Metric.COSINE
            case Metric.EUCLIDEAN | Metric.EUCLIDEAN_SQUARED:
                before, metric = raw("-("), Metric.EUCLIDEAN_SQUARED
            case other:
                before, metric = raw("-("), other
        return before + distance(self.column, vector, metric, self.schema) + raw(")")

    def to_best(self, vectors: Sequence[Vector]) -> Fragment:
        """To the one of several that the document is most like."""
        if not vectors:
            return raw("'-Infinity'::float8")
        return raw("greatest(") + joined(", ", map(self.to, vectors)) + raw(")")

    def to_all(self, vectors: Sequence[Vector]) -> Fragment:
        """To all of several, in sum."""
        if not vectors:
            return raw("0::float8")
        return raw("(") + joined(" + ", map(self.to, vectors)) + raw(")")

    def between(self, pair: Pair) -> Fragment:
        """How much more like the positive side than the negative one."""
        return raw("(") + self.to(pair.positive) + raw(" - ") + self.to(pair.negative) + raw(")")


def compile_likeness(ranking: Likened, column: VectorColumn, schema: str) -> Comparison:
    """What a ranking compares documents by; ``schema`` is pgvector's."""
    likeness = Likeness(column, schema)
    match ranking:
        case Recommended(strategy=Strategy.SUM_SCORES):
            return sum_of_scores(ranking, likeness)
        case Recommended():
            return best_score(ranking, likeness)
        case Discovered():
            return discovery(ranking, likeness)
        case InContext():
            return context(ranking, likeness)


def best_score(ranking: Recommended, likeness: Likeness) -> Comparison:
    columns = (
        likeness.to_best(ranking.positives) + raw(" AS positive, ")
        + likeness.to_best(ranking.negatives) + raw(" AS negative")
    )  # fmt: skip
    score = (
        raw("CASE WHEN positive > negative THEN ") + scaled(raw("positive"))
        + raw(" ELSE -") + scaled(raw("negative")) + raw(" END")
    )  # fmt: skip
    return Comparison(columns, score)


def sum_of_scores(ranking: Recommended, likeness: Likeness) -> Comparison:
    columns = (
        likeness.to_all(ranking.positives) + raw(" - ") + likeness.to_all(ranking.negatives)
        + raw(" AS total")
    )  # fmt: skip
    return Comparison(columns, raw("total"))


def discovery(ranking: Discovered, likeness: Likeness) -> Comparison:
    """The integer part counts pairs, the rest is between 0 and 1."""
    sides = [raw("sign(") + likeness.between(pair) + raw(")") for pair in ranking.pairs]
    columns = (
        joined(" + ", sides) + raw(" AS sides, ")
        + likeness.to(ranking.target) + raw(" AS target")
    )  # fmt: skip
    return Comparison(columns, raw("sides + ") + scaled(raw("target")))


def context(ranking: InContext, likeness: Likeness) -> Comparison:
    names = [identifier(f"loss_{place}") for place in range(len(ranking.pairs))]
    losses = [
        raw("least(") + likeness.between(pair) + raw(" - ") + EPSILON + raw(", 0) AS ") + name
        for pair, name in zip(ranking.pairs, names, strict=True)
    ]
    # no loss is above 0
    score = [name + raw(" / (1 - ") + name + raw(")") for name in names]
    return Comparison(joined(", ", losses), joined(" + ", score))


def scaled(value: Fragment) -> Fragment:
    """A likeness brought between 0 and 1, in the same order."""
    return raw("(0.5 * (") + value + raw(" / (1 + abs(") + value + raw(")) + 1))")
