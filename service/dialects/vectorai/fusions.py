"""Fusion of prefetched results (section 8.5)."""

from __future__ import annotations

from service.core.exploration import FUSION_CONSTANT, ByPlaces, ByScores, Fusion
from service.dialects.vectorai.bodies import Request, anything, load, malformed, whole
from service.dialects.vectorai.explorations import a_list

MAX_WEIGHT = 1e6


class RrfRequest(Request):
    """``{"rrf": {"k": 60, "weights": [2, 1]}}``."""

    k = whole(FUSION_CONSTANT, least=1)
    weights = anything()


RRF = RrfRequest()


def parse_fusion(wire: object, field: str) -> Fusion:
    """A fusion by its name."""
    match wire:
        case "rrf":
            return ByPlaces()
        case "dbsf":
            return ByScores()
        case _:
            raise malformed(field, "expected rrf or dbsf")


def parse_rrf(wire: object, field: str) -> ByPlaces:
    """Reciprocal rank fusion with numbers of the caller's."""
    data = load(RRF, wire, field)
    weights = data["weights"]
    if weights is None:
        return ByPlaces(data["k"])
    return ByPlaces(data["k"], read_weights(weights, f"{field}.weights"))


def read_weights(wire: object, field: str) -> tuple[float, ...]:
    weights: list[float] = []
    for weight in a_list(wire, field):
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise malformed(field, "weights are numbers")
        if not 0 <= weight <= MAX_WEIGHT:
            raise malformed(field, f"weights are 0 to {MAX_WEIGHT:.0e}")
        weights.append(float(weight))
    return tuple(weights)
