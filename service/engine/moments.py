"""A namespace at one moment: what several statements of one answer share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.core.elements import HasId
from service.core.ids import DocumentId
from service.core.namespace import Namespace
from service.core.query import Hit, Ordered, Query, Result, Selection
from service.core.query_binding import bind_query
from service.core.segments import Layout
from service.engine.searching import Searcher
from service.storage import catalog, reads
from service.storage.pool import Session


@dataclass(frozen=True, slots=True)
class Moment:
    """A namespace as one session sees it, and how it is searched."""

    session: Session
    namespace: Namespace
    layout: Layout
    searcher: Searcher

    def search(self, query: Query) -> Result:
        """The answer to a bound query."""
        return self.searcher.search(self.session, self.namespace, query, self.layout)

    def other(self, name: str) -> Namespace:
        """Another namespace, to look something up in.

        Raises:
            NamespaceNotFound, Closed: when there is none, or none to read.
        """
        found = catalog.find(self.session, name)
        found.check_open()
        return found


def documents(
    session: Session, namespace: Namespace, ids: Sequence[DocumentId], projection: Selection
) -> dict[DocumentId, Hit]:
    """Those of the documents that exist, by id."""
    if not ids:
        return {}
    asked = Query(Ordered(), HasId(tuple(ids)), len(ids), projection)
    found = reads.search(session, namespace, bind_query(asked, namespace))
    return {hit.id: hit for hit in found.result.hits}
