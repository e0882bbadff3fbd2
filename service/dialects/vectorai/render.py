"""Points in this API's JSON (sections 7.3, 8.1 and 15.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from service.core.attributes import JsonAny
from service.core.query import Hit
from service.core.similarity import Ranked, above, score
from service.core.vectors import Metric
from service.dialects.vectorai.envelope import Rendered
from service.dialects.vectorai.ids import render_id
from service.dialects.vectorai.selections import Shown, select
from service.dialects.vectorai.vectors import render_vectors

# every write is whole and durable when it is answered
COMPLETED: Mapping[str, object] = {"operation_id": 0, "status": "Completed"}


def render_record(hit: Hit, shown: Shown) -> Rendered:
    """A point as it is stored."""
    return {
        "id": render_id(hit.id),
        "payload": render_payload(hit, shown),
        "vector": render_vectors(hit.vectors) if shown.vectors != () else None,
    }


def render_payload(hit: Hit, shown: Shown) -> object:
    if not shown.payload:
        return None
    return select(cast(Mapping[str, JsonAny], hit.attributes), shown)


def render_scored(hit: Hit, value: float, shown: Shown) -> Rendered:
    """A point that was found."""
    record = render_record(hit, shown)
    return {
        "id": record["id"],
        "version": 0,
        "score": value,
        "payload": record["payload"],
        "vector": record["vector"],
    }


def render_hits(
    hits: Sequence[Hit], metric: Metric | None, threshold: float | None, shown: Shown
) -> list[Rendered]:
    """Points that were found, best first, down to the threshold."""
    return [
        render_scored(hit, score(hit.distance, metric), shown)
        for hit in above(Ranked(tuple(hits), metric), threshold).hits
    ]
