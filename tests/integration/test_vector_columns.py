"""Several vectors for each document: columns of their own length, precision and metric."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.config import Config
from service.core.query import Nearest, Query
from service.core.query_binding import bind_query
from service.engine import Engine
from service.storage import catalog, reads
from service.storage.reads import Found
from tests.integration.segment_tools import WIDE, Workshop, vector, workshop

Numbers = np.ndarray[Any, np.dtype[Any]]
METRICS = ["cosine_distance", "euclidean_squared", "euclidean"]
# name to length, precision and metric
COLUMNS = {
    "vector": (3, "f32", "cosine_distance"),
    "title": (1, "f32", "euclidean_squared"),
    "body": (5, "f16", "euclidean"),
    "größe 🐡": (2, "f32", "euclidean"),
    "seq": (4, "f16", "cosine_distance"),
    "attributes": (8, "f32", "euclidean_squared"),
    "x" * 128: (2, "f16", "euclidean_squared"),
    "x" * 127 + "y": (3, "f32", "cosine_distance"),
}
NAMES = [
    'a "quoted" one',
    "it's",
    "a:b",
    "{braces} and $1",
    "; DROP TABLE x --",
    "ü" * 64,
    "x" * 43,
    "x" * 44,
    "vector_title",
    "100%",
    "%s",
    "%(a)s 100%%",
]


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


def write(client: FlaskClient, namespace: str, **body: Any) -> Any:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def refused(client: FlaskClient, namespace: str, **body: Any) -> str:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 400, answer.text
    return answer.get_json()["error"]


def query(client: FlaskClient, namespace: str, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(f"/v2/namespaces/{namespace}/query", json={"limit": 10_000} | body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["rows"]


def stored(client: FlaskClient, namespace: str) -> dict[Any, dict[str, Any]]:
    rows = query(client, namespace, rank_by=["id", "asc"], include_attributes=True)
    return {row.pop("id"): row for row in rows}


def declared(length: int, precision: str, metric: str) -> dict[str, Any]:
    return {"type": f"[{length}]{precision}", "ann": {"distance_metric": metric}}


SCHEMA = {name: declared(*shape) for name, shape in COLUMNS.items()}


def random(count: int, seed: int = 0) -> dict[str, Numbers]:
    """Vectors for all columns, as they are stored."""
    draw = np.random.default_rng(seed).standard_normal
    return {
        name: draw((count, length)).astype(np.float16 if kind == "f16" else np.float32)
        for name, (length, kind, _) in COLUMNS.items()
    }


def rows_of(vectors: dict[str, Numbers], has: Any) -> list[dict[str, Any]]:
    """A row for each document, with the columns that ``has`` says it has."""
    count = len(next(iter(vectors.values())))
    return [
        {"id": at}
        | {
            n: v[at].astype(float).tolist() if has(at, c) else None
            for c, (n, v) in enumerate(vectors.items())
        }
        for at in range(count)
    ]


def distances(to: Numbers, numbers: Numbers, metric: str) -> Numbers:
    a, b = to.astype(np.float64), numbers.astype(np.float64)
    if metric == "cosine_distance":
        return 1 - b @ a / (np.linalg.norm(a) * np.linalg.norm(b, axis=1))
    squared = ((b - a) ** 2).sum(axis=1)
    return squared if metric == "euclidean_squared" else np.sqrt(squared)


def has_some(document: int, column: int) -> bool:
    return (document + column) % 3 > 0


# --- eight of them ------------------------------------------------------------------------------


@pytest.mark.parametrize("rank", ["ANN", "kNN"])
def test_every_column_is_searched_by_its_own_metric(client: FlaskClient, namespace: str, rank: str):
    vectors, queries = random(30), random(1, seed=1)
    write(client, namespace, upsert_rows=rows_of(vectors, has_some), schema=SCHEMA)

    for at, (name, (_, _, metric)) in enumerate(COLUMNS.items()):
        to = queries[name][0].astype(np.float32)
        away = distances(to, vectors[name], metric)
        present = [document for document in range(30) if has_some(document, at)]

        rows = query(client, namespace, rank_by=[name, rank, to.tolist()])

        # a document without this vector has no distance
        assert [row["id"] for row in rows] == sorted(present, key=lambda i: (away[i], i)), name
        assert [row["$dist"] for row in rows] == pytest.approx(
            sorted(away[present]), rel=1e-5, abs=1e-6
        )


def test_documents_come_back_with_the_vectors_that_they_have(client: FlaskClient, namespace: str):
    vectors = random(9)
    rows = rows_of(vectors, has_some)
    write(client, namespace, upsert_rows=rows, schema=SCHEMA)

    found = stored(client, namespace)
    only = query(client, namespace, rank_by=["id", "asc"], include_attributes=["body", "seq"])
    others = query(client, namespace, rank_by=["id", "asc"], exclude_attributes=["body", "seq"])

    expected = [{n: v for n, v in row.items() if v is not None and n != "id"} for row in rows]
    assert [shapes(row) for row in found.values()] == [shapes(row) for row in expected]
    for row, wanted in zip(found.values(), expected, strict=True):
        assert all(np.allclose(row[name], wanted[name], rtol=1e-6) for name in wanted)
    assert [{*row} - {"id"} for row in only] == [{*row} & {"body", "seq"} for row in expected]
    assert [{*row} - {"id"} for row in others] == [{*row} - {"body", "seq"} for row in expected]


def shapes(row: dict[str, Any]) -> dict[str, int]:
    return {name: len(vector) for name, vector in row.items()}


def test_the_schema_tells_all_columns(client: FlaskClient, namespace: str):
    write(client, namespace, upsert_rows=rows_of(random(1), has_some), schema=SCHEMA)

    shown = client.get(f"/v2/namespaces/{namespace}/metadata").get_json()["schema"]

    assert shown == {"id": {"type": "uint"}} | SCHEMA


@pytest.mark.parametrize(
    "body",
    [
        {"schema": {"ninth": "[2]f32"}},
        {"schema": {"ninth": "[2]f16"}, "upsert_rows": [{"id": 1, "ninth": [1, 1]}]},
        {"schema": {f"new {n}": "[2]f32" for n in range(9)}, "deletes": [1]},
    ],
    ids=["declared", "written", "nine new ones"],
)
def test_a_ninth_column_is_refused(client: FlaskClient, namespace: str, body: dict[str, Any]):
    write(client, namespace, upsert_rows=rows_of(random(2), has_some), schema=SCHEMA)
    before = stored(client, namespace)

    assert "at most 8 vector attributes" in refused(client, namespace, **body)

    assert stored(client, namespace) == before


def test_of_nine_columns_in_a_first_write_nothing_is_left(client: FlaskClient, namespace: str):
    schema = {f"new {n}": "[2]f32" for n in range(9)}

    assert "at most 8" in refused(client, namespace, upsert_rows=[{"id": 1}], schema=schema)

    assert client.get(f"/v1/namespaces/{namespace}/schema").status_code == 404


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_column_may_have_any_name(client: FlaskClient, namespace: str, name: str):
    other = "title"
    rows = [{"id": n, name: [n, 1], other: [0, n], "a": n} for n in range(1, 4)]
    schema = {name: "[2]f32", other: "[2]f16"}
    write(client, namespace, upsert_rows=rows, schema=schema, distance_metric="euclidean_squared")

    found = query(
        client,
        namespace,
        rank_by=[name, "ANN", [3, 1]],
        filters=["a", "Gt", 1],
        include_attributes=[name],
        compute_attributes={"far %s": [name, "VectorDist", [1, 1]]},
    )

    assert found == [
        {"id": 3, "$dist": 0, name: [3, 1], "far %s": 4},
        {"id": 2, "$dist": 1, name: [2, 1], "far %s": 1},
    ]
    write(client, namespace, upsert_rows=[{"id": 1, name: None, other: [7, 7]}])
    assert stored(client, namespace)[1] == {other: [7, 7]}
    write(client, namespace, schema={name: {"drop": True}})
    assert stored(client, namespace)[2] == {other: [0, 2], "a": 2}


@pytest.mark.parametrize("name", ["", "id", "$dist", "x" * 129, "ü" * 64 + "x"])
def test_a_column_cannot_have_such_a_name(client: FlaskClient, namespace: str, name: str):
    refused(client, namespace, upsert_rows=[{"id": 1, name or "": [1]}], schema={name: "[1]f32"})

    assert client.get(f"/v1/namespaces/{namespace}/schema").status_code == 404


# --- how columns evolve -------------------------------------------------------------------------


def test_a_column_added_later_is_missing_in_older_documents(client: FlaskClient, namespace: str):
    write(client, namespace, upsert_rows=[{"id": 1, "vector": [1, 1]}])

    column = b64encode(np.array([[1, 2, 3], [4, 5, 6]], "<f4").tobytes()).decode()
    columns = {"id": [2, 3], "late": column, "vector": [[2, 2], None]}
    write(client, namespace, upsert_columns=columns, schema={"late": "[3]f32"})

    assert stored(client, namespace) == {
        1: {"vector": [1, 1]},
        2: {"vector": [2, 2], "late": [1, 2, 3]},
        3: {"late": [4, 5, 6]},
    }
    assert [r["id"] for r in query(client, namespace, rank_by=["late", "ANN", [4, 5, 6]])] == [3, 2]


def test_an_upsert_replaces_all_vectors(client: FlaskClient, namespace: str):
    schema = {"a": "[1]f32", "b": "[1]f32"}
    write(client, namespace, upsert_rows=[{"id": 1, "a": [1], "b": [1]}], schema=schema)

    write(client, namespace, upsert_rows=[{"id": 1, "b": [2]}])

    assert stored(client, namespace) == {1: {"b": [2]}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"upsert_rows": [{"id": 2, "a": [1], "b": [1, 1, 1]}]}, "3 dimensions"),
        ({"upsert_rows": [{"id": 2, "a": [1], "b": "text"}]}, "base64"),
        ({"upsert_rows": [{"id": 2, "a": [1], "n": [1.0]}]}, "'n' has type int"),
        ({"upsert_rows": [{"id": 2}]}, "every document written needs one"),
        ({"schema": {"a": "[2]f32"}}, "2 dimensions"),
        ({"schema": {"a": "int"}}, "'a'"),
        ({"schema": {"n": "[1]f32"}}, "'n'"),
        (
            {"schema": {"a": {"type": "[1]f32", "ann": {"distance_metric": "euclidean"}}}},
            "mismatch",
        ),
        ({"schema": {"a": {"type": "[1]f32", "ann": False}}}, "ann:true"),
    ],
    ids=str,
)
def test_columns_do_not_change_what_they_are(
    client: FlaskClient, namespace: str, body: dict[str, Any], message: str
):
    schema = {"a": declared(1, "f32", "cosine_distance"), "b": "[2]f32", "n": "int"}
    write(client, namespace, upsert_rows=[{"id": 1, "a": [1], "b": [1, 1], "n": 1}], schema=schema)
    before = stored(client, namespace)

    assert message in refused(client, namespace, **body)

    assert stored(client, namespace) == before


def test_a_copy_has_all_columns(client: FlaskClient, namespace: str):
    source = f"{namespace}-source"
    write(client, source, upsert_rows=rows_of(random(5), has_some), schema=SCHEMA)

    write(client, namespace, copy_from_namespace=source)

    assert stored(client, namespace) == stored(client, source)
    schemas = [client.get(f"/v1/namespaces/{n}/schema").get_json() for n in (namespace, source)]
    assert schemas[0] == schemas[1]


# --- segments -----------------------------------------------------------------------------------


def walked(shop: Workshop, namespace: str, column: str, to: Numbers) -> Found:
    """The answer through all segments of a column."""
    with shop.database.session() as session:
        known = catalog.find(session, namespace)
        query = bind_query(Query(Nearest(vector(to), column=column), limit=300), known)
        return reads.search(session, known, query, WIDE, shop.listed(namespace, column))


def test_every_column_has_its_segments(client: FlaskClient, shop: Workshop, namespace: str):
    vectors, queries = random(300), random(1, seed=1)
    write(client, namespace, upsert_rows=rows_of(vectors, has_some), schema=SCHEMA)
    assert shop.seal(namespace)

    for at, (name, (_, _, metric)) in enumerate(COLUMNS.items()):
        to = queries[name][0].astype(np.float32)
        found = walked(shop, namespace, name, to)

        present = [document for document in range(300) if has_some(document, at)]
        away = distances(to, vectors[name], metric)
        hits = {int(str(hit.id)): hit.distance for hit in found.result.hits}
        assert hits.keys() <= {*present}
        # an index may miss a document
        assert found.candidates == len(hits) > 0.95 * len(present), name
        assert hits == pytest.approx({i: away[i] for i in hits}, rel=1e-5, abs=1e-6), name
