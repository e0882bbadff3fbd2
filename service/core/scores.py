"""Scores: what a ranking computes of each document; the highest comes first.

A score is an expression over attributes and filters (turbopuffer, section 8.2). What an expression
needs and a document does not have makes a missing score, which counts as 0; documents with a score
of 0 are no results.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from service.core.errors import InvalidRequest
from service.core.filters import Attribute, Filter

MAX_DEPTH = 32
MAX_PARTS = 256
# far from the ends of double precision, which many factors would reach
MAX_WEIGHT = 1e9
MAX_ORIGIN = 1e100


@dataclass(frozen=True, slots=True)
class Constant:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Value:
    """A number attribute's value, or the milliseconds since 1970 of a time."""

    attribute: Attribute


@dataclass(frozen=True, slots=True)
class Matches:
    """1 for documents that match, 0 for the others."""

    condition: Filter


@dataclass(frozen=True, slots=True)
class Sum:
    """All parts added up."""

    parts: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Max:
    """The largest part."""

    parts: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """All parts multiplied."""

    parts: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Saturate:
    """``x^exponent / (x^exponent + midpoint^exponent)``, with x below 0 taken as 0."""

    part: Score
    midpoint: float
    exponent: float = 1.0


@dataclass(frozen=True, slots=True)
class Decay:
    """``midpoint^exponent / (x^exponent + midpoint^exponent)``, with x below 0 taken as 0."""

    part: Score
    midpoint: float
    exponent: float = 1.0


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a value is from ``origin``; a string is a time, its distance in milliseconds."""

    part: Score
    origin: float | str


Score = Constant | Value | Matches | Sum | Max | Product | Saturate | Decay | Distance


def transformed(score: Score, change: Callable[[Score], Score]) -> Score:
    """The expression with ``change`` applied to each of its nodes, the inner ones first."""
    match score:
        case Sum(parts) | Max(parts) | Product(parts):
            inner = tuple(transformed(part, change) for part in parts)
            return change(replace(score, parts=inner))
        case Saturate(part) | Decay(part) | Distance(part):
            return change(replace(score, part=transformed(part, change)))
        case _:
            return change(score)


def check_weight(value: float) -> float:
    """A number of a ranking within bounds.

    Raises:
        InvalidRequest: when it is so large, or so small, that scores would leave all bounds.
    """
    if value and not 1 / MAX_WEIGHT <= abs(value) <= MAX_WEIGHT:
        raise InvalidRequest(
            f"💔 numbers in rank_by are 0, or between {1 / MAX_WEIGHT:.0e} and {MAX_WEIGHT:.0e}"
        )
    return value


def check_origin(value: float) -> float:
    """The origin of a distance within bounds.

    Raises:
        InvalidRequest: when it is so large that distances would leave all bounds.
    """
    if abs(value) > MAX_ORIGIN:
        raise InvalidRequest(f"💔 the origin of Dist is at most {MAX_ORIGIN:.0e}")
    return value
