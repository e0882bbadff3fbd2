"""Points written, searched and looked up (section 5, rows 8–18, 21, 22, 45, 46).

A route reads the request, calls the engine and renders what comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast
from uuid import UUID

from flask import Response

from service.core.aggregation import Aggregates, Aggregation
from service.core.documents import Write
from service.core.edits import Edit
from service.core.errors import DocumentNotFound
from service.core.ids import DocumentId
from service.core.permissions import Permission
from service.core.query import ByPath, Hit, Result
from service.dialects.vectorai import points as bodies
from service.dialects.vectorai.bodies import Request, read, read_object
from service.dialects.vectorai.envelope import Rendered, answer
from service.dialects.vectorai.ids import parse_path_id, render_id
from service.dialects.vectorai.points import Points
from service.dialects.vectorai.render import COMPLETED, render_hits, render_record
from service.dialects.vectorai.render_ranked import shortest
from service.dialects.vectorai.routing import Route
from service.dialects.vectorai.searches import (
    COUNT,
    CountRequest,
    Lookup,
    LookupRequest,
    Scroll,
    ScrollRequest,
    Search,
    SearchRequest,
    lookup,
    parse_batch,
)
from service.dialects.vectorai.selections import parse_shown
from service.web.access import needs
from service.web.context import engine
from service.web.limits import limits

SEARCH, LOOKUP, SCROLL, COUNTING = SearchRequest(), LookupRequest(), ScrollRequest(), CountRequest()
DELETION = bodies.Deletion()
SET, OVERWRITE = bodies.SetPayload(), bodies.OverwritePayload()
DELETE_KEYS, CLEAR = bodies.DeletePayload(), bodies.ClearPayload()
DELETE_VECTORS = bodies.DeleteVectors()

COLLECTION = "/collections/<collection>/points"


@needs(Permission.WRITE)
def upsert(collection: str) -> Response:
    insert(collection, bodies.parse_points(read_object(limits().max_write_bytes)))
    return answer(COMPLETED)


def insert(collection: str, points: Points) -> None:
    """Insert points, or replace them whole."""
    namespace = engine().schema(collection)
    engine().write(collection, bodies.as_upsert(points, namespace))


@needs(Permission.WRITE)
def set_vectors(collection: str) -> Response:
    renew(collection, bodies.parse_points(read_object(limits().max_write_bytes)))
    return answer(COMPLETED)


def renew(collection: str, points: Points) -> None:
    """Give points new vectors."""
    namespace = engine().schema(collection)
    engine().edit(collection, bodies.as_set_vectors(points, namespace))


@needs(Permission.WRITE)
def delete(collection: str) -> Response:
    engine().write(collection, cast(Write, read(DELETION, write=True)))
    return answer(COMPLETED)


@needs(Permission.WRITE)
def set_payload(collection: str) -> Response:
    return edited(collection, SET)


@needs(Permission.WRITE)
def overwrite_payload(collection: str) -> Response:
    return edited(collection, OVERWRITE)


@needs(Permission.WRITE)
def delete_payload(collection: str) -> Response:
    return edited(collection, DELETE_KEYS)


@needs(Permission.WRITE)
def clear_payload(collection: str) -> Response:
    return edited(collection, CLEAR)


@needs(Permission.WRITE)
def delete_vectors(collection: str) -> Response:
    return edited(collection, DELETE_VECTORS)


def edited(collection: str, schema: Request) -> Response:
    engine().edit(collection, cast(Edit, read(schema, write=True)))
    return answer(COMPLETED)


@needs(Permission.WRITE)
def batch(collection: str) -> Response:
    """Several writes in their order, each a transaction of its own."""
    operations = bodies.parse_operations(read_object(limits().max_write_bytes))
    for kind, content in operations:
        carry_out(collection, kind, content)
    return answer([COMPLETED] * len(operations))


def carry_out(collection: str, kind: str, content: object) -> None:
    match content:
        case Points() if kind == "upsert":
            insert(collection, content)
        case Points():
            renew(collection, content)
        case Write():
            engine().write(collection, content)
        case _:
            engine().edit(collection, cast(Edit, content))


@needs(Permission.READ)
def search(collection: str) -> Response:
    wanted = cast(Search, read(SEARCH))
    return answer(found(wanted, engine().query(collection, wanted.query)))


@needs(Permission.READ)
def search_batch(collection: str) -> Response:
    body = read_object(limits().max_body_bytes)
    searches = cast(list[Search], parse_batch(body, "searches", SEARCH))
    answers = engine().answer(collection, [one.query for one in searches]) if searches else ()
    results = cast(Sequence[Result], answers)
    return answer([found(one, result) for one, result in zip(searches, results, strict=True)])


def found(wanted: Search, result: Result) -> list[Rendered]:
    return render_hits(result.hits, result.metric, wanted.threshold, wanted.shown)


@needs(Permission.READ)
def look_up(collection: str) -> Response:
    wanted = cast(Lookup, read(LOOKUP))
    if not wanted.ids:
        engine().schema(collection)
        return answer([])
    hits = {hit.id: hit for hit in engine().query(collection, wanted.query).hits}
    return answer(render_asked(wanted, hits))


def render_asked(wanted: Lookup, hits: Mapping[DocumentId, Hit]) -> list[Rendered]:
    """The points in the order of the request, each id as it was spelled there."""
    return [
        {**render_record(hits[identity], wanted.shown), "id": spelled}
        for identity, spelled in zip(wanted.ids, wanted.spelled, strict=True)
        if identity in hits
    ]


@needs(Permission.READ)
def get(collection: str, point: str) -> Response:
    identity = parse_path_id(point)
    spelled = str(point) if isinstance(identity, UUID) else identity
    wanted = lookup((identity,), (spelled,), parse_shown(True, True))
    hits = {hit.id: hit for hit in engine().query(collection, wanted.query).hits}
    if identity not in hits:
        raise DocumentNotFound(render_id(identity))
    return answer(render_asked(wanted, hits)[0])


@needs(Permission.READ)
def scroll(collection: str) -> Response:
    wanted = cast(Scroll, read(SCROLL))
    hits = engine().query(collection, wanted.query).hits
    more = hits[wanted.limit :]
    return answer(
        {
            "points": [render_scrolled(hit, wanted) for hit in hits[: wanted.limit]],
            "next_page_offset": render_id(more[0].id) if more else None,
        }
    )


def render_scrolled(hit: Hit, wanted: Scroll) -> Rendered:
    """A point of a page, with the value that it is ordered by, if it is."""
    record = render_record(hit, wanted.shown)
    if isinstance(wanted.query.ranking, ByPath) and hit.distance is not None:
        record["order_value"] = shortest(hit.distance)
    return record


@needs(Permission.READ)
def count(collection: str) -> Response:
    wanted = cast(Aggregation, read(COUNTING))
    counted: Aggregates = engine().aggregate(collection, wanted)
    return answer({"count": counted.groups[0].values[COUNT] if counted.groups else 0})


ROUTES: tuple[Route, ...] = (
    (COLLECTION, upsert, ["PUT"]),
    (COLLECTION, look_up, ["POST"]),
    (f"{COLLECTION}/<point>", get, ["GET"]),
    (f"{COLLECTION}/delete", delete, ["POST"]),
    (f"{COLLECTION}/vectors", set_vectors, ["PUT"]),
    (f"{COLLECTION}/vectors/delete", delete_vectors, ["POST"]),
    (f"{COLLECTION}/payload", set_payload, ["POST"]),
    (f"{COLLECTION}/payload", overwrite_payload, ["PUT"]),
    (f"{COLLECTION}/payload/delete", delete_payload, ["POST"]),
    (f"{COLLECTION}/payload/clear", clear_payload, ["POST"]),
    (f"{COLLECTION}/batch", batch, ["POST"]),
    (f"{COLLECTION}/search", search, ["POST"]),
    (f"{COLLECTION}/search/batch", search_batch, ["POST"]),
    (f"{COLLECTION}/scroll", scroll, ["POST"]),
    (f"{COLLECTION}/count", count, ["POST"]),
)
