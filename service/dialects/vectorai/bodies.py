"""Bodies of requests: objects whose null fields are absent and whose unknown ones are ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load

from service.core.attributes import JsonAny, JsonObject
from service.core.errors import MalformedRequest
from service.core.ids import kind_of
from service.web.body import read_body
from service.web.context import first_error
from service.web.json import loads
from service.web.limits import limits

T = TypeVar("T")

MAX_LIMIT = 1_000_000


class Request(Schema):
    """A body of this API."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def without_nulls(self, data: Mapping[str, object], **_: object) -> dict[str, object]:
        return {name: value for name, value in data.items() if value is not None}


class Whole(fields.Field[int]):
    """A whole number within bounds. marshmallow's own takes true for 1."""

    def __init__(self, default: int | None, least: int, most: int) -> None:
        super().__init__(load_default=default)  # pyright: ignore[reportUnknownMemberType]
        self._least, self._most = least, most

    def _deserialize(self, value: object, *_: object, **__: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError(f"invalid type: {kind_of(value)}, expected an integer")
        if value < self._least:
            raise ValidationError(f"value {value} invalid, must be {self._least} or larger")
        if value > self._most:
            raise ValidationError(f"value {value} invalid, must be {self._most} or smaller")
        return value


class Number(fields.Field[float]):
    """A number."""

    def _deserialize(self, value: object, *_: object, **__: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError(f"invalid type: {kind_of(value)}, expected a number")
        return float(value)


class Flag(fields.Field[bool]):
    """true or false. marshmallow's own takes 1 for true."""

    def _deserialize(self, value: object, *_: object, **__: object) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(f"invalid type: {kind_of(value)}, expected a boolean")
        return value


class Name(fields.Field[str]):
    """A string."""

    def _deserialize(self, value: object, *_: object, **__: object) -> str:
        if not isinstance(value, str):
            raise ValidationError(f"invalid type: {kind_of(value)}, expected a string")
        return value


class Object(fields.Field[dict[str, Any]]):
    """A JSON object."""

    def _deserialize(self, value: object, *_: object, **__: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError(f"invalid type: {kind_of(value)}, expected an object")
        return cast(dict[str, Any], value)


def anything() -> fields.Raw:
    """A field that the parsers of this package read; absent and null are None."""
    return fields.Raw(load_default=None)


def whole(default: int | None = None, least: int = 0, most: int = MAX_LIMIT) -> Whole:
    return Whole(default, least, most)


def flag(default: bool = False) -> Flag:
    return Flag(load_default=default)


def number() -> Number:
    return Number(load_default=None)


def name() -> Name:
    return Name(load_default=None)


def required_name() -> Name:
    return Name(required=True, error_messages={"required": "missing field"})


def an_object() -> Object:
    return Object(load_default=None)


def required_object() -> Object:
    return Object(required=True, error_messages={"required": "missing field"})


def read_object(limit: int) -> JsonObject:
    """The body of the current request; without one, an empty object.

    Raises:
        InvalidRequest, MalformedRequest, TooLarge: for what is not a JSON object of such a size.
    """
    raw = read_body(limit)
    body = cast(JsonAny, loads(raw)) if raw.strip() else {}
    if not isinstance(body, dict):
        raise MalformedRequest(f"Invalid request: body: {kind_of(body)}, expected an object")
    return body


def read(schema: Schema, *, write: bool = False) -> Any:
    """The body of the current request, as whatever the schema makes of it."""
    sizes = limits()
    return load(schema, read_object(sizes.max_write_bytes if write else sizes.max_body_bytes))


def load(schema: Schema, value: object, where: str = "") -> Any:
    """A part of a body, as whatever the schema makes of it.

    Raises:
        MalformedRequest: naming the field, for one of another shape.
    """
    prefix = f"{where}." if where else ""
    if not isinstance(value, dict):
        raise malformed(where or "body", f"{kind_of(value)}, expected an object")
    try:
        return cast(Any, schema.load(cast(dict[str, Any], value)))
    except ValidationError as error:
        raise MalformedRequest(f"Invalid request: {prefix}{first_error(error)}") from error


def malformed(field: str, reason: str) -> MalformedRequest:
    """The error for a field of another shape than it should have."""
    return MalformedRequest(f"Invalid request: {field}: {reason}")
