"""JSON in and out: the one parser, the one serializer, and answers made of JSON.

What it refuses is what would break further in or silently change: NUL characters (PostgreSQL
stores none), integers of more than 64 bits (orjson turns them into floats) and all that is not
JSON. It knows no field of any request; shapes are the schemas' business.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, cast

import orjson
from flask import Flask, Response
from flask.json.provider import JSONProvider

from service.core.errors import InvalidRequest

UNREADABLE = "Failed to parse the request body as JSON: "
CONTENT_TYPE = "application/json"
LOWEST_INTEGER = -(2**63)
HIGHEST_INTEGER = 2**64 - 1
# A float of this magnitude may have been an integer that orjson could not hold.
SUSPICIOUS = 2.0**63
MOST_DIGITS = 20
SHOWN = 40
HOLDS_NUL = "holds the character U+0000 (NUL), which cannot be stored"


def loads(raw: bytes) -> object:
    """The value that the text stands for.

    Raises:
        InvalidRequest: for text that is not JSON, or holds what cannot be stored.
    """
    try:
        value: object = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"{UNREADABLE}{error}") from error
    # Looking for one byte is several times faster than for six, and most bodies have no escapes.
    if b"\\" in raw and b"\\u0000" in raw:
        _refuse_nul(value)
    if _has_suspicious_float(value):
        _refuse_wide_integers(raw)
    return value


def dumps(value: object) -> bytes:
    """The text of ``value``: compact, keys (which must be strings) in their own order.

    Numpy arrays are taken as they are; their float32 numbers get the shortest text that reads back
    as the same float32.
    """
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


def respond(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of JSON. Old clients compare the content type with ``==``: no charset."""
    return Response(dumps(value), status, headers, content_type=CONTENT_TYPE)


class Provider(JSONProvider):
    """What Flask itself reads and renders: by the same rules, and without sorting keys."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return loads(s.encode() if isinstance(s, str) else s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return respond(self._prepare_response_obj(args, kwargs))


def install(app: Flask) -> None:
    """Let Flask use the provider, also for views that return a dict or a list."""
    app.json = Provider(app)


def _refuse_nul(value: object) -> None:
    """Find the string that holds a NUL; there may be none, since ``\\\\u0000`` is a legal text.

    A stack of its own, because a body may be nested as deeply as the parser allows.
    """
    stack: list[tuple[str, object]] = [("body", value)]
    while stack:
        name, node = stack.pop()
        if isinstance(node, str):
            if "\x00" in node:
                raise InvalidRequest(f"{UNREADABLE}a string in {name!r} {HOLDS_NUL}")
        elif isinstance(node, dict):
            for key, member in cast("dict[str, object]", node).items():
                if "\x00" in key:
                    raise InvalidRequest(f"{UNREADABLE}the key {key[:SHOWN]!r} {HOLDS_NUL}")
                stack.append((key[:SHOWN], member))
        elif isinstance(node, list):
            stack.extend((name, member) for member in cast("list[object]", node))


def _has_suspicious_float(value: object) -> bool:
    """Whether any float in ``value`` may have been an integer of more than 64 bits."""
    stack: list[object] = [[value]]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            members: Iterable[object] = cast("dict[str, object]", node).values()
        else:
            members = cast("list[object]", node)
            if _are_small_numbers(members):
                continue
        for member in members:
            kind = type(member)
            if kind is float:
                if abs(cast("float", member)) >= SUSPICIOUS:
                    return True
            elif kind is list or kind is dict:
                stack.append(member)
    return False


def _are_small_numbers(members: list[object]) -> bool:
    """Whether these are numbers only, none of them suspicious: the way out for vectors.

    The Euclidean norm is at least the largest magnitude, is computed in C at a fifth of the cost of
    parsing the numbers, and fails at the first member that is not a number.
    """
    if not members or type(members[0]) not in (float, int):
        return False
    try:
        return math.hypot(*cast("list[float]", members)) < SUSPICIOUS
    except TypeError:
        return False


def _refuse_wide_integers(raw: bytes) -> None:
    """Read the text again, keeping nothing, with a parser that shows how a number was spelled."""
    try:
        json.loads(raw, parse_int=_check_width, parse_float=_forget, object_pairs_hook=_forget)
    except RecursionError as error:
        raise InvalidRequest(f"{UNREADABLE}it is nested too deeply") from error


def _check_width(digits: str) -> None:
    # By length first: int() is quadratic, and refuses more than 4300 digits in its own words.
    unsigned = len(digits.lstrip("-"))
    if unsigned > MOST_DIGITS or not LOWEST_INTEGER <= int(digits) <= HIGHEST_INTEGER:
        shown = digits if len(digits) <= SHOWN else f"{digits[:SHOWN]}…"
        raise InvalidRequest(f"{UNREADABLE}the integer {shown} does not fit in 64 bits")


def _forget(_: object) -> None:
    return None
