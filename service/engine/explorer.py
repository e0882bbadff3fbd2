"""Queries by example, groups, facets and matrices: each answer is of one moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from service.core.binding import bind
from service.core.exploration import Exploration, check_stages
from service.core.facets import Facet, FacetCount
from service.core.grouping import Grouped, HitGroups
from service.core.matrix import Matrix, MatrixQuery
from service.core.namespace import Namespace
from service.core.similarity import Ranked
from service.engine import exploring, grouping, matrices
from service.engine.access import Access
from service.engine.moments import Moment
from service.engine.searching import Searcher
from service.storage import catalog, path_values
from service.storage.layouts import Layouts
from service.storage.pool import Session

T = TypeVar("T")


class Explorer:
    """Answers what takes several statements, or other ones than a search."""

    def __init__(self, access: Access, layouts: Layouts, searcher: Searcher) -> None:
        self._access = access
        self._layouts = layouts
        self._searcher = searcher

    def explore(self, name: str, requests: Sequence[Exploration]) -> tuple[Ranked, ...]:
        """The answers in the order of the requests, all of the same moment."""
        for request in requests:
            check_stages(request)
        match requests:
            case [request] if request.is_plain:
                return (self._explore_plain(name, request),)
            case _:
                return self._at_one_moment(
                    name, lambda moment: tuple(exploring.answer(moment, one) for one in requests)
                )

    def group(self, name: str, request: Grouped) -> HitGroups:
        """The groups with the best hits."""
        check_stages(request.query)
        return self._at_one_moment(name, lambda moment: grouping.grouped(moment, request))

    def measure(self, name: str, query: MatrixQuery) -> Matrix:
        """The nearest to each of some documents, among these."""
        return self._at_one_moment(name, lambda moment: matrices.matrix(moment, query))

    def count_values(self, name: str, facet: Facet) -> tuple[FacetCount, ...]:
        """The values that most documents have."""

        def run(session: Session, namespace: Namespace) -> tuple[FacetCount, ...]:
            bound = replace(facet, filter=bind(facet.filter, namespace))
            return path_values.count(session, namespace, bound)

        return self._access.read(name, run)

    def _explore_plain(self, name: str, request: Exploration) -> Ranked:
        """One statement is a moment of its own."""

        def run(session: Session, namespace: Namespace) -> Ranked:
            layout = self._layouts.get(session, namespace)
            return exploring.answer(Moment(session, namespace, layout, self._searcher), request)

        return self._access.read(name, run)

    def _at_one_moment(self, name: str, operation: Callable[[Moment], T]) -> T:
        """Run an operation of several statements that all see the same documents."""

        def run(session: Session, namespace: Namespace) -> T:
            with session.snapshot():
                catalog.check_version(session, namespace)
                layout = self._layouts.read(session, namespace)
                return operation(Moment(session, namespace, layout, self._searcher))

        return self._access.read(name, run)
