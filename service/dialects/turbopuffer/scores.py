"""Rank expressions on the wire (section 8.2): what a document's score is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import cast

from service.core.attributes import check_name
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import Attribute
from service.core.scores import (
    MAX_DEPTH,
    MAX_PARTS,
    Constant,
    Decay,
    Distance,
    Matches,
    Max,
    Product,
    Saturate,
    Score,
    Sum,
    Value,
    check_origin,
    check_weight,
)
from service.dialects.turbopuffer.filters import LEAVES, TEXT_OPERATORS, parse_filter
from service.dialects.turbopuffer.names import ID, TARGET
from service.dialects.turbopuffer.wire import Wire, shortened

FUNCTIONS = frozenset({"Sum", "Max", "Product", "Attribute", "Saturate", "Decay", "Dist"})
GROUPS = frozenset({"And", "Or", "Not"})
DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(ms|s|m|h|d|w)")
MILLISECONDS = {"ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 86400e3, "w": 604800e3}
MAX_EXPONENT = 100.0
MAX_MIDPOINT = 1e15


def is_score(wire: list[Wire]) -> bool:
    """Whether this begins like an expression, or like a filter, which is one."""
    match wire:
        case [str(function), *_] if function in FUNCTIONS or function in GROUPS:
            return True
        case [str(), str(operator), *_]:
            return operator in LEAVES or operator in TEXT_OPERATORS or operator == "BM25"
        case _:
            return False


def parse_score(wire: Wire) -> Score:
    """An expression.

    Raises:
        InvalidRequest: for what needs full-text search, and over the limits.
        MalformedRequest: for what is none.
    """
    return Parser().parse(wire, 0)


class Parser:
    """Reads one expression and counts its parts."""

    def __init__(self) -> None:
        self._nodes = count(1)

    def parse(self, wire: Wire, depth: int) -> Score:
        if depth > MAX_DEPTH or next(self._nodes) > MAX_PARTS:
            raise InvalidRequest(f"💔 rank_by may have {MAX_PARTS} parts, nested {MAX_DEPTH} deep")
        match wire:
            case int() | float() if not isinstance(wire, bool):
                return Constant(check_weight(float(wire)))
            case ["Sum" | "Max" | "Product" as name, *wires]:
                return self.combined(name, wires, depth)
            case ["Saturate" | "Decay" | "Dist" as name, part, parameter]:
                return curved(name, self.parse(part, depth + 1), parameter)
            case ["Attribute", str(name)]:
                check_name(name, frozenset({ID}))
                return Value(Attribute(name))
            case [str(), "BM25", *_]:
                raise needs_full_text()
            case [str(name), _, *_] if name not in FUNCTIONS:
                return Matches(parse_filter(wire))
            case _:
                raise malformed_rank()

    def combined(self, name: str, wires: list[Wire], depth: int) -> Score:
        """Several parts, in one array or each as an argument."""
        inner = wires[0] if len(wires) == 1 else wires
        if not isinstance(inner, list) or not inner or (name == "Product" and len(inner) != 2):
            raise malformed_rank()
        parts = tuple([self.parse(part, depth + 1) for part in inner])
        return {"Sum": Sum, "Max": Max, "Product": Product}[name](parts)


def curved(name: str, part: Score, parameter: Wire) -> Score:
    """A function of one part, with its parameter."""
    match name, parameter:
        case "Dist", str() | int() | float() if not isinstance(parameter, bool):
            if isinstance(parameter, str):
                return Distance(part, parameter)
            return Distance(part, check_origin(float(parameter)))
        case "Saturate" | "Decay", {"midpoint": midpoint, **options}:
            given = cast(Mapping[str, Wire], options)
            shape = parse_midpoint(midpoint), parse_exponent(given.get("exponent"))
            return Saturate(part, *shape) if name == "Saturate" else Decay(part, *shape)
        case _:
            raise malformed_rank()


def parse_midpoint(wire: Wire) -> float:
    """A positive number, or a duration such as ``6h`` in milliseconds."""
    if isinstance(wire, str):
        found = DURATION.fullmatch(wire)
        if found is None:
            raise InvalidRequest(
                f"💔 the midpoint '{shortened(wire)}' is no duration: a number and one of "
                f"{', '.join(MILLISECONDS)}"
            )
        return positive("midpoint", float(found[1]) * MILLISECONDS[found[2]], MAX_MIDPOINT)
    return positive("midpoint", wire, MAX_MIDPOINT)


def parse_exponent(wire: Wire) -> float:
    return 1.0 if wire is None else positive("exponent", wire, MAX_EXPONENT)


def positive(name: str, wire: Wire, most: float) -> float:
    if isinstance(wire, bool) or not isinstance(wire, int | float) or not 0 < wire <= most:
        raise InvalidRequest(f"💔 the {name} of rank_by is a number above 0, up to {most:.0f}")
    return float(wire)


def malformed_rank() -> MalformedRequest:
    return MalformedRequest(
        f"{TARGET}rank_by: data did not match any variant of enum a valid variant of RankInput, "
        'such as [attribute, "ANN", vector] or [attribute, "asc"]'
    )


def needs_full_text() -> InvalidRequest:
    return InvalidRequest(
        "💔 ranking by BM25 needs full-text search, which this server does not have"
    )
