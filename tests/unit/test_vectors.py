"""Vectors on the wire: every spelling, and everything that only looks like one."""

import math
import struct
from base64 import b64encode
from typing import Any

import numpy as np
import pytest

from service.core.errors import InvalidRequest
from service.core.namespace import VectorColumn
from service.core.vectors import Metric, Precision, Vector, VectorBatch
from service.dialects.turbopuffer.vectors import (
    parse_flat_vectors,
    parse_vector,
    parse_vectors,
    render_base64,
)
from service.storage.rows import vector_column
from service.web.floats import render_floats


def packed(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


def base64(*numbers: float) -> str:
    return b64encode(packed(*numbers)).decode()


@pytest.mark.parametrize(
    "wire", [[0.1, 0.2, 0.3], "zczMPc3MTD6amZk+"], ids=["array", "the client's base64"]
)
def test_both_spellings_are_the_same_vector(wire: Any):
    assert parse_vector(wire) == Vector(packed(0.1, 0.2, 0.3))


@pytest.mark.parametrize("numbers", [[1, 2], [0, 0], [1, 0.5], [-0.0, 1e-45], [2**62, 1]])
def test_integers_and_floats_are_numbers(numbers: Any):
    assert parse_vector(numbers) == Vector(packed(*numbers))


def test_arrays_and_base64_may_be_mixed():
    batch = parse_vectors([[2, 2], base64(0.5, 1), [1.5, 0]])

    assert batch == VectorBatch(2, packed(2, 2, 0.5, 1, 1.5, 0))


def test_null_stands_for_a_row_without_vector():
    batch = parse_vectors([None, [1, 2], None, [3, 4]])

    assert batch
    assert batch == VectorBatch(2, packed(1, 2, 3, 4), frozenset({0, 2}))
    assert batch.count == 4


def test_rows_without_any_vector_make_no_batch():
    assert parse_vectors([None, None]) is None


@pytest.mark.parametrize("wire", [[1, 2, 3, 4], base64(1, 2, 3, 4)], ids=["numbers", "base64"])
def test_a_flat_spelling_is_shared_out_among_the_rows(wire: Any):
    rows = parse_flat_vectors(wire, 2)

    assert parse_vectors(rows) == VectorBatch(2, packed(1, 2, 3, 4))


@pytest.mark.parametrize("count", [0, 2, 4])
def test_flat_numbers_that_do_not_come_out_even_are_refused(count: int):
    with pytest.raises(InvalidRequest, match=f"3 numbers cannot be shared out among {count} ids"):
        parse_flat_vectors([1, 2, 3], count)


# what is no vector, each beside one that is
NOT_NUMBERS: list[Any] = [
    [1.5, "2"],
    ["a", "b"],
    [1.5, None],
    [1.5, {}],
    [1.5, [2.5]],
    [[1.5, 2.5]],
    [True, False],
    [1.5, True],
    [False, 7],
    [2, True],
    [0.0, False],
    [10**30, 10**40],
]


@pytest.mark.parametrize("wire", NOT_NUMBERS, ids=str)
def test_an_array_of_anything_but_numbers_is_refused(wire: Any):
    for attempt in (lambda: parse_vector(wire), lambda: parse_vectors([[1.5, 2.5], wire])):
        with pytest.raises(InvalidRequest, match="vector"):
            attempt()


def test_a_boolean_is_found_among_many_numbers():
    rows: list[Any] = np.linspace(0, 1, 4000).reshape(1000, 4).tolist()
    rows[617][2] = True

    with pytest.raises(InvalidRequest, match="array of numbers"):
        parse_vectors(rows)


def test_zeros_and_ones_that_are_numbers_are_taken():
    assert parse_vectors([[0, 1], [1.0, 0.0]]) == VectorBatch(2, packed(0, 1, 1, 0))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e39, -1e39, 1e308])
def test_a_number_beyond_float32_is_refused(bad: float):
    for wire in ([1.0, bad], [bad, bad]):
        with pytest.raises(InvalidRequest, match="finite numbers in the range of float32"):
            parse_vector(wire)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_refused_in_base64(bad: float):
    with pytest.raises(InvalidRequest, match="finite"):
        parse_vector(base64(1, bad))


def test_a_vector_whose_distances_would_overflow_float32_is_refused():
    largest = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]

    with pytest.raises(InvalidRequest, match="sum of a vector's squares"):
        parse_vector([largest])
    with pytest.raises(InvalidRequest, match="sum of a vector's squares"):
        parse_vector([9e18, 9e18])
    assert parse_vector([9e18, 1]) == Vector(packed(9e18, 1))


@pytest.mark.parametrize("wire", [[], "", [[]]], ids=str)
def test_an_empty_vector_is_refused(wire: Any):
    with pytest.raises(InvalidRequest, match="vector"):
        parse_vector(wire)


@pytest.mark.parametrize("wire", [1, 1.5, True, {}, {"0": 1.0}, None], ids=str)
def test_a_value_of_another_type_is_refused(wire: Any):
    with pytest.raises(InvalidRequest, match="array of numbers, or base64"):
        parse_vector(wire)


@pytest.mark.parametrize(
    "wire",
    ["AAAA!AAA", "AAAAAAA", "A", "AAAAAA==AAAAAAA=", "AAAA AAAA", "AAAA\n", "é", "____", "=AAA"],
)
def test_a_string_that_is_no_base64_is_refused(wire: str):
    with pytest.raises(InvalidRequest, match="base64"):
        parse_vector(wire)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_base64_of_a_part_of_a_number_is_refused(size: int):
    with pytest.raises(InvalidRequest, match="whole float32 numbers"):
        parse_vector(b64encode(bytes(size)).decode())


def test_rows_of_broken_numbers_do_not_make_up_for_each_other():
    # 7 and 9 bytes: equal texts, and together as many bytes as two vectors of two numbers
    rows = [b64encode(bytes(7)).decode(), b64encode(bytes(9)).decode()]

    with pytest.raises(InvalidRequest, match="vector"):
        parse_vectors(rows)


@pytest.mark.parametrize(
    "wire",
    [[[1, 2], [1, 2, 3]], [base64(1, 2), base64(1)], [[1, 2], base64(1)], [[1], []]],
    ids=str,
)
def test_vectors_of_different_lengths_are_refused(wire: Any):
    with pytest.raises(InvalidRequest, match="same number of dimensions"):
        parse_vectors(wire)


def test_a_query_vector_has_at_most_16000_dimensions():
    assert parse_vector([1.5] * 16_000).dimensions == 16_000
    with pytest.raises(InvalidRequest, match="16000 dimensions"):
        parse_vector([1.5] * 16_001)


def test_a_vector_is_rendered_in_both_spellings():
    vector = Vector(packed(0.1, 0.2, 0.3))

    assert render_base64(vector) == "zczMPc3MTD6amZk+"
    assert render_floats(vector).dtype == np.dtype("<f4")
    assert parse_vector(render_floats(vector).tolist()) == vector


def test_metrics_are_spelled_for_callers():
    spelled = {metric.spelled for metric in Metric}

    assert spelled == {"cosine_distance", "euclidean", "euclidean_squared", "dot", "manhattan"}


SINGLE, HALF = VectorColumn("v", 2), VectorColumn("v", 2, precision=Precision.HALF)
# (column, numbers as they are stored)
STORED = [(SINGLE, ">2f"), (HALF, ">2e")]


@pytest.mark.parametrize(("column", "numbers"), STORED)
def test_a_vector_is_stored_in_the_precision_of_its_column(column: VectorColumn, numbers: str):
    batch = VectorBatch(2, packed(0.5, -2, 65504, 0), frozenset({1}))

    rows = vector_column(batch, column)

    first, last = struct.pack(numbers, 0.5, -2), struct.pack(numbers, 65504, 0)
    head = struct.pack(">iHH", 4 + len(first), 2, 0)
    assert rows == [head + first, struct.pack(">i", -1), head + last]


@pytest.mark.parametrize("number", [65505, -70_000, 1e30])
def test_a_number_beyond_half_precision_is_refused_where_the_column_has_that(number: float):
    batch = VectorBatch(2, packed(1, number))

    assert vector_column(batch, SINGLE)
    with pytest.raises(InvalidRequest, match=r"has type \[2\]f16: its numbers are at most 65504"):
        vector_column(batch, HALF)


def test_a_column_without_any_vectors_is_all_nulls():
    assert (
        vector_column(VectorBatch(2, b"", frozenset({0, 1})), HALF) == [struct.pack(">i", -1)] * 2
    )
