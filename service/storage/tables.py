"""The tables of namespaces: created, altered and dropped.

DDL waits for its lock at most half a second, because every query behind a waiting ALTER waits too;
the engine tries again.
"""

from __future__ import annotations

from service.compile.fragment import Fragment, constant, identifier, raw
from service.compile.ranking import column_type
from service.core.errors import Conflict
from service.core.evolution import Shape
from service.core.ids import IdType
from service.core.namespace import Namespace, VectorColumn, short_identifier
from service.storage.pool import Session

INLINE_REWRITE_ROWS = 10_000


def table(session: Session, name: str) -> Fragment:
    """A namespace's table, qualified."""
    return identifier(session.schemas.documents, name)


def sequence(session: Session, name: str) -> Fragment:
    """The sequence of write order, qualified."""
    return identifier(session.schemas.documents, short_identifier(name, "seq"))


def sequence_name(session: Session, name: str) -> Fragment:
    """The sequence as a constant of type ``regclass``."""
    return regclass(sequence(session, name))


def regclass(relation: Fragment) -> Fragment:
    """A relation's name as a constant of type ``regclass``."""
    return constant(relation.unbound) + raw("::regclass")


def create(session: Session, namespace: Namespace) -> None:
    """Make the table of a namespace just recorded."""
    name = namespace.table
    session.define(
        session.schemas.statement(
            "create_table",
            table=table(session, name),
            id_type=id_type(namespace.id_type),
            sequence=sequence(session, name),
            sequence_name=sequence_name(session, name),
            primary_key=identifier(short_identifier(name, "pkey")),
            object_check=identifier(short_identifier(name, "attributes")),
            seq_index=identifier(short_identifier(name, "seq_idx")),
            comment=constant(f"Vectable namespace {namespace.name}"),
        )
    )
    for column in namespace.vectors:
        add_vector_column(session, namespace, column)


def alter(session: Session, namespace: Namespace, shape: Shape) -> None:
    """Bring the table to a new shape: wider ids, other vector columns.

    Raises:
        Conflict: when ids of a large table would have to be rewritten.
    """
    if shape.id_type is not namespace.id_type:
        change_id_type(session, namespace, shape.id_type)
    known = {column.name for column in namespace.vectors}
    kept = {column.name for column in shape.vectors}
    for column in namespace.vectors:
        if column.name not in kept:
            drop_vector_column(session, namespace, column)
    for column in shape.vectors:
        if column.name not in known:
            add_vector_column(session, namespace, column)


def change_id_type(session: Session, namespace: Namespace, wanted: IdType) -> None:
    if keeps_column(namespace.id_type, wanted):
        return
    name = table(session, namespace.table)
    bound = raw("SELECT 1 FROM ") + name + raw(" OFFSET %s LIMIT 1", INLINE_REWRITE_ROWS)
    column, converted = id_type(wanted), converted_id(namespace.id_type, wanted)
    if session.execute(bound).fetchone():
        catalog, known = session.schemas.catalog, constant(namespace.name)
        # to be pasted: a name may have any quotes in it
        rewrite = raw("ALTER TABLE ") + name + raw(" ALTER COLUMN id TYPE ") + column
        rewrite += raw(" USING ") + converted
        raise Conflict(
            f"💔 namespace '{namespace.name}' has {namespace.id_type.value} ids and more than "
            f"{INLINE_REWRITE_ROWS} documents, so ids of another type ({wanted.value}) need a "
            f"rewrite that blocks it: run BEGIN; {rewrite.unbound}; UPDATE {catalog}.namespaces "
            f"SET id_type = '{wanted.value}', version = nextval('{catalog}.versions') "
            f"WHERE name = {known.unbound}; COMMIT"
        )
    session.define(
        session.schemas.statement("change_id_type", table=name, id_type=column, using=converted)
    )


def keeps_column(current: IdType, wanted: IdType) -> bool:
    """Whether ids of the wanted type fit the column as it is."""
    return id_type(current) == id_type(wanted)


def converted_id(current: IdType, wanted: IdType) -> Fragment:
    """An id of the column as a value of its new type."""
    if wanted is not IdType.MIXED:
        return raw("id::") + id_type(wanted)
    low = raw("id::bigint")
    if current is IdType.NUMERIC:
        # hexadecimal digits are those of a signed integer
        signed = raw("CASE WHEN id >= 2 ^ 63::numeric THEN id - 2 ^ 64::numeric ELSE id END")
        low = raw("(") + signed + raw(")::bigint")
    return raw("lpad(to_hex(") + low + raw("), 32, '0')::uuid")


def add_vector_column(session: Session, namespace: Namespace, column: VectorColumn) -> None:
    session.define(
        session.schemas.statement(
            "add_vector_column",
            table=table(session, namespace.table),
            column=identifier(column.column),
            type=column_type(column, session.pgvector.schema),
        )
    )


def drop_vector_column(session: Session, namespace: Namespace, column: VectorColumn) -> None:
    session.define(
        session.schemas.statement(
            "drop_vector_column",
            table=table(session, namespace.table),
            column=identifier(column.column),
        )
    )


def lock_writers(session: Session, namespace: Namespace) -> None:
    """Wait for the writers of the table and keep others out until the commit."""
    session.execute(
        session.schemas.statement("lock_writers", table=table(session, namespace.table))
    )


def drop(session: Session, name: str) -> None:
    """Drop a table by its name."""
    session.define(session.schemas.statement("drop_table", table=table(session, name)))


def id_type(kind: IdType) -> Fragment:
    """The column's type; text orders by bytes on every server."""
    match kind:
        case IdType.BIGINT:
            return raw("bigint")
        case IdType.NUMERIC:
            return raw("numeric(20,0)")
        case IdType.UUID | IdType.MIXED:
            return raw("uuid")
        case IdType.TEXT:
            return raw('text COLLATE "C"')
