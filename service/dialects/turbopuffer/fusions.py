"""``rerank_by``: how the rows of several queries become one list (section 8.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from service.core.aggregation import Aggregation
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.fusion import RANK_CONSTANT
from service.core.query import MAX_LIMIT, Query
from service.dialects.turbopuffer.envelope import read_integer
from service.dialects.turbopuffer.limits_v2 import malformed_limit, read_limits, read_offset
from service.dialects.turbopuffer.names import TARGET
from service.dialects.turbopuffer.wire import Wire

MAX_WEIGHT = 1e6


@dataclass(frozen=True, slots=True)
class Fusion:
    """How the rows of several queries become one list."""

    rank_constant: float
    weights: tuple[float, ...]
    limit: int
    offset: int


def read_fusion(data: Mapping[str, Any], questions: Sequence[Query | Aggregation]) -> Fusion | None:
    """``rerank_by``: reciprocal rank fusion of all sub-queries."""
    match data["rerank_by"]:
        case None:
            return None
        case ["RRF"]:
            options: dict[str, Wire] = {}
        case ["RRF", {**given}]:
            options = cast(dict[str, Wire], given)
        case dict():
            raise InvalidRequest("💔 rerank_by: this server has no models, it has RRF")
        case _:
            raise MalformedRequest(f'{TARGET}rerank_by: expected ["RRF"]')
    if any(isinstance(question, Aggregation) for question in questions):
        raise InvalidRequest("💔 rerank_by combines rows, and an aggregation has none")
    limit, cap = read_limits(data)
    if cap is not None:
        raise malformed_limit()
    offset = read_offset(data["offset"], limit)
    return Fusion(
        read_rank_constant(options.get("rank_constant")),
        read_weights(options.get("weights"), len(questions)),
        MAX_LIMIT if limit is None else limit,
        offset,
    )


def read_rank_constant(wire: Wire) -> float:
    constant = read_integer("rerank_by.rank_constant", wire, RANK_CONSTANT)
    if not 0 < constant <= MAX_LIMIT:
        raise InvalidRequest("💔 rank_constant must be greater than 0")
    return constant


def read_weights(wire: Wire, count: int) -> tuple[float, ...]:
    """A positive number for each sub-query."""
    if wire is None:
        return (1.0,) * count
    if not isinstance(wire, list) or len(wire) != count:
        raise InvalidRequest(f"💔 rerank_by: weights must be {count} numbers, one for each query")
    for weight in wire:
        if (
            isinstance(weight, bool)
            or not isinstance(weight, int | float)
            or not 0 < weight <= MAX_WEIGHT
        ):
            raise InvalidRequest("💔 rerank_by: weights must be positive numbers")
    return tuple(float(cast(float, weight)) for weight in wire)
