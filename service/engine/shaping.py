"""Namespaces in the shape that a write needs: made, altered, or without what it drops."""

from __future__ import annotations

from service.core.documents import SchemaUpdate, Write
from service.core.errors import NamespaceNotFound
from service.core.evolution import Shape, evolve, first_shape, shape_of, without
from service.core.namespace import Namespace
from service.storage import attribute_builds, catalog, patches, segments, tables, turns
from service.storage.pool import Session


def create_for(session: Session, name: str, request: Write) -> tuple[Namespace, Write]:
    """The namespace that a first write makes, unless another process was faster."""
    documents = request.upsert is not None and bool(request.upsert.ids)
    if request.create is False or not (documents or request.create):
        raise NamespaceNotFound(name)
    catalog.lock_name(session, name)
    try:
        namespace = catalog.find(session, name)
    except NamespaceNotFound:
        shape, request = evolve(first_shape(request), request)
        return create(session, name, shape), request
    return fit(session, namespace, request)


def create(session: Session, name: str, shape: Shape) -> Namespace:
    """Record a namespace and make its table."""
    namespace = catalog.create(session, name, shape)
    tables.create(session, namespace)
    return namespace


def fit(session: Session, namespace: Namespace, request: Write) -> tuple[Namespace, Write]:
    """The namespace as the write needs it, and the write in the stored types.

    What the write drops goes first: it may bring new values under the same names.
    """
    namespace.check_writable()
    namespace = drop_fields(session, namespace, request.schema.dropped)
    shape, request = evolve(shape_of(namespace), request)
    return reshape(session, namespace, shape), request


def update_schema(
    session: Session, namespace: Namespace | None, name: str, update: SchemaUpdate
) -> tuple[Namespace, Namespace]:
    """Change types and options of attributes alone."""
    if namespace is None:
        raise NamespaceNotFound(name)
    changed, _ = fit(session, namespace, Write(schema=update))
    catalog.check_version(session, changed)
    return changed, changed


def reshape(session: Session, namespace: Namespace, shape: Shape) -> Namespace:
    """Record a changed shape and alter the table; nothing to do when it is the same."""
    if shape == shape_of(namespace):
        return namespace
    changed = catalog.update(session, namespace, shape)
    if (shape.id_type, shape.vectors) != (namespace.id_type, namespace.vectors):
        # the table itself changes, and building an index keeps others from that
        attribute_builds.interrupt(session, namespace.table)
    if not tables.keeps_column(namespace.id_type, shape.id_type):
        # segments have the ids as they were
        segments.drop_all(session, namespace)
    tables.alter(session, namespace, shape)
    return changed


def drop_fields(session: Session, namespace: Namespace, names: tuple[str, ...]) -> Namespace:
    """Take attributes and vector columns out of all documents; unknown names change nothing."""
    shape = without(shape_of(namespace), names)
    changed = reshape(session, namespace, shape)
    gone = [name for name in names if name in namespace.attributes]
    if gone:
        turns.take(session, namespace)
        patches.drop_attributes(session, namespace, gone)
    if shape.vectors != namespace.vectors:
        segments.drop_all(session, namespace)
    return changed
