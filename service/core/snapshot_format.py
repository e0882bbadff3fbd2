r"""The file of a snapshot: how it is framed, and how it proves to be whole.

The file is read and written once from its start to its end, a block at a time. Its layout, with
numbers big-endian and without sign::

    magic     8 bytes     89 56 53 4E 41 50 0D 0A: "VSNAP" between what mangled transfers change
    version   4 bytes     1
    frames    until the end of the file, each:
        kind      1 byte
        length    4 bytes     of the payload, at most 16 MiB
        check     4 bytes     CRC-32 of the payload
        payload

    "H"   one, the first: the header, a JSON object in UTF-8
    "R"   a block of rows as it is
    "Z"   a block of rows, deflated (RFC 1950); at most 16 MiB when inflated
    "E"   one, the last: number of documents (8 bytes), bytes of rows (8 bytes), and the SHA-256 of
          all that stands in the file before this frame (32 bytes)

The blocks, inflated and put together, are one stream of rows, any of which may go on in the next
block: PostgreSQL's binary COPY, in write order, with the columns ``id``, ``attributes`` and one for
each of the header's ``vectors``. Nothing in it depends on the version of the server that wrote it:
the framing of rows is that of PostgreSQL 7.4, and a value is what its type's send function gives,
which is the interface to clients and has never changed: ``int8send``, ``numeric_send``,
``uuid_send`` or ``textsend`` for ids, for ``jsonb`` a version byte of 1 and the text, for
``vector`` and ``halfvec`` the number of dimensions and an unused number (2 bytes each) and then
IEEE 754 numbers of 4 or 2 bytes.

The header has ``namespace``, ``created_at``, ``id_type`` (``bigint``, ``numeric(20,0)``, ``uuid``,
``text``; ``mixed``: UUIDs, of which those below 2^64 stand for integers), ``vectors`` (a list of
objects with ``name``, ``dimensions``, ``metric`` and for half precision ``precision``), and as the
catalog has them ``attributes``, ``settings``, ``config``, ``aliases`` and ``indexes``.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from enum import Enum
from hashlib import sha256
from struct import Struct

from service.core.errors import InvalidRequest

MAGIC = b"\x89VSNAP\r\n"
VERSION = 1
# bytes that a writer puts into one frame, wherever that cuts a row, and the most that readers take
BLOCK = 1024 * 1024
LARGEST = 16 * BLOCK

START = Struct(">8sI")
FRAME = Struct(">cII")
TRAILER = Struct(">QQ32s")

# Vectors hardly shrink, JSON does: a piece of each block tells whether deflating it is worth it.
SAMPLE = 64 * 1024
WORTH = 0.8
LEVEL = 1


class Kind(Enum):
    """What a frame holds."""

    HEADER = b"H"
    ROWS = b"R"
    DEFLATED = b"Z"
    TRAILER = b"E"


class UnreadableSnapshot(InvalidRequest):
    """The file is no snapshot, damaged, cut off, or of a version from later on."""


class Measured:
    """Pieces of a file, counted and hashed as they pass."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._digest = sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            self._digest.update(piece)
            yield piece

    @property
    def checksum(self) -> str:
        return self._digest.hexdigest()


class Writer:
    """Makes a file: what the methods return follows one another in it."""

    def __init__(self) -> None:
        self._digest = sha256()
        self._size = 0

    def header(self, text: bytes) -> bytes:
        return self._noted(START.pack(MAGIC, VERSION) + frame(Kind.HEADER, text))

    def block(self, rows: bytes) -> bytes:
        """A block of rows, of at most ``LARGEST`` bytes."""
        self._size += len(rows)
        sample = rows[:SAMPLE]
        if len(zlib.compress(sample, LEVEL)) > WORTH * len(sample):
            return self._noted(frame(Kind.ROWS, rows))
        return self._noted(frame(Kind.DEFLATED, zlib.compress(rows, LEVEL)))

    def trailer(self, documents: int) -> bytes:
        return frame(Kind.TRAILER, TRAILER.pack(documents, self._size, self._digest.digest()))

    def _noted(self, piece: bytes) -> bytes:
        self._digest.update(piece)
        return piece


def in_blocks(pieces: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """The same bytes in blocks of one size, wherever that cuts; the last may be smaller."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= BLOCK:
            yield bytes(waiting[:BLOCK])
            del waiting[:BLOCK]
    if waiting:
        yield bytes(waiting)


def frame(kind: Kind, payload: bytes) -> bytes:
    if len(payload) > LARGEST:
        raise ValueError(f"a frame of {len(payload)} bytes is larger than readers take")
    return FRAME.pack(kind.value, len(payload), zlib.crc32(payload)) + payload


class Reader:
    """Reads a file from pieces of any size; all that it gives was checked.

    Raises:
        UnreadableSnapshot: wherever the file turns out not to be what it should.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._source = Source(pieces)
        self._check_start()
        kind, self.header = self._frame()
        if kind is not Kind.HEADER:
            raise UnreadableSnapshot("the snapshot does not begin with its header")
        self.documents = 0  # known once all rows were read

    def rows(self) -> Iterator[bytes]:
        """The blocks of rows; the end is reached only when the whole file was right."""
        size = 0
        while True:
            before = self._source.digest()
            kind, payload = self._frame()
            if kind is Kind.TRAILER:
                break
            if kind is Kind.HEADER:
                raise UnreadableSnapshot("the snapshot has two headers")
            block = inflated(payload) if kind is Kind.DEFLATED else payload
            size += len(block)
            yield block
        self._check_trailer(payload, size, before)

    def _check_start(self) -> None:
        magic, version = START.unpack(self._source.take(START.size))
        if magic != MAGIC:
            raise UnreadableSnapshot("the file is no snapshot of this service")
        if version != VERSION:
            raise UnreadableSnapshot(
                f"the snapshot has version {version} of the format, this server reads {VERSION}"
            )

    def _frame(self) -> tuple[Kind, bytes]:
        kind, length, check = FRAME.unpack(self._source.take(FRAME.size))
        try:
            known = Kind(kind)
        except ValueError:
            raise UnreadableSnapshot("the snapshot is damaged: unknown frame") from None
        if length > LARGEST:
            raise UnreadableSnapshot("the snapshot is damaged: absurd length of a frame")
        payload = self._source.take(length)
        if zlib.crc32(payload) != check:
            raise UnreadableSnapshot("the snapshot is damaged: wrong check sum of a frame")
        return known, payload

    def _check_trailer(self, payload: bytes, size: int, before: bytes) -> None:
        if len(payload) != TRAILER.size:
            raise UnreadableSnapshot("the snapshot is damaged: wrong length of its trailer")
        self.documents, expected, digest = TRAILER.unpack(payload)
        if (size, before) != (expected, digest):
            raise UnreadableSnapshot("the snapshot is damaged: its trailer is that of another file")
        if not self._source.at_end():
            raise UnreadableSnapshot("the snapshot is damaged: something stands behind its end")


class Source:
    """Takes the bytes of a file in any portions, whatever the pieces that they come in."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._waiting = bytearray()
        self._digest = sha256()

    def take(self, count: int) -> bytes:
        while len(self._waiting) < count:
            piece = next(self._pieces, None)
            if piece is None:
                raise UnreadableSnapshot("the snapshot is cut off before its end")
            self._waiting += piece
        taken = bytes(self._waiting[:count])
        del self._waiting[:count]
        self._digest.update(taken)
        return taken

    def digest(self) -> bytes:
        """SHA-256 of all that was taken."""
        return self._digest.digest()

    def at_end(self) -> bool:
        return not self._waiting and not any(self._pieces)


def inflated(payload: bytes) -> bytes:
    """A deflated block; never more than ``LARGEST`` bytes, whatever the payload says."""
    stream = zlib.decompressobj()
    try:
        block = stream.decompress(payload, LARGEST)
    except zlib.error:
        raise UnreadableSnapshot("the snapshot is damaged: a block cannot be inflated") from None
    if not stream.eof or stream.unused_data:
        raise UnreadableSnapshot("the snapshot is damaged: a block has the wrong length")
    return block
