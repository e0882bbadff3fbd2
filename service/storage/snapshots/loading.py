"""The file of a snapshot becomes a table: built aside, then put in the place of the old one.

Everything happens in the transaction of the session. Nobody sees the new table before the commit,
and none of it is left without one. The old table is locked only when the new one is complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from psycopg import errors
from psycopg.types.json import Jsonb

from service.compile.fragment import Fragment, identifier
from service.core.errors import Conflict, NamespaceExists, NamespaceNotFound
from service.core.namespace import Namespace, short_identifier
from service.core.snapshot_format import UnreadableSnapshot
from service.storage import (
    aliases,
    attribute_builds,
    attribute_indexes,
    catalog,
    segments,
    tables,
    upkeep,
)
from service.storage.faults import Contended
from service.storage.pool import Session
from service.storage.snapshots.contents import Contents
from service.storage.snapshots.dumping import vector_columns


def build(session: Session, name: str, contents: Contents) -> Namespace:
    """An empty table for the documents, under a name that no namespace can have."""
    shape, moment = contents.shape, datetime.now(UTC)
    own = short_identifier(name)
    aside = short_identifier(own, "recovered")
    made = Namespace(name, aside, shape.id_type, shape.vectors, shape.attributes, 0, moment)
    tables.create(session, made)
    return made


def fill(session: Session, made: Namespace, rows: Iterable[bytes]) -> int:
    """Load the rows of a snapshot; returns how many documents there were.

    Raises:
        UnreadableSnapshot: when two documents have the same id.
    """
    statement = session.schemas.statement(
        "load_snapshot",
        table=tables.table(session, made.table),
        columns=vector_columns(made.vectors),
    )
    cursor = session.connection.cursor()
    try:
        with session.savepoint(), cursor.copy(statement.unbound.encode()) as copy:
            for block in rows:
                copy.write(block)
    except Contended as error:
        raise UnreadableSnapshot("the snapshot has two documents with the same id") from error
    # searches are planned by statistics, also the first ones
    upkeep.analyse(session, made.table)
    return cursor.rowcount


def find(session: Session, name: str) -> Namespace | None:
    """The namespace of this name, or with this alias, as it is now."""
    try:
        return catalog.find(session, name)
    except NamespaceNotFound:
        return None


def put_in_place(session: Session, made: Namespace, contents: Contents) -> Namespace:
    """Let the loaded table be the namespace's from the commit on, with what the snapshot says.

    Raises:
        Busy: when others use the old table: nothing has changed then, in a savepoint.
        NamespaceExists: when the name has become an alias meanwhile.
    """
    catalog.lock_name(session, made.name)
    known = find(session, made.name)
    if known is None:
        known = catalog.create(session, made.name, contents.shape)
    elif known.name != made.name:
        raise NamespaceExists(made.name)
    else:
        remove_table(session, known)
    values = (*catalog.shape_values(contents.shape), Jsonb(dict(contents.settings)))
    session.execute(
        session.schemas.statement(
            "replace_namespace", *values, Jsonb(dict(contents.config)), known.id
        )
    )
    rename(session, made.table, known.table)
    want_indexes(session, known, contents)
    if contents.namespace == known.name:
        restore_aliases(session, known, contents.aliases)
    return catalog.find(session, known.name)


def remove_table(session: Session, namespace: Namespace) -> None:
    """Drop the old table and what is derived from it.

    Raises:
        Conflict: when a view, say, depends on it.
    """
    namespace.check_open()
    namespace.check_writable()
    attribute_builds.interrupt(session, namespace.table)
    segments.drop_all(session, namespace)
    try:
        tables.drop(session, namespace.table)
    except errors.DependentObjectsStillExist as error:
        raise Conflict(
            f"the table of namespace '{namespace.name}' cannot be replaced: "
            f"{error.diag.message_detail}"
        ) from error


def rename(session: Session, aside: str, own: str) -> None:
    """Give the table, its sequence, indexes and constraints the names of a namespace's own."""
    holes: dict[str, Fragment] = {}
    for part, suffix in (("primary_key", "pkey"), ("object_check", "attributes")):
        holes[part] = identifier(short_identifier(aside, suffix))
        holes[f"own_{part}"] = identifier(short_identifier(own, suffix))
    session.define(
        session.schemas.statement(
            "rename_table",
            table=tables.table(session, aside),
            own_table=identifier(own),
            seq_index=identifier(session.schemas.documents, short_identifier(aside, "seq_idx")),
            own_seq_index=identifier(short_identifier(own, "seq_idx")),
            sequence=tables.sequence(session, aside),
            own_sequence=identifier(short_identifier(own, "seq")),
            **holes,
        )
    )


def want_indexes(session: Session, namespace: Namespace, contents: Contents) -> None:
    """Have indexes on attributes built anew: those of the snapshot, and those there were."""
    session.execute(session.schemas.statement("reset_attribute_indexes", namespace.id))
    attribute_indexes.ask(session, namespace.id, contents.indexes)


def restore_aliases(session: Session, namespace: Namespace, names: Iterable[str]) -> None:
    """Let the aliases of the snapshot stand for the namespace again, but for names that stand for
    something else now: what others have come to rely on is theirs. Newer aliases stay as well."""
    for name in names:
        if find(session, name) is None:
            aliases.set_alias(session, name, namespace)
