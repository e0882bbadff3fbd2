"""Conditions made of conditions. One that is NULL does not hold, whatever it is a part of."""

from __future__ import annotations

from collections.abc import Iterable

from service.compile.fragment import Fragment, joined, number, raw


def all_of(parts: Iterable[Fragment]) -> Fragment:
    pieces = tuple(parts)
    return raw("(") + joined(" AND ", pieces) + raw(")") if pieces else raw("true")


def any_of(parts: Iterable[Fragment]) -> Fragment:
    pieces = tuple(parts)
    return raw("(") + joined(" OR ", pieces) + raw(")") if pieces else raw("false")


def negated(part: Fragment) -> Fragment:
    # IS NOT TRUE, not NOT: a part that is NULL, for a missing attribute, does not match
    return raw("(") + part + raw(") IS NOT TRUE")


def at_least(count: int, parts: Iterable[Fragment]) -> Fragment:
    """So many of the parts hold, or more."""
    pieces = tuple(parts)
    if not 0 < count <= len(pieces):
        return raw("true") if count <= 0 else raw("false")
    # an array is flat, where a sum of thousands of parts is too deep for PostgreSQL's stack
    met = raw("array_positions(ARRAY[") + joined(", ", pieces) + raw("], true)")
    return raw("cardinality(") + met + raw(") >= ") + number(count)
