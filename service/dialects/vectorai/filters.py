"""Filters on the wire (section 10): clauses of conditions, which may be filters themselves.

``must``, ``should``, ``must_not`` and ``min_should``, with one condition where a list may stand.
The shapes that the official client's models have when they are dumped are read as well:
``{"field": {…}}``, ``{"filter": {…}}``, and nulls for what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import cast

from service.core.elements import Empty, HasId, HasVector, Nested, Null
from service.core.filters import (
    EVERYTHING,
    MAX_DEPTH,
    MAX_NODES,
    MAX_VALUES,
    And,
    AtLeast,
    Filter,
    Not,
    Or,
)
from service.core.query import DEFAULT_VECTOR
from service.dialects.vectorai.conditions import parse_field_condition, parse_key, whole_number
from service.dialects.vectorai.filter_errors import quoted, unreadable, wrong_type
from service.dialects.vectorai.ids import parse_id
from service.dialects.vectorai.shapes import Wires, members, one_member, parts_of


@dataclass(frozen=True, slots=True)
class Scope:
    """Where in a filter a part stands; the nodes count all parts of the whole filter."""

    depth: int = 0
    is_nested: bool = False
    nodes: Iterator[int] = field(default_factory=lambda: count(1))

    def deeper(self) -> Scope:
        if self.depth >= MAX_DEPTH:
            raise unreadable(f"filters may be nested {MAX_DEPTH} deep")
        return replace(self, depth=self.depth + 1)

    def enter(self) -> None:
        if next(self.nodes) > MAX_NODES:
            raise unreadable(f"a filter may have {MAX_NODES} conditions")


def parse_filter(wire: object) -> Filter:
    """The filter of a request; null matches everything.

    Raises:
        InvalidRequest: for what is no filter, and over the limits.
    """
    return EVERYTHING if wire is None else parse_clauses(wire, Scope())


def parse_clauses(wire: object, scope: Scope) -> Filter:
    """A filter, at the top or among conditions."""
    scope.enter()
    inner = scope.deeper()
    parts: list[Filter] = []
    for name, value in members(wire, "filter", CLAUSES).items():
        parts.extend(CLAUSES[name](value, inner))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def parse_conditions(wire: object, scope: Scope) -> list[Filter]:
    """The conditions of a clause; a single one may stand for a list."""
    return [parse_condition(part, scope) for part in parts_of(wire)]


def must_not(wire: object, scope: Scope) -> list[Filter]:
    return [Not(part) for part in parse_conditions(wire, scope)]


def should(wire: object, scope: Scope) -> list[Filter]:
    parts = parse_conditions(wire, scope)
    return [Or(tuple(parts))] if parts else []


def min_should(wire: object, scope: Scope) -> list[Filter]:
    given = members(wire, "min_should", ("conditions", "min_count"))
    if len(given) != 2:
        raise unreadable("min_should: expected conditions and min_count")
    parts = parse_conditions(given["conditions"], scope)
    return [AtLeast(whole_number(given["min_count"], "min_count"), tuple(parts))]


CLAUSES: dict[str, Callable[[object, Scope], list[Filter]]] = {
    "must": parse_conditions,
    "should": should,
    "must_not": must_not,
    "min_should": min_should,
}


def parse_condition(wire: object, scope: Scope) -> Filter:
    """One condition of a clause."""
    given = members(wire, "condition")
    if "key" in given:
        scope.enter()
        return parse_field_condition(given)
    match [name for name in given if name in CONDITIONS]:
        case []:
            check_clauses(given)
            return parse_clauses(given, scope)
        case [name] if len(given) == 1:
            scope.enter()
            return CONDITIONS[name](given[name], scope)
        case _:
            raise unreadable(f"one condition has the fields {', '.join(sorted(given))}")


def check_clauses(given: Wires) -> None:
    """Refuse what is neither a condition nor a filter."""
    for name in given:
        if name not in CLAUSES:
            known = ", ".join(["key", *CONDITIONS, *CLAUSES])
            raise unreadable(f"unknown condition {quoted(name)}, expected one of {known}")


def is_empty(wire: object, _: Scope) -> Filter:
    return Empty(parse_key(one_member(wire, "is_empty", "key")))


def is_null(wire: object, _: Scope) -> Filter:
    return Null(parse_key(one_member(wire, "is_null", "key")))


def has_id(wire: object, scope: Scope) -> Filter:
    check_outside("has_id", scope)
    ids = undumped(wire, "has_id")
    if not isinstance(ids, list):
        raise wrong_type("has_id", ids, "an array of ids")
    listed = cast("list[object]", ids)
    if len(listed) > MAX_VALUES:
        raise unreadable(f"has_id takes at most {MAX_VALUES} ids, got {len(listed)}")
    return HasId(tuple([parse_id(one) for one in listed]))


def has_vector(wire: object, scope: Scope) -> Filter:
    check_outside("has_vector", scope)
    name = undumped(wire, "has_vector")
    if not isinstance(name, str):
        raise wrong_type("has_vector", name, "a name")
    return HasVector(name or DEFAULT_VECTOR)


def undumped(wire: object, name: str) -> object:
    """The value of a condition, which dumped models have in an object of its own name."""
    is_object = isinstance(wire, dict)
    return one_member(cast(object, wire), name, name) if is_object else wire


def check_outside(name: str, scope: Scope) -> None:
    """Refuse a condition on the point where only an element of an array is looked at."""
    if scope.is_nested:
        raise unreadable(f"{name} is not allowed inside nested")


def nested(wire: object, scope: Scope) -> Filter:
    given = members(wire, "nested", ("key", "filter"))
    if len(given) != 2:
        raise unreadable("nested: expected key and filter")
    inner = replace(scope, is_nested=True)
    return Nested(parse_key(given["key"]), parse_clauses(given["filter"], inner))


def dumped_field(wire: object, _: Scope) -> Filter:
    return parse_field_condition(members(wire, "field"))


CONDITIONS: dict[str, Callable[[object, Scope], Filter]] = {
    "is_empty": is_empty,
    "is_null": is_null,
    "has_id": has_id,
    "has_vector": has_vector,
    "nested": nested,
    "field": dumped_field,
    "filter": parse_clauses,
}
