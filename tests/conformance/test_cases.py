"""The cases of ``cases/*.json``, each below ``/v1/namespaces`` and below ``/v1/vectors``."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conformance import checks
from tests.conformance.case_files import COLLECTIONS, fill, load, names_for, send, write

CASES = [
    pytest.param(case, id=f"{file}: {case['name']}")
    for file, cases in load("*.json").items()
    if file != "bad_input"
    for case in cases
]


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("case", CASES)
def test_the_service_does_what_the_case_says(
    case: dict[str, Any], collection: str, client: FlaskClient, namespace: str
) -> None:
    names = names_for(collection, namespace)
    for body in case.get("given", []):
        write(client, body, names)
    for step in case["steps"]:
        response = send(client, step, names)

        checks.check(fill(step, names), response)
        for name, key in step.get("keep", {}).items():
            names[name] = response.get_json()[key]


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case["name"] for cases in load("*.json").values() for case in cases]

    assert len(set(names)) == len(names)
