"""What a step of a case of VectorAI's API expects of the answer, beside what checks.py knows.

Every answer has this API's envelope, its keys in their order, unless the step says ``bare`` (what
has none: the bare address, health, /auth). ``result`` is what stands in it, ``part`` some keys of
that, ``ids`` and ``scores`` are those of its points in order, ``groups`` ids and hits of its
groups; ``error`` and ``error_like`` are about the message of an error, ``failure`` about one of
/auth, and ``raises`` names the exception that the official client makes of it (ValidationError
unless the step says another).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.test import TestResponse

from tests.conformance import checks
from tests.conformance.checks import Check, body_of, includes, same
from tests.conformance.vectorai_errors import raised
from tests.conformance.wire import is_list, is_object

ENVELOPE = ["usage", "time", "status", "result"]
# what no answer may be: clients follow no redirects, and read JSON from every success
NEVER = {204, *range(300, 400), 501}


def check(step: Mapping[str, Any], response: TestResponse) -> None:
    """Fail when the answer is not what the step expects, or not in the envelope."""
    where = f"{response.request.method} {response.request.path}"
    shown = f"{where} answered {response.status_code}: {checks.text_of(response)[:1000]}"
    assert response.status_code not in NEVER, shown
    checks.check(step, response, CHECKS)
    if not step.get("bare"):
        assert has_envelope(response), f"not the envelope: {shown}"
    if response.status_code >= 400:
        expected = step.get("raises", "ValidationError")
        exception = raised(response.status_code, body_of(response))
        assert exception == expected, f"expected {expected}, got {exception}: {shown}"


def has_envelope(response: TestResponse) -> bool:
    body = body_of(response)
    if response.status_code >= 400:
        return has_error_envelope(body)
    return (
        is_object(body)
        and list(body) == ENVELOPE
        and body["usage"] == {"hardware": None}
        and body["status"] == "ok"
        and isinstance(body["time"], float)
    )


def has_error_envelope(body: Any) -> bool:
    """Status and time; a message beside them, if there is one, says the same."""
    match body:
        case {"status": {"error": str(text), **others}, "time": int() | float(), **more}:
            return bool(text) and not others and more in ({}, {"message": text})
        case _:
            return False


def result_of(response: TestResponse) -> Any:
    body = body_of(response)
    return body.get("result") if is_object(body) else None


def points_of(response: TestResponse) -> list[dict[str, Any]]:
    """The points of a result: a list of them, or one under ``points``."""
    result = result_of(response)
    return result["points"] if is_object(result) else result


def message(response: TestResponse) -> str:
    """The message of the error envelope, "" when the body is something else."""
    match body_of(response):
        case {"status": {"error": str(text)}}:
            return text
        case _:
            return ""


def failure(response: TestResponse) -> str:
    """The message of an error of /auth, "" when the body is something else."""
    match body_of(response):
        case {"status": "error", "message": str(text), **others} if not others:
            return text
        case _:
            return ""


def groups_of(response: TestResponse) -> Any:
    """Each group as its id and the ids of its hits."""
    result = result_of(response)
    if not (is_object(result) and is_list(result.get("groups"))):
        return None
    return [[group["id"], [hit["id"] for hit in group["hits"]]] for group in result["groups"]]


CHECKS: dict[str, Check] = {
    **{key: checks.CHECKS[key] for key in ("json", "subset", "keys", "like", "has", "plain")},
    "headers": checks.CHECKS["headers"],
    "result": lambda expected, response: same(expected, result_of(response)),
    "part": lambda expected, response: includes(expected, result_of(response)),
    "ids": lambda expected, response: same(expected, [p["id"] for p in points_of(response)]),
    "scores": lambda expected, response: same(expected, [p["score"] for p in points_of(response)]),
    "groups": lambda expected, response: same(expected, groups_of(response)),
    "error": lambda expected, response: message(response) == expected,
    "error_like": lambda expected, response: bool(re.search(expected, message(response) or "\0")),
    "failure": lambda expected, response: failure(response) == expected,
}
