"""Writes: each one transaction, all of it or nothing."""

from __future__ import annotations

from service.core.documents import Write, Written
from service.core.errors import InvalidRequest, NamespaceNotFound, TooManyRequests
from service.core.evolution import shape_of
from service.core.filters import EVERYTHING
from service.core.namespace import Namespace
from service.core.segments import sealed_to
from service.engine.changing import Change
from service.engine.shaping import create, create_for, fit
from service.storage import (
    attribute_builds,
    backlog,
    catalog,
    reads,
    segments,
    tables,
    turns,
    writes,
)
from service.storage.layouts import Layouts
from service.storage.pool import Session

# seconds in which an indexer works off a good part of a backlog
RETRY_AFTER = 2


class Writer:
    """Carries writes out, unless more is waiting for an index than searches can bear."""

    def __init__(self, layouts: Layouts) -> None:
        self._layouts = layouts

    def write(
        self, session: Session, namespace: Namespace | None, name: str, request: Write
    ) -> tuple[Written, Namespace]:
        """Carry a write out; the first one of documents creates the namespace."""
        if namespace is None:
            namespace, request = create_for(session, name, request)
        else:
            namespace, request = fit(session, namespace, request)
        if request.needs_turn:
            # its parts see what was committed between them, unless nobody else writes meanwhile
            turns.take(session, namespace)
        elif request.changes_in_place:
            turns.share(session, namespace)
        known = namespace

        def numbers(count: int) -> list[int]:
            if request.disable_backpressure:
                return writes.draw_numbers(session, known, count)
            return self.draw(session, known, count)

        written = Change(session, namespace, request).apply(numbers)
        catalog.check_version(session, namespace)
        return written, namespace

    def draw(self, session: Session, namespace: Namespace, count: int) -> list[int]:
        """Numbers in write order for so many documents.

        Raises:
            TooManyRequests: while too many documents wait for an index.
        """
        drawn = writes.draw_numbers(session, namespace, count)
        self._check_backlog(session, namespace, drawn[-1])
        return drawn

    def _check_backlog(self, session: Session, namespace: Namespace, last: int) -> None:
        """Refuse a write while too many documents wait for an index.

        The write numbers tell at no cost when that cannot be; only then the documents are counted.

        Raises:
            TooManyRequests: when it should be tried again later.
        """
        columns = [column for column in namespace.vectors if column.metric]
        bound = self._layouts.settings(namespace).max_unindexed
        if not columns or last <= bound:
            return
        known = self._layouts.get(session, namespace)
        if all(last - sealed_to(known.of(column.name)) <= bound for column in columns):
            return
        self._layouts.forget(namespace)
        known = self._layouts.get(session, namespace)
        for column in columns:
            segments = known.of(column.name)
            if last - max(sealed_to(segments), 0) <= bound or not backlog.indexer_lives(session):
                continue
            if backlog.is_longer(session, namespace, segments, bound):
                raise TooManyRequests(
                    f"💔 more than {bound} documents of namespace '{namespace.name}' wait to be "
                    "indexed: try again later, or set disable_backpressure",
                    retry_after=RETRY_AFTER,
                )


def drop(session: Session, name: str) -> tuple[None, None]:
    """Drop a namespace with all its documents; ``name`` is its own or an alias."""
    namespace = catalog.delete(session, catalog.find(session, name).name)
    namespace.check_writable()
    attribute_builds.interrupt(session, namespace.table)
    segments.drop_all(session, namespace)
    tables.drop(session, namespace.table)
    return None, None


def drop_indexes(
    session: Session, namespace: Namespace | None, name: str
) -> tuple[None, Namespace]:
    """Drop the segments of a namespace; an indexer makes them anew."""
    if namespace is None:
        raise NamespaceNotFound(name)
    catalog.check_version(session, namespace)
    segments.drop_all(session, namespace)
    return None, namespace


def copy(
    session: Session,
    target: Namespace | None,
    name: str,
    source_name: str,
    *,
    must_exist: bool = False,
) -> tuple[int, Namespace]:
    """Make ``name`` a copy of another namespace; returns how many documents it has.

    Raises:
        NamespaceNotFound: for an unknown source, or a new target that ``must_exist``.
    """
    if target is None and must_exist:
        raise NamespaceNotFound(name)
    source = catalog.find(session, source_name)
    name = target.name if target else name
    catalog.lock_name(session, name)
    if target is not None:
        # before the look: a write that is under way would otherwise be dropped with the table
        tables.lock_writers(session, target)
        if name == source.name or reads.count_matches(session, target, EVERYTHING, 1):
            raise InvalidRequest(
                f"💔 copy_from_namespace needs a new or empty namespace, '{name}' has documents"
            )
        drop(session, name)
    session.without_timeout()
    created = create(session, name, shape_of(source))
    copied = writes.copy_all(session, source, created)
    catalog.check_version(session, source)
    return copied, created
