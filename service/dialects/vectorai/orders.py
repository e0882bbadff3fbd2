"""``order_by`` (sections 8.3 and 9.1): by the numbers and times under a key."""

from __future__ import annotations

from decimal import Decimal

from service.core.ids import kind_of
from service.core.query import ByPath
from service.core.times import read_time
from service.dialects.vectorai.bodies import Request, anything, load, malformed, required_name
from service.dialects.vectorai.keys import parse_path

MICROSECONDS = 1_000_000
DIRECTIONS = {"asc": False, "desc": True}


class OrderRequest(Request):
    """``{"key", "direction", "start_from"}``."""

    key = required_name()
    direction = anything()
    start_from = anything()


ORDER = OrderRequest()


def parse_order(wire: object, field: str = "order_by") -> ByPath:
    """An order by a key, which may stand alone."""
    if isinstance(wire, str):
        return ByPath(parse_path(wire))
    data = load(ORDER, wire, field)
    direction = data["direction"] or "asc"
    if not isinstance(direction, str) or direction not in DIRECTIONS:
        raise malformed(f"{field}.direction", "expected asc or desc")
    start = read_start(data["start_from"], f"{field}.start_from")
    return ByPath(parse_path(data["key"]), DIRECTIONS[direction], start)


def read_start(wire: object, field: str) -> Decimal | None:
    """A number, or a time as microseconds since 1970."""
    match wire:
        case None:
            return None
        case bool():
            pass
        case int() | float():
            return Decimal(str(wire))
        case str():
            moment = read_time(wire)
            if moment is None:
                raise malformed(field, "expected a number or a time of RFC 3339")
            return moment * MICROSECONDS
        case _:
            pass
    raise malformed(field, f"invalid type: {kind_of(wire)}, expected a number or a time")
