"""Indexes on keys of payloads (section 11): how they are declared, and what they become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import post_load

from service.core.attributes import JsonAny, JsonObject
from service.core.errors import InvalidRequest
from service.core.indexing import MEMBERSHIP, AttributeIndex, IndexKind
from service.dialects.vectorai.bodies import Request, anything, malformed, required_name
from service.dialects.vectorai.keys import parse_path

# the indexes that serve conditions on keys of each type; places are compared by scans
INDEXES: Mapping[str, tuple[IndexKind, ...]] = {
    "keyword": (IndexKind.MEMBERSHIP,),
    "uuid": (IndexKind.MEMBERSHIP,),
    "bool": (IndexKind.MEMBERSHIP,),
    "integer": (IndexKind.MEMBERSHIP, IndexKind.NUMBER),
    "float": (IndexKind.NUMBER,),
    "datetime": (IndexKind.TEXT,),
    "text": (IndexKind.TEXT,),
    "geo": (),
}
DEFAULT = "keyword"


class CreateIndex(Request):
    """``PUT …/index``."""

    field_name = required_name()
    field_schema = anything()
    field_type = anything()

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> dict[str, dict[str, JsonAny]]:
        """The key with its declaration, as the collection's payload schema has it."""
        return read_schemas({data["field_name"]: data["field_schema"] or data["field_type"]})


def read_schemas(wire: Mapping[str, JsonAny]) -> dict[str, dict[str, JsonAny]]:
    """Declared keys with the type and the parameters of each."""
    return {key: read_schema(key, schema) for key, schema in wire.items()}


def read_schema(key: str, wire: JsonAny) -> dict[str, JsonAny]:
    """One declaration: a type, or an object with one and its parameters."""
    if not key:
        raise malformed("field_name", "expected the name of a key")
    given: JsonObject = wire if isinstance(wire, dict) else {"type": wire or DEFAULT}
    kind = given.get("data_type") or given.get("type")
    if not isinstance(kind, str) or kind not in INDEXES:
        expected = ", ".join(INDEXES)
        raise InvalidRequest(f"Invalid field schema of '{key}': expected one of {expected}")
    return {"data_type": kind, "params": given if isinstance(wire, dict) else None}


def indexes_of(declared: Mapping[str, Mapping[str, JsonAny]]) -> tuple[AttributeIndex, ...]:
    """The indexes that declared keys have."""
    return tuple(one for key, schema in declared.items() for one in indexes_for(key, schema))


def indexes_for(key: str, schema: Mapping[str, JsonAny]) -> tuple[AttributeIndex, ...]:
    """The one for membership serves all keys; a btree is on an attribute as a whole, so that a path
    into one has none."""
    kinds = INDEXES.get(str(schema.get("data_type")), ())
    name = parse_path(key).name
    indexes = (MEMBERSHIP,) if IndexKind.MEMBERSHIP in kinds else ()
    others = tuple(kind for kind in kinds if kind is not IndexKind.MEMBERSHIP)
    return indexes if name is None else (*indexes, *(AttributeIndex(k, name) for k in others))
