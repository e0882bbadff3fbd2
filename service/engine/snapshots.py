"""Snapshots of namespaces: made, received, listed, read, recovered and removed.

One process at a time makes or recovers snapshots of a namespace, by an advisory lock of the
transaction that is open meanwhile: so a snapshot that is unfinished while nobody has the lock is
what a killed process left, and is cleared away.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from threading import BoundedSemaphore

from service.core.errors import NamespaceNotFound, TooLarge, TooManyRequests, Unavailable
from service.core.namespace import Namespace
from service.core.snapshot_format import Measured
from service.core.snapshots import Snapshot, SnapshotNotFound, check_checksum, name_at
from service.engine.access import Access
from service.engine.recovering import recover
from service.storage.faults import Stale
from service.storage.pool import Session
from service.storage.snapshots import dumping, loading, records
from service.storage.snapshots.contents import verified
from service.storage.snapshots.store import Store

log = logging.getLogger(__name__)

# each takes two connections for as long as it lasts
AT_A_TIME = 2
RETRY_AFTER = 10


class Snapshots:
    """All operations on the snapshots that one store keeps; ``max_bytes`` of one received."""

    def __init__(self, access: Access, store: Store, max_bytes: int) -> None:
        self._access = access
        self._store = store
        self._max_bytes = max_bytes
        self._free = BoundedSemaphore(AT_A_TIME)

    def create(self, name: str) -> Snapshot:
        """Make a snapshot of the namespace as it is now, while others go on writing.

        Raises:
            Conflict: while another one of it is made or recovered.
        """

        def run(session: Session, namespace: Namespace) -> Snapshot:
            with session.snapshot():
                held = dumping.hold(session, namespace)
                held.check_open()
                records.take_turn(session, held.name)
                with closing(dumping.dump(session, held)) as pieces:
                    return self._keep(held.name, pieces)

        with self._slot():
            return self._access.read(name, run)

    def receive(self, name: str, pieces: Iterable[bytes], checksum: str | None = None) -> Snapshot:
        """Keep a file from elsewhere as a snapshot of the namespace, which need not exist.

        Raises:
            UnreadableSnapshot: when it is not a whole snapshot.
            TooLarge: when it has more bytes than a snapshot may have.
        """
        with self._slot(), self._session() as session, session.savepoint():
            target = own_name(session, name)
            records.take_turn(session, target)
            return self._keep(target, verified(self._bounded(pieces)), checksum)

    def list(self, name: str) -> tuple[Snapshot, ...]:
        """The snapshots of a namespace, the oldest first; also of one that was dropped.

        Raises:
            NamespaceNotFound: when there is neither the namespace nor a snapshot of it.
        """
        with self._session() as session:
            known = loading.find(session, name)
            target = known.name if known else name
            left = records.unfinished(session, target, self._store.kind)
            listed = records.whole(session, target, self._store.kind)
        if left:
            self._clear_if_free(target)
        found = tuple(one for one in listed if self._store.has(one))
        if not found and known is None:
            raise NamespaceNotFound(name)
        return found

    def find(self, name: str, snapshot: str) -> Snapshot:
        """A snapshot of the namespace.

        Raises:
            SnapshotNotFound: when the namespace has none of this name.
        """
        found = self._known(snapshot)
        with self._session() as session:
            if found.namespace != own_name(session, name):
                raise SnapshotNotFound(snapshot)
        return found

    def open(self, snapshot: Snapshot) -> Iterator[bytes]:
        """The file of a snapshot that was found, in pieces; no connection is held between them."""
        return self._store.read(snapshot)

    def delete(self, name: str, snapshot: str) -> None:
        """Remove a snapshot."""
        found = self.find(name, snapshot)
        with self._session() as session:
            left = records.leave(session, found)
        if not left:
            raise SnapshotNotFound(snapshot)
        self._remove(found)

    def recover(self, name: str, snapshot: str, checksum: str | None = None) -> None:
        """Replace the namespace by a snapshot, of whichever namespace that is, or make it of one.

        Searches go on in the old documents until the new ones take their place at once.

        Raises:
            SnapshotNotFound: when there is none of this name.
            UnreadableSnapshot: when its file is damaged; nothing has changed then.
            Conflict: while a snapshot of the namespace is made or recovered.
        """
        found = self._known(snapshot)
        check_checksum(checksum, found.checksum)
        with self._slot():
            with self._session() as session, session.savepoint():
                target = own_name(session, name)
                records.take_turn(session, target)
                with closing(self._store.read(found)) as pieces:
                    recovered = recover(session, target, found, pieces)
            self._access.cache.put(name, recovered)
        log.info("recovered %s from %s", target, snapshot)

    def recover_from(self, name: str, location: str, checksum: str | None = None) -> None:
        """The same, from a snapshot by its location: ``file:///folder/name``."""
        self.recover(name, self.name_at(location), checksum)

    def name_at(self, location: str) -> str:
        """The name of the snapshot at a location."""
        return name_at(location, self._store.folder)

    def namespace_of(self, snapshot: str) -> str:
        """The name of the namespace that a snapshot was made of.

        Raises:
            SnapshotNotFound: when there is none of this name.
        """
        return self._known(snapshot).namespace

    def _keep(
        self, namespace: str, pieces: Iterable[bytes], checksum: str | None = None
    ) -> Snapshot:
        """Store a file and list it; by whoever has the turn. Of a failure nothing is left."""
        self._clear(namespace)
        with self._session() as session:
            started = records.start(session, namespace, self._store.kind)
        try:
            measured = Measured(pieces)
            self._store.put(started, measured)
            check_checksum(checksum, measured.checksum)
            with self._session() as session:
                return records.finish(session, started, measured.size, measured.checksum)
        except BaseException:
            self._try_remove(started)
            raise

    def _known(self, snapshot: str) -> Snapshot:
        with self._session() as session:
            found = records.find(session, snapshot, self._store.kind)
        if found is None or not self._store.has(found):
            raise SnapshotNotFound(snapshot)
        return found

    def _clear_if_free(self, namespace: str) -> None:
        """Remove what killed processes left, unless somebody is at work on it."""
        with self._session() as session, session.savepoint():
            if records.try_turn(session, namespace):
                self._clear(namespace)

    def _clear(self, namespace: str) -> None:
        with self._session() as session:
            left = records.unfinished(session, namespace, self._store.kind)
        for one in left:
            log.warning("removing %s, which was never finished", one.name)
            self._remove(one)

    def _remove(self, snapshot: Snapshot) -> None:
        """Remove the file first: as long as there may be one, the list knows of it."""
        self._store.remove(snapshot)
        with self._session() as session:
            records.forget(session, snapshot)

    def _try_remove(self, snapshot: Snapshot) -> None:
        try:
            self._remove(snapshot)
        except Exception:
            # whoever has the next turn removes it
            log.exception("snapshot %s was not removed", snapshot.name)

    def _bounded(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > self._max_bytes:
                raise TooLarge(f"the snapshot is larger than the limit of {self._max_bytes} bytes")
            yield piece

    @contextmanager
    def _slot(self) -> Generator[None]:
        if not self._free.acquire(blocking=False):
            raise TooManyRequests("too many snapshots are being made at present", RETRY_AFTER)
        try:
            yield
        finally:
            self._free.release()

    @contextmanager
    def _session(self) -> Generator[Session]:
        try:
            with self._access.database.session() as session:
                yield session
        except Stale:
            raise Unavailable("the database lacks migrations: run 'vectable migrate'") from None


def own_name(session: Session, name: str) -> str:
    """The name of the namespace that is called so, or has this alias; else the name itself."""
    known = loading.find(session, name)
    return known.name if known else name
