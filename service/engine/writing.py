"""Writes: each one transaction, all of it or nothing."""

from __future__ import annotations

from service.core.binding import bind
from service.core.documents import SchemaUpdate, Write, Written
from service.core.errors import InvalidRequest, NamespaceNotFound, TooManyRequests
from service.core.evolution import Shape, evolve, evolve_schema, first_shape, shape_of
from service.core.filters import EVERYTHING
from service.core.namespace import Namespace
from service.core.segments import sealed_to
from service.storage import attribute_builds, backlog, catalog, reads, segments, tables, writes
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
            shape, request = evolve(shape_of(namespace), request)
            namespace = reshape(session, namespace, shape)
        if request.has_several_parts:
            # its parts see what was committed between them, unless nobody else writes meanwhile
            tables.lock_writers(session, namespace)
        deleted = 0
        if request.delete_where is not None:
            condition = bind(request.delete_where, namespace)
            deleted += writes.delete_where(session, namespace, condition)
        if request.deletes:
            writes.delete(session, namespace, request.deletes)
            # every id asked for counts, also one that was not there (turbopuffer, section 6.2)
            deleted += len(request.deletes)
        upserted = 0
        if request.upsert and request.upsert.ids:
            numbers = writes.draw_numbers(session, namespace, len(request.upsert.ids))
            if not request.disable_backpressure:
                self._check_backlog(session, namespace, numbers[-1])
            upserted = writes.upsert(session, namespace, request.upsert, numbers)
        catalog.check_version(session, namespace)
        return Written(upserted, deleted), namespace

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


def create_for(session: Session, name: str, request: Write) -> tuple[Namespace, Write]:
    """The namespace that a first write makes, unless another process was faster."""
    if request.upsert is None or not request.upsert.ids:
        raise NamespaceNotFound(name)
    catalog.lock_name(session, name)
    try:
        namespace = catalog.find(session, name)
    except NamespaceNotFound:
        shape, request = evolve(first_shape(request), request)
        return create(session, name, shape), request
    shape, request = evolve(shape_of(namespace), request)
    return reshape(session, namespace, shape), request


def create(session: Session, name: str, shape: Shape) -> Namespace:
    namespace = catalog.create(session, name, shape)
    tables.create(session, namespace)
    return namespace


def reshape(session: Session, namespace: Namespace, shape: Shape) -> Namespace:
    """Record a changed shape and alter the table; nothing to do when it is the same."""
    if shape == shape_of(namespace):
        return namespace
    changed = catalog.update(session, namespace, shape)
    if (shape.id_type, shape.vectors) != (namespace.id_type, namespace.vectors):
        # the table itself changes, and building an index keeps others from that
        attribute_builds.interrupt(session, namespace.table)
    tables.alter(session, namespace, shape)
    return changed


def update_schema(
    session: Session, namespace: Namespace | None, name: str, update: SchemaUpdate
) -> tuple[Namespace, Namespace]:
    """Change types and options of attributes alone."""
    if namespace is None:
        raise NamespaceNotFound(name)
    changed = reshape(session, namespace, evolve_schema(shape_of(namespace), update))
    catalog.check_version(session, changed)
    return changed, changed


def drop(session: Session, name: str) -> tuple[None, None]:
    """Drop a namespace with all its documents."""
    namespace = catalog.delete(session, name)
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
    session: Session, target: Namespace | None, name: str, source_name: str
) -> tuple[int, Namespace]:
    """Make ``name`` a copy of another namespace; returns how many documents it has."""
    source = catalog.find(session, source_name)
    catalog.lock_name(session, name)
    if target is not None:
        # before the look: a write that is under way would otherwise be dropped with the table
        tables.lock_writers(session, target)
        if name == source_name or reads.count_matches(session, target, EVERYTHING, 1):
            raise InvalidRequest(
                f"💔 copy_from_namespace needs a new or empty namespace, '{name}' has documents"
            )
        drop(session, name)
    session.without_timeout()
    created = create(session, name, shape_of(source))
    copied = writes.copy_all(session, source, created)
    catalog.check_version(session, source)
    return copied, created
