"""Edits of documents that are there, each one transaction."""

from __future__ import annotations

from dataclasses import replace

from service.core.binding import bind
from service.core.edits import (
    AttributeChange,
    Edit,
    EditAttributes,
    RemoveVectors,
    SetVectors,
    touched,
)
from service.core.errors import DocumentNotFound, NamespaceNotFound, WrongLength
from service.core.evolution import shape_of
from service.core.filters import Filter
from service.core.free_form import record_types
from service.core.ids import DocumentId, coerce_ids, mixable_id_type, shown_id, storable
from service.core.namespace import Namespace
from service.engine.shaping import reshape
from service.engine.writing import Writer
from service.storage import catalog, edits, turns
from service.storage.pool import Session


class Editor:
    """Carries edits out; new vectors wait like new documents while the tail is too long."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def edit(
        self, session: Session, namespace: Namespace | None, name: str, edit: Edit
    ) -> tuple[int, Namespace]:
        """Carry one edit out; says how many documents it touched.

        Raises:
            NamespaceNotFound: when there is no such namespace.
            DocumentNotFound: for new vectors of documents that do not exist.
        """
        if namespace is None:
            raise NamespaceNotFound(name)
        namespace.check_writable()
        turns.share(session, namespace)
        match edit:
            case EditAttributes(target, change):
                namespace = fit(session, namespace, change)
                done = edits.edit_attributes(session, namespace, bind(target, namespace), change)
            case RemoveVectors(target, names):
                done = remove_vectors(session, namespace, target, names)
            case SetVectors():
                done = self._set_vectors(session, namespace, edit)
        catalog.check_version(session, namespace)
        return done, namespace

    def _set_vectors(self, session: Session, namespace: Namespace, edit: SetVectors) -> int:
        ids = known_ids(namespace, edit.ids)
        if not ids:
            return 0
        numbers = self._writer.draw(session, namespace, len(ids))
        for name, batch in edit.vectors.items():
            column = namespace.vector_column(name)
            if batch.dimensions != column.dimensions:
                raise WrongLength(
                    f"the vectors have {batch.dimensions} dimensions, "
                    f"but those of namespace '{namespace.name}' have {column.dimensions}",
                    name, column.dimensions, batch.dimensions,
                )  # fmt: skip
            given = {i for row, i in enumerate(ids) if row not in batch.missing}
            found = edits.set_vectors(session, namespace, column, ids, numbers, batch)
            if given - found:
                raise DocumentNotFound(shown_id(min(given - found), namespace.id_type))
        return len(ids)


def fit(session: Session, namespace: Namespace, change: AttributeChange) -> Namespace:
    """The namespace with the types that a change brings."""
    shape = shape_of(namespace)
    names = frozenset(column.name for column in shape.vectors)
    specs = record_types(shape.attributes, [touched(change)], names)
    return reshape(session, namespace, replace(shape, attributes=specs))


def remove_vectors(
    session: Session, namespace: Namespace, target: Filter, names: tuple[str, ...]
) -> int:
    columns = [namespace.vector_column(name) for name in names]
    return edits.remove_vectors(session, namespace, columns, bind(target, namespace))


def known_ids(namespace: Namespace, ids: tuple[DocumentId, ...]) -> tuple[DocumentId, ...]:
    """The ids as they are stored.

    Raises:
        DocumentNotFound: for one that the namespace cannot have.
    """
    for identity in ids:
        if mixable_id_type(namespace.id_type, [identity]) is not namespace.id_type:
            raise DocumentNotFound(identity)
        if not storable(identity, namespace.id_type):
            raise DocumentNotFound(identity)
    return coerce_ids(ids, namespace.id_type)
