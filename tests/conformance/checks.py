"""What a step of a case expects of the answer, key by key.

``status`` (200 unless given), ``json`` (the whole body), ``subset`` (these keys of it), ``ids``
(the ids of the rows in order), ``has`` (texts in the body), ``error`` (the whole message in the
envelope) or ``error_like`` (a pattern in it), ``plain`` (a body that is not JSON), ``empty`` (no
body) and ``headers`` (patterns of whole values, null: absent). Floats are equal within 1e-6,
integers exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.test import TestResponse

TOLERANCE = 1e-6
EXPECTATIONS = ("json", "subset", "ids", "has", "error", "error_like", "plain", "empty", "headers")


def check(step: Mapping[str, Any], response: TestResponse) -> None:
    """Fail when the answer is not what the step expects."""
    where = f"{response.request.method} {response.request.path}"
    shown = f"{where} answered {response.status_code}: {response.text[:1000]}"
    status = step.get("status", 200)
    allowed = range(400, 500) if status == "4xx" else (status,)
    assert response.status_code in allowed, f"expected {status}, but {shown}"
    wanted = "text/plain; charset=utf-8" if "plain" in step else "application/json"
    if not step.get("empty"):
        assert response.headers["Content-Type"] == wanted, shown
    for key in EXPECTATIONS:
        if key in step:
            assert CHECKS[key](step[key], response), f"expected {key} {step[key]!r}, but {shown}"


def same(expected: Any, actual: Any) -> bool:
    """Whether two JSON values are equal, floats nearly so."""
    match expected, actual:
        case (bool(), _) | (_, bool()):
            return expected is actual
        case int(), int():
            return expected == actual
        case int() | float(), int() | float():
            return math.isclose(expected, actual, rel_tol=1e-12, abs_tol=TOLERANCE)
        case dict(), dict():
            return expected.keys() == actual.keys() and all(
                same(member, actual[key]) for key, member in expected.items()
            )
        case list(), list():
            return len(expected) == len(actual) and all(map(same, expected, actual))
        case _:
            return type(expected) is type(actual) and expected == actual


def includes(expected: Any, actual: Any) -> bool:
    """Whether the actual value has everything that the expected one has; lists entry by entry."""
    match expected, actual:
        case dict(), dict():
            return all(
                key in actual and includes(member, actual[key]) for key, member in expected.items()
            )
        case list(), list():
            return len(expected) == len(actual) and all(map(includes, expected, actual))
        case _:
            return same(expected, actual)


def message(response: TestResponse) -> str:
    """The message of the error envelope, "" when the body is something else."""
    match response.get_json(silent=True):
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


CHECKS: dict[str, Callable[[Any, TestResponse], bool]] = {
    "json": lambda expected, response: same(expected, response.get_json()),
    "subset": lambda expected, response: includes(expected, response.get_json()),
    "ids": lambda expected, response: same(expected, [row["id"] for row in response.get_json()]),
    "has": lambda expected, response: all(text in response.text for text in expected),
    "error": lambda expected, response: message(response) == expected,
    "error_like": lambda expected, response: bool(re.search(expected, message(response) or "\0")),
    "plain": lambda expected, response: response.text == expected,
    "empty": lambda expected, response: (response.data == b"") is expected,
    "headers": has_headers,
}
