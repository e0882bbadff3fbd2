"""The backlog: documents that no segment stands for, and whether somebody works it off.

Searches scan them, so there may not be too many. But where no indexer runs nobody would ever seal
them, and nothing is refused.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import Self

import psycopg

from service.core.errors import ServiceError
from service.core.namespace import Namespace
from service.core.segments import START, Segment, sealed_to
from service.storage import segments
from service.storage.faults import Stale
from service.storage.pool import Database, Session


class Presence:
    """An indexer's sign of life: a lock, held by a connection for as long as the process lives."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stack = ExitStack()
        self._session: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(psycopg.Error, ServiceError, Stale), self._stack:
            if self._session is not None and not self._session.connection.closed:
                # a pooled connection may outlive us
                leave = self._session.schemas.statement("indexer_leaves", lock_key(self._session))
                self._session.execute(leave)

    def keep(self) -> None:
        """Take the lock, or look whether the connection that holds it is alive.

        Raises:
            Unavailable: when the database is away.
        """
        try:
            if self._session is None:
                self._session = self._stack.enter_context(self._database.session())
                self._session.execute(
                    self._session.schemas.statement("indexer_sign", lock_key(self._session))
                )
            self._session.connection.execute("SELECT 1")
        except Exception:
            self._session, broken = None, self._stack
            self._stack = ExitStack()
            broken.close()
            raise


def indexer_lives(session: Session) -> bool:
    """Whether an indexer is at work on this database."""
    lives = session.schemas.statement("indexer_lives", lock_key(session))
    return session.execute(lives).fetchone() == (True,)


def lock_key(session: Session) -> str:
    return f"{session.schemas.catalog} indexer"


def is_longer(
    session: Session, namespace: Namespace, known: tuple[Segment, ...], bound: int
) -> bool:
    """Whether the backlog has more than ``bound`` documents, by a count of them."""
    low = max(sealed_to(known), START)
    last = segments.last_number(session, namespace)
    return segments.count_range(session, namespace, low, last, bound + 1) > bound
