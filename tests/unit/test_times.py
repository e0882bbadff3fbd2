"""Times of free-form JSON: what is one, and which moment it is."""

from decimal import Decimal

import pytest

from service.core.attributes import read_datetime
from service.core.times import read_time, stored_time

# (text, seconds since 1970)
TIMES = [
    ("1970-01-01T00:00:00Z", "0"),
    ("1970-01-01t00:00:01z", "1"),
    ("1970-01-01", "0"),
    ("1970-01-02 00:00:00", "86400"),
    ("1970-01-01 00:01", "60"),
    ("1970-1-1", "0"),
    ("1970-01-01T01:00:00+01:00", "0"),
    ("1970-01-01T01:30:00+0130", "0"),
    ("1970-01-01 00:00:00-05", "18000"),
    ("1969-12-31T23:59:59.5Z", "-0.5"),
    ("1970-01-01T00:00:00.123456789Z", "0.123456789"),
    ("1970-01-01T00:00:00.1234567891Z", "0.123456789"),
    ("2016-12-31T23:59:60Z", "1483228800"),
    ("2024-02-29", "1709164800"),
    ("0001-01-01", "-62135596800"),
    ("9999-12-31T23:59:59-23:59", "253402387139"),
]


@pytest.mark.parametrize(("text", "seconds"), TIMES)
def test_a_time_is_so_many_seconds_since_1970(text: str, seconds: str):
    assert read_time(text) == Decimal(seconds)


NONE = ["", "now", "2024", "2024-01", "2024-13-01", "2024-00-01", "2024-01-00", "2024-01-32"]
NONE += ["2023-02-29", "2024-02-30", "2024-04-31", "0000-01-01", "24-01-01", "12024-01-01"]
NONE += ["2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z", "2024-01-01T"]
NONE += ["2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+1"]
NONE += [
    "2024-01-01 ",
    " 2024-01-01",
    "2024-01-01\n",
    "2024-01-01Z",
    "２０２４-01-01",
    "2024/01/01",
]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_time_is_none(text: str):
    assert read_time(text) is None


@pytest.mark.parametrize(
    "text", ["2024-03-02T12:00:00.25Z", "1969-12-31T23:59:59.001Z", "0001-01-01", "9999-12-31"]
)
def test_a_time_has_the_form_in_which_attributes_store_it(text: str):
    seconds = read_time(text)

    assert seconds is not None
    assert stored_time(seconds) == read_datetime(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_time_beyond_the_years_that_are_stored_has_no_such_form(text: str):
    seconds = read_time(text)

    assert seconds is not None
    assert stored_time(seconds) is None
