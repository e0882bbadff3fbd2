"""Fusion: several rankings of documents become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import sqrt
from uuid import UUID

from service.core.ids import DocumentId
from service.core.query import Hit

RANK_CONSTANT = 60
# scores as far from the mean as this, in standard deviations, become 0 and 1
SPREAD = 3

Share = tuple[Hit, float]


def fuse(
    rankings: Sequence[Sequence[Hit]],
    weights: Sequence[float],
    rank_constant: float = RANK_CONSTANT,
) -> tuple[Hit, ...]:
    """All hits by the sum of ``weight / (rank_constant + rank)``; ranks begin at 1."""
    return summed(
        (hit, weight / (rank_constant + rank))
        for hits, weight in zip(rankings, weights, strict=True)
        for rank, hit in enumerate(hits, start=1)
    )


def fuse_places(
    rankings: Sequence[Sequence[Hit]], weights: Sequence[float], constant: float
) -> tuple[Hit, ...]:
    """All hits by the sum of ``1 / (constant + place)`` (VectorAI, section 8.5); places begin at 0.

    A weight draws its ranking together: the third place of weight 3 counts like the first one of
    weight 1. A ranking of weight 0 adds nothing.
    """
    return summed(
        (hit, 1 / (constant + (place + 1) / weight - 1) if weight else 0.0)
        for hits, weight in zip(rankings, weights, strict=True)
        for place, hit in enumerate(hits)
    )


def fuse_scores(rankings: Iterable[Sequence[Share]]) -> tuple[Hit, ...]:
    """All hits by the sum of their scores (the higher, the better), each brought into proportion
    with those of its ranking (VectorAI, section 8.5)."""
    return summed(share for shares in rankings for share in proportioned(shares))


def proportioned(shares: Sequence[Share]) -> list[Share]:
    """Scores from 0 to 1 by the mean and the standard deviation of them all; equal ones, which
    have none, are in the middle."""
    scores = [score for _, score in shares]
    mean = sum(scores) / max(len(scores), 1)
    deviation = sqrt(sum((s - mean) ** 2 for s in scores) / max(len(scores) - 1, 1))
    if not deviation:
        return [(hit, 0.5) for hit, _ in shares]
    low, width = mean - SPREAD * deviation, 2 * SPREAD * deviation
    return [(hit, (score - low) / width) for hit, score in shares]


def summed(shares: Iterable[Share]) -> tuple[Hit, ...]:
    """All hits, each once, by the sum of its shares, highest first.

    Ties go to the smaller id. A hit is returned as it first came, with the sum in the place of its
    distance.
    """
    first: dict[DocumentId, Hit] = {}
    scores: dict[DocumentId, float] = {}
    for hit, share in shares:
        first.setdefault(hit.id, hit)
        scores[hit.id] = scores.get(hit.id, 0.0) + share
    order = sorted(scores, key=lambda identity: (-scores[identity], *place_of(identity)))
    return tuple(replace(first[identity], distance=scores[identity]) for identity in order)


def place_of(identity: DocumentId) -> tuple[bool, DocumentId]:
    """What ids of one namespace are ordered by: they are all of one type, or integers that stand
    before UUIDs."""
    return isinstance(identity, UUID), identity
