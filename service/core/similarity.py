"""Scores as callers of VectorAI see them, made of what hits were ranked by (section 15.1)."""

from __future__ import annotations

from dataclasses import dataclass

from service.core.query import Hit
from service.core.vectors import Metric

# what hits ranked by the values at a path have among their computed values
ORDER_VALUE = "order_value"
# float32 numbers that are equal to a caller may differ so far, relative to their size
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Ranked:
    """What was found, best first. ``metric``: the hits have distances by it; None: they have
    scores, the higher the better, or nothing. Those by path have ``ORDER_VALUE`` computed."""

    hits: tuple[Hit, ...]
    metric: Metric | None = None


def score(distance: float | None, metric: Metric | None) -> float:
    """The score that callers see (section 15.1); 0 where there was nothing to rank by."""
    if distance is None:
        return 0.0
    match metric:
        case Metric.COSINE:
            return 1.0 - distance
        case Metric.DOT:
            return -distance
        case _:
            return distance


def smaller_is_better(metric: Metric | None) -> bool:
    """Whether the scores that callers see are distances."""
    return metric in (Metric.EUCLIDEAN, Metric.EUCLIDEAN_SQUARED, Metric.MANHATTAN)


def goodness(distance: float | None, metric: Metric | None) -> float:
    """The score with its sign turned where it is a distance: the higher, the better."""
    seen = score(distance, metric)
    return -seen if smaller_is_better(metric) else seen


def passes(hit: Hit, metric: Metric | None, threshold: float | None) -> bool:
    """Whether a hit is at least as good as a threshold, which is a score as callers see it."""
    if threshold is None or hit.distance is None:
        return True
    slack = TOLERANCE * max(1.0, abs(threshold))
    wanted = -threshold if smaller_is_better(metric) else threshold
    return goodness(hit.distance, metric) >= wanted - slack


def above(ranked: Ranked, threshold: float | None) -> Ranked:
    """The hits that pass."""
    kept = tuple([hit for hit in ranked.hits if passes(hit, ranked.metric, threshold)])
    return Ranked(kept, ranked.metric)
