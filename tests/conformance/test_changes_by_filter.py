"""A write changes a bounded number of documents by a filter: more are refused, or a part of them is
changed where that is allowed (section 6.2). The bounds are lowered: nobody waits for five million.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conformance.case_files import names_for_v2, send, write
from tests.conformance.checks import message

BOUND = 3
DOCUMENTS = {"upsert_columns": {"id": list(range(1, 8)), "n": list(range(1, 8))}}
CHANGES = {
    "delete_by_filter": ("deleted", ["n", "Gt", 2]),
    "patch_by_filter": ("patched", {"filters": ["n", "Gt", 2], "patch": {"n": 0}}),
}


@pytest.fixture(autouse=True)
def lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.storage.matching.MAX_DELETED", BOUND)
    monkeypatch.setattr("service.storage.matching.MAX_PATCHED", BOUND)


@pytest.fixture
def names(client: FlaskClient, namespace: str) -> dict[str, str]:
    """A namespace of seven documents, five of which the filters match."""
    names = names_for_v2(namespace)
    write(client, DOCUMENTS, names)
    return names


def change(client: FlaskClient, names: dict[str, str], body: dict[str, Any]) -> TestResponse:
    return send(client, {"call": "POST {ns}", "body": body}, names)


def unchanged(client: FlaskClient, names: dict[str, str]) -> list[int]:
    """The ids of the documents that still match."""
    query = {"rank_by": ["id", "asc"], "filters": ["n", "Gt", 2]}
    response = send(client, {"call": "POST {ns}/query", "body": query}, names)
    return [row["id"] for row in response.get_json()["rows"]]


@pytest.mark.parametrize("field", CHANGES)
def test_more_matches_than_one_write_may_change_are_refused_whole(
    field: str, client: FlaskClient, names: dict[str, str]
) -> None:
    response = change(client, names, {field: CHANGES[field][1], "upsert_rows": [{"id": 99}]})

    assert response.status_code == 400
    assert "5" in message(response)
    assert str(BOUND) in message(response)
    assert unchanged(client, names) == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("field", CHANGES)
def test_a_part_of_the_matches_is_changed_where_that_is_allowed_until_none_remain(
    field: str, client: FlaskClient, names: dict[str, str]
) -> None:
    part, wanted = CHANGES[field]
    body = {field: wanted, f"{field}_allow_partial": True, "return_affected_ids": True}

    first = change(client, names, body).get_json()
    left = unchanged(client, names)
    second = change(client, names, body).get_json()

    assert (first[f"rows_{part}"], first["rows_remaining"]) == (BOUND, True)
    assert sorted(first[f"{part}_ids"] + left) == [3, 4, 5, 6, 7]
    assert (second[f"rows_{part}"], second["rows_remaining"]) == (2, False)
    assert second[f"{part}_ids"] == left
    assert unchanged(client, names) == []


@pytest.mark.parametrize("field", CHANGES)
@pytest.mark.parametrize("partial", [False, True])
def test_as_many_matches_as_one_write_may_change_are_all_changed(
    partial: bool, field: str, client: FlaskClient, names: dict[str, str]
) -> None:
    change(client, names, {"deletes": [6, 7]})
    body = {field: CHANGES[field][1], f"{field}_allow_partial": partial}

    outcome = change(client, names, body).get_json()

    assert (outcome["rows_affected"], outcome["rows_remaining"]) == (BOUND, False)
    assert unchanged(client, names) == []
