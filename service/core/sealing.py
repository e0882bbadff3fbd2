"""Which segment to build next: pure, from the list of segments to one range of write numbers.

Segments grow like the levels of an LSM tree. The tail becomes a small one, and neighbours are built
anew as one when together they are not much smaller than the one before them; so there are few, and
each document is built a few times in all. While documents keep coming only small ones are merged:
building takes a core, and the tail needs it more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.core.index_settings import IndexSettings
from service.core.segments import Segment, SegmentKind, kind_for, unsealed

# neighbours are merged when none is more than so many times larger than all the others together
RATIO = 4
# while documents keep coming: so many of about one size, and not more than this many times a seal
BUSY_MERGE = 4
BUSY_ROWS = 16
# sealing does not keep up when the tail is so many times as long as it should be
BEHIND = 2
# more segments than this are merged however busy it is
MOST_SEGMENTS = 12
# a segment is built anew when more than one row in so many is superseded
MOST_SUPERSEDED = 3
# bytes that building an index takes for each row beside the numbers: pgvector's graph in memory
ROW_OVERHEAD = 256
NEIGHBOUR = 32
SPARE = 1.2


@dataclass(frozen=True, slots=True)
class Build:
    """A segment to be made of the documents with ``low < seq <= high``, instead of ``replaced``."""

    low: int
    high: int
    replaced: tuple[Segment, ...] = ()


def next_seal(segments: Sequence[Segment], last: int) -> Build | None:
    """The first range without a segment, up to the number ``last``; whether it is worth a segment
    is for a look at its documents to say."""
    for low, high in unsealed(segments):
        if low < min(high, last):
            return Build(low, min(high, last))
    return None


def next_merge(
    segments: Sequence[Segment],
    settings: IndexSettings,
    largest: int,
    *,
    quiet: bool,
    tail: int = 0,
    dimensions: int = 0,
) -> Build | None:
    """What to build anew: a segment with much that is superseded, or neighbours as one.

    ``largest``: the number of rows that a segment may have; ``quiet``: nothing is being written;
    ``tail``: about how many documents, with vectors of so many ``dimensions``, have no segment.
    When sealing does not keep up with them, it needs the machine more than a merge does.
    """
    if tail > BEHIND * settings.sealed_at(dimensions) and len(segments) <= MOST_SEGMENTS:
        return None
    for segment in segments:
        if (segment.rows - segment.live) * MOST_SUPERSEDED > segment.rows:
            return Build(segment.low, segment.high, (segment,))
    if any(one.high != two.low for one, two in pairwise(segments)):
        return None  # what lies between is sealed first
    runs = [even(neighbours(segments[start:], largest)) for start in range(len(segments))]
    worthwhile = [run for run in runs if len(run) > 1]
    if not quiet:
        pressed = len(segments) > MOST_SEGMENTS
        most = largest if pressed else BUSY_ROWS * settings.seal_rows
        worthwhile = [run for run in worthwhile if len(run) >= BUSY_MERGE and rows(run) <= most]
    if not worthwhile:
        return None
    # at rest as much as possible, else as little as helps
    run = worthwhile[0 if quiet else -1]
    return Build(run[0].low, run[-1].high, run)


def rows(run: Sequence[Segment]) -> int:
    return sum(one.live for one in run)


def even(run: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """As many of the first as have none among them that is so large that it had better stay."""
    while run and (largest := max(one.live for one in run)) > RATIO * (rows(run) - largest):
        run = run[:-1]
    return run


def neighbours(segments: Sequence[Segment], largest: int) -> tuple[Segment, ...]:
    """The first segments, as many as fit into one; those that no index holds stay alone."""
    total = 0
    for count, segment in enumerate(segments):
        total += segment.live
        if total > largest or segment.kind is SegmentKind.EXACT:
            return tuple(segments[:count])
    return tuple(segments)


def bytes_per_row(dimensions: int, settings: IndexSettings) -> int:
    """What a row takes in memory while its index is built."""
    binary = kind_for(dimensions) is SegmentKind.BINARY
    return (dimensions // 8 if binary else dimensions * 2) + NEIGHBOUR * settings.m + ROW_OVERHEAD


def largest_segment(dimensions: int, settings: IndexSettings, memory: int) -> int:
    """The number of rows whose index is built in ``memory`` bytes; a larger one takes hours."""
    return max(settings.seal_rows, int(memory / (bytes_per_row(dimensions, settings) * SPARE)))


def effort(rows: int, settings: IndexSettings) -> int:
    """``ef_construction`` for a segment of so many rows: a small one is soon part of another, and
    searches look at much of it anyway. In a large one it decides how many searches end in a wrong
    part of the graph."""
    small = rows <= BUSY_ROWS * settings.seal_rows
    return max(2 * settings.m, settings.ef_construction // 4 if small else settings.ef_construction)


def build_memory(rows: int, dimensions: int, settings: IndexSettings, memory: int) -> int:
    """Bytes to build an index of so many rows with, at most ``memory``."""
    return min(memory, int(rows * bytes_per_row(dimensions, settings) * SPARE))
