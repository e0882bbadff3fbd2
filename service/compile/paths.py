"""Paths in SQL: from a JSON value to those that the steps lead to, one or many.

Each step gives NULL where there is nothing for it. Nothing here fails on any document, and the text
grows with the number of steps, not faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.compile.attributes import STORED
from service.compile.fragment import Fragment, constant, joined, number, raw
from service.core.paths import Each, Item, Key, Path, Step

# no array is so long; PostgreSQL's subscripts end there
LAST_INDEX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """A JSON value in SQL, and the number of arrays around it that are taken apart."""

    value: Fragment
    depth: int = 0


ROOT = Place(raw(STORED))


def walked(value: Fragment, steps: Sequence[Step]) -> Fragment:
    """The one value that keys and indexes lead to; NULL when there is none."""
    for step in steps:
        match step:
            case Key(name):
                value = raw("(") + value + raw(" -> ") + constant(name) + raw(")")
            case Item(index):
                # "-> 0" takes a single value for an array of it; strict mode does not, and silent
                # it is NULL
                where = constant(f"strict $[{min(index, LAST_INDEX)}]")
                value = (
                    raw("jsonb_path_query_first(") + value + raw(", ") + where
                    + raw(", '{}', true)")
                )  # fmt: skip
            case Each():
                raise TypeError("several values are no single one")
    return value


def elements(array: Fragment) -> Fragment:
    """The rows of an array's elements; none for anything else."""
    return (
        raw("jsonb_array_elements(CASE jsonb_typeof(") + array + raw(") WHEN 'array' THEN ")
        + array + raw(" END)")
    )  # fmt: skip


def spread(value: Fragment) -> Fragment:
    """The rows of an array's elements; one row for anything else, NULL or null when missing."""
    return (
        raw("jsonb_array_elements(CASE jsonb_typeof(") + value + raw(") WHEN 'array' THEN ")
        + value + raw(" ELSE jsonb_build_array(") + value + raw(") END)")
    )  # fmt: skip


def rows_of(path: Path, start: Place = ROOT) -> tuple[tuple[Fragment, ...], Place]:
    """What stands behind FROM for every array on the way, and the value at the end of it."""
    place, tables = start, list[Fragment]()
    steps = list[Step]()
    for step in path.steps:
        if isinstance(step, Each):
            place = taken_apart(elements(walked(place.value, steps)), place.depth + 1, tables)
            steps.clear()
        else:
            steps.append(step)
    return tuple(tables), Place(walked(place.value, steps), place.depth)


def taken_apart(rows: Fragment, depth: int, tables: list[Fragment]) -> Place:
    """Add rows to those behind FROM, under a name that no others have there."""
    name = raw("element_") + number(depth)
    tables.append(rows + raw(" AS ") + name + raw(" (value)"))
    return Place(name + raw(".value"), depth)


def some_value(path: Path, start: Place, test: Callable[[Place], Fragment]) -> Fragment:
    """Whether some value at the path passes; where it may be missing, the test gets a NULL."""
    tables, end = rows_of(path, start)
    if not tables:
        return test(end)
    rows = joined(" CROSS JOIN ", tables)
    return raw("EXISTS (SELECT FROM ") + rows + raw(" WHERE ") + test(end) + raw(")")


def some_element(place: Place, test: Callable[[Fragment], Fragment]) -> Fragment:
    """Whether the value passes, or one of its elements when it is an array."""
    return (
        raw("CASE jsonb_typeof(") + place.value
        + raw(") WHEN 'array' THEN EXISTS (SELECT FROM jsonb_array_elements(") + place.value
        + raw(") AS item (value) WHERE ") + test(raw("item.value")) + raw(") ELSE ")
        + test(place.value) + raw(" END")
    )  # fmt: skip


def values_at(path: Path, start: Place = ROOT) -> tuple[Fragment, Fragment]:
    """What stands behind FROM so that there is a row for every value at the path, and that value.

    An array at the end stands for its elements. A missing value may come as NULL or null.
    """
    tables, end = rows_of(path, start)
    every = list(tables)
    last = taken_apart(spread(end.value), end.depth + 1, every)
    return joined(" CROSS JOIN ", every), last.value
