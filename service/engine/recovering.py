"""A namespace replaced by a snapshot, in one transaction: all of it or nothing."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable

from service.core.errors import Unavailable
from service.core.namespace import Namespace
from service.core.snapshot_format import Measured, Reader, UnreadableSnapshot
from service.core.snapshots import Snapshot
from service.storage.faults import Busy
from service.storage.pool import Session
from service.storage.snapshots import loading
from service.storage.snapshots.contents import Contents, read_contents

# to have the old table alone for a moment, each time for half a second at most
ATTEMPTS = 60
LONGEST_PAUSE = 0.5


def recover(session: Session, name: str, snapshot: Snapshot, pieces: Iterable[bytes]) -> Namespace:
    """Load the file beside the namespace's table and put it in its place; returns the namespace.

    Raises:
        UnreadableSnapshot: when the file is not what was once made.
        Unavailable: when the old table was in use by others all the time.
    """
    session.without_timeout()
    known = loading.find(session, name)
    if known is not None:
        known.check_open()
        known.check_writable()
    measured = Measured(pieces)
    reader = Reader(measured)
    contents = read_contents(reader.header)
    made = loading.build(session, name, contents)
    loaded = loading.fill(session, made, reader.rows())
    if loaded != reader.documents:
        raise UnreadableSnapshot(
            f"the snapshot says that it has {reader.documents} documents, it has {loaded}"
        )
    if measured.checksum != snapshot.checksum:
        raise UnreadableSnapshot("the file of the snapshot is not the one that was made")
    return put_in_place(session, made, contents)


def put_in_place(session: Session, made: Namespace, contents: Contents) -> Namespace:
    """Try until the old table is free: what was loaded is not to be lost for a search or a write
    that happens to be under way."""
    for _ in range(ATTEMPTS):
        try:
            with session.savepoint():
                return loading.put_in_place(session, made, contents)
        except Busy:
            time.sleep(random.uniform(0, LONGEST_PAUSE))
    raise Unavailable(f"namespace '{made.name}' was in use all the time: nothing was recovered")
