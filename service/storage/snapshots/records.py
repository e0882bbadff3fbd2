"""The list of snapshots in the catalog: begun, whole, and on their way out."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import cast

from service.core.errors import Conflict
from service.core.snapshots import Snapshot, snapshot_name
from service.storage.pool import Row, Session


def take_turn(session: Session, namespace: str) -> None:
    """Be the only one that makes or recovers snapshots of a namespace, until the transaction ends.

    Raises:
        Conflict: when somebody else is.
    """
    if not try_turn(session, namespace):
        raise Conflict(
            f"a snapshot of '{namespace}' is being made, received or recovered at present: "
            "try again when that is done"
        )


def try_turn(session: Session, namespace: str) -> bool:
    # the transaction has nothing to do while a file comes in slowly, and is not to end by that
    session.connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    key = f"{session.schemas.catalog} snapshots {namespace}"
    row = session.execute(session.schemas.statement("try_snapshot_lock", key)).fetchone()
    return row == (True,)


def start(session: Session, namespace: str, kept_in: str) -> Snapshot:
    """Note that a snapshot is being made; by whoever has the turn."""
    moment = datetime.now(UTC).replace(microsecond=0)
    for turn in count():
        name = snapshot_name(namespace, moment, turn)
        values = (name, namespace, kept_in, moment)
        row = session.execute(session.schemas.statement("start_snapshot", *values)).fetchone()
        if row is not None:
            return Snapshot(name, namespace, moment, id=cast(int, row[0]))
    raise AssertionError("unreachable")


def finish(session: Session, started: Snapshot, size: int, checksum: str) -> Snapshot:
    """Note that the file is whole and durable.

    Raises:
        Conflict: when somebody has cleared the snapshot away.
    """
    statement = session.schemas.statement("finish_snapshot", size, checksum, started.id)
    if session.execute(statement).rowcount != 1:
        raise Conflict(f"snapshot '{started.name}' was removed while it was made")
    return Snapshot(started.name, started.namespace, started.created_at, size, checksum, started.id)


def whole(session: Session, namespace: str, kept_in: str) -> tuple[Snapshot, ...]:
    """The snapshots of a namespace, the oldest first."""
    rows = session.execute(session.schemas.statement("list_snapshots", namespace, kept_in))
    return tuple(read_snapshot(row) for row in rows.fetchall())


def unfinished(session: Session, namespace: str, kept_in: str) -> tuple[Snapshot, ...]:
    """What is being made or removed, and what was left by those who did."""
    statement = session.schemas.statement("list_unfinished_snapshots", namespace, kept_in)
    return tuple(read_snapshot(row) for row in session.execute(statement).fetchall())


def find(session: Session, name: str, kept_in: str) -> Snapshot | None:
    if "\0" in name:
        return None  # what no text of PostgreSQL has
    row = session.execute(session.schemas.statement("find_snapshot", name, kept_in)).fetchone()
    return None if row is None else read_snapshot(row)


def leave(session: Session, snapshot: Snapshot) -> bool:
    """List it no longer; whether it was listed."""
    return session.execute(session.schemas.statement("leave_snapshot", snapshot.id)).rowcount == 1


def forget(session: Session, snapshot: Snapshot) -> None:
    session.execute(session.schemas.statement("forget_snapshot", snapshot.id))


def read_snapshot(row: Row) -> Snapshot:
    name, namespace, created_at, size, checksum, key = cast(
        tuple[str, str, datetime, int, str, int], row
    )
    return Snapshot(name, namespace, created_at.astimezone(UTC), size, checksum, key)
