"""Bad input (``cases/vectorai/bad_input.json``) gets a clear error, and nothing is stored.

Each request is sent to a collection of two points, which must stay as it is, and to a missing one,
which must stay missing.
"""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conformance.case_files import Case, Names, names_for_collection, run, send
from tests.conformance.test_bad_input import INTERNALS
from tests.conformance.vectorai_cases import BAD_INPUT, CALLS, load_file, steps_for
from tests.conformance.vectorai_checks import check, has_envelope, message

CASES = [pytest.param(case, id=case["name"]) for case in load_file(BAD_INPUT)]
COLLECTION = load_file(CALLS)


@pytest.fixture
def names(client: FlaskClient, namespace: str) -> dict[str, str]:
    """A collection with two points."""
    names = names_for_collection(namespace)
    run(client, steps_for(COLLECTION), names, check)
    return names


def stored(client: FlaskClient, names: Names) -> list[object]:
    """All that the collection holds."""
    steps = [
        {"call": "POST {ns}/points/scroll", "body": {"with_vector": True}},
        {"call": "GET {ns}"},
    ]
    return [send(client, step, names).get_json()["result"] for step in steps]


def check_refused(response: TestResponse) -> None:
    shown = f"{response.status_code}: {response.text[:500]}"
    assert response.status_code in (400, 404, 413), shown
    assert has_envelope(response), f"no envelope: {shown}"
    assert not INTERNALS.search(message(response)), shown
    assert len(message(response)) < 1000, shown


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_and_changes_nothing(
    case: Case, client: FlaskClient, names: dict[str, str]
) -> None:
    before = stored(client, names)

    response = send(client, case, names)

    check_refused(response)
    assert stored(client, names) == before


@pytest.mark.parametrize("case", CASES)
def test_bad_input_makes_no_collection(case: Case, client: FlaskClient, namespace: str) -> None:
    names = names_for_collection(namespace)

    response = send(client, case, names)

    check_refused(response)
    run(client, [{"call": "GET {ns}/exists", "result": {"exists": False}}], names, check)
