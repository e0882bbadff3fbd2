"""Conditions on a key of the payload (section 10): one thing that is asked of what stands there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar, cast

from service.core.attributes import JsonScalar
from service.core.bounds import Bounds, Order
from service.core.elements import (
    Counted,
    Element,
    Empty,
    HoldsAnyWord,
    HoldsPhrase,
    HoldsText,
    InRange,
    InTimeRange,
    IsAnyOf,
    IsNoneOf,
    IsValue,
    Null,
    Test,
)
from service.core.errors import InvalidRequest
from service.core.filters import MAX_VALUES, Filter, Not
from service.core.paths import Path
from service.core.times import read_time
from service.dialects.vectorai.filter_errors import quoted, unreadable, wrong_type
from service.dialects.vectorai.geo import parse_box, parse_polygon, parse_radius
from service.dialects.vectorai.keys import parse_path
from service.dialects.vectorai.shapes import (
    Wires,
    is_number,
    members,
    number,
    parts_of,
    text,
    the_one,
)

BOUNDS = {
    "gt": Order.GREATER,
    "gte": Order.GREATER_OR_EQUAL,
    "lt": Order.LESS,
    "lte": Order.LESS_OR_EQUAL,
}
Limit = TypeVar("Limit", int, float, Decimal)


def parse_field_condition(given: Wires) -> Filter:
    """A condition on a key."""
    asked = {name: value for name, value in given.items() if name != "key"}
    name, value = the_one(asked, "condition", ASKED)
    return ASKED[name](parse_key(given.get("key")), value)


def parse_key(wire: object) -> Path:
    """A key, as a path."""
    if not isinstance(wire, str):
        raise wrong_type("key", wire, "a string")
    try:
        return parse_path(wire)
    except InvalidRequest as error:
        raise unreadable(error.message) from error


def is_empty(path: Path, wire: object) -> Filter:
    return Empty(path) if flag(wire, "is_empty") else Not(Empty(path))


def is_null(path: Path, wire: object) -> Filter:
    return Null(path) if flag(wire, "is_null") else Not(Null(path))


def flag(wire: object, name: str) -> bool:
    if not isinstance(wire, bool):
        raise wrong_type(name, wire, "a boolean")
    return wire


def values_count(path: Path, wire: object) -> Filter:
    return Counted(path, parse_bounds(wire, "values_count", whole_number))


def whole_number(wire: object, name: str) -> int:
    if type(wire) is not int or wire < 0:
        raise unreadable(f"{name}: expected an integer of 0 or more")
    return wire


def parse_bounds(wire: object, name: str, read: Callable[[object, str], Limit]) -> Bounds[Limit]:
    """``{gt?, gte?, lt?, lte?}``, all of them of one kind."""
    given = members(wire, name, BOUNDS)
    return Bounds(tuple((BOUNDS[k], read(v, f"{name}.{k}")) for k, v in given.items()))


def element(read: Callable[[object], Test]) -> Callable[[Path, object], Filter]:
    """A condition that one of the values at the key has to meet."""
    return lambda path, wire: Element(path, read(wire))


def parse_range(wire: object) -> Test:
    """Of numbers, or of times when the bounds are strings."""
    given = members(wire, "range", BOUNDS)
    if given and all(isinstance(value, str) for value in given.values()):
        return parse_time_range(wire)
    if not all(map(is_number, given.values())):
        raise unreadable("range: expected numbers only, or times only")
    return InRange(parse_bounds(wire, "range", number))


def parse_time_range(wire: object) -> Test:
    return InTimeRange(parse_bounds(wire, "datetime range", moment))


def moment(wire: object, name: str) -> Decimal:
    """Seconds since 1970."""
    found = read_time(text(wire, name))
    if found is None:
        raise unreadable(f"{name}: {quoted(str(wire))} is not a time of RFC 3339")
    return found


def parse_match(wire: object) -> Test:
    name, value = the_one(members(wire, "match"), "match", MATCHES)
    return MATCHES[name](value)


def is_value(wire: object) -> Test:
    if isinstance(wire, str | bool) or is_number(wire):
        return IsValue(cast(JsonScalar, wire))
    raise wrong_type("match.value", wire, "a string, a number or a boolean")


def value_of(kind: type, wanted: str) -> Callable[[object], Test]:
    """A value that has to be of one type."""

    def read(wire: object) -> Test:
        if type(wire) is not kind:
            raise wrong_type("match", wire, wanted)
        return IsValue(cast(JsonScalar, wire))

    return read


def any_of(wire: object) -> Test:
    return IsAnyOf(listed(wire))


def none_of(wire: object) -> Test:
    return IsNoneOf(listed(wire))


def listed(wire: object) -> tuple[str | int, ...]:
    """Strings, or integers; dumped models have them in an object of their own."""
    if isinstance(wire, dict):
        _, wire = the_one(members(cast(object, wire), "match"), "match", ("strings", "integers"))
    if not isinstance(wire, list):
        raise wrong_type("match", wire, "an array")
    values = parts_of(cast(object, wire))
    if len(values) > MAX_VALUES:
        raise unreadable(f"match takes at most {MAX_VALUES} values, got {len(values)}")
    if set(map(type, values)) not in (set[type](), {str}, {int}):
        raise unreadable("match: expected strings only, or integers only")
    return tuple(cast("list[str | int]", values))


def any_word(wire: object) -> Test:
    words = text(wire, "match.text_any").split()
    if len(words) > MAX_VALUES:
        raise unreadable(f"match.text_any takes at most {MAX_VALUES} words")
    return HoldsAnyWord(tuple(words))


MATCHES: dict[str, Callable[[object], Test]] = {
    "value": is_value,
    "any": any_of,
    "except": none_of,
    "text": lambda wire: HoldsText(text(wire, "match.text")),
    "text_any": any_word,
    "phrase": lambda wire: HoldsPhrase(text(wire, "match.phrase")),
    # as dumped models have them
    "keyword": value_of(str, "a string"),
    "integer": value_of(int, "an integer"),
    "boolean": value_of(bool, "a boolean"),
    "keywords": any_of,
    "integers": any_of,
    "except_keywords": none_of,
    "except_integers": none_of,
}
ASKED: dict[str, Callable[[Path, object], Filter]] = {
    "match": element(parse_match),
    "range": element(parse_range),
    "datetime_range": element(parse_time_range),
    "geo_bounding_box": element(parse_box),
    "geo_radius": element(parse_radius),
    "geo_polygon": element(parse_polygon),
    "values_count": values_count,
    "is_empty": is_empty,
    "is_null": is_null,
}
