"""Snapshots in requests and answers (section 13)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any, cast

from flask import Response
from marshmallow import post_load, validate

from service.core.snapshots import Snapshot
from service.dialects.vectorai.bodies import Name, Request, name, required_name
from service.dialects.vectorai.envelope import Rendered

FILE = "application/octet-stream"
# which replica wins is a question only where there are several: each is the same here
PRIORITIES = ("snapshot", "replica", "no_sync")
IS_PRIORITY = validate.OneOf(PRIORITIES, error="must be one of {choices}")


class RecoverRequest(Request):
    """Body of ``PUT …/snapshots/<snapshot>/recover``; the checksum, if any."""

    checksum = name()
    priority = Name(load_default=None, validate=IS_PRIORITY)

    @post_load
    def to_checksum(self, data: dict[str, Any], **_: object) -> str | None:
        return cast("str | None", data["checksum"])


class RecoverFromRequest(Request):
    """Body of ``PUT …/snapshots/recover``; the location, and the checksum, if any."""

    location = required_name()
    checksum = name()
    priority = Name(load_default=None, validate=IS_PRIORITY)

    @post_load
    def to_location(self, data: dict[str, Any], **_: object) -> tuple[str, str | None]:
        return data["location"], data["checksum"]


def render_snapshot(snapshot: Snapshot) -> Rendered:
    """The description of a snapshot; times are UTC and have no zone."""
    return {
        "name": snapshot.name,
        "creation_time": snapshot.created_at.replace(tzinfo=None).isoformat(timespec="seconds"),
        "size": snapshot.size,
        "checksum": snapshot.checksum,
    }


def render_file(snapshot: Snapshot, pieces: Iterator[bytes]) -> Response:
    """The file itself; its SHA-256 is the ETag, and stands in Repr-Digest (RFC 9530)."""
    digest = b64encode(bytes.fromhex(snapshot.checksum)).decode()
    response = Response(pieces, content_type=FILE)
    response.content_length = snapshot.size
    response.headers.set("Content-Disposition", "attachment", filename=snapshot.name)
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.set_etag(snapshot.checksum)
    return response
