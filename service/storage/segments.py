"""The list of segments: what is recorded, replaced and dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from service.compile.fragment import Fragment, constant, identifier, number, raw
from service.core.namespace import Namespace, VectorColumn
from service.core.segments import Segment
from service.storage.faults import Stale
from service.storage.pool import Session
from service.storage.tables import regclass, sequence_name, table

# for the catalog's row: a writer that changes the schema has it until it commits, and a build that
# took minutes is not to be lost for that
CLAIM_WAIT = "60s"
# seconds for which a replaced segment stays: longer than most queries that may still use it
GRACE = 120


def exists(session: Session) -> bool:
    """Whether the schema of segments has its list."""
    name = constant(f'"{session.schemas.segments}".state')
    row = session.execute(raw("SELECT to_regclass(") + name + raw(") IS NOT NULL")).fetchone()
    return row == (True,)


def prepare(session: Session) -> None:
    """Make the schema with its lists where it is missing, unless somebody else is at it."""
    if not exists(session) and try_lock(session, "prepare"):
        session.define(session.schemas.statement("create_segments"))


def try_lock(session: Session, what: str) -> bool:
    """Whether this transaction is the only one that does ``what``, from now to its end."""
    key = f"{session.schemas.segments} {what}"
    return session.execute(session.schemas.statement("try_build_lock", key)).fetchone() == (True,)


def file_of(session: Session, namespace: Namespace) -> int:
    """The number of the table's file: another one after a restore, a TRUNCATE or a rewrite."""
    row = session.execute(raw("SELECT ") + file_number(session, namespace)).fetchone()
    return cast(int, cast(tuple[object, ...], row)[0])


def file_number(session: Session, namespace: Namespace) -> Fragment:
    """The same, as a piece of a statement."""
    name = regclass(table(session, namespace.table))
    return raw("pg_relation_filenode(") + name + raw(")::bigint")


def last_number(session: Session, namespace: Namespace) -> int:
    """The last write number that was drawn."""
    name = sequence_name(session, namespace.table)
    row = session.execute(session.schemas.statement("last_number", sequence=name)).fetchone()
    return cast(int, cast(tuple[object, ...], row)[0])


def writers(session: Session, namespace: Namespace) -> frozenset[str]:
    """The open transactions that may have drawn write numbers."""
    name = sequence_name(session, namespace.table)
    rows = session.execute(session.schemas.statement("find_writers", sequence=name))
    return frozenset(str(writer) for (writer,) in rows)


def count_range(session: Session, namespace: Namespace, low: int, high: int, bound: int) -> int:
    """Documents with ``low < seq <= high``, counted up to ``bound``."""
    statement = session.schemas.statement(
        "count_range",
        table=table(session, namespace.table),
        low=number(low),
        high=number(high),
        bound=number(bound),
    )
    return cast(int, cast(tuple[object, ...], session.execute(statement).fetchone())[0])


def cut(session: Session, namespace: Namespace, low: int, high: int, rows: int) -> int:
    """The end of a range after at most ``rows`` documents."""
    statement = session.schemas.statement(
        "find_cut",
        table=table(session, namespace.table),
        low=number(low),
        high=number(high),
        rows=number(rows - 1),
    )
    row = session.execute(statement).fetchone()
    return cast(int, row[0]) if row else high


def record(
    session: Session,
    namespace: Namespace,
    documents: int,
    column: VectorColumn,
    made: Segment,
    replaced: Sequence[Segment],
) -> None:
    """Put a segment into the list, in the place of others, and tell all processes.

    Raises:
        Stale: when the namespace's table or the list is no longer what the segment was made for.
    """
    session.connection.execute(f"SET LOCAL lock_timeout = '{CLAIM_WAIT}'")
    claim(session, namespace, documents)
    names = [one.table for one in replaced]
    if session.execute(session.schemas.statement("retire_segments", names)).rowcount != len(names):
        raise Stale
    overlapping = session.schemas.statement(
        "find_overlapping", namespace.id, documents, column.name, made.high, made.low
    )
    if session.execute(overlapping).fetchone():
        raise Stale
    session.execute(
        session.schemas.statement(
            "record_segment", made.table, namespace.id, documents, column.name, made.low, made.high,
            made.rows, made.live, made.remainder, made.kind.value, made.metric.value, made.scale,
            made.ef_search,
        )
    )  # fmt: skip


def claim(session: Session, namespace: Namespace, documents: int) -> None:
    """Raise the number of the namespace's list; no other transaction changes it until the commit.

    Raises:
        Stale: when the table is gone, or another one.
    """
    statement = session.schemas.statement(
        "claim_list",
        namespace=number(namespace.id),
        documents_table=constant(table(session, namespace.table).text),
        file=number(documents),
    )
    if session.execute(statement).fetchone() is None:
        raise Stale


def recount(session: Session, segment: Segment, live: int) -> None:
    """Note how many rows of a segment are current."""
    session.execute(session.schemas.statement("recount_segment", live, segment.table))


def droppable(session: Session) -> list[str]:
    """Tables that no query needs any more; entries without a table are forgotten on the way."""
    session.execute(session.schemas.statement("forget_missing"))
    statement = session.schemas.statement("list_droppable", grace=number(GRACE))
    return [str(name) for (name,) in session.execute(statement)]


def drop_all(session: Session, namespace: Namespace) -> None:
    """Drop everything that is derived from the namespace, also what was replaced."""
    if not exists(session):
        return
    raise_number = session.schemas.statement("raise_list", namespace=number(namespace.id))
    session.execute(raise_number)
    listed = session.schemas.statement("list_namespace_tables", namespace=number(namespace.id))
    for (name,) in session.execute(listed).fetchall():
        drop(session, str(name))


def drop(session: Session, name: str) -> None:
    """Drop a segment or a sample, and forget it."""
    session.define(session.schemas.statement("drop_table", table=segment_table(session, name)))
    session.execute(session.schemas.statement("forget_segment", segment_name=raw("%s", name)))


def segment_table(session: Session, name: str) -> Fragment:
    """A segment's table, qualified."""
    return identifier(session.schemas.segments, name)
