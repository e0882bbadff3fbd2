"""Results of the v1 API in its JSON (sections 6, 7 and 9)."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from service.core.documents import Written
from service.core.errors import InvalidRequest
from service.core.namespace import NAME, NamespacePage
from service.core.query import DEFAULT_VECTOR, Hit, Page, Recall, Result
from service.core.vectors import Vector
from service.dialects.turbopuffer.vectors import render_base64
from service.engine import Description
from service.web.floats import render_floats

Rendered = dict[str, Any]

# every number of so many digits is within 63 bits
MAX_DIGITS = 18


def render_hits(result: Result, *, base64: bool) -> list[Rendered]:
    """A bare array; keys that a document has nothing for are left out (section 7)."""
    spell: Callable[[Vector], object] = render_base64 if base64 else render_floats
    return [render_hit(hit, spell) for hit in result.hits]


def render_hit(hit: Hit, spell: Callable[[Vector], object]) -> Rendered:
    row: Rendered = {"id": hit.id}
    if hit.distance is not None:
        row["dist"] = hit.distance
    vector = hit.vectors.get(DEFAULT_VECTOR)
    if vector is not None:
        row["vector"] = spell(vector)
    attributes = {name: value for name, value in hit.attributes.items() if value is not None}
    if attributes:
        row["attributes"] = attributes
    return row


def render_written(written: Written) -> Rendered:
    return {
        "status": "OK",
        "message": "documents committed successfully",
        "rows_affected": written.affected,
    }


def render_copied(count: int) -> Rendered:
    return {"status": "OK", "message": "namespace cloned successfully", "rows_affected": count}


def render_page(page: Page) -> Rendered:
    """Columns padded with null; exactly these keys (section 9.7)."""
    names = dict.fromkeys(name for hit in page.hits for name in hit.attributes)
    return {
        "ids": [hit.id for hit in page.hits],
        "vectors": [render_stored(hit.vectors.get(DEFAULT_VECTOR)) for hit in page.hits],
        "attributes": {name: [hit.attributes.get(name) for hit in page.hits] for name in names},
        "next_cursor": write_cursor(page.next_position),
    }


def render_stored(vector: Vector | None) -> object:
    return None if vector is None else render_floats(vector)


def render_namespaces(page: NamespacePage) -> Rendered:
    return {
        "namespaces": [{"id": name} for name in page.names],
        "next_cursor": write_cursor(page.next_position),
    }


def render_recall(recall: Recall, *, with_truth: bool) -> Rendered:
    rendered: Rendered = {
        "avg_recall": recall.average,
        "avg_exhaustive_count": recall.exhaustive_count,
        "avg_ann_count": recall.indexed_count,
    }
    if with_truth:
        rendered["ground_truth"] = [
            {"query_vector": render_floats(vector), "nearest_neighbors": render_truth(hits)}
            for vector, hits in recall.truths
        ]
    return rendered


def render_truth(hits: tuple[Hit, ...]) -> list[Rendered]:
    return [
        {
            "id": hit.id,
            "$dist": hit.distance,
            **{name: render_stored(vector) for name, vector in hit.vectors.items()},
        }
        for hit in hits
    ]


def describing_headers(description: Description) -> dict[str, str]:
    """The answer to HEAD (section 9.2)."""
    namespace = description.namespace
    return {
        "x-turbopuffer-dimensions": str(namespace.dimensions),
        "x-turbopuffer-approx-num-vectors": str(description.size),
        "x-turbopuffer-created-at": namespace.created_at.isoformat(),
    }


def query_headers(result: Result, processing: float, execution: float) -> dict[str, str]:
    """Timings in milliseconds and counts, in the formats that all clients parse (section 2.5).

    There is no colder storage below PostgreSQL, so the cache is always hot. Of a namespace that was
    scanned every document counts as searched exhaustively.
    """
    size = result.namespace_size
    scanned = size if result.exhaustive else 0
    timing = (
        "cache;hit_ratio=1.0;temperature=hot",
        f"exhaustive_search;count={scanned}",
        f"processing_time;dur={processing * 1000:.3f}",
        f"query_execution_time;dur={execution * 1000:.3f}",
        "cache_hit_ratio;ratio=1.0",
        f"exhaustive_search_count;count={scanned}",
    )
    return {
        "Server-Timing": ", ".join(timing),
        "X-turbopuffer-Approx-Namespace-Size": str(size),
    }


def write_cursor(position: int | str | None) -> str | None:
    """An opaque cursor."""
    return None if position is None else urlsafe_b64encode(str(position).encode()).decode()


def read_cursor(cursor: str) -> str:
    """The position inside a cursor; an absent or empty one stands for the start.

    Raises:
        InvalidRequest: for what this service never gave out.
    """
    try:
        position = b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
    except ValueError:
        raise strange_cursor() from None
    if position and not NAME.fullmatch(position):
        raise strange_cursor()
    return position


def read_position(cursor: str) -> int:
    """The write number inside a cursor of an export."""
    position = read_cursor(cursor) or "0"
    if not position.isdecimal() or len(position) > MAX_DIGITS:
        raise strange_cursor()
    return int(position)


def strange_cursor() -> InvalidRequest:
    return InvalidRequest("💔 the cursor is not one that this server gave out")
