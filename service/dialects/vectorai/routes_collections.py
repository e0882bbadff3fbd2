"""Collections, their aliases, indexes and upkeep (section 5, rows 1–7, 23, 24, 29–31, 36–38).

A route reads the request, calls the engine and renders what comes back.
"""

from __future__ import annotations

from typing import cast

from flask import Response

from service.core.configuration import Configuration
from service.core.errors import NamespaceNotFound
from service.core.permissions import Permission
from service.dialects.vectorai.aliases import names_of, parse_actions, render_aliases
from service.dialects.vectorai.bodies import read, read_object
from service.dialects.vectorai.collections import Create, Creation, Update
from service.dialects.vectorai.envelope import answer
from service.dialects.vectorai.field_indexes import CreateIndex, indexes_of
from service.dialects.vectorai.render import COMPLETED
from service.dialects.vectorai.render_collections import render_collection, render_state
from service.dialects.vectorai.routing import Route
from service.web.access import checks_names, grant, needs
from service.web.context import engine
from service.web.limits import limits
from service.web.names import shown_names

CREATE, UPDATE, CREATE_INDEX = Create(), Update(), CreateIndex()

PAGE = 1_000


@needs(Permission.READ)
@checks_names
def list_collections() -> Response:
    names: list[str] = []
    position: str | None = ""
    while position is not None:
        page = shown_names("", position, PAGE)
        names.extend(page.names)
        position = page.next_position
    return answer({"collections": [{"name": name} for name in sorted(names)]})


@needs(Permission.READ)
def describe(collection: str) -> Response:
    return answer(render_collection(engine().state(collection)))


@needs(Permission.WRITE)
def create(collection: str) -> Response:
    wanted = cast(Creation, read(CREATE))
    engine().create(collection, wanted.shape, wanted.configuration, wanted.indexes)
    return answer(True)


@needs(Permission.WRITE)
def update(collection: str) -> Response:
    engine().configure(collection, cast(Configuration, read(UPDATE)))
    return answer(True)


@needs(Permission.WRITE)
def delete(collection: str) -> Response:
    read_object(limits().max_body_bytes)
    engine().delete(collection)
    return answer(True)


@needs(Permission.READ)
def exists(collection: str) -> Response:
    try:
        engine().schema(collection)
    except NamespaceNotFound:
        return answer({"exists": False})
    return answer({"exists": True})


@needs(Permission.WRITE)
def create_index(collection: str) -> Response:
    declared = read(CREATE_INDEX)
    engine().declare(collection, declared, indexes_of(declared))
    return answer(COMPLETED)


@needs(Permission.WRITE)
def delete_index(collection: str, field: str) -> Response:
    engine().declare(collection, {field: None}, ())
    return answer(COMPLETED)


@needs(Permission.WRITE)
@checks_names
def change_aliases() -> Response:
    actions = parse_actions(read_object(limits().max_body_bytes))
    for name in names_of(actions):
        grant().check_namespace(name)
    engine().change_aliases(actions)
    return answer(True)


@needs(Permission.READ)
@checks_names
def list_aliases() -> Response:
    sender = grant()
    shown = [one for one in engine().aliases() if sender.covers(one.namespace)]
    return answer(render_aliases(shown))


@needs(Permission.READ)
def aliases_of(collection: str) -> Response:
    return answer(render_aliases(engine().aliases_of(collection)))


@needs(Permission.READ)
def status(collection: str) -> Response:
    return answer(render_state(engine().state(collection)))


@needs(Permission.WRITE)
def flush(collection: str) -> Response:
    """What was answered is durable already."""
    engine().schema(collection)
    return answer(True)


@needs(Permission.WRITE)
def optimize(collection: str) -> Response:
    """The indexer merges and rebuilds by itself; this reads what it made into memory."""
    engine().warm(collection)
    return answer(True)


@needs(Permission.WRITE)
def rebuild_index(collection: str) -> Response:
    engine().drop_indexes(collection)
    return answer(True)


@needs(Permission.WRITE)
def close(collection: str) -> Response:
    engine().configure(collection, Configuration(closed=True))
    return answer(True)


@needs(Permission.WRITE)
def open_again(collection: str) -> Response:
    engine().configure(collection, Configuration(closed=False))
    return answer(True)


ROUTES: tuple[Route, ...] = (
    ("/collections", list_collections, ["GET"]),
    ("/collections/aliases", list_aliases, ["GET"]),
    ("/collections/aliases", change_aliases, ["POST"]),
    ("/aliases", list_aliases, ["GET"]),
    ("/aliases", change_aliases, ["POST"]),
    ("/collections/<collection>", describe, ["GET"]),
    ("/collections/<collection>", create, ["PUT"]),
    ("/collections/<collection>", update, ["PATCH"]),
    ("/collections/<collection>", delete, ["DELETE"]),
    ("/collections/<collection>/exists", exists, ["GET"]),
    ("/collections/<collection>/aliases", aliases_of, ["GET"]),
    ("/collections/<collection>/index", create_index, ["PUT"]),
    ("/collections/<collection>/index/<field>", delete_index, ["DELETE"]),
    ("/collections/<collection>/status", status, ["GET"]),
    ("/collections/<collection>/operations/flush", flush, ["POST"]),
    ("/collections/<collection>/operations/optimize", optimize, ["POST"]),
    ("/collections/<collection>/operations/rebuild_index", rebuild_index, ["POST"]),
    ("/collections/<collection>/open", open_again, ["POST"]),
    ("/collections/<collection>/close", close, ["POST"]),
)
