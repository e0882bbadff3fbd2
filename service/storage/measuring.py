"""How well a segment's index finds what a scan finds, and how wide it has to search for that.

The queries are vectors of documents that are not in the segment, of the tail and of other segments:
as those of callers, they have no place in its graph. Where there are too few of them, it is vectors
of its own documents, which are easier to find: of the nearest of others, real and generated ones,
up to four times as many were missed (at 1,000,000 × 768: recall .93 where its own had .98). So of
what the target leaves to chance only a quarter may be missed then. No search is narrower than the
first width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import cast

from service.core.filters import EVERYTHING
from service.core.plan import Walk
from service.core.segments import END, START, Segment, SegmentKind
from service.core.vectors import Vector
from service.storage import reads, segments, walking
from service.storage.building import Task
from service.storage.pool import Database, Session

WIDTHS = (64, 80, 100, 130, 160, 200, 250, 320, 400, 500, 630, 800, 1000)
BINARY_WIDTHS = (200, 400, 1000)
# shares of what the target leaves to chance that have to be found as well: the few scans seldom
# meet a query that even the widest search loses, and own documents are easy to find
MARGIN, OWN_MARGIN = 0.6, 0.75
K = 10
CANDIDATES = 20
BINARY_CANDIDATES = 200
BUDGET = 20_000
QUERIES = 100
# documents outside of the segment from which on they are varied enough to draw queries from
STRANGERS = 500
# a large segment takes a second for each scan: a few of them tell how good the widest search is,
# and that one tells how good the others are
LEAST_SCANS = 20
SCANNED_ROWS = 2_000_000
# a segment of fewer rows is found in whole by the narrowest search
WORTH_MEASURING = 10_000
# distances of equal vectors may differ in the last digits between plans
TOLERANCE = 1e-9


Distances = list[float]


@dataclass(frozen=True, slots=True)
class Measured:
    """The narrowest width that reaches the target, and the recall there."""

    ef_search: int
    recall: float


def is_due(segment: Segment) -> bool:
    """Whether a measurement may change how the segment is searched."""
    binary = segment.kind is SegmentKind.BINARY
    return not segment.measured and (binary or segment.rows >= WORTH_MEASURING)


def measure_segment(database: Database, task: Task, made: Segment) -> None:
    """Set the segment's width by a measurement; a binary one that fails is scanned from then on."""
    with database.session() as session:
        measured = measure(session, task, made)
    failed = measured.recall < task.settings.recall_target and made.kind is SegmentKind.BINARY
    kind = SegmentKind.EXACT if failed else made.kind
    with database.transaction() as session:
        segments.claim(session, task.namespace, segments.file_of(session, task.namespace))
        session.execute(
            session.schemas.statement(
                "update_segment", kind.value, measured.ef_search, measured.recall, made.table
            )
        )


def measure(session: Session, task: Task, made: Segment) -> Measured:
    """Search with growing width until the target is reached."""
    settings = task.settings
    queries, margin = find_queries(session, task, made)
    goal = settings.recall_target + (1 - settings.recall_target) * margin
    widths = BINARY_WIDTHS if made.kind is SegmentKind.BINARY else WIDTHS
    truths, reach = find_truths(session, task, made, queries, widths[-1])
    measured = Measured(widths[0], 0.0)
    for width in (settings.ef_search,) if settings.ef_search else widths:
        tried = replace(made, ef_search=width)
        found = [nearest(session, task, vector, tried) for vector in queries]
        measured = Measured(width, reach * recall(found, truths))
        if measured.recall >= goal:
            break
    return measured


def find_queries(session: Session, task: Task, made: Segment) -> tuple[list[Vector], float]:
    """Vectors to search for, and the margin that goes with them."""
    for numbers in ((made.high, END), (START, made.low)):
        count = segments.count_range(session, task.namespace, *numbers, STRANGERS)
        if count >= STRANGERS:
            return sample(session, task, numbers), MARGIN
    return sample(session, task, (made.low, made.high)), OWN_MARGIN


def sample(session: Session, task: Task, numbers: tuple[int, int]) -> list[Vector]:
    return reads.sample_vectors(session, task.namespace, task.column.name, QUERIES, numbers)


def find_truths(
    session: Session, task: Task, made: Segment, queries: Sequence[Vector], widest: int
) -> tuple[list[Distances], float]:
    """What the best searches find for each query, and the recall of those, by scans."""
    scans = max(LEAST_SCANS, SCANNED_ROWS // max(made.rows, 1))
    exact = [nearest(session, task, vector, None) for vector in queries[:scans]]
    if len(exact) == len(queries):
        return exact, 1.0
    tried = replace(made, ef_search=widest)
    found = [nearest(session, task, vector, tried) for vector in queries]
    return found, recall(found[:scans], exact)


def recall(found: Sequence[Distances], truths: Sequence[Distances]) -> float:
    """The average share of the nearest that was found; 1 where there is nothing to find."""
    shares = [share(f, t) for f, t in zip(found, truths, strict=True) if t]
    return fmean(shares) if shares else 1.0


def nearest(session: Session, task: Task, vector: Vector, through: Segment | None) -> Distances:
    """Distances of the nearest documents of the segment's range: by a scan, or through it."""
    column, range_ = task.column, (task.build.low, task.build.high)
    distance = reads.compile_distance(session, column, vector, column.metric)
    search = walking.Search(session, task.namespace, column, vector, distance, EVERYTHING, K)
    if through is None:
        branches = [walking.compile_unsealed(search, [range_])]
    else:
        binary = through.kind is SegmentKind.BINARY
        plan = Walk(BINARY_CANDIDATES if binary else CANDIDATES, BUDGET, 0)
        branches = [walking.compile_segment(search, through, plan)]
        if through.remainder:
            branches.append(walking.compile_remainder(search, through))
    with session.unhurried():
        rows = session.execute(walking.compile_union(search, branches)).fetchall()
    return [cast(float, row[1]) for row in rows]


def share(found: Distances, truth: Distances) -> float:
    """How many of the nearest were found; equal distances count alike."""
    return sum(one <= truth[-1] + TOLERANCE for one in found) / len(truth)
