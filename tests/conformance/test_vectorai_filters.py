"""The filters of ``cases/vectorai/filters.json``, in everything that takes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from tests.conformance.case_files import Names, names_for_collection, run, send
from tests.conformance.vectorai_cases import FILTERS, load_file, steps_for
from tests.conformance.vectorai_checks import check, has_envelope, message, points_of

CONTENT: dict[str, Any] = load_file(FILTERS)
ROWS = [pytest.param(row, id=row["name"]) for row in CONTENT["rows"]]
REFUSED = [pytest.param(row, id=row["name"]) for row in CONTENT["refused"]]
NEAREST = {"vector": [1], "limit": 100}


@pytest.fixture(scope="module")
def names(client: FlaskClient) -> Iterator[dict[str, str]]:
    """A collection of the points that the filters are about."""
    names = names_for_collection(f"filters-{uuid4().hex[:12]}")
    run(client, steps_for(CONTENT), names, check)
    yield names
    send(client, {"call": "DELETE {ns}"}, names)


def ask(client: FlaskClient, names: Names, path: str, body: object) -> Any:
    response = send(client, {"call": f"POST {{ns}}/points/{path}", "body": body}, names)
    check({}, response)
    return response


def ids(response: Any) -> list[object]:
    return [point["id"] for point in points_of(response)]


@pytest.mark.parametrize("row", ROWS)
def test_a_filter_finds_what_it_matches(
    row: dict[str, Any], client: FlaskClient, names: dict[str, str]
) -> None:
    condition, expected = {"filter": row["filter"]}, row["matches"]

    assert ids(ask(client, names, "scroll", condition)) == expected
    # the points' scores fall with their ids
    assert ids(ask(client, names, "search", {**NEAREST, **condition})) == expected
    assert ids(ask(client, names, "query", {"query": [1], **condition, "limit": 50})) == expected
    count = ask(client, names, "count", condition).get_json()["result"]["count"]
    assert count == len(expected)


@pytest.mark.parametrize("row", ROWS)
def test_what_a_filter_does_not_match_its_negation_does(
    row: dict[str, Any], client: FlaskClient, names: dict[str, str]
) -> None:
    negated = {"filter": {"must_not": [row["filter"]]}}

    found = ids(ask(client, names, "scroll", negated))

    everything = [point["id"] for point in CONTENT["points"]]
    assert found == [identity for identity in everything if identity not in row["matches"]]


@pytest.mark.parametrize("row", ROWS)
def test_a_filter_says_which_payloads_are_changed(
    row: dict[str, Any], client: FlaskClient, names: dict[str, str]
) -> None:
    mark = {"payload": {f"mark {row['name']}": 1}, "filter": row["filter"]}
    marked = {"filter": {"must_not": [{"is_empty": {"key": f'"mark {row["name"]}"'}}]}}

    ask(client, names, "payload", mark)

    assert ids(ask(client, names, "scroll", marked)) == row["matches"]


@pytest.mark.parametrize("row", REFUSED)
def test_what_is_no_filter_is_refused(
    row: dict[str, Any], client: FlaskClient, names: dict[str, str]
) -> None:
    for path in ("scroll", "search", "query", "count", "delete"):
        body = {**NEAREST, "query": [1], "filter": row["filter"]}
        response = send(client, {"call": f"POST {{ns}}/points/{path}", "body": body}, names)

        assert response.status_code == 400, response.text
        assert has_envelope(response)
        assert message(response).startswith(("Filter parse error: ", "Invalid point id: "))
