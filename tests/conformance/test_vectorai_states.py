"""Every endpoint on a collection that is there, that is missing and that is closed.

The requests are those of ``cases/vectorai/calls.json``. Each is sent as it is, with parameters in
its URL that other servers know, and with fields that nobody knows.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conformance.case_files import Step, names_for_collection, run, send
from tests.conformance.vectorai_cases import CALLS, load_calls, load_file, steps_for
from tests.conformance.vectorai_checks import check

CONTENT: dict[str, Any] = load_file(CALLS)
ALL = [pytest.param(step, id=step["call"]) for step in load_calls()]
OF_POINTS = [pytest.param(step, id=step["call"]) for step in CONTENT["about its points"]]
PARAMETERS = "wait=true&timeout=5&ordering=weak&consistency=majority&unknown=1"


@pytest.fixture
def names(client: FlaskClient, namespace: str) -> dict[str, str]:
    """A collection with two points."""
    names = names_for_collection(namespace)
    run(client, steps_for(CONTENT), names, check)
    return names


@pytest.mark.parametrize("step", ALL)
def test_a_collection_that_is_there_is_served(
    step: Step, client: FlaskClient, names: dict[str, str]
) -> None:
    run(client, [step], names, check)


@pytest.mark.parametrize("step", ALL)
def test_parameters_of_other_servers_are_taken(
    step: Step, client: FlaskClient, names: dict[str, str]
) -> None:
    run(client, [{**step, "call": f"{step['call']}?{PARAMETERS}"}], names, check)


@pytest.mark.parametrize("step", [p for p in ALL if "body" in p.values[0]])
def test_fields_that_nobody_knows_are_ignored(
    step: Step, client: FlaskClient, names: dict[str, str]
) -> None:
    run(client, [{**step, "body": {**step["body"], "unknown": {"x": [1]}}}], names, check)


@pytest.mark.parametrize("step", ALL)
def test_a_missing_collection_is_missed_by_its_name(
    step: Step, client: FlaskClient, namespace: str
) -> None:
    missed = {
        "status": 404,
        "error": "Collection not found: {namespace}",
        "raises": "CollectionNotFoundError",
    }

    run(client, [{**step, **missed}], names_for_collection(namespace), check)


@pytest.mark.parametrize("step", OF_POINTS)
def test_a_closed_collection_says_so(
    step: Step, client: FlaskClient, names: dict[str, str]
) -> None:
    run(client, [{"call": "POST {ns}/close", "body": {}, "result": True}], names, check)
    closed = {
        "status": 412,
        "error": "Collection '{namespace}' is closed; open it to resume access",
        "raises": "CollectionClosedError",
    }

    run(client, [{**step, **closed}], names, check)


@pytest.mark.parametrize("step", ALL)
def test_a_body_that_is_no_object_is_refused_by_whatever_reads_one(
    step: Step, client: FlaskClient, names: dict[str, str]
) -> None:
    response = send(client, {"call": step["call"], "raw": "[1]"}, names)

    reads_one = "body" in step and step["call"] not in BODILESS
    check({"status": 400 if reads_one else response.status_code}, response)
    assert response.status_code in (200, 400)


# what takes no body, though a client may send one
BODILESS = {
    f"POST {{ns}}/{name}"
    for name in (
        "open", "close", "operations/flush", "operations/optimize", "operations/rebuild_index",
    )
} | {"DELETE {ns}"}  # fmt: skip
