"""Snapshots as files in a folder, which all processes of the service share.

Only names from the catalog's list are ever opened, and no symbolic link is followed. A file has
another name until it is whole and on the disk.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from service.core.errors import StorageFull, Unavailable
from service.core.snapshot_format import BLOCK
from service.core.snapshots import Snapshot, SnapshotNotFound

PARTIAL = ".partial"
# file systems take 255 bytes, and there is PARTIAL behind it at first
LONGEST_NAME = 200
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# not on every system
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class DirectoryStore:
    """The folder is made when it is missing, for this account alone."""

    kind = "directory"

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def folder(self) -> str:
        return str(self._folder)

    def put(self, snapshot: Snapshot, pieces: Iterable[bytes]) -> None:
        path = self._path(snapshot)
        with refused():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(path.name + PARTIAL)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW
        with refused():
            file = os.fdopen(os.open(partial, flags, 0o600), "wb", buffering=0)
        with file:
            for piece in pieces:
                with refused():
                    write(file.fileno(), piece)
            with refused():
                os.fsync(file.fileno())
        with refused():
            partial.rename(path)
            self._sync()

    def has(self, snapshot: Snapshot) -> bool:
        try:
            return stat.S_ISREG(self._path(snapshot).lstat().st_mode)
        except OSError:
            return False

    def read(self, snapshot: Snapshot) -> Generator[bytes]:
        try:
            number = os.open(self._path(snapshot), os.O_RDONLY | NO_FOLLOW)
        except OSError as error:
            raise SnapshotNotFound(snapshot.name) from error
        with os.fdopen(number, "rb", buffering=0) as file:
            while piece := file.read(BLOCK):
                yield piece

    def remove(self, snapshot: Snapshot) -> None:
        path = self._path(snapshot)
        with refused():
            for name in (path.with_name(path.name + PARTIAL), path):
                with suppress(FileNotFoundError):
                    name.unlink()
            if self._folder.is_dir():
                self._sync()

    def _path(self, snapshot: Snapshot) -> Path:
        return self._folder / file_name(snapshot.name)

    def _sync(self) -> None:
        """Have the names of the folder on the disk as well."""
        number = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def file_name(name: str) -> str:
    """The name itself, or its start and a hash when it is longer than file systems take."""
    encoded = name.encode()
    if len(encoded) <= LONGEST_NAME:
        return name
    digest = sha256(encoded).hexdigest()[:32]
    return f"{encoded[: LONGEST_NAME - 33].decode(errors='ignore')}:{digest}"


def write(number: int, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(number, left) :]


@contextmanager
def refused() -> Generator[None]:
    """What the system refuses, in the words of this service."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageFull("the folder of snapshots has no room left") from error
        raise Unavailable(f"the folder of snapshots cannot be used: {error.strerror}") from error
