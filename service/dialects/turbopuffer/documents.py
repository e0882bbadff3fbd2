"""The two shapes of documents in v1 writes (section 6.1): columns, and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from service.core.attributes import AttributeColumn, JsonValue, check_name
from service.core.documents import Upsert
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.ids import UNSIGNED_END, DocumentId, check_id, kind_of
from service.core.vectors import VectorBatch
from service.dialects.turbopuffer.names import RESERVED, TARGET, VECTOR
from service.dialects.turbopuffer.vectors import parse_flat_vectors, parse_vectors
from service.dialects.turbopuffer.wire import Wire

MAX_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents to write and ids to delete, in the order of the request."""

    upsert: Upsert | None
    deletes: tuple[DocumentId, ...]


def parse_columns(ids: Wire, vectors: Wire, attributes: Wire) -> Batch:
    """``ids``, ``vectors`` and ``attributes`` as columns; a null vector deletes its id."""
    identities = parse_ids(ids)
    given = parse_vector_column(vectors, len(identities))
    columns = parse_attribute_columns(attributes, len(identities))
    if given is None:
        return Batch(Upsert(identities, columns), ())
    kept = [row for row, vector in enumerate(given) if vector is not None]
    if len(kept) == len(identities):
        return Batch(Upsert(identities, columns, by_name(parse_vectors(given))), ())
    return split(identities, given, columns, kept)


def split(
    ids: tuple[DocumentId, ...],
    vectors: Sequence[Wire],
    columns: tuple[AttributeColumn, ...],
    kept: list[int],
) -> Batch:
    """Rows with a vector are written, the others deleted."""
    chosen = set(kept)
    deletes = tuple(identity for row, identity in enumerate(ids) if row not in chosen)
    if not kept:
        return Batch(None, deletes)
    parts = tuple(
        AttributeColumn(column.name, tuple(column.values[row] for row in kept))
        for column in columns
    )
    batch = parse_vectors([vectors[row] for row in kept])
    return Batch(Upsert(tuple(ids[row] for row in kept), parts, by_name(batch)), deletes)


def by_name(batch: VectorBatch | None) -> Mapping[str, VectorBatch]:
    """v1 has one vector column."""
    return {VECTOR: batch} if batch else {}


def parse_rows(wire: Wire) -> Batch:
    """``upserts``: objects of id, vector and attributes; a vector of null deletes the id.

    A row may leave the vector out where the namespace has none; then all rows do.
    """
    rows = cast(list[Wire], expect("upserts", wire, list, "a sequence"))
    entries = [
        cast(dict[str, Wire], expect(f"upserts[{index}]", row, dict, "a map"))
        for index, row in enumerate(rows)
    ]
    for index, entry in enumerate(entries):
        if entry.get("id") is None:
            raise MalformedRequest(f"{TARGET}upserts[{index}]: missing field `id`")
    without = [index for index, entry in enumerate(entries) if "vector" not in entry]
    if without and len(without) < len(entries):
        raise InvalidRequest(f"💔 upserts[{without[0]}] has no vector, but other rows have one")
    vectors: Wire = None if without else [entry["vector"] for entry in entries]
    maps = [parse_map(index, entry.get("attributes")) for index, entry in enumerate(entries)]
    names = dict.fromkeys(name for attributes in maps for name in attributes)
    columns: dict[str, Wire] = {
        name: [attributes.get(name) for attributes in maps] for name in names
    }
    return parse_columns([entry["id"] for entry in entries], vectors, columns)


def parse_map(index: int, wire: Wire) -> dict[str, Wire]:
    given = {} if wire is None else wire
    return cast(dict[str, Wire], expect(f"upserts[{index}].attributes", given, dict, "a map"))


def parse_ids(wire: Wire, where: str = "ids") -> tuple[DocumentId, ...]:
    """Document ids, as a column or as a list."""
    ids = cast(list[Wire], expect(where, wire, list, "a sequence"))
    if len(ids) > MAX_ROWS:
        raise InvalidRequest(f"💔 a write has at most {MAX_ROWS} documents, got {len(ids)}")
    kinds = set(map(type, ids))
    if not kinds <= {int, str}:
        misfit = next(value for value in ids if type(value) not in (int, str))
        raise MalformedRequest(
            f"{TARGET}{where}: data did not match any variant of untagged enum Id: "
            f"{kind_of(misfit)} is not a valid ID type"
        )
    if kinds == {int}:
        numbers = cast(list[int], ids)
        if min(numbers) >= 0 and max(numbers) < UNSIGNED_END:
            return tuple(numbers)
    return tuple([check_id(identity) for identity in cast(list[int | str], ids)])


def parse_vector_column(wire: Wire, count: int) -> Sequence[Wire] | None:
    """One entry per id, whatever the spelling; None when the request has no vectors."""
    match wire:
        case None:
            return None
        case str():
            return parse_flat_vectors(wire, count)
        case [int() | float(), *_]:
            return parse_flat_vectors(cast(Wire, wire), count)
        case list():
            vectors = cast(list[Wire], wire)
            if len(vectors) != count:
                raise InvalidRequest(f"💔 {len(vectors)} vectors for {count} ids")
            return vectors
        case _:
            raise MalformedRequest(f"{TARGET}vectors: invalid type: {kind_of(wire)}")


def parse_attribute_columns(wire: Wire, count: int) -> tuple[AttributeColumn, ...]:
    if wire is None:
        return ()
    columns = cast(Mapping[str, Wire], expect("attributes", wire, dict, "a map"))
    return tuple([parse_column(name, values, count) for name, values in columns.items()])


def parse_column(name: str, wire: Wire, count: int) -> AttributeColumn:
    check_name(name, RESERVED)
    values = cast(list[JsonValue], expect(f"attributes.{name}", wire, list, "a sequence"))
    if len(values) != count:
        raise InvalidRequest(f"💔 attribute '{name}' has {len(values)} values for {count} ids")
    return AttributeColumn(name, tuple(values))


def expect(where: str, wire: Wire, kind: type, wanted: str) -> Wire:
    """The value, when it is of the JSON type that stands here.

    Raises:
        MalformedRequest: with the words that clients match on (section 3.1).
    """
    if isinstance(wire, kind):
        return wire
    found = "map" if isinstance(wire, dict) else kind_of(wire)
    raise MalformedRequest(f"{TARGET}{where}: invalid type: {found}, expected {wanted}")
