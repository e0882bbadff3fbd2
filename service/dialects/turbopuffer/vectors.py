"""Vectors on the wire: arrays of numbers, or base64 of little-endian float32 (section 4)."""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from typing import cast

import numpy as np
from pybase64 import b64decode, b64encode

from service.core.errors import InvalidRequest
from service.core.vectors import BYTES_PER_NUMBER, MAX_DIMENSIONS, Vector, VectorBatch
from service.dialects.turbopuffer.wire import Wire
from service.web.floats import Floats, check_lengths_in_space, read_lists


class Share(str):
    """A document's part of the vectors that were sent as one string, in base64; no string for an
    attribute to hold."""

    __slots__ = ()


def parse_vector(wire: Wire) -> Vector:
    """One vector in either encoding.

    Raises:
        InvalidRequest: when it is neither, empty, too long, or beyond float32's range.
    """
    numbers = read_numbers([wire])
    if numbers.shape[1] > MAX_DIMENSIONS:
        raise InvalidRequest(f"💔 vectors have at most {MAX_DIMENSIONS} dimensions")
    return Vector(numbers.tobytes())


def parse_vectors(wire: Sequence[Wire]) -> VectorBatch | None:
    """One vector per row, null where a row has none; None when no row has one."""
    missing = frozenset(row for row, vector in enumerate(wire) if vector is None)
    present = [vector for vector in wire if vector is not None] if missing else wire
    if not present:
        return None
    numbers = read_numbers(present)
    return VectorBatch(numbers.shape[1], numbers.tobytes(), missing)


def parse_flat_vectors(wire: Wire, count: int) -> Sequence[Share]:
    """All rows' vectors as one base64 string or one array of numbers, cut into ``count`` rows."""
    numbers = read_numbers([wire])[0]
    if count == 0 or numbers.size % count:
        raise InvalidRequest(f"💔 {numbers.size} numbers cannot be shared out among {count} ids")
    return [Share(b64encode(row.tobytes()).decode()) for row in numbers.reshape(count, -1)]


def read_numbers(rows: Sequence[Wire]) -> Floats:
    """Vectors of one length as an array of shape (rows, dimensions)."""
    kinds = {str if kind is Share else kind for kind in map(type, rows)}
    if kinds == {list}:
        numbers = equally_long(cast(Sequence[list[Wire]], rows))
    elif kinds == {str}:
        numbers = read_base64(cast(Sequence[str], rows))
    elif kinds == {list, str}:
        return read_numbers([as_base64(row) for row in rows])
    else:
        raise InvalidRequest("💔 a vector is an array of numbers, or base64 of float32 numbers")
    if not numbers.shape[1]:
        raise InvalidRequest("💔 a vector has at least one dimension")
    check_lengths_in_space(numbers)
    return numbers


def read_base64(rows: Sequence[str]) -> Floats:
    decoded = [decode(row) for row in rows]
    lengths = [len(data) for data in decoded]
    if any(length % BYTES_PER_NUMBER for length in lengths):
        raise InvalidRequest("💔 base64 of a vector must hold whole float32 numbers")
    check_lengths(lengths)
    return np.frombuffer(b"".join(decoded), dtype="<f4").reshape(len(rows), -1)


def decode(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("💔 a vector given as a string must be valid base64") from None


def as_base64(row: Wire) -> str:
    if isinstance(row, str):
        return row
    return b64encode(read_lists([cast(list[Wire], row)]).tobytes()).decode()


def equally_long(rows: Sequence[list[Wire]]) -> Floats:
    check_lengths([len(row) for row in rows])
    return read_lists(rows)


def check_lengths(lengths: list[int]) -> None:
    if len(set(lengths)) > 1:
        raise InvalidRequest("💔 all vectors of a request must have the same number of dimensions")


def render_base64(vector: Vector) -> str:
    return b64encode(vector.data).decode()
