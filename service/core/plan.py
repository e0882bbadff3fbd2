"""Which way to search: pure, from what is known of the namespace to one plan.

A plan decides about time alone. Every way returns min(limit, matching) documents: a walk through
segments that comes back with too little is followed by another plan, in the end an exact one.

The exact way costs the documents that match (when an index finds them; all documents otherwise).
The way through segments costs the candidates that have to be looked at until enough of them match:
with a filter that matches one document in a hundred, a hundred for each. So the exact way wins when
few match, and where the two cost the same was measured (see ``benchmarks/``): at about
``sqrt(WALK * segments * candidates * size)`` matching documents.

Where filter and query go together, a walk is shorter than that. Where they exclude each other, the
nearest documents do not match and those that do are far away in the graph: the first walk gives up
early, and what then is cheaper is taken, a patient walk past all that does not match, or the scan.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

from service.core.segments import Segment, SegmentKind

# at the crossover, one candidate of a walk is worth so many documents of a scan
WALK = 24
# below so many matching documents a scan is as fast as anything
SMALL = 3_000
# a walk gives up after so many times the candidates that do not match, and some more, as it would
# meet if filter and query were independent of each other
PATIENCE = 4
SPARE = 50
LONGEST_WALK = 40_000
# of the matches that a small segment should have, so many are enough: estimates are rough
ENOUGH = 0.5
# one bit for a number says little: many candidates, ranked anew by the full vectors
BINARY_CANDIDATES = 10
# a patient walk: its first step is as wide as pgvector allows, and it leaves more to choose from
PATIENT_WIDTH = 1_000
PATIENT_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Exact:
    """Scan the documents that match: by id, through an attribute index, or all of them."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Walk each segment's index until ``candidates`` of it match, or ``budget`` were looked at;
    scan the tail. ``width`` is the least ``ef_search``. With fewer than ``enough`` candidates in
    all, or fewer hits than asked for: ``otherwise``."""

    candidates: int
    budget: int
    enough: int
    width: int = 0
    otherwise: Walk | Exact = Exact()


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
    size = sum(one.live for one in walked) + situation.tail
    if not walked or size <= SMALL:
        return EXACT
    share = 1.0 if situation.matches is None else min(1.0, situation.matches / size)
    candidates = candidates_for(situation)
    too_far = candidates > share * LONGEST_WALK
    if too_far or share * size <= crossover(situation, len(walked), candidates, size):
        return EXACT
    # a walk that finds fewer was given up: what matches lies far from the query
    enough = sum(min(candidates, int(ENOUGH * share * one.live)) for one in walked)
    # superseded rows are met as well, and more of them than at the last count
    current = min(one.live / one.rows for one in walked)
    misses = PATIENCE * candidates * (1 / (share * current) - 1)
    budget = min(ceil(1.5 * candidates + misses) + SPARE, LONGEST_WALK)
    return Walk(candidates, budget, enough, otherwise=patient(situation, walked, share, size))


def patient(situation: Situation, walked: list[Segment], share: float, size: int) -> Plan:
    """The plan for matches that all lie far from the query: a walk past the others, if that is
    cheaper than a scan."""
    candidates = max(PATIENT_CANDIDATES, 2 * candidates_for(situation))
    largest = max(one.live for one in walked)
    looked_at = (1 - share) * largest + candidates / share
    budget = ceil(2 * looked_at)
    scanned = share * size if situation.served else size
    if situation.matches is None or budget > LONGEST_WALK:
        return EXACT
    if WALK * len(walked) * looked_at > scanned:
        return EXACT
    enough = sum(min(candidates, int(ENOUGH * share * one.live)) for one in walked)
    return Walk(candidates, budget, enough, PATIENT_WIDTH)


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
