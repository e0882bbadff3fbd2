"""Vectors spelled as JSON arrays of numbers, for all dialects: into float32, all at once."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from service.core.errors import InvalidRequest
from service.core.vectors import Vector

# two vectors of this length that point away from each other are at the end of float32
MAX_SQUARED_LENGTH = float(np.finfo(np.float32).max) / 4

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def read_lists(rows: Sequence[Sequence[object]]) -> Floats:
    """Lists of numbers, all of one length, as an array of shape (rows, dimensions).

    Raises:
        InvalidRequest: for what is no number, or beyond float32.
    """
    length = len(rows[0])
    pack = struct.Struct(f"<{length}f").pack
    try:
        data = b"".join([pack(*row) for row in rows])  # twice as fast as an array of the lists
    except struct.error:
        raise not_numbers() from None
    except OverflowError:
        raise not_finite() from None
    numbers = np.frombuffer(data, dtype="<f4").reshape(len(rows), length)
    refuse_booleans(rows, numbers)
    return numbers


def refuse_booleans(rows: Sequence[Sequence[object]], numbers: Floats) -> None:
    """Packing takes ``true`` for 1.0; only rows with a 0 or a 1 can hide one, and they are few."""
    suspects = np.flatnonzero(((numbers == 0) | (numbers == 1)).any(axis=1))
    for row in suspects.tolist():
        if bool in set(map(type, rows[row])):
            raise not_numbers()


def check_lengths_in_space(numbers: Floats) -> None:
    """Refuse vectors so long that the distance between two of them is beyond float32.

    pgvector adds up squares in float32; what overflows there has no distance and no order.
    """
    if not np.isfinite(numbers).all():
        raise not_finite()
    largest = float(max(numbers.max(), -numbers.min()))
    if largest * largest * numbers.shape[1] <= MAX_SQUARED_LENGTH:
        return
    if np.square(numbers, dtype=np.float64).sum(axis=1).max() > MAX_SQUARED_LENGTH:
        raise InvalidRequest(
            "💔 the sum of a vector's squares must be at most 8.5e37, "
            "so that distances are within the range of float32"
        )


def not_finite() -> InvalidRequest:
    return InvalidRequest("💔 a vector holds finite numbers in the range of float32")


def not_numbers() -> InvalidRequest:
    return InvalidRequest("💔 a vector is an array of numbers, or base64 of float32 numbers")


def render_floats(vector: Vector) -> Floats:
    """As an array of float32, which the JSON writer gives its shortest decimals."""
    return np.frombuffer(vector.data, dtype="<f4")
