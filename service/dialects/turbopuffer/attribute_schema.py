"""Schemas in requests (section 5): types and options of attributes and vectors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from service.core.attributes import AttributeSpec, Scalar, check_name, parse_type
from service.core.documents import SchemaUpdate, VectorSpec
from service.core.errors import InvalidRequest
from service.core.ids import IdType
from service.core.vectors import MAX_DIMENSIONS, Metric, Precision
from service.dialects.turbopuffer.full_text import parse_full_text
from service.dialects.turbopuffer.names import (
    ID,
    RESERVED,
    VECTOR,
    malformed_schema,
    parse_metric,
)
from service.dialects.turbopuffer.wire import Wire, shortened

ID_TYPES = {"uint": IdType.BIGINT, "string": IdType.TEXT, "uuid": IdType.UUID}
VECTOR_TYPE = re.compile(r"\[(\d{1,6})\](f32|f16)")
# what the live service has beside these: a map of numbers, and a vector for each token
SPARSE, LATE_INTERACTION = "{}f16", re.compile(r"\[\]\[\d{1,6}\]f(32|16)")
PATTERN_OPTIONS = ("regex", "glob", "fuzzy")

Entries = dict[str, Wire]


def parse_schema(wire: Wire) -> SchemaUpdate:
    """A map of attribute names to a type, or to an object of type and options.

    Raises:
        MalformedRequest: when it is not such a map.
        InvalidRequest: for names and types that cannot be.
    """
    if wire is None:
        return SchemaUpdate()
    if not isinstance(wire, dict):
        raise malformed_schema("", wire)
    entries = dict(cast(Mapping[str, Wire], wire))
    if is_dropped(ID, entries.get(ID)):
        raise InvalidRequest("💔 ids cannot be dropped")
    id_type = parse_id_type(entries.pop(ID, None))
    dropped = tuple(name for name, entry in entries.items() if is_dropped(name, entry))
    kept = {name: entry for name, entry in entries.items() if name not in dropped}
    vectors = {name: parse_vector(name, e) for name, e in kept.items() if is_vector(name, e)}
    specs = {name: parse_spec(name, e) for name, e in kept.items() if name not in vectors}
    return SchemaUpdate(
        specs, id_type, {name: spec for name, spec in vectors.items() if spec}, dropped
    )


def parse_schema_body(wire: Wire) -> SchemaUpdate:
    """The body of a schema update: the map itself."""
    if wire is None:
        raise malformed_schema("", wire)
    return parse_schema(wire)


def is_dropped(name: str, wire: Wire) -> bool:
    """Whether the entry asks for the attribute to be removed."""
    if not isinstance(wire, dict) or wire.get("drop") is None:
        return False
    if not isinstance(wire["drop"], bool):
        raise malformed_schema(f"{name}.drop", wire["drop"])
    return wire["drop"]


def type_of(wire: Wire) -> Wire:
    return wire.get("type") if isinstance(wire, dict) else wire


def is_vector(name: str, wire: Wire) -> bool:
    """Whether the entry declares a vector of any kind."""
    kind = type_of(wire)
    if name == VECTOR:
        return True
    if not isinstance(kind, str):
        return False
    return bool(VECTOR_TYPE.fullmatch(kind) or kind == SPARSE or LATE_INTERACTION.fullmatch(kind))


def parse_vector(name: str, wire: Wire) -> VectorSpec | None:
    """What an entry says of a vector; None for null, which says nothing."""
    check_name(name, frozenset({ID}))
    kind = type_of(wire)
    if kind is None and not isinstance(wire, dict):
        return None
    if not isinstance(kind, str):
        raise malformed_schema(name, wire)
    text = kind
    if text == SPARSE or LATE_INTERACTION.fullmatch(text):
        what = "sparse vectors" if text == SPARSE else "late-interaction vectors"
        raise InvalidRequest(
            f"💔 attribute '{name}': this server has no {what}, only dense ones of type [N]f32 "
            "or [N]f16"
        )
    found = VECTOR_TYPE.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= MAX_DIMENSIONS:
        raise InvalidRequest(
            f"💔 unknown vector type '{shortened(kind)}', "
            f"expected [N]f32 or [N]f16 with N from 1 to {MAX_DIMENSIONS}"
        )
    options = wire if isinstance(wire, dict) else {}
    return VectorSpec(int(found[1]), Precision(found[2]), parse_ann(name, options.get("ann")))


def parse_ann(name: str, wire: Wire) -> Metric | None:
    """The metric that ``ann`` names, if it does. Every vector has an index, so it cannot be off."""
    match wire:
        case None | True:
            return None
        case {"late_interaction": True}:
            raise InvalidRequest(f"💔 attribute '{name}': this server has no late interaction")
        case dict():
            return parse_metric(wire.get("distance_metric"))
        case False if name == VECTOR:
            raise InvalidRequest(
                "💔 the `vector` attribute must have `ann` set to `true`, "
                'eg: {"vector": {"type": "[1536]f32", "ann": true}}'
            )
        case False:
            raise InvalidRequest(f"💔 vector attribute '{name}' must have ann:true")
        case _:
            raise malformed_schema(f"{name}.ann", wire)


def parse_spec(name: str, wire: Wire) -> AttributeSpec:
    check_name(name, RESERVED)
    match wire:
        case str():
            return AttributeSpec(parse_type(wire))
        case {"type": str(kind), **options}:
            return parse_options(name, kind, cast(Entries, options))
        case _:
            raise malformed_schema(name, wire)


def parse_options(name: str, kind: str, options: Entries) -> AttributeSpec:
    """An attribute of this type with options; what matches by pattern alone is not filterable."""
    attribute = parse_type(kind)
    text = parse_full_text(name, first_given(options, "full_text_search", "bm25"))
    patterns = {option: parse_switch(name, option, options) for option in PATTERN_OPTIONS}
    used = [option for option, on in patterns.items() if on]
    if text:
        used.insert(0, "full_text_search")
    if text and text.tokenizer == "pre_tokenized_array" and not attribute.is_array:
        raise InvalidRequest(f"💔 attribute '{name}': pre_tokenized_array needs type []string")
    if used and attribute.scalar is not Scalar.STRING:
        raise InvalidRequest(f"💔 attribute '{name}': {used[0]} needs type string or []string")
    refuse_unknown_kinds(name, options)
    filterable = parse_switch(name, "filterable", options, default=not used)
    return AttributeSpec(attribute, filterable, text, **patterns)


def refuse_unknown_kinds(name: str, options: Entries) -> None:
    """Refuse what would silently do nothing."""
    if options.get("embed") is not None:
        raise InvalidRequest(f"💔 attribute '{name}': this server does not embed texts")
    if options.get("sparse_knn") is not None:
        raise InvalidRequest(f"💔 attribute '{name}': this server has no sparse vectors")


def first_given(options: Entries, *names: str) -> Wire:
    return next((options[name] for name in names if options.get(name) is not None), None)


def parse_switch(name: str, option: str, options: Entries, *, default: bool = False) -> bool:
    given = options.get(option)
    if given is None:
        return default
    if not isinstance(given, bool):
        raise malformed_schema(f"{name}.{option}", given)
    return given


def parse_id_type(wire: Wire) -> IdType | None:
    kind = type_of(wire)
    if kind is None:
        return None
    if not isinstance(kind, str) or kind not in ID_TYPES:
        raise InvalidRequest(f"💔 {shortened(kind)} is not a valid ID type")
    return ID_TYPES[kind]
