"""Metadata of namespaces in requests and answers (section 9.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import fields, post_load

from service.core.errors import InvalidRequest, MalformedRequest
from service.core.ids import kind_of
from service.core.metadata import UNCHANGED, Metadata, MetadataUpdate, Pinning
from service.dialects.turbopuffer.envelope import Request, choice
from service.dialects.turbopuffer.names import TARGET
from service.dialects.turbopuffer.schema_rendering import render_schema_v2
from service.dialects.turbopuffer.wire import Wire

MAX_REPLICAS = 1000
SSE: dict[str, object] = {"sse": True}
DEFAULT_ENCRYPTION: dict[str, object] = {"mode": "default"}


class MetadataRequest(Request):
    """``PATCH …/:ns/metadata``. A ``pinning`` of null removes it; without one it stays."""

    pinning = fields.Raw(load_default=UNCHANGED, allow_none=True)
    read_only = choice()

    @post_load
    def to_update(self, data: dict[str, Any], **_: Any) -> MetadataUpdate:
        given = data["pinning"]
        pinning = given if given is UNCHANGED else read_pinning(given)
        return MetadataUpdate(pinning, data["read_only"])


def read_pinning(wire: Wire) -> Pinning | None:
    match wire:
        case None | False:
            return None
        case True:
            return Pinning()
        case dict():
            replicas = wire.get("replicas")
            if replicas is None:
                return Pinning()
            if isinstance(replicas, bool) or not isinstance(replicas, int):
                raise MalformedRequest(
                    f"{TARGET}pinning.replicas: invalid type: {kind_of(replicas)}, expected usize"
                )
            if replicas <= 0:
                raise InvalidRequest("💔 replicas must be greater than 0")
            if replicas > MAX_REPLICAS:
                raise InvalidRequest(f"💔 replicas must be at most {MAX_REPLICAS}")
            return Pinning(replicas)
        case _:
            raise MalformedRequest(
                f"{TARGET}pinning: data did not match any variant of untagged enum PinningInput"
            )


def render_metadata(metadata: Metadata, encryption: dict[str, object]) -> dict[str, object]:
    """The shape of section 9.3; ``encryption`` is spelled differently in v1 and v2."""
    rendered: dict[str, object] = {
        "schema": render_schema_v2(metadata.namespace),
        "approx_logical_bytes": metadata.bytes,
        "approx_row_count": metadata.rows,
        "created_at": render_time(metadata.namespace.created_at),
        "updated_at": render_time(metadata.updated_at),
        "last_write_at": render_time(metadata.written_at),
        "encryption": encryption,
        "index": render_index(metadata),
    }
    if metadata.pinning:
        rendered["pinning"] = {"replicas": metadata.pinning.replicas}
    if metadata.namespace.read_only:
        rendered["read_only"] = True
    return rendered


def render_index(metadata: Metadata) -> dict[str, object]:
    if metadata.backlog is None:
        return {"status": "up-to-date"}
    return {
        "status": "updating",
        "unindexed_bytes": metadata.backlog.bytes,
        "unindexed_rows": metadata.backlog.rows,
    }


def render_time(moment: datetime) -> str:
    """In UTC with milliseconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
