"""Snapshots as chunks in PostgreSQL, for where no disk lasts.

A file is written in one transaction: a process that ends leaves nothing of it. It is read chunk by
chunk, each with a connection of its own for a moment, because a caller may take hours to download.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import cast

from service.core.snapshot_format import in_blocks
from service.core.snapshots import Snapshot, SnapshotNotFound
from service.storage.pool import Database


class DatabaseStore:
    """The table ``snapshot_chunks`` of the catalog."""

    kind = "database"
    folder = "/"

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, snapshot: Snapshot, pieces: Iterable[bytes]) -> None:
        with self._database.transaction() as session:
            session.connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            for position, chunk in enumerate(in_blocks(pieces)):
                values = (snapshot.id, position, chunk)
                session.execute(session.schemas.statement("add_snapshot_chunk", *values))

    def has(self, snapshot: Snapshot) -> bool:
        return True

    def read(self, snapshot: Snapshot) -> Generator[bytes]:
        position = size = 0
        while size < snapshot.size:
            with self._database.session() as session:
                statement = session.schemas.statement("find_snapshot_chunk", snapshot.id, position)
                row = session.execute(statement).fetchone()
            if row is None:
                raise SnapshotNotFound(snapshot.name)
            chunk = cast(bytes, row[0])
            position, size = position + 1, size + len(chunk)
            yield chunk

    def remove(self, snapshot: Snapshot) -> None:
        with self._database.session() as session:
            session.execute(session.schemas.statement("drop_snapshot_chunks", snapshot.id))
