"""Both dialects on the same documents.

``cases/both/filters.json`` spells each filter in both, and both have to find the same. The checks
of ``official_client_both.py`` are run by turbopuffer's client on collections that VectorAI's API
has made, and on namespaces that it searches.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from service.engine import Engine
from tests.conformance.case_files import load, names_for_collection, run, send
from tests.conformance.official_clients import PythonClient, Reports
from tests.conformance.vectorai_checks import check

CONTENT: dict[str, Any] = load("both/filters.json")["filters"]
ROWS = [pytest.param(row, id=row["name"]) for row in CONTENT["rows"]]
WRITERS = ("turbopuffer", "vectorai")
CLIENT = PythonClient("3.1.0", ("official_client_both",))
EVERYTHING = 100


@pytest.fixture(scope="module")
def written(client: FlaskClient) -> Iterator[dict[str, dict[str, str]]]:
    """The placeholders for the documents as each of the two has written them."""
    found = {name: names_for_collection(f"both-{name}-{uuid4().hex[:8]}") for name in WRITERS}
    rows = {"upsert_rows": CONTENT["documents"], "distance_metric": "euclidean"}
    run(client, [{"call": "POST {v2}", "body": rows}], found["turbopuffer"])
    create = {"vectors": {"size": 1, "distance": "Euclid"}}
    points = {"points": [as_point(document) for document in CONTENT["documents"]]}
    steps = [{"call": "PUT {ns}", "body": create}, {"call": "PUT {ns}/points", "body": points}]
    run(client, steps, found["vectorai"], check)
    yield found
    for names in found.values():
        send(client, {"call": "DELETE {v2}"}, names)


def as_point(document: dict[str, Any]) -> dict[str, Any]:
    payload = {name: value for name, value in document.items() if name not in ("id", "vector")}
    return {"id": document["id"], "vector": document["vector"], "payload": payload}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("row", ROWS)
def test_both_find_the_same(
    row: dict[str, Any], writer: str, client: FlaskClient, written: dict[str, dict[str, str]]
) -> None:
    theirs, ours = {"filters": row["turbopuffer"]}, {"filter": row["vectorai"]}
    nearest = {"rank_by": ["vector", "ANN", [9]], "top_k": EVERYTHING, **theirs}
    by_id = {"rank_by": ["id", "asc"], "top_k": EVERYTHING, **theirs}
    counted = {"aggregate_by": {"count": ["Count"]}, **theirs}
    expected, count = row["matches"], {"count": len(row["matches"])}
    # the nearest to 9 has the smallest id
    steps = [
        {"call": "POST {ns}/points/scroll", "body": ours, "ids": expected},
        {"call": "POST {ns}/points/search", "body": {"vector": [9], **ours}, "ids": expected},
        {"call": "POST {ns}/points/count", "body": ours, "result": count},
    ]
    of_turbopuffer = [
        {"call": "POST {v2}/query", "body": nearest, "ids": expected},
        {"call": "POST {v2}/query", "body": by_id, "ids": expected},
        {"call": "POST {v2}/query", "body": counted, "subset": {"aggregations": count}},
        {"call": "POST {v1}/query", "body": {**theirs, "top_k": EVERYTHING}, "ids": expected},
    ]

    run(client, steps, written[writer], check)
    run(client, of_turbopuffer, written[writer])


@pytest.fixture(scope="module")
def reports(
    engine: Engine, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Reports]:
    """The report of turbopuffer's client; ``engine`` has migrated the database."""
    assert engine.missing() is None
    clients = {"both-dialects": CLIENT}
    with closing(Reports(clients, database_url, tmp_path_factory)) as reports:
        yield reports


@pytest.mark.registry
@pytest.mark.parametrize("name", CLIENT.checks())
def test_the_client_of_one_meets_the_api_of_the_other(name: str, reports: Reports) -> None:
    outcome = reports.of("both-dialects").outcomes[name]

    assert outcome is None, outcome
