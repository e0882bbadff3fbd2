"""The filter cases of ``cases/filters``: documents, and which of them each filter matches.

Every filter goes through everything that takes one: lookups, searches, orders by id, recall and
deletion on a copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from tests.conformance.case_files import load, names_for, send, write

SETS = load("filters/*.json")
ROWS = [
    pytest.param(name, row, id=f"{name}: {row['name']}")
    for name, content in SETS.items()
    for row in content["rows"]
]
EVERYTHING = 1000


@pytest.fixture(scope="module")
def stored(client: FlaskClient) -> Iterator[dict[str, str]]:
    """The namespace of each set of documents."""
    stored = {name: f"filters-{name}-{uuid4().hex[:8]}" for name in SETS}
    for name, namespace in stored.items():
        for body in SETS[name]["documents"]:
            write(client, body, names_for("namespaces", namespace))
    yield stored
    for namespace in stored.values():
        client.delete(f"/v1/namespaces/{namespace}")


def call(client: FlaskClient, namespace: str, path: str, body: object) -> Any:
    step = {"call": f"POST {{ns}}{path}", "body": body}
    response = send(client, step, names_for("namespaces", namespace))
    assert response.status_code == 200, f"{path}: {response.text}"
    return response.get_json()


def ids(client: FlaskClient, namespace: str, **query: object) -> list[object]:
    hits = call(client, namespace, "/query", {"top_k": EVERYTHING, **query})
    return [hit["id"] for hit in hits]


@pytest.mark.parametrize(("documents", "row"), ROWS)
def test_a_lookup_finds_what_matches_in_the_order_of_ids(
    documents: str, row: dict[str, Any], client: FlaskClient, stored: dict[str, str]
) -> None:
    found = ids(client, stored[documents], filters=row["turbopuffer"])

    assert found == row["matches"]


@pytest.mark.parametrize(("documents", "row"), ROWS)
def test_a_descending_order_finds_the_same(
    documents: str, row: dict[str, Any], client: FlaskClient, stored: dict[str, str]
) -> None:
    found = ids(client, stored[documents], filters=row["turbopuffer"], rank_by=["id", "desc"])

    assert found == row["matches"][::-1]


@pytest.mark.parametrize(("documents", "row"), ROWS)
def test_a_search_finds_what_matches(
    documents: str, row: dict[str, Any], client: FlaskClient, stored: dict[str, str]
) -> None:
    found = ids(client, stored[documents], filters=row["turbopuffer"], vector=[1.0, 0.0])

    assert sorted(found, key=str) == sorted(row["matches"], key=str)


@pytest.mark.parametrize(("documents", "row"), ROWS)
def test_recall_counts_what_matches(
    documents: str, row: dict[str, Any], client: FlaskClient, stored: dict[str, str]
) -> None:
    test = {"num": 1, "top_k": EVERYTHING, "filters": row["turbopuffer"]}
    measured = call(client, stored[documents], "/_debug/recall", test)

    assert measured["avg_exhaustive_count"] == len(row["matches"])


@pytest.mark.parametrize(("documents", "row"), ROWS)
def test_deletion_takes_what_matches_and_leaves_the_rest(
    documents: str,
    row: dict[str, Any],
    client: FlaskClient,
    stored: dict[str, str],
    namespace: str,
) -> None:
    call(client, namespace, "", {"copy_from_namespace": stored[documents]})
    before = ids(client, namespace)

    outcome = call(client, namespace, "", {"delete_by_filter": row["turbopuffer"]})

    assert outcome["rows_affected"] == len(row["matches"])
    assert ids(client, namespace) == [i for i in before if i not in row["matches"]]
    client.delete(f"/v1/namespaces/{namespace}")
