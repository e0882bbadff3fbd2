"""Documents as rows of PostgreSQL's binary COPY format.

Every value is encoded column by column, the vectors of a batch in one block of memory; joining the
columns to rows is all that happens by the row. A value is its length and its bytes, NULL the length
-1 alone; a row is the number of its values and the values.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import cast
from uuid import UUID

import numpy as np
from psycopg.types.numeric import DecimalBinaryDumper

from service.core.errors import InvalidRequest
from service.core.ids import DocumentId, IdType
from service.core.namespace import VectorColumn
from service.core.vectors import MAX_HALF, Precision, VectorBatch

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)
NULL = struct.pack(">i", -1)
JSONB_VERSION = b"\x01"

LENGTH = struct.Struct(">i")
COUNT = struct.Struct(">h")
BIGINT = struct.Struct(">iq")


def join_rows(columns: Sequence[Iterable[bytes]]) -> bytes:
    """The whole stream for columns of encoded values."""
    head = COUNT.pack(len(columns))
    rows = map(b"".join, zip(*columns, strict=True))
    return SIGNATURE + head + head.join(rows) + TRAILER


def bigint_column(values: Iterable[int]) -> list[bytes]:
    return [BIGINT.pack(8, value) for value in values]


def id_column(ids: Sequence[DocumentId], kind: IdType) -> list[bytes]:
    """Ids in the type of the table's column."""
    match kind:
        case IdType.BIGINT:
            return bigint_column(cast(Sequence[int], ids))
        case IdType.NUMERIC:
            dump = DecimalBinaryDumper(Decimal).dump
            return [sized(bytes(dump(Decimal(value)) or b"")) for value in cast(Sequence[int], ids)]
        case IdType.UUID | IdType.MIXED:
            return [sized(value.bytes) for value in cast(Sequence[UUID], ids)]
        case IdType.TEXT:
            return [sized(value.encode()) for value in cast(Sequence[str], ids)]


def jsonb_column(texts: Iterable[bytes]) -> list[bytes]:
    return [sized(JSONB_VERSION + text) for text in texts]


def vector_column(batch: VectorBatch, column: VectorColumn) -> list[bytes]:
    """Vectors as ``vector_recv`` and ``halfvec_recv`` read them: dimensions, two unused bytes,
    big-endian numbers.

    Raises:
        InvalidRequest: for numbers beyond half precision, where the column has that.
    """
    half = column.precision is Precision.HALF
    present = batch.count - len(batch.missing)
    form = ">f2" if half else ">f4"
    layout = np.dtype(
        [("size", ">i4"), ("dim", ">u2"), ("unused", ">u2"), ("v", form, (batch.dimensions,))]
    )
    numbers = np.frombuffer(batch.data, dtype="<f4").reshape(present, batch.dimensions)
    if half and np.abs(numbers).max(initial=0) > MAX_HALF:
        raise InvalidRequest(
            f"💔 attribute '{column.name}' has type [{column.dimensions}]f16: "
            f"its numbers are at most {MAX_HALF:.0f}"
        )
    values = np.zeros(present, dtype=layout)
    values["size"] = layout.itemsize - LENGTH.size
    values["dim"] = batch.dimensions
    values["v"] = numbers
    block = values.tobytes()
    width = layout.itemsize
    encoded = [block[start : start + width] for start in range(0, len(block), width)]
    if not batch.missing:
        return encoded
    following = iter(encoded)
    return [NULL if row in batch.missing else next(following) for row in range(batch.count)]


def null_column(count: int) -> list[bytes]:
    return [NULL] * count


def sized(value: bytes) -> bytes:
    return LENGTH.pack(len(value)) + value
