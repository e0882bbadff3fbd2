"""What a route needs from the application: the engine, and its request as a value.

Reading is body, then JSON, then schema; no connection is taken for it. It does not know any shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from flask import current_app
from marshmallow import Schema, ValidationError

from service.core.errors import MalformedRequest
from service.web.body import read_body
from service.web.json import loads

if TYPE_CHECKING:
    from service.engine import Engine

EXTENSION = "vectable"
UNFIT = "Failed to deserialize the JSON body into the target type: "
# The words of turbopuffer's own parser, which its clients' tests look for.
KINDS: Mapping[type, str] = {
    list: "sequence",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "floating point",
    type(None): "null",
}
# marshmallow's name for errors that belong to no field.
WHOLE = "_schema"


def engine() -> Engine:
    """The engine that the application was made with."""
    return cast("Engine", current_app.extensions[EXTENSION])


def read(schema: Schema, limit: int, empty_ok: bool = False) -> object:
    """The body of the current request, as whatever ``schema`` makes of it.

    Raises:
        MalformedRequest: for JSON of another shape.
        InvalidRequest, TooLarge: for a body that is not JSON, or not one to read.
    """
    raw = read_body(limit)
    if not raw and empty_ok:
        return _load(schema, {})
    body = loads(raw)
    if isinstance(body, dict):
        return _load(schema, cast("dict[str, object]", body))
    raise MalformedRequest(f"{UNFIT}invalid type: {KINDS[type(body)]}, expected a map")


def _load(schema: Schema, body: dict[str, object]) -> object:
    try:
        return cast("object", schema.load(body))
    except ValidationError as error:
        raise MalformedRequest(f"{UNFIT}{first_error(error)}") from error


def first_error(error: ValidationError) -> str:
    """The first of the errors as ``field[index].field: message``."""
    path = ""
    messages = cast("object", error.messages)
    while isinstance(messages, dict) and messages:
        key, messages = next(iter(cast("dict[object, object]", messages).items()))
        path += _step(key, path)
    if isinstance(messages, list) and messages:
        messages = cast("list[object]", messages)[0]
    message = str(cast("object", messages))
    return f"{path}: {message}" if path else message


def _step(key: object, path: str) -> str:
    if key == WHOLE:
        return ""
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if path else str(key)
