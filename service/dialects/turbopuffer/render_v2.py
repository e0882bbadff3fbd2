"""Results of the v2 API in its JSON (sections 6.2 and 8.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from service.core.aggregation import Aggregates, Group
from service.core.documents import Write, Written
from service.core.ids import DocumentId
from service.core.operations import Operation
from service.core.query import Hit, Result
from service.dialects.turbopuffer.metadata import render_time
from service.dialects.turbopuffer.vectors import render_base64
from service.web.errors import envelope, status_named
from service.web.floats import render_floats

Rendered = dict[str, object]
Answer = Result | Aggregates

# what a query costs at least on the live service; its clients' tests look for it (section 8.3)
LEAST_QUERIED = 256_000_000
NUMBER_BYTES, DISTANCE_BYTES = 8, 4


def render_written(written: Written, request: Write, seconds: float) -> Rendered:
    """Counts of the parts that the write had; ids where they were asked for, and there are any."""
    rendered = written_head("documents committed successfully", written.affected)
    parts = (
        ("upserted", written.upserted), ("patched", written.patched), ("deleted", written.deleted),
    )  # fmt: skip
    rendered.update({f"rows_{name}": part.count for name, part in parts if part is not None})
    if written.remaining is not None:
        rendered["rows_remaining"] = written.remaining
    rendered.update({f"{name}_ids": list(p.ids) for name, p in parts if p is not None and p.ids})
    billing: Rendered = {"billable_logical_bytes_written": written.logical_bytes}
    if request.delete_where or request.patch_where or request.conditions.any:
        billing["query"] = render_billing(0)
    return {
        **rendered,
        "billing": billing,
        "performance": {"server_total_ms": milliseconds(seconds)},
    }


def render_copied(count: int, seconds: float) -> Rendered:
    rendered = written_head("namespace cloned successfully", count)
    rendered["billing"] = {"billable_logical_bytes_written": 0}
    rendered["performance"] = {"server_total_ms": milliseconds(seconds)}
    return rendered


def written_head(message: str, count: int) -> Rendered:
    return {"status": "OK", "message": message, "rows_affected": count}


def render_answer(answer: Answer, *, base64: bool) -> Rendered:
    """The rows of a search, or the values of an aggregation."""
    if isinstance(answer, Result):
        return {"rows": render_rows(answer.hits, base64=base64)}
    if any(group.keys for group in answer.groups):
        return {"aggregation_groups": [render_group(group) for group in answer.groups]}
    return {"aggregations": dict(answer.groups[0].values)} if answer.groups else EMPTY_GROUPS


EMPTY_GROUPS: Rendered = {"aggregation_groups": []}


def render_group(group: Group) -> Rendered:
    return {**group.keys, **group.values}


def render_rows(hits: Sequence[Hit], *, base64: bool) -> list[Rendered]:
    return [render_row(hit, base64=base64) for hit in hits]


def render_row(hit: Hit, *, base64: bool) -> Rendered:
    """Flat, the id first; what a document does not have is left out."""
    row: Rendered = {"id": hit.id}
    if hit.distance is not None:
        row["$dist"] = hit.distance
    for name, vector in hit.vectors.items():
        if vector is not None:
            row[name] = render_base64(vector) if base64 else render_floats(vector)
    row.update({name: value for name, value in hit.attributes.items() if value is not None})
    row.update({name: value for name, value in hit.computed.items() if value is not None})
    return row


def render_costs(answers: Sequence[Answer], total: float, execution: float) -> Rendered:
    """The blocks ``billing`` and ``performance`` of one or several answers.

    There is no colder storage below PostgreSQL, so the cache is always hot. Of a namespace that was
    scanned every document counts as searched exhaustively.
    """
    returned = sum(returned_bytes(hit) for a in answers if isinstance(a, Result) for hit in a.hits)
    size = max((answer.namespace_size for answer in answers), default=0)
    scanned = any(not isinstance(answer, Result) or answer.exhaustive for answer in answers)
    return {
        "billing": render_billing(returned),
        "performance": {
            "cache_hit_ratio": 1.0,
            "cache_temperature": "hot",
            "server_total_ms": milliseconds(total),
            "query_execution_ms": milliseconds(execution),
            "exhaustive_search_count": size if scanned else 0,
            "approx_namespace_size": size,
        },
    }


def render_billing(returned: int) -> Rendered:
    return {
        "billable_logical_bytes_queried": LEAST_QUERIED,
        "billable_logical_bytes_returned": returned,
    }


def returned_bytes(hit: Hit) -> int:
    """The size of a row by section 8.3: id, distance, vectors, values."""
    size = id_bytes(hit.id) + (DISTANCE_BYTES if hit.distance is not None else 0)
    size += sum(len(vector.data) for vector in hit.vectors.values() if vector is not None)
    size += sum(map(value_bytes, hit.attributes.values()))
    return size + DISTANCE_BYTES * len(hit.computed)


def id_bytes(identity: DocumentId) -> int:
    match identity:
        case int():
            return NUMBER_BYTES
        case str():
            return len(identity.encode())
        case _:
            return len(identity.bytes)


def value_bytes(value: object) -> int:
    match value:
        case None:
            return 0
        case bool():
            return 1
        case str():
            return len(value.encode())
        case list():
            return sum(map(value_bytes, cast(list[object], value)))
        case _:
            return NUMBER_BYTES


def milliseconds(seconds: float) -> int:
    """Rounded up: what took time took at least one."""
    return int(seconds * 1000) + 1


def render_operation(operation: Operation) -> Rendered:
    """A copy that runs on its own (section 9.6)."""
    rendered: Rendered = {"start_time": render_time(operation.started_at)}
    if operation.finished_at is None:
        return {"status": "running", **rendered}
    finish = render_time(operation.finished_at)
    seconds = (operation.finished_at - operation.started_at).total_seconds()
    if operation.failure is None:
        result: Rendered = {"success": render_copied(operation.documents or 0, seconds)}
    else:
        detail = envelope(operation.failure.message)
        status = status_named(operation.failure.kind)
        result = {"error": {"status_code": status, "detail": detail}}
    return {"status": "finished", **rendered, "finish_time": finish, "result": result}
