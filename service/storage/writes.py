"""Documents in and out of a table: one statement per operation, whatever the number of rows."""

from __future__ import annotations

import orjson

from service.compile.filters import compile_filter
from service.compile.fragment import Fragment, identifier, joined, raw
from service.compile.ranking import vector_type
from service.core.documents import Upsert
from service.core.filters import Filter
from service.core.ids import DocumentId, IdType
from service.core.namespace import Namespace
from service.storage.adapters import JsonTexts, VectorArray
from service.storage.pool import Session
from service.storage.tables import sequence_name, table


def upsert(session: Session, namespace: Namespace, batch: Upsert) -> int:
    """Insert or replace documents; returns how many."""
    arrays = [ids_array(batch.ids, namespace.id_type), raw("%s::jsonb[]", attribute_rows(batch))]
    columns, assignments = raw(""), raw("")
    for column in namespace.vectors:
        name = identifier(column.column)
        columns += raw(", ") + name
        assignments += raw(", ") + name + raw(" = excluded.") + name
        arrays.append(vectors_array(session, batch))
    statement = session.schemas.statement(
        "upsert_documents",
        table=table(session, namespace.table),
        sequence_name=sequence_name(session, namespace.table),
        columns=columns,
        arrays=joined(", ", arrays),
        assignments=assignments,
    )
    return session.execute(statement).rowcount


def delete(session: Session, namespace: Namespace, ids: tuple[DocumentId, ...]) -> int:
    """Delete documents by id; returns how many there were."""
    statement = session.schemas.statement(
        "delete_documents",
        table=table(session, namespace.table),
        ids=ids_array(tuple(sorted(ids)), namespace.id_type),
    )
    return session.execute(statement).rowcount


def delete_where(session: Session, namespace: Namespace, condition: Filter) -> int:
    """Delete every document that matches a bound filter; returns how many."""
    statement = session.schemas.statement(
        "delete_where",
        table=table(session, namespace.table),
        predicate=compile_filter(condition),
    )
    return session.execute(statement).rowcount


def copy_all(session: Session, source: Namespace, target: Namespace) -> int:
    """Copy every document into an empty namespace of the same shape; returns how many."""
    columns = raw("")
    for column in source.vectors:
        columns += raw(", ") + identifier(column.column)
    statement = session.schemas.statement(
        "copy_documents",
        table=table(session, target.table),
        source=table(session, source.table),
        columns=columns,
    )
    return session.execute(statement).rowcount


def attribute_rows(batch: Upsert) -> JsonTexts:
    """Each document's attributes as JSON, without those it does not have."""
    columns = [(column.name, column.values) for column in batch.attributes]
    if not columns:
        return JsonTexts((b"{}",) * len(batch.ids))
    names = [name for name, _ in columns]
    rows = zip(*[values for _, values in columns], strict=True)
    return JsonTexts(
        tuple(
            [
                orjson.dumps({n: v for n, v in zip(names, row, strict=True) if v is not None})
                for row in rows
            ]
        )
    )


def ids_array(ids: tuple[DocumentId, ...], kind: IdType) -> Fragment:
    match kind:
        case IdType.BIGINT:
            return raw("%s::bigint[]", list(ids))
        case IdType.NUMERIC:
            return raw("%s::numeric[]", list(ids))
        case IdType.UUID:
            return raw("%s::uuid[]", list(ids))
        case IdType.TEXT:
            return raw("%s::text[]", list(ids))


def vectors_array(session: Session, batch: Upsert) -> Fragment:
    """The vectors as one binary array; NULLs for a batch without any."""
    kind = vector_type(session.pgvector.schema)
    if batch.vectors is None:
        return raw("NULL::") + kind + raw("[]")
    return raw("%s::", VectorArray(batch.vectors, session.pgvector.vector_oid)) + kind + raw("[]")
