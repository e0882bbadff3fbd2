"""Recommendations (section 12): like some examples, unlike others."""

from __future__ import annotations

from typing import Any

from service.core.exploration import Recommendation
from service.core.ids import kind_of
from service.core.likeness import Strategy
from service.dialects.vectorai.bodies import Request, anything, load, malformed
from service.dialects.vectorai.explorations import (
    Asked,
    Exploring,
    parse_examples,
)

STRATEGIES = {strategy.value: strategy for strategy in Strategy}


class Examples(Request):
    """The fields of a recommendation as a part of a query."""

    positive = anything()
    negative = anything()
    strategy = anything()


class RecommendRequest(Exploring, Examples):
    """``POST …/points/recommend``."""


EXAMPLES, RECOMMEND = Examples(), RecommendRequest()


def parse_recommend(body: object, where: str = "") -> Asked:
    """A body of the recommend route."""
    data = load(RECOMMEND, body, where)
    return RECOMMEND.asked(data, recommendation(data, where))


def parse_recommendation(wire: object, field: str) -> Recommendation:
    """A recommendation as a part of a query."""
    return recommendation(load(EXAMPLES, wire, field), field)


def recommendation(data: dict[str, Any], where: str) -> Recommendation:
    prefix = f"{where}." if where else ""
    return Recommendation(
        parse_examples(data["positive"], f"{prefix}positive"),
        parse_examples(data["negative"], f"{prefix}negative"),
        read_strategy(data["strategy"], f"{prefix}strategy"),
    )


def read_strategy(wire: object, field: str) -> Strategy:
    match wire:
        case None:
            return Strategy.AVERAGE
        case str() if wire in STRATEGIES:
            return STRATEGIES[wire]
        case str():
            raise malformed(field, f"expected one of {', '.join(STRATEGIES)}")
        case _:
            raise malformed(field, f"invalid type: {kind_of(wire)}, expected a string")
