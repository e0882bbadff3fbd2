"""What may be used beside the tables: the lists of segments, samples and attribute indexes.

Every process remembers the list of each namespace that it searches. An old list is not wrong: it
leaves more to the scan of what no segment stands for. So statements return the number of the list
that was valid when they ran, and a process that knows another one reads the list again for the
next search. Where the schema of segments is missing there are none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from service.compile.fragment import constant, number
from service.core.index_settings import IndexSettings
from service.core.namespace import Namespace
from service.core.segments import Layout, Sample, Segment, SegmentKind
from service.core.vectors import Metric
from service.storage import attribute_indexes, segments
from service.storage.faults import Stale
from service.storage.pool import Row, Session
from service.storage.tables import regclass, table

REMEMBERED = 10_000


class Layouts:
    """The lists that one process knows, by the namespace's number in the catalog."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._known: dict[int, tuple[int, Layout]] = {}

    def get(self, session: Session, namespace: Namespace) -> Layout:
        """The list as remembered, else as it is.

        Raises:
            Stale: when the namespace is gone.
        """
        known = self._known.get(namespace.id)
        if known is not None and known[0] == namespace.version:
            return known[1]
        layout = self.read(session, namespace)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[namespace.id] = (namespace.version, layout)
        return layout

    def read(self, session: Session, namespace: Namespace) -> Layout:
        """The list as the session sees it: in a snapshot a later one would stand for documents
        that are still to be seen.

        Raises:
            Stale: when the namespace is gone.
        """
        return find(session, namespace, self.settings(namespace))

    def saw(self, namespace: Namespace, version: int) -> None:
        """A statement ran when this was the number of the list."""
        known = self._known.get(namespace.id)
        if known is not None and known[1].version != version:
            self._known.pop(namespace.id, None)

    def forget(self, namespace: Namespace) -> None:
        self._known.pop(namespace.id, None)

    def settings(self, namespace: Namespace) -> IndexSettings:
        return self._settings.overridden(namespace.settings)


def find(session: Session, namespace: Namespace, settings: IndexSettings) -> Layout:
    """The list as it is now.

    Raises:
        Stale: when the namespace is gone, or the schema of segments just now.
    """
    state = session.schemas.statement(
        "find_index_state",
        documents_file=segments.file_number(session, namespace),
        list=constant(f'"{session.schemas.segments}".segments'),
        namespace=number(namespace.id),
    )
    row = session.execute(state).fetchone()
    if row is None:
        raise Stale
    version, derived, documents = cast(tuple[int, bool, int], row)
    indexes = attribute_indexes.find(session, namespace.id)
    if not derived:
        return Layout(version, documents, indexes=indexes)
    place = {"namespace": number(namespace.id), "table": regclass(table(session, namespace.table))}
    listed: dict[str, tuple[Segment, ...]] = {}
    for field, *values in session.execute(session.schemas.statement("list_segments", **place)):
        found = read_segment(values, settings)
        listed[str(field)] = (*listed.get(str(field), ()), found)
    sample = session.execute(session.schemas.statement("find_sample", **place)).fetchone()
    drawn = Sample(*cast(Any, sample)) if sample else None
    return Layout(version, documents, listed, drawn, indexes)


def read_segment(row: Row | list[object], settings: IndexSettings) -> Segment:
    name, low, high, rows, live, remainder, kind, metric, scale, ef_search, measured = cast(
        tuple[str, int, int, int, int, int, str, str, float, int, bool], tuple(row)
    )
    found = Segment(
        name, low, high, rows, live, remainder, SegmentKind(kind), Metric(metric), scale,
        ef_search, measured,
    )  # fmt: skip
    return replace(found, ef_search=settings.ef_search) if settings.ef_search else found
