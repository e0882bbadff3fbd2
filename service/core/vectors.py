"""Vectors as plain values: float32 numbers, little-endian, as bytes.

Bytes travel from the request to PostgreSQL and back without ever becoming Python floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

BYTES_PER_NUMBER = 4
MAX_DIMENSIONS = 16_000
# beyond it a number has no half-precision form
MAX_HALF = 65_504.0


class Precision(Enum):
    """How a column stores the numbers of its vectors; requests and answers have float32 always."""

    SINGLE = "f32"
    HALF = "f16"


class Metric(Enum):
    """How the distance between two vectors is measured; smaller is nearer.

    The values are the catalog's words. ``EUCLIDEAN_SQUARED`` is the sum of the squared differences
    (turbopuffer, section 4.1), ``COSINE`` one minus the cosine: 0 to 2, and 1 for a zero vector.
    ``DOT`` is the inner product with its sign turned: here too the smaller one is nearer (VectorAI,
    section 15).
    """

    COSINE = "cosine"
    EUCLIDEAN = "euclidean"
    EUCLIDEAN_SQUARED = "euclidean_squared"
    DOT = "dot"
    MANHATTAN = "manhattan"

    @property
    def order(self) -> Metric:
        """The metric that orders in the same way and stands for all that do."""
        return Metric.EUCLIDEAN if self is Metric.EUCLIDEAN_SQUARED else self

    @property
    def spelled(self) -> str:
        """The name that messages use."""
        return "cosine_distance" if self is Metric.COSINE else self.value


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector: ``dimensions`` float32 numbers."""

    data: bytes

    @property
    def dimensions(self) -> int:
        return len(self.data) // BYTES_PER_NUMBER


@dataclass(frozen=True, slots=True)
class VectorBatch:
    """Vectors of one length, one for each row of a write except the rows in ``missing``.

    ``data`` has the vectors that exist, one after the other.
    """

    dimensions: int
    data: bytes
    missing: frozenset[int] = field(default=frozenset())

    @property
    def count(self) -> int:
        """How many rows the batch stands for, with and without a vector."""
        return len(self.data) // (BYTES_PER_NUMBER * self.dimensions) + len(self.missing)

    def only(self, rows: Sequence[int]) -> VectorBatch:
        """The vectors of these rows alone."""
        width = BYTES_PER_NUMBER * self.dimensions
        starts: dict[int, int] = {}
        for row in range(self.count):
            if row not in self.missing:
                starts[row] = len(starts) * width
        chosen = [self.data[starts[row] : starts[row] + width] for row in rows if row in starts]
        missing = frozenset(place for place, row in enumerate(rows) if row in self.missing)
        return VectorBatch(self.dimensions, b"".join(chosen), missing)
