"""How values compare, and the bounds between which one may be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from operator import ge, gt, le, lt
from typing import Generic, TypeVar

Value = TypeVar("Value", int, float, Decimal, str)


class Order(Enum):
    """How a value compares; the value is the SQL operator."""

    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


HOLDS = {
    Order.LESS: lt,
    Order.LESS_OR_EQUAL: le,
    Order.GREATER: gt,
    Order.GREATER_OR_EQUAL: ge,
}


@dataclass(frozen=True, slots=True)
class Bounds(Generic[Value]):
    """What a value compares with, all at once; without any, every value is within."""

    limits: tuple[tuple[Order, Value], ...] = ()

    def allow(self, value: Value) -> bool:
        return all(HOLDS[order](value, limit) for order, limit in self.limits)
