"""Documents changed in place: attributes keep their place in write order, vectors get a new one."""

from __future__ import annotations

from collections.abc import Sequence

from service.compile.edits import compile_change
from service.compile.filters import compile_filter
from service.compile.fragment import Fragment, identifier, joined, raw
from service.compile.ranking import column_type
from service.core.edits import AttributeChange
from service.core.filters import Filter
from service.core.ids import DocumentId
from service.core.namespace import Namespace, VectorColumn
from service.core.vectors import BYTES_PER_NUMBER, Vector, VectorBatch
from service.storage.pool import Session
from service.storage.projections import stored_id
from service.storage.tables import id_type, sequence_name, table

# documents of one statement: their values are parameters of it
AT_ONCE = 500


def edit_attributes(
    session: Session, namespace: Namespace, target: Filter, change: AttributeChange
) -> int:
    """Change the attributes of all documents that a bound filter matches; says how many."""
    statement = session.schemas.statement(
        "edit_attributes",
        table=table(session, namespace.table),
        changed=compile_change(change),
        predicate=compile_filter(target),
    )
    return session.execute(statement).rowcount


def set_vectors(
    session: Session,
    namespace: Namespace,
    column: VectorColumn,
    ids: Sequence[DocumentId],
    numbers: Sequence[int],
    batch: VectorBatch,
) -> set[DocumentId]:
    """Give documents a new vector in one column; returns the ids of those that exist."""
    found: set[DocumentId] = set()
    rows = sorted(
        (row for row in zip(ids, numbers, each_vector(batch), strict=True) if row[2] is not None),
        key=lambda row: row[0],
    )
    for start in range(0, len(rows), AT_ONCE):
        statement = session.schemas.statement(
            "set_vectors",
            table=table(session, namespace.table),
            column=identifier(column.column),
            rows=joined(
                ", ",
                [
                    value_row(session, namespace, column, *row)
                    for row in rows[start : start + AT_ONCE]
                ],
            ),
        )
        found.update(stored_id(row[0]) for row in session.execute(statement))
    return found


def remove_vectors(
    session: Session, namespace: Namespace, columns: Sequence[VectorColumn], target: Filter
) -> int:
    """Take vectors out of all documents that a bound filter matches; says how many."""
    cleared = [raw(", ") + identifier(column.column) + raw(" = NULL") for column in columns]
    statement = session.schemas.statement(
        "remove_vectors",
        table=table(session, namespace.table),
        sequence_name=sequence_name(session, namespace.table),
        assignments=joined("", cleared),
        predicate=compile_filter(target),
    )
    return session.execute(statement).rowcount


def each_vector(batch: VectorBatch) -> list[Vector | None]:
    """The vectors of a batch one by one."""
    width = BYTES_PER_NUMBER * batch.dimensions
    starts = iter(range(0, len(batch.data), width))
    return [
        None if row in batch.missing else vector_at(batch.data, next(starts), width)
        for row in range(batch.count)
    ]


def vector_at(data: bytes, start: int, width: int) -> Vector:
    return Vector(data[start : start + width])


def value_row(
    session: Session,
    namespace: Namespace,
    column: VectorColumn,
    identity: DocumentId,
    number: int,
    vector: Vector | None,
) -> Fragment:
    """One document's values, each with its type."""
    vectors = identifier(session.pgvector.schema, "vector")
    form = raw("::") + column_type(column, session.pgvector.schema)
    return (
        raw("(%s::", identity) + id_type(namespace.id_type) + raw(", %s::bigint, ", number)
        + raw("%s::", vector) + vectors + form + raw(")")
    )  # fmt: skip
