"""The nearest documents through segments, as one statement: a branch for each, one for the rest.

Every document is in exactly one branch: a segment's index, a segment's remainder, or the ranges of
write numbers that no walked segment stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.compile.filters import compile_filter
from service.compile.fragment import Fragment, identifier, joined, number, raw
from service.compile.segments import Encoding
from service.core.filters import Filter
from service.core.namespace import Namespace, VectorColumn
from service.core.plan import Walk
from service.core.segments import END, START, Segment, unsealed
from service.core.vectors import Metric, Vector
from service.storage.pool import Session
from service.storage.segments import segment_table
from service.storage.tables import table

MAX_EF_SEARCH = 1_000
# below it pgvector takes a vector for a zero vector; above, half precision overflows
LEAST_LENGTH, MAX_LENGTH = 1e-18, 65_000.0
# pgvector's own bound is to stay away: behind it come candidates that were put aside, in any order
BEYOND = 4
# times work_mem, for what a walk remembers; it ends early when that is full
WALK_MEMORY = 4


@dataclass(frozen=True, slots=True)
class Search:
    """What every branch needs: where, from where, under which condition."""

    session: Session
    namespace: Namespace
    column: VectorColumn
    vector: Vector
    distance: Fragment
    condition: Filter
    limit: int


def can_walk(vector: Vector, metric: Metric, segments: Sequence[Segment]) -> bool:
    """Whether the segments' order is the query's, and the query has a form in them."""
    numbers = np.frombuffer(vector.data, dtype="<f4").astype(np.float64)
    length = float(np.sqrt(numbers @ numbers))
    if metric is Metric.COSINE and length < LEAST_LENGTH:
        return False
    largest = max((one.scale for one in segments), default=1.0) * length
    fits = metric is Metric.COSINE or largest < MAX_LENGTH
    return fits and all(one.metric.order is metric.order for one in segments)


def compile_walk(search: Search, segments: Sequence[Segment], plan: Walk) -> Fragment:
    """Ids and distances, best first."""
    walked = [one for one in segments if one.is_walkable]
    branches = [compile_unsealed(search, unsealed(walked))]
    for segment in walked:
        if segment.live:
            branches.append(compile_segment(search, segment, plan))
        if segment.remainder:
            branches.append(compile_remainder(search, segment))
    return compile_union(search, branches)


def compile_union(search: Search, branches: Sequence[Fragment]) -> Fragment:
    return search.session.schemas.statement(
        "query_walk", branches=joined("\nUNION ALL\n", branches), limit=number(search.limit)
    )


def compile_segment(search: Search, segment: Segment, plan: Walk) -> Fragment:
    return search.session.schemas.statement(
        "query_segment",
        segment=segment_table(search.session, segment.table),
        table=table(search.session, search.namespace.table),
        distance=search.distance,
        predicate=compile_filter(search.condition),
        settings=walk_settings(segment, plan),
        order=encoding(search.session, search.column, segment).order(search.vector),
        budget=number(plan.budget),
        candidates=number(plan.candidates),
    )


def compile_remainder(search: Search, segment: Segment) -> Fragment:
    return search.session.schemas.statement(
        "query_remainder",
        segment=segment_table(search.session, segment.table),
        table=table(search.session, search.namespace.table),
        distance=search.distance,
        predicate=compile_filter(search.condition),
        limit=number(search.limit),
    )


def compile_unsealed(search: Search, ranges: Sequence[tuple[int, int]]) -> Fragment:
    return search.session.schemas.statement(
        "query_unsealed",
        table=table(search.session, search.namespace.table),
        column=identifier(search.column.column),
        distance=search.distance,
        unsealed=raw("(") + joined(" OR ", map(within, ranges)) + raw(")"),
        predicate=compile_filter(search.condition),
        limit=number(search.limit),
    )


def within(numbers: tuple[int, int]) -> Fragment:
    """The condition that ``seq`` is in ``(low, high]``, in literals: plans depend on them."""
    low, high = numbers
    above = raw("seq > ") + number(low) if low > START else raw("true")
    return (
        above if high == END else raw("(") + above + raw(" AND seq <= ") + number(high) + raw(")")
    )


def walk_settings(segment: Segment, plan: Walk) -> Fragment:
    """pgvector's settings for this statement, as a condition that is always true."""
    width = min(MAX_EF_SEARCH, max(segment.ef_search, plan.candidates, plan.width))
    return raw(
        "(SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true)"
        " || set_config('hnsw.ef_search', %s, true)"
        " || set_config('hnsw.max_scan_tuples', %s, true)"
        " || set_config('hnsw.scan_mem_multiplier', %s, true)) IS NOT NULL",
        str(width), str(BEYOND * (plan.budget + width)), str(WALK_MEMORY),
    )  # fmt: skip


def encoding(session: Session, column: VectorColumn, segment: Segment) -> Encoding:
    return Encoding(
        segment.kind, segment.metric, column.dimensions, segment.scale, session.pgvector.schema
    )
