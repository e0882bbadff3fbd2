"""Vectors of points: one without a name, or several by their names (sections 6.2 and 7.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from service.core.attributes import JsonAny
from service.core.errors import InvalidRequest, UnknownVector, WrongLength
from service.core.namespace import Namespace, VectorColumn
from service.core.query import DEFAULT_VECTOR
from service.core.vectors import MAX_DIMENSIONS, Vector, VectorBatch
from service.dialects.vectorai.bodies import malformed
from service.web.floats import check_lengths_in_space, read_lists, render_floats

UNNAMED = ""

Wire = Mapping[str, JsonAny]


def parse_vector(wire: object, field: str = "vector") -> Vector:
    """One dense vector.

    Raises:
        InvalidRequest: for a sparse one, several in one, or what is no list of numbers.
    """
    numbers = dense(cast(JsonAny, wire), field)
    if not numbers:
        raise malformed(field, "a vector has at least one number")
    if len(numbers) > MAX_DIMENSIONS:
        raise malformed(field, f"a vector has at most {MAX_DIMENSIONS} numbers")
    read = read_lists([numbers])
    check_lengths_in_space(read)
    return Vector(read.tobytes())


def dense(wire: JsonAny, field: str) -> Sequence[JsonAny]:
    """The numbers of a dense vector, not yet looked at."""
    match wire:
        case [list(), *_]:
            raise InvalidRequest(f"{field}: vectors of several vectors are not supported")
        case list():
            return wire
        case {"indices": _, "values": _}:
            raise InvalidRequest(f"{field}: sparse vectors are not supported")
        case _:
            raise malformed(field, "expected a list of numbers")


def column_name(name: str) -> str:
    """The vector column that a name of this API stands for."""
    return name or DEFAULT_VECTOR


def parse_columns(
    wires: Sequence[JsonAny], namespace: Namespace, field: str = "vector"
) -> dict[str, VectorBatch]:
    """The vectors of points, one entry for each of them in every column of the collection.

    Raises:
        UnknownVector, WrongLength: for vectors that the collection does not have so.
    """
    named = [by_name(wire, field) for wire in wires]
    known = {column.name: column for column in namespace.vectors}
    for name in {name for one in named for name in one}:
        if name not in known:
            raise UnknownVector(f"the collection has no vectors called '{name}'", name)
    return {name: batch_of(column, named, field) for name, column in known.items()}


def by_name(wire: JsonAny, field: str) -> Wire:
    """A point's vectors by their columns."""
    match wire:
        case {"indices": _, "values": _}:
            raise InvalidRequest(f"{field}: sparse vectors are not supported")
        case dict():
            vectors = wire
            return {column_name(name): vector for name, vector in vectors.items()}
        case _:
            return {DEFAULT_VECTOR: wire}


def batch_of(column: VectorColumn, named: Sequence[Wire], field: str) -> VectorBatch:
    """One column: the vectors of those points that have it."""
    missing = frozenset(row for row, one in enumerate(named) if one.get(column.name) is None)
    rows = [dense(one[column.name], field) for row, one in enumerate(named) if row not in missing]
    for row in rows:
        if len(row) != column.dimensions:
            raise WrongLength(
                f"{field} has another length", column.name, column.dimensions, len(row)
            )
    if not rows:
        return VectorBatch(column.dimensions, b"", missing)
    numbers = read_lists(rows)
    check_lengths_in_space(numbers)
    return VectorBatch(column.dimensions, numbers.tobytes(), missing)


def render_vectors(vectors: Mapping[str, Vector | None]) -> object:
    """A point's vectors: one list where it has only the one without a name."""
    present = {name: vector for name, vector in vectors.items() if vector is not None}
    if set(vectors) == {DEFAULT_VECTOR}:
        vector = present.get(DEFAULT_VECTOR)
        return None if vector is None else render_floats(vector)
    return {
        UNNAMED if name == DEFAULT_VECTOR else name: render_floats(vector)
        for name, vector in present.items()
    }


def given(batches: Iterable[VectorBatch]) -> bool:
    """Whether any point has any vector."""
    return any(len(batch.missing) < batch.count for batch in batches)
