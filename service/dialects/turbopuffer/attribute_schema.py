"""Schemas on the wire (section 5): types and options of attributes, and their exact rendering."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

from service.core.attributes import AttributeSpec, FullText, Scalar, check_name, parse_type
from service.core.documents import SchemaUpdate
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.ids import IdType, kind_of
from service.core.namespace import Namespace
from service.core.vectors import MAX_DIMENSIONS
from service.dialects.turbopuffer.names import ID, RESERVED, TARGET, VECTOR
from service.dialects.turbopuffer.wire import Wire, shortened

ID_TYPES = {"uint": IdType.BIGINT, "string": IdType.TEXT, "uuid": IdType.UUID}
VECTOR_TYPE = re.compile(r"\[(\d{1,6})\]f32")
MAX_WEIGHT = 1000.0
TOKENIZERS = frozenset({f"word_v{number}" for number in range(5)} | {"pre_tokenized_array"})
LANGUAGES = frozenset(
    {"arabic", "danish", "dutch", "english", "finnish", "french", "german", "greek", "hungarian"}
    | {"italian", "norwegian", "portuguese", "romanian", "russian", "spanish", "swedish", "tamil"}
    | {"turkish"}
)
FULL_TEXT_OPTIONS: dict[str, type] = {
    option: type(value) for option, value in asdict(FullText()).items()
}


def parse_schema(wire: Wire) -> SchemaUpdate:
    """A map of attribute names to a type, or to an object of type and options.

    Raises:
        MalformedRequest: when it is not such a map.
        InvalidRequest: for names and types that cannot be.
    """
    if wire is None:
        return SchemaUpdate()
    if not isinstance(wire, dict):
        raise malformed("", wire)
    entries = dict(cast(Mapping[str, Wire], wire))
    id_type = parse_id_type(entries.pop(ID, None))
    dimensions = parse_dimensions(entries.pop(VECTOR, None))
    specs = {name: parse_spec(name, entry) for name, entry in entries.items()}
    return SchemaUpdate(specs, id_type, dimensions)


def parse_schema_body(wire: Wire) -> SchemaUpdate:
    """The body of a schema update: the map itself."""
    if wire is None:
        raise malformed("", wire)
    return parse_schema(wire)


def parse_spec(name: str, wire: Wire) -> AttributeSpec:
    check_name(name, RESERVED)
    match wire:
        case str():
            return AttributeSpec(parse_type(wire))
        case {"type": str(kind), **options}:
            text = parse_full_text(name, first_given(options, "full_text_search", "bm25"))
            attribute = parse_type(kind)
            if text and attribute.scalar is not Scalar.STRING:
                raise InvalidRequest(
                    f"💔 attribute '{name}': full_text_search needs type string or []string"
                )
            return AttributeSpec(
                attribute, parse_filterable(name, options, default=text is None), text
            )
        case _:
            raise malformed(name, wire)


def first_given(options: Mapping[str, Wire], *names: str) -> Wire:
    return next((options[name] for name in names if options.get(name) is not None), None)


def parse_filterable(name: str, options: Mapping[str, Wire], *, default: bool) -> bool:
    given = options.get("filterable")
    if given is None:
        return default
    if not isinstance(given, bool):
        raise malformed(f"{name}.filterable", given)
    return given


def parse_full_text(name: str, wire: Wire) -> FullText | None:
    match wire:
        case None | False:
            return None
        case True:
            return FullText()
        case dict():
            given = cast(dict[str, Wire], wire)
            known = {k: v for k, v in given.items() if k in FULL_TEXT_OPTIONS and v is not None}
            for option, value in known.items():
                kind = FULL_TEXT_OPTIONS[option]
                if type(value) not in ({int, float} if kind is float else {kind}):
                    raise malformed(f"{name}.full_text_search.{option}", value)
            return check_full_text(name, FullText(**known))  # type: ignore[arg-type]
        case _:
            raise malformed(f"{name}.full_text_search", wire)


def check_full_text(name: str, options: FullText) -> FullText:
    """The options when they are within section 5.2."""
    wrong = [
        option
        for option, right in (
            ("tokenizer", options.tokenizer in TOKENIZERS),
            ("language", options.language in LANGUAGES),
            ("max_token_length", 1 <= options.max_token_length <= 254),
            ("k1", 0 <= options.k1 <= MAX_WEIGHT),
            ("b", 0 <= options.b <= 1),
            ("k3", 0 <= options.k3 <= MAX_WEIGHT),
        )
        if not right
    ]
    if wrong:
        raise InvalidRequest(
            f"💔 attribute '{name}': full_text_search has no such {wrong[0]}: "
            f"'{shortened(getattr(options, wrong[0]))}'"
        )
    return options


def parse_id_type(wire: Wire) -> IdType | None:
    kind = wire.get("type") if isinstance(wire, dict) else wire
    if kind is None:
        return None
    if not isinstance(kind, str) or kind not in ID_TYPES:
        raise InvalidRequest(f"💔 {shortened(kind)} is not a valid ID type")
    return ID_TYPES[kind]


def parse_dimensions(wire: Wire) -> int | None:
    """The length that ``[N]f32`` declares."""
    kind = wire.get("type") if isinstance(wire, dict) else wire
    if kind is None:
        return None
    found = VECTOR_TYPE.fullmatch(kind) if isinstance(kind, str) else None
    if found is None or not 1 <= int(found[1]) <= MAX_DIMENSIONS:
        raise InvalidRequest(
            f"💔 unknown vector type '{shortened(kind)}', "
            f"expected [N]f32 with N from 1 to {MAX_DIMENSIONS}"
        )
    return int(found[1])


def malformed(name: str, wire: Wire) -> MalformedRequest:
    where = f"schema.{name}" if name else "schema"
    return MalformedRequest(
        f"{TARGET}{where}: "
        f"data did not match any variant of untagged enum AttributeSchemaInput, got {kind_of(wire)}"
    )


def render_schema(namespace: Namespace) -> dict[str, Wire]:
    """The whole schema, id and vectors included, in the shape of section 5.3."""
    rendered: dict[str, Wire] = {
        ID: {"type": namespace.id_type.spelled, "filterable": None, "full_text_search": None}
    }
    for name, spec in namespace.attributes.items():
        rendered[name] = {
            "type": str(spec.type),
            "filterable": spec.filterable,
            "full_text_search": render_full_text(spec.full_text),
        }
    for column in namespace.vectors:
        rendered[column.name] = {
            "type": f"[{column.dimensions}]f32",
            "ann": True,
            "filterable": None,
            "full_text_search": None,
        }
    return rendered


def render_full_text(options: FullText | None) -> dict[str, Wire] | None:
    return asdict(options) if options else None
