"""Bodies of requests that write points (section 7), and the core values they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from marshmallow import fields, post_load

from service.core.attributes import JsonAny, JsonObject
from service.core.documents import Matching, Upsert, Write
from service.core.edits import (
    AttributeChange,
    EditAttributes,
    Merge,
    Remove,
    RemoveVectors,
    Replace,
    SetVectors,
    check_paths,
)
from service.core.elements import HasId
from service.core.filters import Filter
from service.core.ids import DocumentId, kind_of, mixable_id_type
from service.core.namespace import Namespace
from service.dialects.vectorai.bodies import (
    Name,
    Request,
    an_object,
    anything,
    load,
    malformed,
    name,
    required_object,
)
from service.dialects.vectorai.filters import parse_filter
from service.dialects.vectorai.ids import parse_id, parse_ids
from service.dialects.vectorai.keys import parse_path
from service.dialects.vectorai.vectors import column_name, parse_columns

MAX_POINTS = 100_000


@dataclass(frozen=True, slots=True)
class Points:
    """Points as they were sent: ids read, vectors and payloads not yet."""

    ids: tuple[DocumentId, ...]
    vectors: tuple[JsonAny, ...]
    payloads: tuple[JsonAny, ...]

    def last_of_each(self) -> Points:
        """Without the points that a later one of the same id replaces."""
        rows = list({identity: row for row, identity in enumerate(self.ids)}.values())
        if len(rows) == len(self.ids):
            return self
        return Points(
            tuple(self.ids[row] for row in rows),
            tuple(self.vectors[row] for row in rows),
            tuple(self.payloads[row] for row in rows),
        )


def parse_points(body: Mapping[str, JsonAny]) -> Points:
    """The points of an upsert, as a list of points or in columns."""
    match body:
        case {"points": list(points)}:
            found = read_points(points)
        case {"batch": dict(batch)}:
            found = read_batch(batch)
        case {"points": dict() as batch} | {"points": {"batch": dict() as batch}}:
            found = read_batch(batch)
        case _:
            raise malformed("points", "missing field, expected a list of points")
    if len(found.ids) > MAX_POINTS:
        raise malformed("points", f"at most {MAX_POINTS} points are written at a time")
    return found.last_of_each()


def read_points(wire: Sequence[JsonAny]) -> Points:
    ids: list[DocumentId] = []
    vectors: list[JsonAny] = []
    payloads: list[JsonAny] = []
    for row, point in enumerate(wire):
        if not isinstance(point, dict):
            raise malformed(f"points[{row}]", f"{kind_of(point)}, expected an object")
        given = point
        if "id" not in given:
            raise malformed(f"points[{row}].id", "missing field")
        ids.append(parse_id(given["id"]))
        vectors.append(vector_of(given, row))
        payloads.append(given.get("payload"))
    return Points(tuple(ids), tuple(vectors), tuple(payloads))


def vector_of(point: Mapping[str, JsonAny], row: int) -> JsonAny:
    """The vectors of a point, by either name of the field."""
    vector = point.get("vector")
    if vector is None:
        vector = point.get("vectors")
    if vector is None:
        raise malformed(f"points[{row}].vector", "missing field")
    return vector


def read_batch(wire: Mapping[str, JsonAny]) -> Points:
    """Points in columns."""
    ids = parse_ids(wire.get("ids"), "batch.ids")
    vectors = in_rows(wire.get("vectors"), len(ids))
    payloads = wire.get("payloads")
    if payloads is None:
        payloads = [None] * len(ids)
    if not isinstance(payloads, list):
        raise malformed("batch.payloads", "expected a list of objects")
    rows = tuple(payloads)
    if len(rows) != len(ids):
        raise malformed("batch.payloads", f"{len(rows)} payloads for {len(ids)} ids")
    return Points(ids, vectors, rows)


def in_rows(wire: JsonAny, count: int) -> tuple[JsonAny, ...]:
    """Vectors of a batch, point by point."""
    if isinstance(wire, dict):
        columns = wire
        rows = {key: in_rows(column, count) for key, column in columns.items()}
        return tuple({key: column[row] for key, column in rows.items()} for row in range(count))
    if not isinstance(wire, list):
        raise malformed("batch.vectors", "expected a list of vectors, or such lists by name")
    vectors = tuple(wire)
    if len(vectors) != count:
        raise malformed("batch.vectors", f"{len(vectors)} vectors for {count} ids")
    return vectors


def parse_payload(wire: JsonAny, row: int) -> JsonObject:
    """A payload, any JSON object; null is an empty one."""
    if wire is None:
        return {}
    if not isinstance(wire, dict):
        raise malformed(f"points[{row}].payload", f"{kind_of(wire)}, expected an object")
    return cast(JsonObject, wire)


def as_upsert(points: Points, namespace: Namespace) -> Write:
    """The write that inserts the points, or replaces them whole."""
    objects = tuple(parse_payload(payload, row) for row, payload in enumerate(points.payloads))
    vectors = parse_columns(points.vectors, namespace) if points.ids else {}
    return Write(
        upsert=Upsert(points.ids, vectors=vectors, objects=objects),
        create=False,
        widen=mixable_id_type,
    )


def as_set_vectors(points: Points, namespace: Namespace) -> SetVectors:
    vectors = parse_columns(points.vectors, namespace) if points.ids else {}
    changed = {key: batch for key, batch in vectors.items() if len(batch.missing) < batch.count}
    return SetVectors(points.ids, changed)


class Selector(Request):
    """Which points: a list of ids, else all that match a filter (section 7.5)."""

    points = anything()
    filter = anything()

    def target(self, data: Mapping[str, Any]) -> Filter:
        if data["points"] is not None:
            return HasId(parse_ids(data["points"], "points"))
        if data["filter"] is not None:
            return parse_filter(data["filter"])
        raise malformed("points", "either a list of point ids or a filter must be given")


class Deletion(Selector):
    """``POST …/points/delete``."""

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Write:
        return Write(delete_where=Matching(self.target(data)), create=False)


class SetPayload(Selector):
    """``POST …/points/payload``: some keys set, the others kept."""

    payload = required_object()
    key = name()

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> EditAttributes:
        inside = parse_path(data["key"]) if data["key"] is not None else None
        if inside is not None:
            check_paths([inside])
        return EditAttributes(self.target(data), Merge(data["payload"], inside))


class OverwritePayload(Selector):
    """``PUT …/points/payload``: these keys and no others."""

    payload = required_object()
    key = name()

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> EditAttributes:
        change: AttributeChange = Replace(data["payload"])
        if data["key"] is not None:
            change = Merge(data["payload"], parse_path(data["key"]))
        return EditAttributes(self.target(data), change)


class DeletePayload(Selector):
    """``POST …/points/payload/delete``."""

    keys = fields.List(
        Name(), required=True, error_messages={"required": "missing field", "invalid": "no list"}
    )

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> EditAttributes:
        paths = tuple(parse_path(key) for key in data["keys"])
        check_paths(paths)
        return EditAttributes(self.target(data), Remove(paths))


class ClearPayload(Selector):
    """``POST …/points/payload/clear``."""

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> EditAttributes:
        return EditAttributes(self.target(data), Replace({}))


class DeleteVectors(Selector):
    """``POST …/points/vectors/delete``."""

    vector = fields.List(
        Name(), required=True, error_messages={"required": "missing field", "invalid": "no list"}
    )

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> RemoveVectors:
        names = tuple(column_name(one) for one in data["vector"])
        return RemoveVectors(self.target(data), names)


class Single(Request):
    """One operation of a batch: an object with one name (section 7.8)."""

    upsert = an_object()
    delete = an_object()
    delete_points = an_object()
    set_payload = an_object()
    overwrite_payload = an_object()
    delete_payload = an_object()
    clear_payload = an_object()
    update_vectors = an_object()
    delete_vectors = an_object()


EDITS: Mapping[str, Request] = {
    "delete": Deletion(),
    "delete_points": Deletion(),
    "set_payload": SetPayload(),
    "overwrite_payload": OverwritePayload(),
    "delete_payload": DeletePayload(),
    "clear_payload": ClearPayload(),
    "delete_vectors": DeleteVectors(),
}
POINTS = frozenset({"upsert", "update_vectors"})


def parse_operations(body: Mapping[str, JsonAny]) -> list[tuple[str, object]]:
    """The operations of a batch: the name of each, and points or what its schema makes of it."""
    wire = body.get("operations")
    if not isinstance(wire, list):
        raise malformed("operations", "missing field, expected a list")
    return [parse_operation(row, operation) for row, operation in enumerate(wire)]


def parse_operation(row: int, wire: JsonAny) -> tuple[str, object]:
    where = f"operations[{row}]"
    given = {key: value for key, value in load(Single(), wire, where).items() if value is not None}
    if len(given) != 1:
        raise malformed(where, f"expected one of {', '.join((*sorted(POINTS), *EDITS))}")
    ((kind, content),) = given.items()
    if kind in POINTS:
        return kind, parse_points(content)
    return kind, load(EDITS[kind], content, f"{where}.{kind}")
