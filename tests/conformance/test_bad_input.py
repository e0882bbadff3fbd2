"""Bad input (``cases/bad_input.json``, ``cases/v2/bad_input.json``) gets a clear error, and nothing
is stored.

A case is one request, a write unless ``call`` says otherwise. It is sent to a namespace with two
documents, which must stay as it is, and to a missing one, which must stay missing; ``where``
"present" skips the latter: the input is bad only for what the namespace holds. What is bad in v1
and has a counterpart in v2 (versions.py) is sent there as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conformance.case_files import (
    BAD_INPUT,
    Case,
    Step,
    load,
    names_for,
    names_for_v2,
    send,
    write,
)
from tests.conformance.checks import message
from tests.conformance.versions import WRITE, NoCounterpart, step_in_v2

DOCUMENTS = {
    "ids": [1, 2],
    "vectors": [[1, 0], [0, 1]],
    "attributes": {"k": ["one", "two"], "n": [1, 2]},
    "distance_metric": "cosine_distance",
}
# what no message may show: SQL, and the words of the driver, the server and the language
INTERNALS = re.compile(
    r"psycopg|postgres|Traceback|\.py\b|numpy|orjson|marshmallow|recursion|jsonb|bigint|numeric\("
    r"|\bSELECT\b|\bINSERT\b|\bWHERE\b|::|syntax error at|invalid input syntax|ERROR:|<class"
    r"|\bthe database refused\b|['`](None|True|False)['`]",
)


def cases_of(version: str) -> list[Case]:
    """The cases of a version as whole steps."""
    folder = "" if version == "v1" else "v2/"
    return [{"call": WRITE, **case} for case in load(f"{folder}{BAD_INPUT}.json")[BAD_INPUT]]


def shared() -> Iterator[tuple[str, Case]]:
    """The cases of v1 that have a body with a counterpart in v2."""
    for case in cases_of("v1"):
        if case.get("only") == "v1" or "body" not in case:
            continue
        try:
            translated = step_in_v2(case)
        except NoCounterpart:
            continue
        if translated != case:
            yield f"v1 in v2: {case['name']}", dict(translated)


ALL = [
    *(
        (f"{version}: {case['name']}", version, case)
        for version in ("v1", "v2")
        for case in cases_of(version)
    ),
    *((name, "v2", case) for name, case in shared()),
]
CASES = [pytest.param(version, case, id=name) for name, version, case in ALL]
WRITES = [
    pytest.param(version, case, id=name)
    for name, version, case in ALL
    if case["call"] in (WRITE, "POST {v2}") and case.get("where") != "present"
]


def names_of(version: str, namespace: str) -> dict[str, str]:
    return names_for("vectors", namespace) if version == "v1" else names_for_v2(namespace)


@pytest.fixture
def present(client: FlaskClient, namespace: str) -> str:
    """A namespace with two documents."""
    write(client, DOCUMENTS, names_for("namespaces", namespace))
    return namespace


def stored(client: FlaskClient, namespace: str) -> list[tuple[int, str]]:
    """All that the namespace holds."""
    names = names_for("namespaces", namespace)
    answers = [send(client, {"call": f"GET {{ns}}{path}"}, names) for path in ("", "/schema")]
    return [(answer.status_code, answer.text) for answer in answers]


def check_refused(response: TestResponse, case: Step) -> None:
    shown = f"{response.status_code}: {response.text[:500]}"
    expected = [case["status"]] if "status" in case else range(400, 500)
    assert response.status_code in expected, shown
    assert response.headers["Content-Type"] == "application/json", shown
    assert message(response), f"no envelope, or no message in it: {shown}"
    assert not INTERNALS.search(message(response)), shown
    assert len(message(response)) < 1000, shown


@pytest.mark.parametrize(("version", "case"), CASES)
def test_bad_input_is_refused_and_changes_nothing(
    version: str, case: dict[str, Any], client: FlaskClient, present: str
) -> None:
    before = stored(client, present)

    response = send(client, case, names_of(version, present))

    check_refused(response, case)
    assert stored(client, present) == before


@pytest.mark.parametrize(("version", "case"), WRITES)
def test_bad_input_is_refused_and_makes_no_namespace(
    version: str, case: dict[str, Any], client: FlaskClient, namespace: str
) -> None:
    response = send(client, case, names_of(version, namespace))

    check_refused(response, case)
    assert [status for status, _ in stored(client, namespace)] == [404, 404]
