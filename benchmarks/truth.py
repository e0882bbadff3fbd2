"""The right answers, by numpy, and how far given answers are from them.

Recall is counted by distance: a returned document counts when its true distance is at most that of
the true k-th, so that one of several equal documents is as good as another. True distances are
computed here from the ids that came back, whatever distances came with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.documents import Vectors

# the rounding of float32 sums, here and there
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Quality:
    """How good answers are: recall over all queries, of the worst, and what must not happen."""

    recall: float
    worst: float
    queries: int
    short: int  # answers of fewer rows than min(k, matching)
    foreign: int  # rows that do not match, or came twice


def distances(queries: np.ndarray, vectors: Vectors) -> np.ndarray:
    """Cosine distances of unit vectors: one row per query, one column per document."""
    found = np.empty((len(queries), vectors.count), dtype=np.float32)
    start = 0
    for chunk in vectors.chunks():
        np.matmul(queries, chunk.T, out=found[:, start : start + len(chunk)])
        start += len(chunk)
    np.subtract(np.float32(1), found, out=found)
    return found


def judge(
    answers: Sequence[Sequence[int]],
    found: np.ndarray,
    k: int,
    matching: np.ndarray | None = None,
    first_id: int = 1,
) -> Quality:
    """Answers (ids) held against true distances; ``matching`` says which documents may come."""
    columns = np.arange(found.shape[1]) if matching is None else np.flatnonzero(matching)
    wanted = min(k, len(columns))
    recalls, short, foreign = [], 0, 0
    for answer, row in zip(answers, found, strict=False):
        bound = farthest(row if matching is None else row[columns], wanted)
        right = {number - first_id for number in answer}
        if matching is not None:
            right = {position for position in right if matching[position]}
        foreign += len(answer) - len(right)
        short += len(answer) < wanted
        recalls.append(sum(row[position] <= bound for position in right) / max(wanted, 1))
    worst = min(recalls, default=0.0)
    return Quality(float(np.mean(recalls)), float(worst), len(recalls), short, foreign)


def farthest(row: np.ndarray, wanted: int) -> float:
    """The distance that the last of the right documents has."""
    if wanted == 0:
        return -1.0
    return float(np.partition(row, wanted - 1)[wanted - 1]) + TOLERANCE
