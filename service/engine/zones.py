"""Zones of a context: where all pairs' positives are nearer than their negatives.

Each pair cuts space in half; the zone is what all halves have in common, and the point of it that
is nearest to a target is found by going to the border of each half in turn, as far as it is still
needed (Hildreth's method). Under Manhattan the borders are those of Euclid, which lie close.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from service.core.likeness import Pair
from service.core.vectors import Metric, Vector

Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

ROUNDS = 30
# how far inside the zone, in parts of the size of the target or of the distance between a pair
DEPTHS = (0.0, 0.1, 0.3, 0.6)


def entrances(target: Vector, pairs: Sequence[Pair], metric: Metric) -> tuple[Vector, ...]:
    """The vectors nearest to the target on the border of the zone, and somewhat inside."""
    directed = metric in (Metric.COSINE, Metric.DOT)
    start = numbers_of(target, metric)
    positives = np.stack([numbers_of(pair.positive, metric) for pair in pairs])
    negatives = np.stack([numbers_of(pair.negative, metric) for pair in pairs])
    normals = positives - negatives
    lengths = np.linalg.norm(normals, axis=1)
    squares = np.square(positives).sum(axis=1) - np.square(negatives).sum(axis=1)
    offsets = np.zeros(len(pairs)) if directed else squares / 2
    size = float(np.linalg.norm(start)) if directed else float(lengths.mean()) / 2
    cuts = lengths > 0
    if not cuts.any():
        return ()
    normals, offsets = normals[cuts] / lengths[cuts, None], offsets[cuts] / lengths[cuts]
    found = [projected(start, normals, offsets + depth * size) for depth in DEPTHS]
    return tuple(Vector(one.astype("<f4").tobytes()) for one in found)


def projected(start: Numbers, normals: Numbers, offsets: Numbers) -> Numbers:
    """About the point nearest to ``start`` that is beyond all of the borders; where they leave
    nothing in common, one between them."""
    point, taken = start, np.zeros(len(offsets))
    for _ in range(ROUNDS):
        for border, (normal, offset) in enumerate(zip(normals, offsets, strict=True)):
            # back again what turns out not to be needed
            step = max(float(offset - normal @ point), -taken[border])
            taken[border] += step
            point = point + step * normal
    return point


def numbers_of(vector: Vector, metric: Metric) -> Numbers:
    """A vector's numbers; where only directions count, of length 1."""
    numbers = np.frombuffer(vector.data, dtype="<f4").astype(np.float64)
    length = float(np.linalg.norm(numbers)) if metric is Metric.COSINE else 1.0
    return numbers / (length or 1.0)
