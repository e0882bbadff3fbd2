"""Reciprocal rank fusion: several rankings of documents become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from service.core.ids import DocumentId
from service.core.query import Hit

RANK_CONSTANT = 60


def fuse(
    rankings: Sequence[Sequence[Hit]],
    weights: Sequence[float],
    rank_constant: float = RANK_CONSTANT,
) -> tuple[Hit, ...]:
    """All hits, each once, by the sum of ``weight / (rank_constant + rank)``, highest first.

    Ranks begin at 1; ties go to the smaller id. A hit is returned as the first ranking has it, with
    the sum in the place of its distance.
    """
    first: dict[DocumentId, Hit] = {}
    scores: dict[DocumentId, float] = {}
    for hits, weight in zip(rankings, weights, strict=True):
        for rank, hit in enumerate(hits, start=1):
            first.setdefault(hit.id, hit)
            scores[hit.id] = scores.get(hit.id, 0.0) + weight / (rank_constant + rank)
    # the ids of one namespace are all of one type
    order = sorted(scores, key=lambda identity: (-scores[identity], identity))
    return tuple(replace(first[identity], distance=scores[identity]) for identity in order)
