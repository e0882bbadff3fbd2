"""What is sealed and merged next: few segments, no number lost, and an end to the work."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import pairwise
from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.index_settings import IndexSettings
from service.core.sealing import (
    BUSY_MERGE,
    MOST_SEGMENTS,
    Build,
    build_memory,
    bytes_per_row,
    largest_segment,
    next_merge,
    next_seal,
)
from service.core.segments import START, Segment, SegmentKind, unsealed
from service.core.vectors import Metric

SETTINGS = IndexSettings(seal_rows=100)
MANY = 10**9


def segment(low: int, high: int, rows: int = 100, live: int | None = None) -> Segment:
    current = rows if live is None else live
    return Segment("s", low, high, rows, current, 0, SegmentKind.HALFVEC, Metric.COSINE)


def chain(*sizes: int) -> list[Segment]:
    """Segments side by side, each of so many rows."""
    ends = [START, *(10_000 * (at + 1) for at in range(len(sizes)))]
    return [segment(low, high, n) for (low, high), n in zip(pairwise(ends), sizes, strict=True)]


class Model:
    """The write numbers of a namespace's documents, and the segments that were made for them."""

    def __init__(self, largest: int = MANY) -> None:
        self.numbers: list[int] = []
        self.last = 0
        self.segments: list[Segment] = []
        self.largest = largest

    def add(self, count: int) -> None:
        self.numbers += range(self.last + 1, self.last + count + 1)
        self.last += count

    def write_again(self, count: int, every: int) -> None:
        """Documents get new numbers; their old ones are nobody's any more."""
        again = set(self.numbers[::every][:count])
        self.numbers = [number for number in self.numbers if number not in again]
        self.add(len(again))

    def live(self, low: int, high: int) -> int:
        return bisect_right(self.numbers, high) - bisect_right(self.numbers, low)

    def recount(self) -> None:
        self.segments = [replace(s, live=self.live(s.low, s.high)) for s in self.segments]

    def seal(self) -> None:
        while build := next_seal(self.segments, self.last):
            if self.live(build.low, build.high) < SETTINGS.seal_rows:
                return
            start = bisect_right(self.numbers, build.low)
            cut = self.numbers[start : start + self.largest]
            high = cut[-1] if len(cut) == self.largest else build.high
            self.make(Build(build.low, min(high, build.high)))

    def merge(self, *, quiet: bool) -> int:
        """Merge until there is nothing to merge; returns how often it did."""
        for turn in range(1_000):
            self.recount()
            build = next_merge(self.segments, SETTINGS, self.largest, quiet=quiet)
            if build is None:
                return turn
            self.make(build)
        pytest.fail("merging does not end")

    def make(self, build: Build) -> None:
        assert build.replaced == tuple(
            one for one in self.segments if one.low >= build.low and one.high <= build.high
        )
        kept = [one for one in self.segments if one not in build.replaced]
        rows = self.live(build.low, build.high)
        self.segments = sorted(
            [*kept, segment(build.low, build.high, rows)], key=lambda one: one.low
        )

    def check(self) -> None:
        """Every number up to the last sealed one is in one segment; none is too large."""
        assert all(one.high == two.low for one, two in pairwise(self.segments))
        assert not self.segments or self.segments[0].low == START
        assert all(one.rows <= max(self.largest, SETTINGS.seal_rows) for one in self.segments)


step = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 700), st.just(1)),
    st.tuples(st.just("again"), st.integers(1, 700), st.integers(1, 5)),
    st.tuples(st.just("busy"), st.just(0), st.just(0)),
    st.tuples(st.just("quiet"), st.just(0), st.just(0)),
)
histories = st.lists(step, max_size=30)


def play(history: list[tuple[str, int, int]], largest: int) -> Model:
    model = Model(largest)
    for what, count, every in history:
        match what:
            case "add":
                model.add(count)
            case "again":
                model.write_again(count, every)
            case _:
                model.seal()
                model.merge(quiet=what == "quiet")
                model.check()
    model.seal()
    model.merge(quiet=True)
    model.check()
    return model


@settings(deadline=None)
@given(histories, st.sampled_from([100, 350, 1_000, MANY]))
def test_work_ends_and_every_number_is_in_one_segment_or_the_tail(
    history: list[tuple[str, int, int]], largest: int
):
    model = play(history, largest)

    assert sum(one.live for one in model.segments) + model.live(
        max((one.high for one in model.segments), default=START), model.last
    ) == len(model.numbers)
    assert len(unsealed(model.segments)) == 1


@settings(deadline=None)
@given(histories)
def test_when_it_is_quiet_segments_are_few(history: list[tuple[str, int, int]]):
    model = play(history, MANY)

    assert len(model.segments) <= 2 + log2(len(model.numbers) + 2)


@settings(deadline=None)
@given(histories, st.sampled_from([100, 350, 1_000]))
def test_segments_are_few_also_where_memory_bounds_them(
    history: list[tuple[str, int, int]], largest: int
):
    model = play(history, largest)

    full = 2 * len(model.numbers) // largest
    assert len(model.segments) <= 3 + full + log2(len(model.numbers) + 2)


def test_documents_written_again_for_long_leave_no_trail_of_segments():
    """Twenty times the namespace is written anew, a quarter at a time; three segments hold it."""
    model = Model(largest=1_000)
    model.add(3_000)
    for _ in range(80):
        model.write_again(750, every=4)
        model.seal()
        model.merge(quiet=True)

    model.check()
    assert len(model.segments) <= 2 * MOST_SEGMENTS


def test_while_documents_keep_coming_segments_are_not_many():
    model = Model(largest=MANY)
    for _ in range(400):
        model.add(100)
        model.seal()
        model.merge(quiet=False)

    assert len(model.segments) <= MOST_SEGMENTS + 1


def test_each_document_is_built_a_few_times_in_all():
    model = Model()
    built = 0
    for _ in range(256):
        model.add(100)
        model.seal()
        before = list(model.segments)
        model.merge(quiet=True)
        built += sum(one.rows for one in model.segments if one not in before)

    assert built <= 10 * len(model.numbers)


def test_the_first_seal_is_everything_up_to_the_last_number():
    assert next_seal([], 250) == Build(START, 250)


@pytest.mark.parametrize("last", [20_000, 19_999, 0])
def test_nothing_is_sealed_where_all_numbers_are(last: int):
    assert next_seal(chain(100, 100), last) is None


def test_the_tail_is_sealed_from_the_last_segment_on():
    assert next_seal(chain(100, 100), 20_050) == Build(20_000, 20_050)


def test_a_gap_is_sealed_first_and_no_farther_than_it_goes():
    segments = [segment(START, 10), segment(50, 60)]

    assert next_seal(segments, 1_000) == Build(10, 50)


def test_a_range_that_a_dropped_first_segment_leaves_is_a_gap():
    assert next_seal([segment(50, 60)], 1_000) == Build(START, 50)


def test_a_gap_above_the_last_number_is_sealed_only_to_it():
    assert next_seal([segment(50, 60)], 30) == Build(START, 30)


def test_nothing_is_merged_across_a_gap():
    assert next_merge([segment(0, 10), segment(20, 30)], SETTINGS, MANY, quiet=True) is None


def test_what_is_superseded_is_built_anew_alone_and_first():
    segments = [*chain(100, 100), segment(20_000, 30_000, 900, 500)]

    build = next_merge(segments, SETTINGS, MANY, quiet=True)

    assert build == Build(20_000, 30_000, (segments[2],))


def test_also_while_it_is_busy_and_across_gaps():
    half_gone = segment(20, 30, 900, 500)

    build = next_merge([segment(0, 10), half_gone], SETTINGS, MANY, quiet=False)

    assert build == Build(20, 30, (half_gone,))


@pytest.mark.parametrize(("rows", "live"), [(900, 900), (900, 700), (900, 601), (0, 0)])
def test_a_segment_with_little_superseded_is_left_alone(rows: int, live: int):
    assert next_merge([segment(START, 10, rows, live)], SETTINGS, MANY, quiet=True) is None


def test_equal_neighbours_are_merged_when_it_is_quiet():
    segments = chain(100, 100)

    build = next_merge(segments, SETTINGS, MANY, quiet=True)

    assert build == Build(START, 20_000, tuple(segments))


def test_a_much_larger_neighbour_is_left_alone():
    assert next_merge(chain(1_000, 100), SETTINGS, MANY, quiet=True) is None
    segments = chain(1_000, 100, 100)
    assert next_merge(segments, SETTINGS, MANY, quiet=True) == Build(
        10_000, 30_000, tuple(segments[1:])
    )


def test_two_neighbours_wait_while_it_is_busy():
    assert next_merge(chain(100, 100), SETTINGS, MANY, quiet=False) is None


def test_several_small_ones_are_merged_while_it_is_busy():
    segments = chain(*[100] * BUSY_MERGE)

    assert next_merge(segments, SETTINGS, MANY, quiet=False) == Build(
        START, segments[-1].high, tuple(segments)
    )


def test_large_ones_wait_while_it_is_busy():
    large = chain(*[100_000] * BUSY_MERGE)

    assert next_merge(large, SETTINGS, MANY, quiet=False) is None
    assert next_merge(large, SETTINGS, MANY, quiet=True) is not None


def test_too_many_are_merged_however_busy_it_is():
    large = chain(*[100_000] * (MOST_SEGMENTS + 1))

    assert next_merge(large, SETTINGS, MANY, quiet=False) is not None


def test_nothing_is_merged_into_more_than_memory_holds():
    assert next_merge(chain(100, 100), SETTINGS, 199, quiet=True) is None
    assert next_merge(chain(100, 100), SETTINGS, 200, quiet=True) is not None


@pytest.mark.parametrize("quiet", [True, False])
def test_empty_segments_before_full_ones_are_merged_away(quiet: bool):
    segments = chain(*[0] * 20, 1_000, 1_000)

    build = next_merge(segments, SETTINGS, 1_000, quiet=quiet)

    assert build is not None
    assert len(build.replaced) >= 2


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=30), st.booleans())
def test_a_merge_replaces_neighbours_whole(sizes: list[int], quiet: bool):
    segments = chain(*sizes)

    build = next_merge(segments, SETTINGS, 6_000, quiet=quiet)

    if build is not None:
        first = segments.index(build.replaced[0])
        assert tuple(segments[first : first + len(build.replaced)]) == build.replaced
        assert (build.low, build.high) == (build.replaced[0].low, build.replaced[-1].high)
        assert sum(one.live for one in build.replaced) <= 6_000


@pytest.mark.parametrize("dimensions", [1, 384, 768, 4_000, 4_001, 16_000])
def test_the_largest_segment_is_built_in_the_memory_it_was_made_for(dimensions: int):
    memory = 1024**3

    rows = largest_segment(dimensions, SETTINGS, memory)

    assert rows * bytes_per_row(dimensions, SETTINGS) <= memory
    assert build_memory(rows, dimensions, SETTINGS, memory) <= memory
    assert build_memory(rows // 2, dimensions, SETTINGS, memory) < memory


def test_the_largest_segment_is_at_least_one_seal():
    assert largest_segment(16_000, IndexSettings(seal_rows=50_000), 1) == 50_000
