"""Bodies of requests: every field may be null, which is the same as absent; unknown ones are
ignored."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from service.core.errors import InvalidRequest, MalformedRequest
from service.core.ids import kind_of
from service.core.namespace import NAME
from service.core.query import MAX_LIMIT
from service.dialects.turbopuffer.names import TARGET
from service.dialects.turbopuffer.wire import Wire, shortened

DEFAULT_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Copy:
    """A write that makes the namespace a copy of another one. ``must_exist``: it is not made."""

    source: str
    must_exist: bool = False


class Request(Schema):
    """A body whose fields are optional and whose unknown fields are ignored."""

    class Meta:
        unknown = EXCLUDE


class Flag(fields.Field[bool]):
    """true or false; null is false. marshmallow's own takes 1 for true."""

    def _deserialize(self, value: object, *_: object, **__: object) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(f"invalid type: {kind_of(value)}, expected a boolean")
        return value


def anything() -> fields.Raw:
    """A field that the parsers of this package read."""
    return fields.Raw(load_default=None, allow_none=True)


def flag() -> Flag:
    return Flag(load_default=False, allow_none=True)


def choice() -> Flag:
    """true, false, or None for neither."""
    return Flag(load_default=None, allow_none=True)


def read_integer(name: str, wire: Wire, default: int) -> int:
    """A whole number, or the default for null."""
    if wire is None:
        return default
    if isinstance(wire, bool) or not isinstance(wire, int):
        raise MalformedRequest(f"{TARGET}{name}: invalid type: {kind_of(wire)}, expected usize")
    return wire


def read_limit(wire: Wire, name: str = "top_k") -> int:
    """How many results are wanted."""
    limit = read_integer(name, wire, DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequest(f"💔 {name} must be between 1 and {MAX_LIMIT}")
    return limit


def read_encoding(wire: Wire, name: str) -> bool:
    """Whether vectors are wanted in base64."""
    if wire not in (None, "float", "base64"):
        raise MalformedRequest(
            f"{TARGET}{name}: unknown variant `{shortened(wire)}`, expected `float` or `base64`"
        )
    return wire == "base64"


def read_source(wire: Wire, field: str) -> str:
    """The namespace to copy; it stands in the body, so a bad name is an error like others."""
    match wire:
        case str() | {"source_namespace": str()}:
            source = wire if isinstance(wire, str) else str(wire["source_namespace"])
        case _:
            raise MalformedRequest(f"{TARGET}{field}: expected the name of a namespace")
    if not NAME.fullmatch(source):
        raise InvalidRequest(f"💔 {field} is no namespace name: invalid characters")
    return source


def not_alone(field: str) -> InvalidRequest:
    """The error for a copy beside which something else stands."""
    return InvalidRequest(f"💔 {field} cannot be used with other write request fields")
