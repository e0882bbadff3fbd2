"""The filter cases of ``cases/filters`` in v2: every filter finds what it finds in v1.

What v1 wrote is read through v2, and what v2 wrote through v1. The filters go through everything in
v2 that takes one: all kinds of rankings, counts, patches by filter, conditions of patches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from tests.conformance.case_files import Names, load, names_for, names_for_v2, send, write
from tests.conformance.versions import write_in_v2

SETS = load("filters/*.json")
PAIRS = [(name, row) for name, content in SETS.items() for row in content["rows"]]
ROWS = [pytest.param(name, row, id=f"{name}: {row['name']}") for name, row in PAIRS]
# a ranking begins with the name of a function, an attribute or an operator
SCORED = [
    pytest.param(name, row, id=f"{name}: {row['name']}")
    for name, row in PAIRS
    if isinstance(row["turbopuffer"], list)
]
EVERYTHING = 1000
MARK = "marked"

Row = Mapping[str, Any]


@pytest.fixture(scope="module")
def of_v1(client: FlaskClient) -> Iterator[dict[str, str]]:
    """The namespace of each set of documents, written through v1."""
    namespaces = {name: f"filters-v1-{name}-{uuid4().hex[:8]}" for name in SETS}
    for name, namespace in namespaces.items():
        for body in SETS[name]["documents"]:
            write(client, body, names_for("namespaces", namespace))
    yield namespaces
    delete_all(client, namespaces)


@pytest.fixture(scope="module")
def of_v2(client: FlaskClient) -> Iterator[dict[str, str]]:
    """The namespace of each set of documents, written through v2."""
    namespaces = {name: f"filters-v2-{name}-{uuid4().hex[:8]}" for name in SETS}
    for name, namespace in namespaces.items():
        for body in SETS[name]["documents"]:
            write(client, write_in_v2(body), names_for_v2(namespace))
    yield namespaces
    delete_all(client, namespaces)


def delete_all(client: FlaskClient, namespaces: Mapping[str, str]) -> None:
    for namespace in namespaces.values():
        client.delete(f"/v2/namespaces/{namespace}")


def call(client: FlaskClient, names: Names, path: str, body: object) -> Any:
    response = send(client, {"call": f"POST {{ns}}{path}", "body": body}, names)
    assert response.status_code == 200, f"{path}: {response.text}"
    return response.get_json()


def sub_queries(condition: object) -> dict[str, dict[str, object]]:
    """Everything that a query can do with a filter."""
    searches = {
        "by id": {"rank_by": ["id", "asc"]},
        "by id downwards": {"rank_by": ["id", "desc"]},
        "nearest": {"rank_by": ["vector", "ANN", [1.0, 0.0]]},
        "nearest, exactly": {"rank_by": ["vector", "kNN", [1.0, 0.0]]},
        "by a score": {"rank_by": ["Sum", [5]]},
    }
    queries = {
        name: {**search, "filters": condition, "top_k": EVERYTHING}
        for name, search in searches.items()
    }
    queries["count"] = {"aggregate_by": {"count": ["Count"]}, "filters": condition}
    return queries


@pytest.mark.parametrize(("documents", "row"), ROWS)
def test_v2_finds_the_same_in_what_v1_wrote(
    documents: str, row: Row, client: FlaskClient, of_v1: dict[str, str]
) -> None:
    queries = sub_queries(row["turbopuffer"])
    names = names_for_v2(of_v1[documents])

    results = call(client, names, "/query", {"queries": list(queries.values())})["results"]

    answers = dict(zip(queries, results, strict=True))
    count = answers.pop("count")["aggregations"]["count"]
    found = {name: [hit["id"] for hit in answer["rows"]] for name, answer in answers.items()}
    assert found["by id"] == row["matches"]
    assert found["by id downwards"] == row["matches"][::-1]
    assert found["by a score"] == row["matches"]
    assert in_any_order(found["nearest"]) == in_any_order(row["matches"])
    assert found["nearest, exactly"] == found["nearest"]
    assert count == len(row["matches"])


@pytest.mark.parametrize(("documents", "row"), ROWS)
def test_v1_finds_the_same_in_what_v2_wrote(
    documents: str, row: Row, client: FlaskClient, of_v2: dict[str, str]
) -> None:
    names = names_for("namespaces", of_v2[documents])
    lookup = {"filters": row["turbopuffer"], "top_k": EVERYTHING}

    hits = call(client, names, "/query", lookup)

    assert [hit["id"] for hit in hits] == row["matches"]


@pytest.mark.parametrize(("documents", "row"), SCORED)
def test_a_filter_scores_what_matches_as_one_and_leaves_the_rest_out(
    documents: str, row: Row, client: FlaskClient, of_v2: dict[str, str]
) -> None:
    score = {"rank_by": ["Sum", [row["turbopuffer"]]], "top_k": EVERYTHING}

    rows = call(client, names_for_v2(of_v2[documents]), "/query", score)["rows"]

    assert rows == [{"id": identity, "$dist": 1.0} for identity in row["matches"]]


@pytest.mark.parametrize(("documents", "row"), ROWS)
def test_patches_by_filter_and_under_a_condition_reach_what_matches(
    documents: str, row: Row, client: FlaskClient, of_v2: dict[str, str]
) -> None:
    names = names_for_v2(of_v2[documents])
    ids = SETS[documents]["documents"][0]["ids"]
    by_filter = {"patch_by_filter": {"filters": row["turbopuffer"], "patch": {MARK: True}}}
    conditional = {
        "patch_columns": {"id": ids, MARK: [None] * len(ids)},
        "patch_condition": row["turbopuffer"],
    }

    for body in (by_filter, conditional):
        outcome = call(client, names, "", {**body, "return_affected_ids": True})

        assert outcome["rows_patched"] == outcome["rows_affected"] == len(row["matches"])
        assert in_any_order(outcome.get("patched_ids", [])) == in_any_order(row["matches"])


def in_any_order(ids: list[object]) -> list[object]:
    return sorted(ids, key=str)
