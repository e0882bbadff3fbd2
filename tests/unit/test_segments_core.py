"""Ranges of write numbers: what segments stand for, and what is left."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.segments import (
    END,
    MAX_HALFVEC_DIMENSIONS,
    START,
    Layout,
    Segment,
    SegmentKind,
    kind_for,
    sealed_to,
    unsealed,
)
from service.core.vectors import Metric


def segment(low: int, high: int, rows: int = 1, live: int = 1) -> Segment:
    return Segment("s", low, high, rows, live, 0, SegmentKind.HALFVEC, Metric.COSINE)


def holds(ranges: tuple[tuple[int, int], ...], number: int) -> int:
    return sum(low < number <= high for low, high in ranges)


bounds = st.lists(st.integers(0, 40), min_size=0, max_size=12, unique=True).map(sorted)


@st.composite
def disjoint(draw: st.DrawFn) -> list[Segment]:
    """Segments that do not overlap, with and without gaps between, in any order."""
    ends = draw(bounds)
    kept = [segment(a, b) for a, b in pairwise(ends) if draw(st.booleans())]
    return draw(st.permutations(kept))


# (ranges of the segments, what is unsealed)
CASES = [
    ([], [(START, END)]),
    ([(START, 10)], [(10, END)]),
    ([(START, 10), (10, 20)], [(20, END)]),
    ([(10, 20), (START, 10)], [(20, END)]),
    ([(5, 10)], [(START, 5), (10, END)]),
    ([(START, 10), (15, 20)], [(10, 15), (20, END)]),
    ([(0, 10), (12, 20), (20, 30), (31, 32)], [(START, 0), (10, 12), (30, 31), (32, END)]),
    # one in another: nothing twice
    ([(START, 20), (5, 10)], [(20, END)]),
    ([(START, END)], [(END, END)]),
]


@pytest.mark.parametrize(("ranges", "left"), CASES)
def test_what_no_segment_stands_for_is_unsealed(ranges, left):
    assert list(unsealed([segment(low, high) for low, high in ranges])) == left


@given(disjoint(), st.integers(-5, 50))
def test_every_number_is_in_one_segment_or_one_unsealed_range(segments: list[Segment], number: int):
    ranges = tuple((one.low, one.high) for one in segments)

    assert holds(ranges, number) + holds(unsealed(segments), number) == 1


@given(disjoint(), st.sampled_from([START + 1, -(2**40), 2**40, END]))
def test_numbers_far_away_are_unsealed(segments: list[Segment], number: int):
    assert holds(unsealed(segments), number) == 1


@given(disjoint())
def test_unsealed_ranges_are_in_order_and_not_empty(segments: list[Segment]):
    ranges = unsealed(segments)

    assert all(low < high for low, high in ranges)
    assert all(before[1] < after[0] for before, after in pairwise(ranges))
    assert ranges[-1] == (sealed_to(segments), END)


def test_without_segments_nothing_is_sealed():
    assert sealed_to([]) == START


@pytest.mark.parametrize(
    ("rows", "live", "share"), [(0, 0, 0.0), (10, 10, 0.0), (10, 5, 0.5), (10, 0, 1.0)]
)
def test_the_superseded_share_is_what_is_not_live(rows: int, live: int, share: float):
    assert segment(0, 10, rows, live).superseded == share


def test_a_layout_knows_nothing_of_a_column_without_segments():
    one = segment(0, 1)
    layout = Layout(segments={"vector": (one,)})

    assert layout.of("vector") == (one,)
    assert layout.of("other") == ()


@pytest.mark.parametrize(
    ("dimensions", "kind"),
    [
        (1, SegmentKind.HALFVEC),
        (MAX_HALFVEC_DIMENSIONS, SegmentKind.HALFVEC),
        (MAX_HALFVEC_DIMENSIONS + 1, SegmentKind.BINARY),
        (16_000, SegmentKind.BINARY),
    ],
)
def test_long_vectors_are_held_by_one_bit_for_a_number(dimensions: int, kind: SegmentKind):
    assert kind_for(dimensions) is kind
