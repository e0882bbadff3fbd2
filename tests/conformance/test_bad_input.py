"""Bad input (``cases/bad_input.json``) gets a clear error, and nothing is stored.

A case is one request, a write unless ``call`` says otherwise. It is sent to a namespace with two
documents, which must stay as it is, and to a missing one, which must stay missing; ``where``
"present" skips the latter: the input is bad only for what the namespace holds.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conformance.case_files import load, names_for, send, write
from tests.conformance.checks import message

CASES = [pytest.param(case, id=case["name"]) for case in load("bad_input.json")["bad_input"]]
WRITES = [
    pytest.param(case, id=case["name"])
    for case in load("bad_input.json")["bad_input"]
    if "call" not in case and case.get("where") != "present"
]
WRITE = "POST {ns}"
DOCUMENTS = {
    "ids": [1, 2],
    "vectors": [[1, 0], [0, 1]],
    "attributes": {"k": ["one", "two"], "n": [1, 2]},
    "distance_metric": "cosine_distance",
}
# what no message may show: SQL, and the words of the driver, the server and the language
INTERNALS = re.compile(
    r"psycopg|postgres|Traceback|\.py\b|numpy|orjson|marshmallow|recursion|jsonb|bigint|numeric\("
    r"|\bSELECT\b|\bINSERT\b|\bWHERE\b|::|syntax error at|invalid input syntax|ERROR:|<class",
)


@pytest.fixture
def present(client: FlaskClient, namespace: str) -> dict[str, str]:
    """A namespace with two documents."""
    names = names_for("namespaces", namespace)
    write(client, DOCUMENTS, names)
    return names


def stored(client: FlaskClient, names: dict[str, str]) -> list[tuple[int, str]]:
    """All that the namespace holds."""
    calls = ("GET {ns}", "GET {ns}/schema")
    answers = [send(client, {"call": call}, names) for call in calls]
    return [(answer.status_code, answer.text) for answer in answers]


def check_refused(response: TestResponse, case: dict[str, Any]) -> None:
    shown = f"{response.status_code}: {response.text[:500]}"
    expected = [case["status"]] if "status" in case else range(400, 500)
    assert response.status_code in expected, shown
    assert response.headers["Content-Type"] == "application/json", shown
    assert message(response), f"no envelope, or no message in it: {shown}"
    assert not INTERNALS.search(message(response)), shown
    assert len(message(response)) < 1000, shown


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_and_changes_nothing(
    case: dict[str, Any], client: FlaskClient, present: dict[str, str]
) -> None:
    before = stored(client, present)

    response = send(client, {"call": WRITE, **case}, present)

    check_refused(response, case)
    assert stored(client, present) == before


@pytest.mark.parametrize("case", WRITES)
def test_bad_input_is_refused_and_makes_no_namespace(
    case: dict[str, Any], client: FlaskClient, namespace: str
) -> None:
    names = names_for("vectors", namespace)

    response = send(client, {"call": WRITE, **case}, names)

    check_refused(response, case)
    assert [status for status, _ in stored(client, names)] == [404, 404]
