"""A namespace's own index settings over those of the service."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.index_settings import BOUNDS, IndexSettings

DEFAULTS = IndexSettings()
scalars = st.one_of(st.integers(), st.floats(), st.sampled_from([None, True, False, "8", [1], {}]))


def test_without_own_settings_the_defaults_hold():
    assert DEFAULTS.overridden({}) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ef_construction", 200),
        ("ef_search", 123),
        ("recall_target", 0.99),
        ("seal_rows", 100),
        ("max_unindexed", 1_000_000),
    ],
)
def test_an_own_setting_wins(name: str, value: float):
    changed = DEFAULTS.overridden({name: value})

    assert getattr(changed, name) == value
    others = [f.name for f in fields(DEFAULTS) if f.name != name]
    assert [getattr(changed, o) for o in others] == [getattr(DEFAULTS, o) for o in others]


@pytest.mark.parametrize("name", BOUNDS)
def test_both_ends_of_a_bound_are_taken(name: str):
    for value in BOUNDS[name]:
        if name != "ef_construction":  # that of m may ask for more
            assert getattr(DEFAULTS.overridden({name: value}), name) == value


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize(
    "value", [None, "8", -1, 10**12, float("nan"), float("inf"), [], {}, True, False]
)
def test_nonsense_is_passed_over(name: str, value: object):
    assert DEFAULTS.overridden({name: value}) == DEFAULTS


def test_a_name_that_is_no_setting_is_passed_over():
    assert DEFAULTS.overridden({"nobody": 1, "m ": 8}) == DEFAULTS


def test_a_whole_number_stays_one():
    changed = DEFAULTS.overridden({"m": 8.0, "seal_rows": 500.9})

    assert (changed.m, changed.seal_rows) == (8, 500)
    assert type(changed.m) is type(changed.seal_rows) is int


@pytest.mark.parametrize("own", [{"m": 100}, {"m": 50, "ef_construction": 10}])
def test_building_looks_at_twice_as_many_as_it_links(own: dict[str, int]):
    changed = DEFAULTS.overridden(own)

    # pgvector refuses less
    assert changed.ef_construction == 2 * own["m"]


@given(st.dictionaries(st.sampled_from(list(BOUNDS)), scalars))
def test_whatever_is_asked_for_pgvector_takes_the_outcome(own: dict[str, object]):
    changed = DEFAULTS.overridden(own)

    for name, (low, high) in BOUNDS.items():
        value = getattr(changed, name)
        assert low <= value <= high or value == getattr(DEFAULTS, name)
    assert changed.ef_construction >= 2 * changed.m
