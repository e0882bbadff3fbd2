"""Vectors of half precision: how they are stored, what comes back, and how they are searched."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.config import Config
from service.engine import Engine
from tests.integration.segment_tools import Connection, Workshop, nearest, workshop

Numbers = np.ndarray[Any, np.dtype[Any]]
METRICS = ["cosine_distance", "euclidean_squared", "euclidean"]
LARGEST = 65_504


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


def write(client: FlaskClient, namespace: str, **body: Any) -> Any:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def query(client: FlaskClient, namespace: str, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(f"/v2/namespaces/{namespace}/query", json={"limit": 10_000} | body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["rows"]


def by_id(rows: list[dict[str, Any]], name: str) -> dict[Any, Any]:
    return {row["id"]: row[name] for row in rows}


def halves(dimensions: int, **options: Any) -> dict[str, Any]:
    return {"vector": {"type": f"[{dimensions}]f16", "ann": True, **options}}


def fill(client: FlaskClient, namespace: str, numbers: Numbers, metric: str) -> Numbers:
    """Documents with these vectors; returns what half precision makes of them."""
    rows = [{"id": at, "vector": vector.tolist()} for at, vector in enumerate(numbers)]
    schema = halves(numbers.shape[1])
    write(client, namespace, upsert_rows=rows, schema=schema, distance_metric=metric)
    return numbers.astype(np.float16).astype(np.float64)


def encoded(numbers: Numbers) -> str:
    return b64encode(numbers.astype("<f4").tobytes()).decode()


def distances(to: Numbers, numbers: Numbers, metric: str) -> Numbers:
    """In double precision; a vector of zeros is at a cosine distance of 1 from every other."""
    if metric == "cosine_distance":
        lengths = np.linalg.norm(to) * np.linalg.norm(numbers, axis=1)
        return np.where(lengths > 0, 1 - numbers @ to / np.where(lengths > 0, lengths, 1), 1.0)
    squared = ((numbers - to) ** 2).sum(axis=1)
    return squared if metric == "euclidean_squared" else np.sqrt(squared)


def random(count: int, dimensions: int, seed: int = 0) -> Numbers:
    numbers = np.random.default_rng(seed).standard_normal((count, dimensions))
    return numbers.astype(np.float32)


# --- storage ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "stored"), [("f16", "halfvec(3)"), ("f32", "vector(3)")])
def test_the_table_has_a_column_of_the_precision_declared(
    client: FlaskClient, connection: Connection, namespace: str, kind: str, stored: str
):
    write(
        client,
        namespace,
        upsert_rows=[{"id": 1, "vector": [1, 2, 3], "named": [1, 2, 3]}],
        schema={"vector": f"[3]{kind}", "named": {"type": f"[3]{kind}", "ann": True}},
    )

    columns = connection.execute(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attname LIKE 'vector%%'",
        (f'vectable."{namespace}"',),
    ).fetchall()

    assert [str(kind).rpartition(".")[2] for (kind,) in columns] == [stored, stored]
    metadata = client.get(f"/v2/namespaces/{namespace}/metadata").get_json()
    assert metadata["schema"]["vector"]["type"] == f"[3]{kind}"


# exact, to be rounded, subnormal, too small, and the largest
NUMBERS = [0.0, -0.0, 1.0, -2.5, 0.1, 1 / 3, 2049.0, 6.1e-5, 6e-8, 1e-9, LARGEST, -LARGEST]


def test_numbers_come_back_as_half_precision_keeps_them(client: FlaskClient, namespace: str):
    written = np.array(NUMBERS, np.float32)
    rounded = written.astype(np.float16).astype(np.float32)
    rows: list[dict[str, Any]] = [
        {"id": 1, "vector": NUMBERS},
        {"id": 2, "vector": encoded(written)},
    ]

    write(client, namespace, upsert_rows=rows, schema=halves(len(NUMBERS)))
    column = {"id": [3], "vector": encoded(written)}
    write(client, namespace, upsert_columns=column)

    ordered: dict[str, Any] = {"rank_by": ["id", "asc"], "include_attributes": ["vector"]}
    as_lists = query(client, namespace, **ordered)
    as_text = query(client, namespace, **ordered, vector_encoding="base64")
    exported = client.get(f"/v1/namespaces/{namespace}").get_json()
    assert [encoded(np.array(row["vector"])) for row in as_lists] == [encoded(rounded)] * 3
    assert [row["vector"] for row in as_text] == [encoded(rounded)] * 3
    assert [encoded(np.array(vector)) for vector in exported["vectors"]] == [encoded(rounded)] * 3


@pytest.mark.parametrize("number", [65_504.5, 65_520, -65_536, 1e18], ids=str)
@pytest.mark.parametrize("spelled", ["rows", "base64", "columns"])
def test_numbers_beyond_the_range_are_refused(
    client: FlaskClient, namespace: str, number: float, spelled: str
):
    write(client, namespace, upsert_rows=[{"id": 1, "vector": [1, LARGEST]}], schema=halves(2))
    bad = np.array([number, 1], np.float32)
    body = {
        "rows": {"upsert_rows": [{"id": 1, "vector": [2, 2]}, {"id": 2, "vector": bad.tolist()}]},
        "base64": {"upsert_rows": [{"id": 1, "vector": [2, 2]}, {"id": 2, "vector": encoded(bad)}]},
        "columns": {"upsert_columns": {"id": [1, 2], "vector": encoded(np.stack([bad, bad]))}},
    }[spelled]

    answer = client.post(f"/v2/namespaces/{namespace}", json=body)

    assert answer.status_code == 400
    assert "'vector' has type [2]f16" in answer.get_json()["error"]
    rows = query(client, namespace, rank_by=["id", "asc"], include_attributes=True)
    assert rows == [{"id": 1, "vector": [1, LARGEST]}]


@pytest.mark.parametrize(("first", "then"), [("f16", "f32"), ("f32", "f16")])
def test_the_precision_of_a_column_stays(
    client: FlaskClient, namespace: str, first: str, then: str
):
    write(
        client,
        namespace,
        upsert_rows=[{"id": 1, "vector": [1, 2]}],
        schema={"vector": f"[2]{first}"},
    )

    answer = client.post(f"/v1/namespaces/{namespace}/schema", json={"vector": f"[2]{then}"})

    assert answer.status_code == 400
    assert f"from [2]{first} to [2]{then}" in answer.get_json()["error"]


def test_a_copy_has_the_same_precision(client: FlaskClient, namespace: str):
    numbers = random(5, 3)
    fill(client, f"{namespace}-source", numbers, "euclidean_squared")

    write(client, namespace, copy_from_namespace=f"{namespace}-source")
    write(client, namespace, upsert_rows=[{"id": 100, "vector": [0.1, 0.1, 0.1]}])

    schema = client.get(f"/v1/namespaces/{namespace}/schema").get_json()
    rows = query(client, namespace, rank_by=["id", "asc"], include_attributes=["vector"])
    expected = np.concatenate([numbers, np.full((1, 3), 0.1)]).astype(np.float16)
    assert schema["vector"]["type"] == "[3]f16"
    assert np.array([row["vector"] for row in rows], np.float32).tolist() == expected.tolist()


# --- search -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rank", ["ANN", "kNN"])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("own", METRICS)
def test_distances_are_those_of_the_rounded_vectors(
    client: FlaskClient, namespace: str, own: str, metric: str, rank: str
):
    numbers = random(60, 7)
    numbers[3], numbers[4], numbers[5] = 0, 1e-9, 1e4
    rounded = fill(client, namespace, numbers, own)
    to = random(1, 7, seed=1)[0]
    expected = distances(to.astype(np.float64), rounded, metric)

    rows = query(client, namespace, rank_by=["vector", rank, to.tolist()], distance_metric=metric)
    computed = query(
        client,
        namespace,
        rank_by=["id", "asc"],
        compute_attributes={"far": ["vector", "VectorDist", encoded(to)]},
    )

    assert by_id(rows, "$dist") == pytest.approx(dict(enumerate(expected)), rel=1e-5, abs=1e-6)
    assert [row["$dist"] for row in rows] == sorted(row["$dist"] for row in rows)
    own_distances = distances(to.astype(np.float64), rounded, own)
    assert by_id(computed, "far") == pytest.approx(
        dict(enumerate(own_distances)), rel=1e-5, abs=1e-6
    )


@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e3], ids=str)
@pytest.mark.parametrize(
    ("dimensions", "metric"), [(8, METRICS[0]), (8, METRICS[1]), (4100, METRICS[0])]
)
def test_segments_are_sealed_over_them_and_searched(
    client: FlaskClient,
    shop: Workshop,
    namespace: str,
    dimensions: int,
    metric: str,
    scale: float,
):
    numbers, to = random(250, dimensions) * scale, random(1, dimensions, seed=1)[0] * scale
    rounded = fill(client, namespace, numbers[:200], metric)

    assert shop.seal(namespace)
    # what has one bit for a number is searched once it was measured
    assert not shop.merge(namespace)
    tail = [{"id": at, "vector": numbers[at].tolist()} for at in range(200, 250)]
    write(client, namespace, upsert_rows=tail)

    rounded = np.concatenate([rounded, numbers[200:].astype(np.float16).astype(np.float64)])
    expected = distances(to.astype(np.float64), rounded, metric)
    found = shop.walked(namespace, nearest(to, 250))
    assert found.candidates > 190
    hits = {int(str(hit.id)): hit.distance for hit in found.result.hits}
    near = 1e-6 if metric == "cosine_distance" else 0
    assert hits == pytest.approx({at: expected[at] for at in hits}, rel=1e-5, abs=near)
    assert len(hits.keys() & set(np.argsort(expected)[:50].tolist())) >= 48
