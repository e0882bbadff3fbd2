"""Statements remembered by the shape of the search: all of it but the query's vector.

Composing a statement takes longer than planning its search, and an application asks the same again
and again with another vector. Searches with a filter are composed each time: their values differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from service.compile.fragment import Fragment
from service.core.filters import EVERYTHING
from service.core.namespace import Namespace
from service.core.plan import Plan
from service.core.query import Nearest, Query
from service.core.segments import Segment
from service.core.vectors import Vector
from service.storage.pool import Session
from service.storage.reads import compile_search

REMEMBERED = 1_000
# stands for the vector of any query; told from all others by identity
ANY = Vector(b"")

Shape = tuple[int, int, bool, Query, Plan, tuple[Segment, ...]]


@dataclass(frozen=True, slots=True)
class Shapes:
    """The statements that one process has composed for one database."""

    _known: dict[Shape, Fragment] = field(default_factory=dict[Shape, Fragment])

    def statement(
        self,
        session: Session,
        namespace: Namespace,
        query: Query,
        plan: Plan,
        segments: Sequence[Segment],
        known_size: int | None,
    ) -> Fragment:
        """The statement of a search."""
        ranking = query.ranking
        if not isinstance(ranking, Nearest) or query.filter != EVERYTHING or query.computed:
            return compile_search(session, namespace, query, plan, segments, known_size)
        anonymous = replace(query, ranking=replace(ranking, vector=ANY))
        versions = (namespace.id, namespace.version, known_size is None)
        shape = (*versions, anonymous, plan, tuple(segments))
        known = self._known.get(shape)
        if known is None:
            known = compile_search(session, namespace, anonymous, plan, segments, known_size)
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[shape] = known
        vector = ranking.vector
        return Fragment(known.text, tuple([vector if v is ANY else v for v in known.values]))
