"""Facets (section 12): how many points have which value under a key."""

from __future__ import annotations

from collections.abc import Sequence

from service.core.facets import Facet, FacetCount
from service.core.filters import EVERYTHING
from service.dialects.vectorai.bodies import Request, anything, flag, load, required_name, whole
from service.dialects.vectorai.envelope import Rendered
from service.dialects.vectorai.filters import parse_filter
from service.dialects.vectorai.keys import parse_path


class FacetRequest(Request):
    """``POST …/facet``. Counts are exact, whatever ``exact`` says."""

    key = required_name()
    limit = whole(10, least=1)
    filter = anything()
    exact = flag()


FACET = FacetRequest()


def parse_facet(body: object) -> Facet:
    data = load(FACET, body)
    condition = data["filter"]
    return Facet(
        parse_path(data["key"]),
        EVERYTHING if condition is None else parse_filter(condition),
        data["limit"],
    )


def render_facet(counts: Sequence[FacetCount]) -> Rendered:
    return {"hits": [{"value": one.value, "count": one.count} for one in counts]}
