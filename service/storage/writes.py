"""Documents in and out of a table: a fixed number of statements, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString, cast

import orjson

from service.compile.fragment import Fragment, identifier, number, raw
from service.core.documents import Affected, Upsert
from service.core.ids import DocumentId, IdType, storable
from service.core.namespace import Namespace
from service.storage import turns
from service.storage.pool import Session
from service.storage.projections import read_id
from service.storage.rows import (
    bigint_column,
    id_column,
    join_rows,
    jsonb_column,
    null_column,
    vector_column,
)
from service.storage.tables import sequence_name, table


def upsert(session: Session, namespace: Namespace, batch: Upsert, numbers: list[int]) -> int:
    """Insert documents with these write numbers, or replace them whole; returns the bytes sent.

    The old rows are deleted and the new ones copied in, in the order of their ids. An INSERT with
    ON CONFLICT does the same in one statement and twice the time: its parameters are taken apart
    and stored once more before the first row is written, while COPY reads row by row.

    Raises:
        Contended: when somebody else wrote one of the ids meanwhile.
    """
    order = sorted(range(len(batch.ids)), key=batch.ids.__getitem__)
    delete(session, namespace, batch.ids)
    columns = [
        id_column(batch.ids, namespace.id_type),
        bigint_column(numbers),
        jsonb_column(attribute_rows(batch)),
    ]
    names = raw("")
    for column in namespace.vectors:
        names += raw(", ") + identifier(column.column)
        vectors = batch.vectors.get(column.name)
        columns.append(vector_column(vectors, column) if vectors else null_column(len(batch.ids)))
    statement = session.schemas.statement(
        "copy_in", table=table(session, namespace.table), columns=names
    )
    stream = join_rows(in_order(columns, order))
    session.copy(statement, stream)
    return len(stream)


def draw_numbers(session: Session, namespace: Namespace, count: int) -> list[int]:
    """Numbers for documents in the order of the request."""
    statement = session.schemas.statement(
        "draw_numbers",
        sequence_name=sequence_name(session, namespace.table),
        key=turns.key(session, namespace),
        count=number(count),
    )
    return [cast(int, value) for (value,) in session.execute(statement).fetchall()]


def in_order(columns: list[list[bytes]], order: list[int]) -> list[list[bytes]]:
    """The columns with their rows by id: writers that share ids meet them in the same order."""
    if order == list(range(len(order))):
        return columns
    return [[column[row] for row in order] for column in columns]


def delete(
    session: Session, namespace: Namespace, ids: Sequence[DocumentId], *, with_ids: bool = False
) -> Affected:
    """Delete documents by id; says how many there were."""
    possible = tuple(sorted(i for i in ids if storable(i, namespace.id_type)))
    statement = session.schemas.statement(
        "delete_documents",
        table=table(session, namespace.table),
        ids=ids_array(possible, namespace.id_type),
        returning=returning("id") if with_ids else raw(""),
    )
    return affected(session, namespace, statement, with_ids=with_ids)


def delete_where(
    session: Session, namespace: Namespace, predicate: Fragment, *, with_ids: bool
) -> Affected:
    """Delete every document that meets a condition."""
    statement = session.schemas.statement(
        "delete_where",
        table=table(session, namespace.table),
        predicate=predicate,
        returning=returning("id") if with_ids else raw(""),
    )
    return affected(session, namespace, statement, with_ids=with_ids)


def first_matches(
    session: Session, namespace: Namespace, predicate: Fragment, bound: int
) -> Fragment:
    """The condition that is true for ``bound`` of the documents that meet another."""
    name = table(session, namespace.table)
    return (
        raw("ctid = ANY (ARRAY(SELECT ctid FROM ") + name + raw(" WHERE ") + predicate
        + raw(" LIMIT ") + number(bound) + raw("))")
    )  # fmt: skip


def returning(field: LiteralString) -> Fragment:
    """The clause that gives the documents' ids back."""
    return raw(" RETURNING ") + raw(field)


def affected(
    session: Session, namespace: Namespace, statement: Fragment, *, with_ids: bool
) -> Affected:
    """What a statement changed; ``with_ids``: it gives the ids back."""
    cursor = session.execute(statement)
    ids = tuple([read_id(row[0], namespace.id_type) for row in cursor]) if with_ids else ()
    return Affected(cursor.rowcount, ids)


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


def attribute_rows(batch: Upsert) -> list[bytes]:
    """Each document's attributes as JSON, without those it does not have."""
    if batch.objects:
        return [orjson.dumps(attributes) for attributes in batch.objects]
    if not batch.attributes:
        return [b"{}"] * len(batch.ids)
    names = [column.name for column in batch.attributes]
    rows = zip(*[column.values for column in batch.attributes], strict=True)
    return [
        orjson.dumps({n: v for n, v in zip(names, row, strict=True) if v is not None})
        for row in rows
    ]


def ids_array(ids: tuple[DocumentId, ...], kind: IdType) -> Fragment:
    match kind:
        case IdType.BIGINT:
            return raw("%s::bigint[]", list(ids))
        case IdType.NUMERIC:
            return raw("%s::numeric[]", list(ids))
        case IdType.UUID | IdType.MIXED:
            return raw("%s::uuid[]", list(ids))
        case IdType.TEXT:
            return raw("%s::text[]", list(ids))
