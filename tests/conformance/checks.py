"""What a step of a case expects of the answer, key by key.

``status`` (200 unless given), ``json`` (the whole body), ``subset`` (these keys of it), ``rows``
(the rows of a v2 query, whole and with their keys in this order), ``ids`` (the ids of the rows in
order), ``keys`` (of the body, or by the path of an object in it, all keys in this order), ``like``
(patterns of what stands at a path, as text), ``has`` (texts in the body), ``error`` (the whole
message in the envelope) or ``error_like`` (a pattern in it), ``plain`` (a body that is not JSON),
``type`` (another content type), ``empty`` (no body) and ``headers`` (patterns of whole values,
null: absent). Floats are equal within 1e-6, integers exactly. Paths are names and numbers with dots
between.
"""

from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.test import TestResponse

from tests.conformance.wire import is_list, is_object

TOLERANCE = 1e-6


Check = Callable[[Any, TestResponse], bool]


def check(
    step: Mapping[str, Any], response: TestResponse, known: Mapping[str, Check] | None = None
) -> None:
    """Fail when the answer is not what the step expects; ``known``: what can be expected."""
    where = f"{response.request.method} {response.request.path}"
    shown = f"{where} answered {response.status_code}: {text_of(response)[:1000]}"
    status = step.get("status", 200)
    allowed = range(400, 500) if status == "4xx" else (status,)
    assert response.status_code in allowed, f"expected {status}, but {shown}"
    plain = "text/plain; charset=utf-8" if "plain" in step else "application/json"
    wanted = step.get("type", plain)
    if not step.get("empty"):
        assert response.headers["Content-Type"] == wanted, shown
    for key, holds in (CHECKS if known is None else known).items():
        if key in step:
            assert holds(step[key], response), f"expected {key} {step[key]!r}, but {shown}"


def text_of(response: TestResponse) -> str:
    """The body, inflated."""
    packed = response.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(response.data) if packed else response.data).decode(errors="replace")


def body_of(response: TestResponse) -> Any:
    """What the body stands for, None for what is no JSON."""
    try:
        return json.loads(text_of(response))
    except ValueError:
        return None


def same(expected: Any, actual: Any) -> bool:
    """Whether two JSON values are equal, floats nearly so."""
    match expected, actual:
        case (bool(), _) | (_, bool()):
            return expected is actual
        case int(), int():
            return expected == actual
        case int() | float(), int() | float():
            return math.isclose(expected, actual, rel_tol=1e-12, abs_tol=TOLERANCE)
        case _:
            pass
    if is_object(expected) and is_object(actual):
        return expected.keys() == actual.keys() and all(
            same(member, actual[key]) for key, member in expected.items()
        )
    if is_list(expected) and is_list(actual):
        return len(expected) == len(actual) and all(map(same, expected, actual))
    return type(expected) is type(actual) and expected == actual


def includes(expected: Any, actual: Any) -> bool:
    """Whether the actual value has everything that the expected one has; lists entry by entry."""
    if is_object(expected) and is_object(actual):
        return all(
            key in actual and includes(member, actual[key]) for key, member in expected.items()
        )
    if is_list(expected) and is_list(actual):
        return len(expected) == len(actual) and all(map(includes, expected, actual))
    return same(expected, actual)


def rows_of(body: Any) -> list[dict[str, Any]]:
    """The rows of a query of either version."""
    return body["rows"] if is_object(body) else body


def has_rows(expected: list[dict[str, Any]], response: TestResponse) -> bool:
    rows = rows_of(body_of(response))
    return same(expected, rows) and all(next(iter(row)) == "id" for row in rows)


def at(path: str, value: Any) -> Any:
    """What stands at the path; the value itself for an empty one."""
    for name in path.split(".") if path else ():
        value = value[int(name)] if is_list(value) else value[name]
    return value


def has_keys(expected: list[str] | Mapping[str, list[str]], response: TestResponse) -> bool:
    paths = {"": expected} if isinstance(expected, list) else expected
    body = body_of(response)
    return all(list(at(path, body)) == keys for path, keys in paths.items())


def is_like(expected: Mapping[str, str], response: TestResponse) -> bool:
    body = body_of(response)
    return all(
        re.fullmatch(
            pattern, value if isinstance(value := at(path, body), str) else json.dumps(value)
        )
        for path, pattern in expected.items()
    )


def message(response: TestResponse) -> str:
    """The message of the error envelope, "" when the body is something else."""
    match body_of(response):
        case {"status": "error", "error": str(text), **others} if not others:
            return text
        case _:
            return ""


def has_headers(expected: Mapping[str, str | None], response: TestResponse) -> bool:
    return all(
        name not in response.headers
        if pattern is None
        else re.fullmatch(pattern, response.headers.get(name, ""))
        for name, pattern in expected.items()
    )


CHECKS: dict[str, Check] = {
    "json": lambda expected, response: same(expected, body_of(response)),
    "subset": lambda expected, response: includes(expected, body_of(response)),
    "rows": has_rows,
    "ids": lambda expected, response: same(
        expected, [row["id"] for row in rows_of(body_of(response))]
    ),
    "keys": has_keys,
    "like": is_like,
    "has": lambda expected, response: all(text in text_of(response) for text in expected),
    "error": lambda expected, response: message(response) == expected,
    "error_like": lambda expected, response: bool(re.search(expected, message(response) or "\0")),
    "plain": lambda expected, response: response.text == expected,
    "empty": lambda expected, response: (response.data == b"") is expected,
    "headers": has_headers,
}
