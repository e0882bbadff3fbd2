"""Results of queries by example in this API's JSON (sections 8.3 and 15.1)."""

from __future__ import annotations

from service.core.query import Hit
from service.core.similarity import ORDER_VALUE, Ranked, score
from service.core.vectors import Metric
from service.dialects.vectorai.envelope import Rendered
from service.dialects.vectorai.render import render_scored
from service.dialects.vectorai.selections import Shown

# integers above are not told apart in double precision
LARGEST_INTEGER = 2**53


def render_ranked(ranked: Ranked, shown: Shown) -> list[Rendered]:
    """Points, best first."""
    return [render_found(hit, ranked.metric, shown) for hit in ranked.hits]


def render_found(hit: Hit, metric: Metric | None, shown: Shown) -> Rendered:
    """One point; one ranked by a value has no score, but that."""
    rendered = render_scored(hit, score(hit.distance, metric), shown)
    value = hit.computed.get(ORDER_VALUE)
    if value is not None:
        rendered["order_value"] = shortest(value)
    return rendered


def shortest(value: float) -> float:
    """An integer as one, also where it was written with a point."""
    return int(value) if abs(value) <= LARGEST_INTEGER and value == int(value) else value
