"""Snapshots of collections (section 5, rows 32–35; section 13)."""

from __future__ import annotations

from typing import cast

from flask import Response, request

from service.core.permissions import Permission
from service.core.snapshots import SnapshotNotFound
from service.dialects.vectorai.bodies import read
from service.dialects.vectorai.envelope import answer
from service.dialects.vectorai.routing import Route
from service.dialects.vectorai.snapshots import (
    FILE,
    RecoverFromRequest,
    RecoverRequest,
    render_file,
    render_snapshot,
)
from service.web.access import grant, needs
from service.web.context import engine
from service.web.json import CONTENT_TYPE
from service.web.uploads import read_upload

RECOVER, RECOVER_FROM = RecoverRequest(), RecoverFromRequest()
SNAPSHOTS = "/collections/<collection>/snapshots"


@needs(Permission.WRITE)
def create_snapshot(collection: str) -> Response:
    return answer(render_snapshot(engine().snapshots.create(collection)))


@needs(Permission.READ)
def list_snapshots(collection: str) -> Response:
    return answer([render_snapshot(one) for one in engine().snapshots.list(collection)])


@needs(Permission.READ)
def get_snapshot(collection: str, snapshot: str) -> Response:
    """Its description; the file itself for who asks for a file rather than JSON."""
    if request.accept_mimetypes.best_match((CONTENT_TYPE, FILE)) == FILE:
        return download_snapshot(collection, snapshot)
    return answer(render_snapshot(engine().snapshots.find(collection, snapshot)))


@needs(Permission.READ)
def download_snapshot(collection: str, snapshot: str) -> Response:
    found = engine().snapshots.find(collection, snapshot)
    return render_file(found, engine().snapshots.open(found))


@needs(Permission.WRITE)
def delete_snapshot(collection: str, snapshot: str) -> Response:
    engine().snapshots.delete(collection, snapshot)
    return answer(True)


@needs(Permission.WRITE)
def recover_snapshot(collection: str, snapshot: str) -> Response:
    checksum = cast("str | None", read(RECOVER))
    check_readable(snapshot)
    engine().snapshots.recover(collection, snapshot, checksum)
    return answer(True)


@needs(Permission.WRITE)
def recover_location(collection: str) -> Response:
    location, checksum = cast("tuple[str, str | None]", read(RECOVER_FROM))
    check_readable(engine().snapshots.name_at(location))
    engine().snapshots.recover_from(collection, location, checksum)
    return answer(True)


def check_readable(snapshot: str) -> None:
    """A snapshot of a name that the sender's key is not for is not there for it."""
    sender = grant()
    sender.check(Permission.READ)
    if not sender.covers(engine().snapshots.namespace_of(snapshot)):
        raise SnapshotNotFound(snapshot)


@needs(Permission.WRITE)
def upload_snapshot(collection: str) -> Response:
    checksum = request.args.get("checksum")
    received = engine().snapshots.receive(collection, read_upload(), checksum)
    return answer(render_snapshot(received))


ROUTES: tuple[Route, ...] = (
    (SNAPSHOTS, create_snapshot, ["POST"]),
    (SNAPSHOTS, list_snapshots, ["GET"]),
    (f"{SNAPSHOTS}/upload", upload_snapshot, ["POST"]),
    (f"{SNAPSHOTS}/recover", recover_location, ["PUT", "POST"]),
    (f"{SNAPSHOTS}/<snapshot>", get_snapshot, ["GET"]),
    (f"{SNAPSHOTS}/<snapshot>", delete_snapshot, ["DELETE"]),
    (f"{SNAPSHOTS}/<snapshot>/download", download_snapshot, ["GET"]),
    (f"{SNAPSHOTS}/<snapshot>/recover", recover_snapshot, ["PUT", "POST"]),
)
