"""Which columns of a write are vectors, and how the vector columns of a namespace evolve."""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import Any

import pytest

from service.core.attributes import AttributeColumn, AttributeSpec, parse_type
from service.core.documents import (
    Matching,
    Patch,
    PatchMatching,
    SchemaUpdate,
    Upsert,
    VectorSpec,
    Write,
)
from service.core.errors import InvalidRequest
from service.core.evolution import Shape, evolve, without
from service.core.filters import EVERYTHING
from service.core.ids import IdType
from service.core.namespace import VectorColumn
from service.core.vector_columns import MAX_VECTOR_COLUMNS, read_vector_columns
from service.core.vectors import Metric, Precision, VectorBatch
from service.dialects.turbopuffer.writes_v2 import read_vectors

COSINE, FLAT = Metric.COSINE, Metric.EUCLIDEAN_SQUARED
HALF = Precision.HALF


def shape(*vectors: VectorColumn, **types: str) -> Shape:
    specs = {name: AttributeSpec(parse_type(kind)) for name, kind in types.items()}
    return Shape(IdType.BIGINT, vectors, specs)


def write(metric: Metric | None = None, schema: Any = None, **columns: list[Any]) -> Write:
    """Documents with attributes, in which vectors are spelled as on the wire."""
    count = len(next(iter(columns.values()))) if columns else 0
    attributes = tuple(AttributeColumn(name, tuple(values)) for name, values in columns.items())
    upsert = Upsert(tuple(range(count)), attributes) if columns else None
    vectors = SchemaUpdate(vectors=schema or {})
    return Write(upsert=upsert, schema=vectors, metric=metric, read_vectors=read_vectors)


def batch(*vectors: tuple[float, ...], missing: set[int] | None = None) -> VectorBatch:
    numbers = [number for vector in vectors for number in vector]
    data = struct.pack(f"<{len(numbers)}f", *numbers)
    return VectorBatch(len(vectors[0]), data, frozenset(missing or ()))


def base64(*numbers: float) -> str:
    return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


# (vector columns of the namespace, columns of the write, which of them become vectors)
READ: list[tuple[tuple[VectorColumn, ...], dict[str, list[Any]], dict[str, VectorBatch]]] = [
    ((), {"a": [1], "vector": [[1, 2]]}, {"vector": batch((1, 2))}),
    ((VectorColumn("b", 1),), {"a": ["x"], "b": [[1]]}, {"b": batch((1,))}),
    # both spellings in one column
    ((), {"vector": [[1, 2], base64(3, 4)]}, {"vector": batch((1, 2), (3, 4))}),
    ((), {"vector": [None, [1, 2]]}, {"vector": batch((1, 2), missing={0})}),
    # a column of nulls is one of vectors, though it brings none
    ((VectorColumn("b", 1),), {"b": [None, None]}, {}),
    # an array of numbers under any other name is an attribute
    ((), {"b": [[1.5, 2.5]]}, {}),
]


@pytest.mark.parametrize(("known", "columns", "vectors"), READ, ids=range(len(READ)))
def test_columns_become_vectors_by_their_names(
    known: tuple[VectorColumn, ...], columns: Any, vectors: dict[str, VectorBatch]
):
    request = write(**columns)
    assert request.upsert is not None

    read = read_vector_columns(request.upsert, known, request)

    attributes = {"vector", *(column.name for column in known)}
    assert read.vectors == vectors
    assert [c.name for c in read.attributes] == [n for n in columns if n not in attributes]


def test_a_declared_vector_is_read_as_one():
    request = write(FLAT, {"b": VectorSpec(2)}, b=[[1, 2]], c=[[1, 2]])

    evolved, fitted = evolve(shape(), request)

    assert fitted.upsert is not None
    assert fitted.upsert.vectors == {"b": batch((1, 2))}
    assert evolved.vectors == (VectorColumn("b", 2, FLAT),)
    assert {name: str(spec.type) for name, spec in evolved.attributes.items()} == {"c": "[]int"}


def test_what_is_no_vector_is_refused_under_the_name_of_one():
    with pytest.raises(InvalidRequest, match="a vector is an array of numbers"):
        evolve(shape(VectorColumn("b", 2)), write(b=[1, 2]))


def test_a_document_needs_a_vector_where_there_are_vectors_or_a_null_in_its_place():
    known = shape(VectorColumn("vector", 2), VectorColumn("b", 1))

    with pytest.raises(InvalidRequest, match="every document written needs one"):
        evolve(known, write(a=[1]))
    for one in ("vector", "b"):
        columns: dict[str, Any] = {"a": [1], one: [None]}
        _, fitted = evolve(known, write(**columns))
        assert fitted.upsert
        assert fitted.upsert.vectors == {}


# (columns before, metric of the write, declared, columns written, columns after)
Declared = dict[str, VectorSpec]
EVOLVED: list[
    tuple[tuple[VectorColumn, ...], Metric | None, Declared, dict[str, Any], list[VectorColumn]]
] = [
    # declared alone, and declared with documents
    ((), None, {"b": VectorSpec(3)}, {}, [VectorColumn("b", 3)]),
    ((), None, {"b": VectorSpec(3, HALF, FLAT)}, {}, [VectorColumn("b", 3, FLAT, HALF)]),
    ((), COSINE, {"b": VectorSpec(1)}, {"b": [[1]]}, [VectorColumn("b", 1, COSINE)]),
    # a column's own metric before that of the write
    ((), COSINE, {"b": VectorSpec(1, metric=FLAT)}, {}, [VectorColumn("b", 1, FLAT)]),
    # as long as the first vectors, in single precision
    ((), COSINE, {}, {"vector": [[1, 2]]}, [VectorColumn("vector", 2, COSINE)]),
    # several at once: declared ones first
    (
        (),
        COSINE,
        {"b": VectorSpec(1, HALF)},
        {"vector": [[1, 2]], "b": [[1]]},
        [VectorColumn("b", 1, COSINE, HALF), VectorColumn("vector", 2, COSINE)],
    ),
    # one more beside those there are
    (
        (VectorColumn("vector", 2, COSINE),),
        None,
        {"b": VectorSpec(1)},
        {"b": [[1]]},
        [VectorColumn("vector", 2, COSINE), VectorColumn("b", 1)],
    ),
    # the same declaration again, also without precision where it is single
    (
        (VectorColumn("vector", 2, COSINE),),
        COSINE,
        {"vector": VectorSpec(2)},
        {},
        [VectorColumn("vector", 2, COSINE)],
    ),
    # a metric where there was none, from the write or from the declaration
    ((VectorColumn("b", 1),), FLAT, {}, {"b": [[1]]}, [VectorColumn("b", 1, FLAT)]),
    (
        (VectorColumn("b", 1),),
        None,
        {"b": VectorSpec(1, metric=FLAT)},
        {},
        [VectorColumn("b", 1, FLAT)],
    ),
    # the metric of a write concerns the columns that it writes
    (
        (VectorColumn("b", 1, FLAT), VectorColumn("c", 1, COSINE)),
        COSINE,
        {},
        {"c": [[1]]},
        [VectorColumn("b", 1, FLAT), VectorColumn("c", 1, COSINE)],
    ),
]


@pytest.mark.parametrize(
    ("known", "metric", "declared", "columns", "after"), EVOLVED, ids=range(len(EVOLVED))
)
def test_vector_columns_evolve(
    known: tuple[VectorColumn, ...],
    metric: Metric | None,
    declared: Declared,
    columns: Any,
    after: list[VectorColumn],
):
    evolved, _ = evolve(shape(*known), write(metric, declared, **columns))

    assert list(evolved.vectors) == after


MANY = tuple(VectorColumn(f"v{n}", 1) for n in range(MAX_VECTOR_COLUMNS))
# (namespace, write, words)
REFUSED: list[tuple[Shape, Write, str]] = [
    (
        shape(VectorColumn("b", 2)),
        write(b=[[1, 2, 3]]),
        "vectors have 3 dimensions, but those of the namespace have 2",
    ),
    (
        shape(VectorColumn("b", 2)),
        write(schema={"b": VectorSpec(3)}),
        "vectors have 3 dimensions, but those of the namespace have 2",
    ),
    (
        shape(),
        write(schema={"b": VectorSpec(3)}, b=[[1]]),
        "declares vectors of 3 dimensions, got 1",
    ),
    (
        shape(VectorColumn("b", 2)),
        write(schema={"b": VectorSpec(2, HALF)}),
        r"attribute 'b': cannot change attribute type from \[2\]f32 to \[2\]f16",
    ),
    (
        shape(VectorColumn("b", 2, precision=HALF)),
        write(schema={"b": VectorSpec(2)}),
        r"attribute 'b': cannot change attribute type from \[2\]f16 to \[2\]f32",
    ),
    (
        shape(VectorColumn("b", 1, COSINE)),
        write(FLAT, b=[[1]]),
        "mismatch, expected cosine_distance, got euclidean_squared",
    ),
    # also by a write without vectors, where there is one column
    (shape(VectorColumn("b", 1, COSINE)), write(FLAT, b=[None]), "metric mismatch"),
    (
        shape(VectorColumn("b", 1, COSINE)),
        write(schema={"b": VectorSpec(1, metric=FLAT)}),
        "metric mismatch, expected cosine_distance",
    ),
    (shape(*MANY), write(schema={"more": VectorSpec(1)}), "at most 8 vector attributes"),
    (shape(b="[]float"), write(schema={"b": VectorSpec(1)}), "'b': cannot change attribute type"),
    (
        shape(b="[]float"),
        write(schema={"b": VectorSpec(1)}, b=[[1.5]]),
        r"from \[\]float to",
    ),
    (shape(), write(vector=[[1, 2], [3]]), "same number of dimensions"),
]


@pytest.mark.parametrize(("known", "request_", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_contradicts_the_columns_is_refused(known: Shape, request_: Write, words: str):
    with pytest.raises(InvalidRequest, match=words):
        evolve(known, request_)


def test_a_write_that_brings_nothing_new_leaves_the_very_same_columns():
    known = shape(VectorColumn("vector", 2, COSINE), VectorColumn("b", 1, FLAT))

    evolved, _ = evolve(known, write(b=[[1]], vector=[[1, 2]]))

    assert evolved.vectors is known.vectors


def test_vectors_are_not_patched():
    known = shape(VectorColumn("b", 1), a="int")
    columns = (AttributeColumn("a", (1,)), AttributeColumn("b", ([1],)))

    for part in (
        Write(patches=(Patch((1,), columns),)),
        Write(patch_where=PatchMatching(Matching(EVERYTHING), columns)),
    ):
        with pytest.raises(InvalidRequest, match="patching vectors is currently unsupported"):
            evolve(known, part)


def test_a_dropped_vector_column_is_gone_and_may_come_back_otherwise():
    known = shape(VectorColumn("vector", 2, COSINE), VectorColumn("b", 1, FLAT), a="int")

    dropped = without(known, ("b", "a", "unknown"))
    again, _ = evolve(dropped, write(COSINE, {"b": VectorSpec(3, HALF)}))

    assert dropped == shape(VectorColumn("vector", 2, COSINE))
    assert again.vectors[1] == VectorColumn("b", 3, COSINE, HALF)


# (vectors, rows kept, what is left)
KEPT = [
    (batch((1, 2), (3, 4), (5, 6)), [2, 0], batch((5, 6), (1, 2))),
    (batch((3, 4), missing={0}), [1], batch((3, 4))),
    (batch((3, 4), (5, 6), missing={0, 2}), [3, 2, 0], batch((5, 6), missing={1, 2})),
]


@pytest.mark.parametrize(("vectors", "rows", "left"), KEPT, ids=range(len(KEPT)))
def test_chosen_rows_keep_their_vectors(vectors: VectorBatch, rows: list[int], left: VectorBatch):
    kept = vectors.only(rows)

    assert kept == left
    assert kept.count == len(rows)
