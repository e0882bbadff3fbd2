"""Snapshots: copies of a namespace in one file, what is known of each, and how they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

from service.core.errors import InvalidRequest, NotFound

SUFFIX = ".snapshot"
CHECKSUM = re.compile(r"[0-9a-f]{64}")
THIS_MACHINE = ("", "localhost")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of a namespace: ``size`` in bytes, ``checksum`` the SHA-256 of the file in hexadecimal
    digits, ``id`` its number in the catalog."""

    name: str
    namespace: str
    created_at: datetime
    size: int = 0
    checksum: str = ""
    id: int = 0


class SnapshotNotFound(NotFound):
    """No snapshot has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"snapshot '{name}' was not found")
        self.name = name


def snapshot_name(namespace: str, moment: datetime, turn: int = 0) -> str:
    """``<namespace>-YYYY-MM-DD-HH-MM-SS.snapshot``; ``turn`` tells those of one second apart."""
    stamp = moment.strftime("%Y-%m-%d-%H-%M-%S")
    return f"{namespace}-{stamp}{f'-{turn + 1}' if turn else ''}{SUFFIX}"


def name_at(location: str, folder: str) -> str:
    """The name in ``file:///folder/name``; whether there is such a snapshot is for the list to say.

    Raises:
        InvalidRequest: for any other place than the folder, which nothing here ever reads.
    """
    try:
        # a name may hold "#", and no URL of a file has a fragment
        parts = urlsplit(location, allow_fragments=False)
    except ValueError:
        raise outside(location) from None
    above, _, name = unquote(parts.path).rpartition("/")
    if parts.scheme != "file" or parts.netloc not in THIS_MACHINE or parts.query:
        raise outside(location)
    if (above or "/") != folder or not name:
        raise outside(location)
    return name


def outside(location: str) -> InvalidRequest:
    return InvalidRequest(
        f"the location {location[:200]!r} is not one of a snapshot that this server keeps: give "
        "file://, its folder of snapshots, and a name from the list"
    )


def check_checksum(given: str | None, found: str) -> None:
    """Refuse a file that is not the one that the caller means.

    Raises:
        InvalidRequest: when the checksum is another one, or none at all.
    """
    if given is None:
        return
    if not CHECKSUM.fullmatch(given.lower()):
        raise InvalidRequest("a checksum is the SHA-256 of the file in 64 hexadecimal digits")
    if given.lower() != found:
        raise InvalidRequest(f"the checksum of the snapshot is {found}, not {given}")
