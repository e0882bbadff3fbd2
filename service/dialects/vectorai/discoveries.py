"""Discovery (section 12): near a target, on the right side of pairs; or in a context of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from service.core.exploration import Context, Discovery, ExamplePair
from service.dialects.vectorai.bodies import Request, anything, load
from service.dialects.vectorai.explorations import Asked, Exploring, parse_example


class Aims(Request):
    """The fields of a discovery as a part of a query."""

    target = anything()
    context = anything()


class DiscoverRequest(Exploring, Aims):
    """``POST …/points/discover``."""


class PairRequest(Request):
    """Two examples, one to be like and one to be unlike."""

    positive = anything()
    negative = anything()


AIMS, DISCOVER, PAIR = Aims(), DiscoverRequest(), PairRequest()


def parse_discover(body: object, where: str = "") -> Asked:
    """A body of the discover route."""
    data = load(DISCOVER, body, where)
    return DISCOVER.asked(data, discovery(data, where))


def parse_discovery(wire: object, field: str) -> Discovery | Context:
    """A discovery as a part of a query."""
    return discovery(load(AIMS, wire, field), field)


def discovery(data: dict[str, Any], where: str) -> Discovery | Context:
    """Without a target it is the context alone."""
    prefix = f"{where}." if where else ""
    pairs = parse_pairs(data["context"], f"{prefix}context")
    if data["target"] is None:
        return Context(pairs)
    return Discovery(parse_example(data["target"], f"{prefix}target"), pairs)


def parse_pairs(wire: object, field: str) -> tuple[ExamplePair, ...]:
    """Pairs of examples; one may stand alone."""
    if wire is None:
        return ()
    given = cast(Sequence[object], wire) if isinstance(wire, list) else [wire]
    return tuple(parse_pair(one, f"{field}[{place}]") for place, one in enumerate(given))


def parse_pair(wire: object, field: str) -> ExamplePair:
    data = load(PAIR, wire, field)
    return ExamplePair(
        parse_example(data["positive"], f"{field}.positive"),
        parse_example(data["negative"], f"{field}.negative"),
    )
