"""The list of copies that run on their own.

A copy and the note that it is done are one transaction. While it runs it holds a lock: whoever
finds neither the note nor the lock knows that its process is gone, and that nothing of the copy is
there.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from psycopg.types.json import Jsonb

from service.core.errors import Unavailable
from service.core.operations import Failure, Operation
from service.storage.pool import Session

INTERRUPTED = Failure.of(Unavailable("the server stopped before the copy was done: start it again"))


def start(session: Session, token: UUID, namespace: str, source: str) -> None:
    """Put a copy on the list."""
    session.execute(session.schemas.statement("start_operation", token, namespace, source))


def run(session: Session, token: UUID) -> None:
    """Show that the copy is being made, until the transaction ends."""
    session.execute(session.schemas.statement("run_operation", str(token)))


def succeed(session: Session, token: UUID, documents: int) -> None:
    """Note that it is done, in the copy's own transaction."""
    session.execute(session.schemas.statement("finish_operation", documents, None, token))


def fail(session: Session, token: UUID, failure: Failure) -> None:
    """Note that it failed."""
    noted = Jsonb(asdict(failure))
    session.execute(session.schemas.statement("finish_operation", None, noted, token))


def find(session: Session, token: UUID, namespace: str) -> Operation | None:
    """The copy as it is now; None for one that nobody started into this namespace."""
    statement = session.schemas.statement("find_operation", token, namespace)
    row = session.execute(statement).fetchone()
    if row is None:
        return None
    found, started, finished, documents, failure, alive = cast(
        tuple[UUID, datetime, datetime | None, int | None, dict[str, Any] | None, bool], row
    )
    if finished is None and not alive:
        return Operation(found, started, started, None, INTERRUPTED)
    return Operation(found, started, finished, documents, Failure(**failure) if failure else None)
