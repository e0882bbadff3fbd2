"""Explanations of queries: the plan, the statement as a DBA can run it, and PostgreSQL's plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.config import Config
from service.engine import Engine
from tests.integration.segment_tools import Connection, Workshop, workshop

# so many are not scanned
LARGE = 4_000
HEADS = ["-- plan", "-- statement", "-- values", "-- PostgreSQL's plan"]
ODD = 'it\'s "100%s" %% $1; --'
NEAREST = ["vector", "ANN", [1, 2, 3]]


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


def write(client: FlaskClient, namespace: str, **body: Any) -> None:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, answer.text


def fill(client: FlaskClient, namespace: str, count: int) -> None:
    vectors = np.random.default_rng(0).random((count, 3)).round(3).tolist()
    rows = [
        {"id": n, "vector": vector, "n": n, "s": f"s{n % 7}", ODD: n % 5, "tags": [f"t{n % 3}"]}
        for n, vector in enumerate(vectors)
    ]
    write(client, namespace, upsert_rows=rows, distance_metric="euclidean_squared")


def explain(client: FlaskClient, namespace: str, body: dict[str, Any], query: str = "") -> str:
    answer = client.post(f"/v2/namespaces/{namespace}/explain_query{query}", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert found.keys() == {"plan_text"}
    return found["plan_text"]


def sections(text: str) -> dict[str, list[str]]:
    """The lines below each head."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line in HEADS:
            lines = found[line] = []
        elif line:
            lines.append(line)
    return found


def values(text: str) -> list[str]:
    """The values of $1, $2 …"""
    lines = sections(text).get("-- values", [])
    assert [line.split(" = ")[0].strip() for line in lines] == [
        f"${place}" for place in range(1, len(lines) + 1)
    ]
    return [line.split(" = ", 1)[1] for line in lines]


def prepare(connection: Connection, text: str) -> int:
    """Let PostgreSQL read the statement as it stands; returns the number of its parameters."""
    statement = "\n".join(sections(text)["-- statement"])
    with connection.transaction(force_rollback=True):
        connection.execute(f"PREPARE explained AS {statement}".encode())
        row = connection.execute(
            "SELECT cardinality(parameter_types) FROM pg_prepared_statements"
            " WHERE name = 'explained'"
        ).fetchone()
        connection.execute("DEALLOCATE explained")
    assert row is not None
    return row[0]


ODD_VALUE = ["Attribute", ODD]
# the question, what the plan says, and words of the statement and of PostgreSQL's plan
QUESTIONS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "scan": ({"rank_by": NEAREST}, "exact: no segment", "query_nearest", "Seq Scan"),
    "exact scan": (
        {"rank_by": ["vector", "kNN", [1, 2, 3]], "filters": ["s", "Eq", "s1"]},
        "exact: no segment",
        "query_nearest",
        "Filter: ",
    ),
    "by id": (
        {"rank_by": ["id", "desc"], "filters": ["id", "In", [3, 4, 5]], "limit": 3, "offset": 1},
        "exact: no segment",
        "query_ordered",
        "Index",
    ),
    "ordered": (
        {"rank_by": [[ODD, "desc"], ["s", "asc"]], "include_attributes": True},
        "exact: no segment",
        "query_ordered",
        "Sort Key: ",
    ),
    "capped": (
        {
            "rank_by": ["n", "asc"],
            "limit": {"total": 5, "per": {"attributes": [ODD, "s"], "limit": 2}},
        },
        "exact: no segment",
        "query_capped",
        "WindowAgg",
    ),
    "scored": (
        {"rank_by": ["Sum", [["Product", 2, ODD_VALUE], [ODD, "Gt", 2], ["s", "Glob", "*%1"]]]},
        "exact: no segment",
        "query_scored",
        "Sort Key: ",
    ),
    "count": (
        {"aggregate_by": {"count": ["Count"]}, "filters": [ODD, "Eq", 3]},
        "aggregate: one statement",
        "aggregate_all",
        "Aggregate",
    ),
    "groups": (
        {
            "aggregate_by": {"sum %s": ["Sum", "n"]},
            "group_by": [ODD, {"tag": ["ForEachUnique", "tags"]}],
            "limit": 7,
        },
        "aggregate: one statement",
        "aggregate_groups",
        "Limit",
    ),
}


@pytest.mark.parametrize("analyze", [False, True], ids=["plain", "analyzed"])
@pytest.mark.parametrize("name", QUESTIONS)
def test_an_explanation_has_plan_statement_values_and_the_plan_of_postgresql(
    client: FlaskClient, connection: Connection, namespace: str, name: str, analyze: bool
):
    fill(client, namespace, 50)
    body, plan, statement, postgresql = QUESTIONS[name]

    text = explain(client, namespace, body | {"analyze": analyze})

    found = sections(text)
    assert [head for head in HEADS if head in found] == list(found)
    assert found["-- plan"][0].startswith(plan)
    assert f"-- {statement}: " in text
    assert any(postgresql in line for line in found["-- PostgreSQL's plan"])
    assert any("Execution Time: " in line for line in found["-- PostgreSQL's plan"]) is analyze
    assert any("(actual time=" in line for line in found["-- PostgreSQL's plan"]) is analyze
    assert prepare(connection, text) == len(values(text))


def test_names_with_percent_signs_stand_in_the_statement_as_they_are(
    client: FlaskClient, connection: Connection, namespace: str
):
    fill(client, namespace, 5)

    text = explain(client, namespace, {"rank_by": [ODD, "asc"], "filters": [ODD, "Gte", 1]})

    quoted = ODD.replace("'", "''")
    assert f"'{quoted}'" in "\n".join(sections(text)["-- statement"])
    assert prepare(connection, text) == len(values(text))


def test_values_are_shown_and_long_ones_shortened(client: FlaskClient, namespace: str):
    fill(client, namespace, 5)
    body = {
        "rank_by": NEAREST,
        "filters": ["And", [["s", "Gt", "a 'text'"], ["n", "In", list(range(1000))]]],
    }

    found = values(explain(client, namespace, body))

    assert repr("a 'text'") in found
    assert "a vector of 3 dimensions" in found
    assert repr(namespace) in found
    assert any(value.endswith("…") for value in found)
    assert max(map(len, found)) <= 201


def test_analyze_may_stand_in_the_url(client: FlaskClient, namespace: str):
    fill(client, namespace, 5)
    body = {"rank_by": ["id", "asc"]}

    plain, analyzed = (
        explain(client, namespace, body),
        explain(client, namespace, body, "?analyze=true"),
    )

    assert "(actual time=" not in plain
    assert "(actual time=" in analyzed
    assert explain(client, namespace, body, "?analyze=false&stainless_overload=x") == plain


# --- segments -----------------------------------------------------------------------------------


@pytest.mark.parametrize("analyze", [False, True], ids=["plain", "analyzed"])
def test_a_walk_tells_what_it_was_chosen_from(
    shop: Workshop, config: Config, connection: Connection, namespace: str, analyze: bool
):
    client = create_app(shop.engine, config).test_client()
    fill(client, namespace, LARGE)
    assert shop.seal(namespace)
    (segment,) = shop.tables(namespace)

    text = explain(client, namespace, {"rank_by": NEAREST, "top_k": 7, "analyze": analyze})

    plan = "\n".join(sections(text)["-- plan"])
    assert plan.startswith("walk: each segment's index is followed until ")
    assert f"1 segments of {LARGE} documents" in plan
    assert "7 wanted; no filter" in plan
    assert "follows" in plan
    lines = "\n".join(sections(text)["-- PostgreSQL's plan"])
    assert f"Index Scan using {segment}:hnsw".replace('"', "") in lines.replace('"', "")
    assert ("(actual time=" in lines) is analyze
    assert prepare(connection, text) == len(values(text))


def test_a_scan_in_spite_of_segments_tells_why(shop: Workshop, config: Config, namespace: str):
    client = create_app(shop.engine, config).test_client()
    fill(client, namespace, LARGE)
    assert shop.seal(namespace)

    few = explain(client, namespace, {"rank_by": NEAREST, "filters": ["id", "In", [1, 2]]})
    exact = explain(client, namespace, {"rank_by": ["vector", "kNN", [1, 2, 3]]})
    other = explain(client, namespace, {"rank_by": NEAREST, "distance_metric": "cosine_distance"})

    plans = [sections(text)["-- plan"] for text in (few, exact, other)]
    assert plans[0][0].startswith("exact: reading every document that matches is the cheapest way")
    assert "about 2 match the filter, found by an index" in plans[0][1]
    assert plans[1][0].startswith("exact: no segment")
    assert plans[2][0].startswith("exact: no segment stands for documents in this order")


def test_an_explanation_is_of_the_query_that_is_answered(
    shop: Workshop, config: Config, connection: Connection, namespace: str
):
    client = create_app(shop.engine, config).test_client()
    fill(client, namespace, LARGE)
    assert shop.seal(namespace)
    walk, scan = {"rank_by": NEAREST}, {"rank_by": NEAREST, "filters": ["id", "In", [1, 2]]}

    counts: list[int] = []
    for body in (walk, scan):
        answer = client.post(f"/v2/namespaces/{namespace}/query", json=body).get_json()
        counts.append(answer["performance"]["exhaustive_search_count"])

    texts = [explain(client, namespace, body) for body in (walk, scan)]
    assert [text.splitlines()[1].split(":")[0] for text in texts] == ["walk", "exact"]
    assert [count > 0 for count in counts] == [False, True]


# --- what is not explained ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"queries": [{"rank_by": ["id", "asc"]}]}, 400),
        ({"rank_by": ["vector", "ANN", [1, 2]]}, 400),
        ({"rank_by": ["id", "asc"], "filters": ["n", "Eq", "x"]}, 400),
        ({"rank_by": ["id", "asc"], "analyze": 1}, 422),
        ({"rank_by": []}, 400),
    ],
    ids=str,
)
def test_what_is_no_query_is_refused(
    client: FlaskClient, namespace: str, body: dict[str, Any], status: int
):
    fill(client, namespace, 2)

    answer = client.post(f"/v2/namespaces/{namespace}/explain_query", json=body)

    assert (answer.status_code, answer.get_json()["status"]) == (status, "error")


def test_there_is_nothing_to_explain_of_what_does_not_exist(client: FlaskClient, namespace: str):
    path = f"/v2/namespaces/{namespace}/explain_query"

    answer = client.post(path, json={"rank_by": ["id", "asc"]})

    assert answer.status_code == 404
