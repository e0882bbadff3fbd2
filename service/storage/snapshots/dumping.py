"""A table becomes the file of a snapshot: all of one moment, while others go on writing.

The transaction is REPEATABLE READ, and its view of the database is taken by its first query. The
table is locked before that, against being dropped, replaced or altered: a table that was put in
its place later would look empty in an older view.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import UTC, datetime

from service.compile.fragment import Fragment, identifier, raw
from service.core.namespace import Namespace, VectorColumn
from service.core.snapshot_format import Writer, in_blocks
from service.storage import catalog
from service.storage.pool import Session
from service.storage.snapshots.contents import contents_of, write_contents
from service.storage.tables import table


def hold(session: Session, known: Namespace) -> Namespace:
    """The namespace as it stays until the end of the transaction, which begins here.

    Raises:
        NamespaceNotFound: when it is gone.
    """
    session.without_timeout()
    session.execute(session.schemas.statement("hold_table", table=table(session, known.table)))
    return catalog.find(session, known.name)


def dump(session: Session, namespace: Namespace) -> Generator[bytes]:
    """The file, in pieces of about a block; until it is closed, the session does nothing else."""
    writer = Writer()
    contents = contents_of(session, namespace)
    yield writer.header(write_contents(contents, datetime.now(UTC)))
    statement = session.schemas.statement(
        "copy_snapshot",
        table=table(session, namespace.table),
        columns=vector_columns(namespace.vectors),
    )
    cursor = session.connection.cursor()
    with cursor.copy(statement.unbound.encode()) as rows:
        for block in in_blocks(rows):
            yield writer.block(block)
    yield writer.trailer(cursor.rowcount)


def vector_columns(columns: Iterable[VectorColumn]) -> Fragment:
    """The names of vector columns behind others in a list."""
    names = raw("")
    for column in columns:
        names += raw(", ") + identifier(column.column)
    return names
