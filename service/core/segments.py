"""Segments: immutable pieces of a namespace's vectors, each over a range of write numbers.

A segment stands for the documents whose ``seq`` is in ``(low, high]``. All documents outside every
range are the tail, which is scanned; so no list of segments is ever too short for a right answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.core.indexing import AttributeIndex
from service.core.vectors import Metric

# the ends of all write numbers
START, END = 1 - 2**63, 2**63 - 1


class SegmentKind(StrEnum):
    """What a segment's index holds: half-precision numbers, or one bit for each."""

    HALFVEC = "halfvec"
    BINARY = "binary"
    # nothing: a sample showed that the index does not find enough, so its documents are scanned
    EXACT = "exact"


# pgvector's limit for an index over halfvec
MAX_HALFVEC_DIMENSIONS = 4_000


def kind_for(dimensions: int) -> SegmentKind:
    """The most exact kind that an index of so many dimensions can have."""
    return SegmentKind.HALFVEC if dimensions <= MAX_HALFVEC_DIMENSIONS else SegmentKind.BINARY


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. ``rows`` are in its table, ``live`` of them were current when last counted.

    ``remainder`` of the rows have a vector that the index cannot hold; they are scanned. ``scale``
    is what vectors were multiplied by to fit half precision (1 where they are normalised).
    ``measured``: that ``ef_search`` reaches the recall target was seen in a sample.
    """

    table: str
    low: int
    high: int
    rows: int
    live: int
    remainder: int
    kind: SegmentKind
    metric: Metric
    scale: float = 1.0
    ef_search: int = 40
    measured: bool = True

    @property
    def is_walkable(self) -> bool:
        """Whether its index may be used: one bit for a number has to prove itself first."""
        return self.kind is SegmentKind.HALFVEC or (
            self.kind is SegmentKind.BINARY and self.measured
        )

    @property
    def superseded(self) -> float:
        """The share of rows that are no longer current."""
        return 1 - self.live / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A table with the attributes of some documents, drawn when there were ``size`` of them."""

    table: str
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What searches of one namespace may use beside its table; ``version`` is the catalog's.

    ``documents`` is the number of the table's file that the segments were made from.
    """

    version: int = 0
    documents: int = 0
    segments: Mapping[str, tuple[Segment, ...]] = field(
        default_factory=dict[str, tuple[Segment, ...]]
    )
    sample: Sample | None = None
    indexes: frozenset[AttributeIndex] = frozenset()

    def of(self, column: str) -> tuple[Segment, ...]:
        """The segments of a vector column, by range."""
        return self.segments.get(column, ())


def sealed_to(segments: Iterable[Segment]) -> int:
    """The last write number that a segment stands for."""
    return max((segment.high for segment in segments), default=START)


def unsealed(segments: Iterable[Segment]) -> tuple[tuple[int, int], ...]:
    """The ranges ``(low, high]`` that no segment stands for; the last one has no end."""
    ranges: list[tuple[int, int]] = []
    reached = START
    for segment in sorted(segments, key=lambda one: one.low):
        if segment.low > reached:
            ranges.append((reached, segment.low))
        reached = max(reached, segment.high)
    return (*ranges, (reached, END))
