"""Where the files of snapshots are kept: what every such place can do."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Protocol

from service.core.snapshots import Snapshot


class Store(Protocol):
    """A place for files. ``kind`` is the catalog's word for it, ``folder`` what stands before the
    names of snapshots in a location."""

    @property
    def kind(self) -> str: ...

    @property
    def folder(self) -> str: ...

    def put(self, snapshot: Snapshot, pieces: Iterable[bytes]) -> None:
        """Keep a file: durable when this returns, and never a part of it under its name."""
        ...

    def has(self, snapshot: Snapshot) -> bool:
        """Whether the file is there."""
        ...

    def read(self, snapshot: Snapshot) -> Generator[bytes]:
        """The file in pieces of about 1 MB.

        Raises:
            SnapshotNotFound: when it is not there, or not any more.
        """
        ...

    def remove(self, snapshot: Snapshot) -> None:
        """Remove the file, or whatever there is of it."""
        ...
