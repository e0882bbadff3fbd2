"""Which plan is chosen: from sizes, segments and estimates, and from nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.plan import EXACT, LONGEST_WALK, SMALL, Exact, Situation, Walk, choose
from service.core.query import MAX_LIMIT
from service.core.segments import START, Segment, SegmentKind
from service.core.vectors import Metric


def segment(live: int, kind: SegmentKind = SegmentKind.HALFVEC) -> Segment:
    return Segment("s", START, live, live, live, 0, kind, Metric.COSINE)


def one_of(size: int, limit: int = 10, **more: float | bool) -> Situation:
    return Situation(limit, (segment(size),), 0, **more)


kinds = st.sampled_from(SegmentKind)
segments = st.lists(st.builds(segment, st.integers(0, 3_000_000), kinds), max_size=12)
halfvec_segments = st.lists(st.builds(segment, st.integers(1, 3_000_000)), max_size=12)
limits = st.one_of(st.integers(1, 100), st.integers(1, MAX_LIMIT))
matches = st.one_of(st.none(), st.floats(0, 40_000_000))


def situations(lists: st.SearchStrategy[list[Segment]]) -> st.SearchStrategy[Situation]:
    return st.builds(
        Situation, limits, lists.map(tuple), st.integers(0, 100_000), matches, st.booleans()
    )


@given(situations(segments))
def test_every_walk_has_an_end(situation: Situation):
    plan = choose(situation)

    if isinstance(plan, Walk):
        assert 0 < plan.budget <= LONGEST_WALK
        assert plan.candidates >= situation.limit
        assert plan.enough >= 0


@given(situations(segments), st.floats(1, 1000))
def test_more_matches_never_turn_a_walk_into_a_scan(situation: Situation, factor: float):
    known = replace(situation, matches=situation.matches or 0.0)
    more = replace(known, matches=(known.matches or 0.0) * factor + 1)

    assert not (isinstance(choose(known), Walk) and isinstance(choose(more), Exact))


@given(situations(segments))
def test_a_larger_limit_never_asks_for_fewer_candidates(situation: Situation):
    plan = choose(situation)
    wider = choose(replace(situation, limit=min(2 * situation.limit, MAX_LIMIT)))

    if isinstance(plan, Walk) and isinstance(wider, Walk):
        assert wider.candidates >= plan.candidates


@given(situations(segments))
def test_no_plan_asks_for_more_than_its_segments_can_give(situation: Situation):
    plan = choose(situation)

    if isinstance(plan, Walk):
        walked = [one for one in situation.segments if one.kind is not SegmentKind.EXACT]
        assert plan.enough <= sum(min(one.live, plan.candidates) for one in walked)


@given(situations(segments))
def test_a_walk_without_a_filter_can_meet_enough_within_its_budget(situation: Situation):
    plan = choose(replace(situation, matches=None))

    if isinstance(plan, Walk):
        walked = [one for one in situation.segments if one.kind is not SegmentKind.EXACT]
        assert plan.enough <= sum(min(one.live, plan.budget) for one in walked)


@given(situations(halfvec_segments))
def test_segments_without_an_index_do_not_change_the_number_of_candidates(situation: Situation):
    scanned = (*situation.segments, segment(5_000, SegmentKind.EXACT))
    before, after = choose(situation), choose(replace(situation, segments=scanned))

    if isinstance(before, Walk) and isinstance(after, Walk):
        assert after.candidates == before.candidates


@pytest.mark.parametrize("limit", [1, 10, 1_000, MAX_LIMIT])
def test_without_segments_everything_is_scanned(limit: int):
    assert choose(Situation(limit, (), 1_000_000)) == EXACT
    assert choose(Situation(limit, (), 1_000_000, matches=500_000.0)) == EXACT


def test_segments_that_are_scanned_or_empty_are_no_segments():
    scanned = (segment(1_000_000, SegmentKind.EXACT), segment(0))

    assert choose(Situation(10, scanned, 50_000)) == EXACT


def test_a_small_namespace_is_scanned():
    assert choose(one_of(SMALL)) == EXACT


def test_a_large_namespace_is_walked():
    assert isinstance(choose(one_of(100_000)), Walk)


@pytest.mark.parametrize(
    ("matching", "kind"), [(0, Exact), (10, Exact), (1_000, Exact), (50_000, Walk), (99_000, Walk)]
)
def test_few_matches_are_scanned_and_many_walked_to(matching: int, kind: type):
    assert isinstance(choose(one_of(100_000, matches=float(matching))), kind)


def test_an_estimate_above_the_size_counts_as_all():
    assert choose(one_of(100_000, matches=1e12)) == choose(one_of(100_000, matches=100_000.0))


def test_what_no_index_serves_is_walked_to_sooner():
    served = choose(one_of(1_000_000, matches=20_000.0))
    unserved = choose(one_of(1_000_000, matches=20_000.0, served=False))

    assert (served, type(unserved)) == (EXACT, Walk)


def test_a_rarer_filter_walks_farther():
    often, seldom = (choose(one_of(100_000, matches=m)) for m in (90_000.0, 30_000.0))

    assert isinstance(often, Walk)
    assert isinstance(seldom, Walk)
    assert seldom.budget > often.budget


@pytest.mark.parametrize("size", [10_000, 20_000])
def test_the_largest_limit_of_a_namespace_not_much_larger_is_scanned(size: int):
    assert choose(one_of(size, MAX_LIMIT)) == EXACT


def test_the_largest_limit_of_a_large_namespace_may_be_walked_and_is_within_bounds():
    plan = choose(one_of(3_000_000, MAX_LIMIT))

    assert isinstance(plan, Walk)
    assert plan.candidates >= MAX_LIMIT
    assert plan.budget <= LONGEST_WALK


def test_one_bit_for_a_number_takes_more_candidates():
    halves = choose(one_of(100_000))
    bits = choose(Situation(10, (segment(100_000, SegmentKind.BINARY),), 0))

    assert isinstance(halves, Walk)
    assert isinstance(bits, Walk)
    assert bits.candidates > halves.candidates


@pytest.mark.parametrize("limit", [1_000, 5_000, MAX_LIMIT])
@pytest.mark.parametrize("kind", [SegmentKind.HALFVEC, SegmentKind.BINARY])
def test_no_walk_is_planned_that_cannot_meet_enough(limit: int, kind: SegmentKind):
    """Such a one would always be followed by the scan that it was to spare."""
    plan = choose(Situation(limit, (segment(3_000_000, kind),), 0))

    if isinstance(plan, Walk):
        assert plan.enough <= plan.budget
