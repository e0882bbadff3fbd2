"""Searches: what is known becomes a plan, the plan an answer that keeps the contract.

A search returns min(limit, matching) documents, whatever the plan: a walk through segments that
comes back with less than its plan expects is followed by the exact scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from service.core import plan as planning
from service.core.aggregation import Aggregates, Aggregation
from service.core.filters import EVERYTHING, Filter, size_of
from service.core.indexing import is_served, matches_at_most, wanted
from service.core.namespace import Namespace
from service.core.plan import EXACT, Plan, Situation, Walk
from service.core.query import Nearest, Query, Result
from service.core.segments import Layout, Segment
from service.core.vectors import Metric
from service.engine.advising import Advisor
from service.engine.describing import Explanation
from service.storage import aggregates, estimates, explaining, reads, walking
from service.storage.faults import Stale
from service.storage.layouts import Layouts
from service.storage.pool import Session
from service.storage.reads import Found
from service.storage.shapes import Shapes
from service.storage.sizes import Sizes

# with fewer documents than this a scan needs no attribute index
WORTH_AN_INDEX = 10_000
REMEMBERED = 4_096
# of filters with long lists the estimate is made anew
LARGEST_REMEMBERED = 100
MOST_VALUES = 20_000


class Searcher:
    """Plans and runs the searches of one process."""

    def __init__(self, layouts: Layouts, advisor: Advisor) -> None:
        self._layouts = layouts
        self._advisor = advisor
        self._shapes = Shapes()
        self._shares: dict[tuple[int, int, Filter], float] = {}
        self._sizes = Sizes()

    def search(
        self,
        session: Session,
        namespace: Namespace,
        query: Query,
        layout: Layout | None = None,
    ) -> Result:
        """The answer to a bound query, by the cheapest plan that keeps the contract.

        ``layout``: the list of segments, in a snapshot; else as this process knows it.

        Raises:
            Stale: when the namespace is no longer as it was read, or a segment is gone.
        """
        layout = layout or self._layouts.get(session, namespace)
        segments = usable(namespace, query, layout)
        plan = self.plan(session, namespace, query, layout, segments)
        found = self._run(session, namespace, query, layout, segments, plan)
        while isinstance(plan, Walk) and is_short(plan, query, found):
            plan = plan.otherwise
            found = self._run(session, namespace, query, layout, segments, plan)
        self._advise(namespace, query.filter)
        return replace(found.result, exhaustive=plan == EXACT)

    def expected(
        self, session: Session, namespace: Namespace, query: Query, layout: Layout
    ) -> float | None:
        """About how many documents an index would choose a query's from; None: there is none."""
        segments = usable(namespace, query, layout)
        situation = self.situation(session, namespace, query, layout, segments)
        if situation is None or situation.matches is not None:
            return situation and situation.matches
        return sum(one.live for one in situation.segments) + situation.tail

    def aggregate(
        self, session: Session, namespace: Namespace, aggregation: Aggregation
    ) -> Aggregates:
        """The answer to a bound aggregation; like a search, it may ask for indexes.

        Raises:
            Stale: when the namespace is no longer as it was read.
        """
        found = aggregates.aggregate(session, namespace, aggregation)
        self._sizes.note(namespace.id, found.namespace_size)
        self._advise(namespace, aggregation.filter)
        return found

    def explain(
        self, session: Session, namespace: Namespace, query: Query, *, analyze: bool
    ) -> Explanation:
        """How a bound query is searched, and what PostgreSQL makes of it."""
        layout = self._layouts.get(session, namespace)
        segments = usable(namespace, query, layout)
        situation = self.situation(session, namespace, query, layout, segments)
        plan = EXACT if situation is None else planning.choose(situation)
        statement = reads.compile_search(session, namespace, query, plan, segments)
        return Explanation(plan, situation, explaining.explain(session, statement, analyze=analyze))

    def _run(
        self,
        session: Session,
        namespace: Namespace,
        query: Query,
        layout: Layout,
        segments: Sequence[Segment],
        plan: Plan,
    ) -> Found:
        """Execute one plan.

        A walk has the same plan in SQL whatever the values are; a scan with a filter has not.
        """
        size = self._sizes.fresh(namespace.id)
        statement = self._shapes.statement(session, namespace, query, plan, segments, size)
        prepare = None if isinstance(plan, Walk) else False
        if query.filter == EVERYTHING and isinstance(query.ranking, Nearest):
            prepare = True
        found = reads.run(session, namespace, query, statement, size, prepare=prepare)
        if isinstance(plan, Walk) and found.documents != layout.documents:
            raise Stale  # the table was put in the place of the one that the segments are of
        self._layouts.saw(namespace, found.index_version)
        if size is None:
            self._sizes.note(namespace.id, found.result.namespace_size)
        return found

    def plan(
        self,
        session: Session,
        namespace: Namespace,
        query: Query,
        layout: Layout,
        segments: Sequence[Segment],
    ) -> Plan:
        """How to search."""
        situation = self.situation(session, namespace, query, layout, segments)
        return EXACT if situation is None else planning.choose(situation)

    def situation(
        self,
        session: Session,
        namespace: Namespace,
        query: Query,
        layout: Layout,
        segments: Sequence[Segment],
    ) -> Situation | None:
        """What the plan depends on; None when there is only one way.

        An estimate may take a statement of its own; it is remembered.
        """
        # every branch repeats the filter's values, and a statement has room for so many only
        if not segments or 2 * len(segments) * size_of(query.filter) > MOST_VALUES:
            return None
        live = sum(one.live for one in segments)
        size = max(live, self._sizes.last(namespace.id))
        plain = Situation(query.depth, tuple(segments), size - live)
        if query.filter == EVERYTHING:
            return plain
        return replace(
            plain,
            matches=self._matches(session, namespace, query.filter, layout, size),
            served=is_served(query.filter, layout.indexes),
        )

    def _matches(
        self, session: Session, namespace: Namespace, condition: Filter, layout: Layout, size: int
    ) -> float:
        """About how many documents match."""
        at_most = matches_at_most(condition)
        if layout.sample is None or (at_most is not None and at_most <= planning.SMALL):
            return at_most or 0
        key = (namespace.id, layout.version, condition)
        share = self._shares.get(key)
        if share is None:
            share = estimates.share_in_sample(session, layout.sample, condition)
            if len(self._shares) >= REMEMBERED:
                self._shares.clear()
            if size_of(condition) <= LARGEST_REMEMBERED:
                self._shares[key] = share
        return min(share * size, size if at_most is None else at_most)

    def _advise(self, namespace: Namespace, condition: Filter) -> None:
        """Ask for the attribute indexes that would have helped."""
        if condition == EVERYTHING or self._sizes.last(namespace.id) < WORTH_AN_INDEX:
            return
        helpful = wanted(condition)
        if helpful:
            # also what is there: an index that nobody asks for gives way to another one
            self._advisor.ask(namespace, helpful)


def usable(namespace: Namespace, query: Query, layout: Layout) -> tuple[Segment, ...]:
    """The segments that order documents as the query does; none when it is not by distance."""
    if not isinstance(query.ranking, Nearest) or query.ranking.exact:
        return ()
    column = namespace.vector_column(query.ranking.column)
    segments = layout.of(column.name)
    metric = query.ranking.metric or column.metric or Metric.COSINE
    return segments if walking.can_walk(query.ranking.vector, metric, segments) else ()


def is_short(plan: Walk, query: Query, found: Found) -> bool:
    """Whether an answer through segments may lack documents."""
    return len(found.result.hits) < query.limit or found.candidates < plan.enough
