"""Making indexes on attributes.

Built with CONCURRENTLY, beside readers and writers, so a build is no transaction and may leave an
invalid index behind: one that nobody works on any more is dropped and made anew. A session holds an
advisory lock of the namespace meanwhile; it goes with the session, however that ends.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

from psycopg import errors

from service.compile.fragment import identifier, raw
from service.compile.indexes import definition
from service.core.indexing import MEMBERSHIP
from service.storage.attribute_indexes import (
    MAX_BTREES,
    Wanted,
    ask,
    btrees,
    finish,
    forget,
    index_name,
    relation,
)
from service.storage.pool import Session
from service.storage.tables import table

log = logging.getLogger(__name__)

# Building waits for all transactions that are older: longer than this and it is tried another time,
# so that one long report does not hold up the indexes of all namespaces.
LOCK_WAIT = "60s"


def build(session: Session, wanted: Wanted) -> bool:
    """Make the index, and say so in the catalog; False when it cannot be made now.

    The session is outside a transaction. After an error the index is not wanted any more, until it
    is asked for again: soon, if anybody still has a use for it.

    Raises:
        Stale: when the namespace is gone.
    """
    with alone(session, wanted.namespace_id) as locked:
        if not locked:
            return False
        valid, under_construction = state(session, wanted)
        if under_construction:
            # by somebody without the lock: a DBA, or a builder that was told to end
            return False
        if not valid:
            drop(session, wanted)
            if not make_room(session, wanted):
                return False
            create(session, wanted)
        return finish(session, wanted)


def interrupt(session: Session, table_name: str) -> None:
    """End the building of indexes on a table, so that it can be dropped or altered at once."""
    relation = table(session, table_name).text
    session.execute(session.schemas.statement("interrupt_builds", relation))


def create(session: Session, wanted: Wanted) -> None:
    try:
        session.execute(
            session.schemas.statement(
                "create_index",
                index=identifier(index_name(wanted.table, wanted.index)),
                table=table(session, wanted.table),
                definition=definition(wanted.index),
            )
        )
        # what the planner knows of an expression comes from its index
        session.execute(raw("ANALYZE ") + table(session, wanted.table))
    except Exception as error:
        if not session.connection.closed:
            # neither an invalid index is left, nor a request that fails over and over; one that
            # only waited in vain stays, behind the others
            drop(session, wanted)
            if isinstance(error, errors.LockNotAvailable | errors.QueryCanceled):
                ask(session, wanted.namespace_id, [wanted.index])
            else:
                forget(session, wanted)
        raise


def make_room(session: Session, wanted: Wanted) -> bool:
    """Whether another btree may be made; one that nobody asks for any more gives way."""
    if wanted.index == MEMBERSHIP:
        return True
    present = btrees(session, wanted.namespace_id)
    if len(present) < MAX_BTREES:
        return True
    index, idle = present[0]
    if not idle:
        return False
    unused = Wanted(wanted.namespace_id, wanted.table, index)
    log.info("dropping %s: no filter has needed it for a day", index_name(unused.table, index))
    # in this order: a process that ends between the two leaves no index that nobody knows of
    drop(session, unused)
    forget(session, unused)
    return True


def drop(session: Session, wanted: Wanted) -> None:
    session.execute(session.schemas.statement("drop_index", index=relation(session, wanted)))


def state(session: Session, wanted: Wanted) -> tuple[bool, bool]:
    """Whether the index is valid, and whether somebody is building it."""
    statement = session.schemas.statement("find_index", relation(session, wanted).text)
    return cast(tuple[bool, bool], session.execute(statement).fetchone() or (False, False))


@contextmanager
def alone(session: Session, namespace_id: int) -> Generator[bool]:
    """Try to keep other builders off the namespace; inside, statements take what time they need."""
    key = f"{session.schemas.catalog} {namespace_id}"
    row = session.execute(session.schemas.statement("try_index_lock", key)).fetchone()
    if row != (True,):
        yield False
        return
    try:
        session.connection.execute(f"SET statement_timeout = 0; SET lock_timeout = '{LOCK_WAIT}'")
        yield True
    finally:
        if not session.connection.closed:
            session.connection.execute("RESET statement_timeout; RESET lock_timeout")
            session.execute(session.schemas.statement("index_unlock", key))
