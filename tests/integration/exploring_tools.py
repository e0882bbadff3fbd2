"""What tests of queries by example share: documents, and answers computed by numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from service.core.exploration import (
    Aim,
    Context,
    Discovery,
    Example,
    ExamplePair,
    Exploration,
    Near,
    Recommendation,
    examples,
)
from service.core.likeness import Strategy
from service.core.similarity import Ranked
from service.core.vectors import Metric, Vector
from service.engine import Engine
from tests.integration.segment_tools import Numbers, upsert, vectors

EPSILON = 1.1920929e-7
METRICS = (Metric.COSINE, Metric.DOT, Metric.EUCLIDEAN, Metric.MANHATTAN)

Row = Mapping[str, Any]
Condition = Callable[[Row], bool]


def anything(_: Row) -> bool:
    return True


@dataclass
class Documents:
    """A namespace as it should be: a vector for each id, but those missing, and attributes."""

    numbers: Numbers
    metric: Metric
    rows: list[Row]
    missing: set[int] = field(default_factory=set[int])
    deleted: set[int] = field(default_factory=set[int])

    @property
    def ids(self) -> list[int]:
        return [i for i in range(len(self.rows)) if i not in self.deleted | self.missing]

    def likeness(self, example: Example) -> Any:
        """To all documents, the larger the more."""
        a = self.vector(example).astype(np.float64)
        b = self.numbers.astype(np.float64)
        match self.metric:
            case Metric.COSINE:
                lengths = np.linalg.norm(a) * np.linalg.norm(b, axis=1)
                safe = np.where(lengths > 0, lengths, 1)
                return np.where(lengths > 0, b @ a / safe, 0.0)
            case Metric.DOT:
                return b @ a
            case Metric.MANHATTAN:
                return -np.abs(b - a).sum(axis=1)
            case _:
                return -((b - a) ** 2).sum(axis=1)

    def vector(self, example: Example) -> Any:
        if isinstance(example, Vector):
            return np.frombuffer(example.data, "<f4")
        return self.numbers[int(str(example))]

    def scores(self, aim: Aim) -> Any:
        """How good all documents are, the higher the better."""
        match aim:
            case Near(example) | Discovery(example, ()):
                return self.likeness(example)
            case Recommendation(positives, negatives, Strategy.AVERAGE):
                return self.likeness(self.average(positives, negatives))
            case Recommendation(positives, negatives, Strategy.SUM_SCORES):
                return self.total(positives) - self.total(negatives)
            case Recommendation(positives, negatives, _):
                best, worst = self.best(positives), self.best(negatives)
                # the likeness to nothing is infinitely small, and is never what counts
                with np.errstate(invalid="ignore"):
                    return cast(Any, np.where(best > worst, scaled(best), -scaled(worst)))
            case Discovery(target, pairs):
                return np.sign(self.gaps(pairs)).sum(axis=0) + scaled(self.likeness(target))
            case Context(pairs):
                losses = np.minimum(self.gaps(pairs) - EPSILON, 0)
                return (losses / (1 - losses)).sum(axis=0)
            case _:
                raise ValueError(aim)

    def gaps(self, pairs: Sequence[ExamplePair]) -> Any:
        """How much more like the positive side all documents are, for each pair."""
        return np.array([self.likeness(p.positive) - self.likeness(p.negative) for p in pairs])

    def total(self, given: Sequence[Example]) -> Any:
        return sum((self.likeness(one) for one in given), np.zeros(len(self.rows)))

    def best(self, given: Sequence[Example]) -> Any:
        if not given:
            return np.full(len(self.rows), -np.inf)
        return np.max([self.likeness(one) for one in given], axis=0)

    def average(self, positives: Sequence[Example], negatives: Sequence[Example]) -> Vector:
        def mean(given: Sequence[Example]) -> Any:
            return np.mean([self.averaged(one) for one in given], axis=0)

        target = mean(positives)
        if negatives:
            target = 2 * target - mean(negatives)
        return Vector(target.astype("<f4").tobytes())

    def averaged(self, example: Example) -> Any:
        numbers = self.vector(example).astype(np.float64)
        if isinstance(example, Vector) or self.metric is not Metric.COSINE:
            return numbers
        return numbers / np.linalg.norm(numbers)

    def ranked(self, aim: Aim, condition: Condition = anything) -> list[tuple[int, float]]:
        """All that match, best first, with how good they are; ties by id."""
        known = {one for one in examples(aim) if isinstance(one, int)}
        scores = self.scores(aim)
        found = [i for i in self.ids if i not in known and condition(self.rows[i])]
        return [(i, float(scores[i])) for i in sorted(found, key=lambda i: (-scores[i], i))]


def scaled(likeness: Any) -> Any:
    """Between 0 and 1, in the same order."""
    return 0.5 * (likeness / (1 + np.abs(likeness)) + 1)


def goodness(documents: Documents, aim: Aim, score: float) -> float:
    """A distance in the terms of ``Documents.scores``."""
    plain = isinstance(aim, Near | Discovery) and not getattr(aim, "pairs", ())
    averaged = isinstance(aim, Recommendation) and aim.strategy is Strategy.AVERAGE
    if not (plain or averaged):
        return score
    match documents.metric:
        case Metric.EUCLIDEAN:
            return -(score**2)
        case Metric.MANHATTAN:
            return -score
        case Metric.COSINE:
            return 1 - score
        case _:
            return -score


def check(
    documents: Documents, aim: Aim, found: Ranked, truth: Sequence[tuple[int, float]]
) -> None:
    """The same documents with the same scores; where scores are equal, some may be others."""
    scores = [goodness(documents, aim, hit.distance or 0.0) for hit in found.hits]
    np.testing.assert_allclose(scores, [score for _, score in truth], rtol=1e-4, atol=1e-5)
    good = dict(truth)
    last = truth[-1][1] if truth else 0.0
    for hit, score in zip(found.hits, scores, strict=True):
        identity = int(str(hit.id))
        assert identity in good or abs(score - last) < 1e-4, (identity, score, last)
    assert len({hit.id for hit in found.hits}) == len(found.hits)


def store(engine: Engine, name: str, documents: Documents) -> None:
    names = sorted({key for row in documents.rows for key in row})
    columns = {key: [row.get(key) for row in documents.rows] for key in names}
    ids = range(len(documents.rows))
    missing = sorted(documents.missing)
    engine.write(name, upsert(list(ids), documents.numbers, documents.metric, missing, **columns))


def sampled(
    count: int, metric: Metric, dimensions: int = 8, seed: int = 0, missing: Sequence[int] = ()
) -> Documents:
    """Documents with a number ``n`` of 0 to 99 and a ``tag`` of a to e."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = [
        {"n": int(n), "tag": "abcde"[int(t)]}
        for n, t in zip(rng.integers(0, 100, count), rng.integers(0, 5, count), strict=True)
    ]
    return Documents(vectors(count, dimensions, seed), metric, rows, set(missing))


def explore(engine: Engine, name: str, aim: Aim, limit: int = 10, **more: Any) -> Ranked:
    (found,) = engine.explorer.explore(name, [Exploration(aim, limit=limit, **more)])
    return found
