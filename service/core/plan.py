"""Which way to search: pure, from what is known of the namespace to one plan.

A plan decides about time alone. Both ways return min(limit, matching) documents: where segments
come back with too little, the engine searches exactly.

The exact way costs the documents that match (when an index finds them; all documents otherwise).
The way through segments costs the candidates that have to be looked at until enough of them match:
with a filter that matches one document in a hundred, a hundred for each. So the exact way wins when
few match, and where the two cost the same was measured (see ``benchmarks/``): at about
``sqrt(WALK * segments * candidates * size)`` matching documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

from service.core.segments import Segment, SegmentKind

# looking at one candidate of a segment costs as much as scanning so many matching documents
WALK = 12
# below so many matching documents a scan is as fast as anything
SMALL = 3_000
# how much farther than filter and query independent of each other a walk goes before it gives up
PATIENCE = 4
LEAST_WALK = 1_000
LONGEST_WALK = 40_000
# of the matches that a small segment should have, so many are enough: estimates are rough
ENOUGH = 0.5
# one bit for a number says little: many candidates, ranked anew by the full vectors
BINARY_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class Exact:
    """Scan the documents that match: by id, through an attribute index, or all of them."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Walk each segment's index until ``candidates`` of it match, ``budget`` were looked at, or
    nothing is left; scan the tail. Fewer than ``enough`` candidates in all: search exactly."""

    candidates: int
    budget: int
    enough: int


Plan = Exact | Walk
EXACT = Exact()


@dataclass(frozen=True, slots=True)
class Situation:
    """What a plan depends on. ``matches``: documents that the filter lets pass, estimated; None
    without a filter. ``served``: an index finds them without looking at the others."""

    limit: int
    segments: tuple[Segment, ...]
    tail: int
    matches: float | None = None
    served: bool = True


def choose(situation: Situation) -> Plan:
    """The cheaper way."""
    walked = [one for one in situation.segments if one.is_walkable and one.live]
    held = sum(one.live for one in walked)
    size = held + situation.tail
    if not walked or size <= SMALL:
        return EXACT
    share = 1.0 if situation.matches is None else min(1.0, situation.matches / size)
    candidates = candidates_for(situation)
    too_far = candidates > share * LONGEST_WALK
    if too_far or share * size <= crossover(situation, len(walked), candidates, size):
        return EXACT
    # a walk that finds fewer was given up: what matches lies far from the query
    enough = sum(min(candidates, int(ENOUGH * share * one.live)) for one in walked)
    budget = ceil(PATIENCE * candidates / share) + LEAST_WALK
    return Walk(candidates, min(budget, LONGEST_WALK), enough)


def candidates_for(situation: Situation) -> int:
    """Documents that each segment is to offer for ``limit`` in the end."""
    if situation.matches is None:
        count = situation.limit + max(10, situation.limit // 4)
    else:
        count = max(50, situation.limit + situation.limit // 2)
    binary = any(one.kind is SegmentKind.BINARY for one in situation.segments)
    return count * BINARY_CANDIDATES if binary else count


def crossover(situation: Situation, walked: int, candidates: int, size: int) -> float:
    """The number of matching documents up to which scanning them is cheaper."""
    least = max(SMALL, 2 * situation.limit)
    if situation.matches is not None and not situation.served:
        # all documents would be looked at for the few that match: a walk has to be very long
        # before that pays, and yet it is the way for matches too rare to meet on a walk
        return max(least, size * candidates * PATIENCE / LONGEST_WALK)
    return max(least, sqrt(WALK * walked * candidates * size))
