"""Documents: vectors from somewhere and columns of attributes, in batches as writes want them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

SECTIONS = ("admin", "devel", "games", "graphics", "mail", "net", "science", "web")

Columns = Mapping[str, list[object]]
# the attributes of the documents at [start, stop)
ColumnsOf = Callable[[int, int], Columns]


class Vectors(Protocol):
    """A number of vectors that can be gone through again and again."""

    @property
    def count(self) -> int: ...
    @property
    def dimensions(self) -> int: ...
    def chunks(self) -> Iterator[np.ndarray]: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """Vectors that are in memory."""

    array: np.ndarray
    chunk: int = 20_000

    @property
    def count(self) -> int:
        return len(self.array)

    @property
    def dimensions(self) -> int:
        return self.array.shape[1]

    def chunks(self) -> Iterator[np.ndarray]:
        for start in range(0, len(self.array), self.chunk):
            yield self.array[start : start + self.chunk]


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents of one write: ids from ``first_id``, vectors, and columns of attributes."""

    first_id: int
    vectors: np.ndarray
    columns: Columns

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def ids(self) -> list[int]:
        return list(range(self.first_id, self.first_id + len(self)))


@dataclass(frozen=True, slots=True)
class Collection:
    """What goes into a namespace: the document at position p has the id ``first_id`` + p."""

    namespace: str
    vectors: Vectors
    columns: ColumnsOf
    first_id: int = 1

    def batches(self, size: int) -> Iterator[Batch]:
        position = 0
        for chunk in self.vectors.chunks():
            for start in range(0, len(chunk), size):
                part = chunk[start : start + size]
                columns = self.columns(position, position + len(part))
                yield Batch(self.first_id + position, part, columns)
                position += len(part)


def plain_columns(start: int, stop: int) -> Columns:
    """Two attributes, for what is not about attributes."""
    return {
        "section": [SECTIONS[position % len(SECTIONS)] for position in range(start, stop)],
        "size": list(range(start, stop)),
    }
