"""The shapes of JSON that filters are made of: objects with known members, lists, numbers.

A member that is null is absent.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import cast

from service.dialects.vectorai.filter_errors import quoted, unreadable, wrong_type

Wires = Mapping[str, object]


def members(wire: object, name: str, known: Collection[str] | None = None) -> Wires:
    """The members of an object; only those ``known``, when that is given."""
    if not isinstance(wire, dict):
        raise wrong_type(name, wire, "an object")
    given = {k: v for k, v in cast("dict[str, object]", wire).items() if v is not None}
    if known is not None:
        check_known(given, name, known)
    return given


def check_known(given: Wires, name: str, known: Collection[str]) -> None:
    for member in given:
        if member not in known:
            expected = ", ".join(known)
            raise unreadable(f"{name}: unknown field {quoted(member)}, expected {expected}")


def one_member(wire: object, name: str, member: str) -> object:
    """The only member of an object, which it has to have."""
    given = members(wire, name, (member,))
    if member not in given:
        raise unreadable(f"{name}: missing field {member}")
    return given[member]


def the_one(given: Wires, name: str, known: Collection[str]) -> tuple[str, object]:
    """Name and value of an object's only member, which has to be a known one."""
    check_known(given, name, known)
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise unreadable(f"{name}: expected one of {', '.join(known)}, got {found}")
    return next(iter(given.items()))


def parts_of(wire: object) -> list[object]:
    """The elements of a list; something else is a list of one."""
    return cast("list[object]", wire) if isinstance(wire, list) else [wire]


def is_number(wire: object) -> bool:
    """A finite number; a boolean is none, though Python says so."""
    return type(wire) is int or (type(wire) is float and math.isfinite(wire))


def number(wire: object, name: str) -> float:
    if not is_number(wire):
        raise wrong_type(name, wire, "a finite number")
    return cast(float, wire)


def text(wire: object, name: str) -> str:
    if not isinstance(wire, str):
        raise wrong_type(name, wire, "a string")
    return wire
