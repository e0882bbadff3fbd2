"""Attributes and vector columns that are dropped: gone from every document, and free to be used
again for something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.config import Config
from service.engine import Engine
from tests.integration.segment_tools import Connection, Workshop, workshop

DROPPED = {"drop": True}


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    """What another process has."""
    with workshop(config) as opened:
        yield opened


@pytest.fixture
def other(shop: Workshop, config: Config) -> FlaskClient:
    return create_app(shop.engine, config).test_client()


def write(client: FlaskClient, namespace: str, **body: Any) -> Any:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def query(client: FlaskClient, namespace: str, **body: Any) -> list[dict[str, Any]]:
    answer = client.post(f"/v2/namespaces/{namespace}/query", json={"limit": 10_000} | body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["rows"]


def found(client: FlaskClient, namespace: str, **body: Any) -> list[Any]:
    return [row["id"] for row in query(client, namespace, **{"rank_by": ["id", "asc"]} | body)]


def stored(client: FlaskClient, namespace: str) -> dict[Any, dict[str, Any]]:
    rows = query(client, namespace, rank_by=["id", "asc"], include_attributes=True)
    return {row.pop("id"): row for row in rows}


def types(client: FlaskClient, namespace: str) -> dict[str, str]:
    schema = client.get(f"/v1/namespaces/{namespace}/schema").get_json()
    return {name: entry["type"] for name, entry in schema.items()}


def through_schema(client: FlaskClient, namespace: str, name: str) -> None:
    answer = client.post(f"/v1/namespaces/{namespace}/schema", json={name: DROPPED})
    assert answer.status_code == 200, answer.text


def through_a_write(client: FlaskClient, namespace: str, name: str) -> None:
    write(client, namespace, schema={name: DROPPED})


Drop = Callable[[FlaskClient, str, str], None]
WAYS = [through_schema, through_a_write]


def keys(connection: Connection, namespace: str) -> set[str]:
    """The names of attributes that any document has."""
    query = f'SELECT DISTINCT jsonb_object_keys(attributes) FROM vectable."{namespace}"'
    return {str(key) for (key,) in connection.execute(query.encode())}


# --- attributes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("drop", WAYS)
def test_a_dropped_attribute_is_gone_from_schema_and_documents(
    client: FlaskClient, connection: Connection, namespace: str, drop: Drop
):
    rows = [{"id": n, "a": n, "b": "x", "vector": [n, n]} for n in (3, 1, 2)]
    write(client, namespace, upsert_rows=[*rows, {"id": 4, "a": 4, "vector": [4, 4]}])
    before = client.get(f"/v1/namespaces/{namespace}").get_json()

    drop(client, namespace, "a")

    after = client.get(f"/v1/namespaces/{namespace}").get_json()
    assert types(client, namespace) == {"id": "uint", "b": "string", "vector": "[2]f32"}
    assert keys(connection, namespace) == {"b"}
    # nothing else of the documents has changed, nor their order
    assert after == before | {"attributes": {"b": before["attributes"]["b"]}}
    assert found(client, namespace, filters=["a", "Eq", None]) == [1, 2, 3, 4]
    body = {"rank_by": ["id", "asc"], "include_attributes": ["a"]}
    assert client.post(f"/v2/namespaces/{namespace}/query", json=body).status_code == 400


@pytest.mark.parametrize("drop", WAYS)
@pytest.mark.parametrize(
    ("first", "then"), [(7, "seven"), ("7", 7), (7, [7]), ([True], 1.5), (7, 8)], ids=str
)
def test_a_name_is_used_again_with_another_type(
    client: FlaskClient, namespace: str, first: Any, then: Any, drop: Drop
):
    write(client, namespace, upsert_rows=[{"id": 1, "a": first}, {"id": 2}])
    drop(client, namespace, "a")

    write(client, namespace, upsert_rows=[{"id": 2, "a": then}])

    assert stored(client, namespace) == {1: {}, 2: {"a": then}}
    assert found(client, namespace, filters=["a", "Eq", then]) == [2]
    assert found(client, namespace, filters=["a", "NotEq", then]) == [1]


@pytest.mark.parametrize("then", [8, "eight"], ids=["the same type", "another type"])
def test_a_name_is_used_again_by_the_write_that_drops_it(
    client: FlaskClient, connection: Connection, namespace: str, then: Any
):
    write(client, namespace, upsert_rows=[{"id": n, "a": n, "b": n} for n in (1, 2)])

    rows, patches = [{"id": 3, "a": then}], [{"id": 2, "a": then}]
    write(client, namespace, schema={"a": DROPPED}, upsert_rows=rows, patch_rows=patches)

    assert stored(client, namespace) == {1: {"b": 1}, 2: {"a": then, "b": 2}, 3: {"a": then}}


def test_several_names_are_dropped_and_unknown_ones_are_no_error(
    client: FlaskClient, namespace: str
):
    write(client, namespace, upsert_rows=[{"id": 1, "a": 1, 'b "%s"': 1, "c": 1}])

    names = ["a", 'b "%s"', "unknown", "vector"]
    write(client, namespace, schema=dict.fromkeys(names, DROPPED) | {"d": "int"})

    assert types(client, namespace) == {"id": "uint", "c": "int", "d": "int"}
    assert stored(client, namespace) == {1: {"c": 1}}


def test_nothing_is_dropped_without_a_yes(client: FlaskClient, namespace: str):
    write(client, namespace, upsert_rows=[{"id": 1, "a": 1}])

    write(client, namespace, schema={"a": {"type": "int", "drop": False}})
    refused = client.post(f"/v2/namespaces/{namespace}", json={"schema": {"a": {"drop": "yes"}}})

    assert refused.status_code == 422
    assert stored(client, namespace) == {1: {"a": 1}}


@pytest.mark.parametrize("name", ["a", "vector"])
def test_the_caches_of_other_processes_do_no_harm(
    client: FlaskClient, other: FlaskClient, connection: Connection, namespace: str, name: str
):
    rows = [{"id": n, "a": n, "vector": [n, n]} for n in (1, 2)]
    write(client, namespace, upsert_rows=rows)
    query(other, namespace, rank_by=["vector", "ANN", [1, 1]], filters=["a", "Eq", 1])
    through_a_write(client, namespace, name)
    new = {"a": "text", "vector": [1, 2, 3]}[name]
    kept = {"a": {"vector": [3, 3]}, "vector": {"a": 3}}[name]

    seen = stored(other, namespace)
    write(other, namespace, upsert_rows=[{"id": 3, name: new, **kept}])

    assert all(name not in row for row in seen.values())
    assert stored(client, namespace)[3] == {name: new, **kept}
    assert stored(other, namespace) == stored(client, namespace)


def test_writers_of_an_attribute_that_is_dropped_leave_none_of_it_untyped(
    client: FlaskClient, other: FlaskClient, connection: Connection, namespace: str
):
    write(client, namespace, upsert_rows=[{"id": 0, "b": 0}])
    start = Barrier(5)

    def act(number: int) -> None:
        own = (client, other)[number % 2].application.test_client()
        start.wait()
        for turn in range(15):
            if number == 0:
                through_a_write(own, namespace, "a")
            else:
                rows = [{"id": 100 * number + turn, "a": turn, "b": turn}]
                # those with a condition wait for a turn of their own
                condition = ["id", "Eq", None] if number % 2 else None
                write(own, namespace, upsert_rows=rows, upsert_condition=condition)

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(act, range(5)))

    # what was written before the last drop is gone, what came after it is in the schema
    assert keys(connection, namespace) <= types(client, namespace).keys()
    assert len(stored(client, namespace)) == 1 + 4 * 15
    through_a_write(other, namespace, "a")
    write(client, namespace, upsert_rows=[{"id": 0, "a": "text"}])
    assert {row.get("a") for row in stored(other, namespace).values()} == {None, "text"}


# --- vector columns -----------------------------------------------------------------------------


@pytest.mark.parametrize("drop", WAYS)
@pytest.mark.parametrize("name", ["vector", "größe"])
def test_a_dropped_vector_column_is_gone(
    client: FlaskClient, connection: Connection, namespace: str, name: str, drop: Drop
):
    rows = [{"id": n, "a": n, name: [n, n], "other": [n]} for n in (3, 1, 2)]
    write(client, namespace, upsert_rows=rows, schema={name: "[2]f32", "other": "[1]f32"})

    drop(client, namespace, name)

    assert types(client, namespace) == {"id": "uint", "a": "int", "other": "[1]f32"}
    assert stored(client, namespace) == {n: {"a": n, "other": [n]} for n in (1, 2, 3)}
    nearest = {"rank_by": ["other", "ANN", [3]], "distance_metric": "euclidean"}
    assert found(client, namespace, **nearest) == [3, 2, 1]
    body = {"rank_by": [name, "ANN", [1, 1]]}
    assert client.post(f"/v2/namespaces/{namespace}/query", json=body).status_code == 400
    columns = connection.execute(
        "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass(%s)"
        " AND attname LIKE 'vector%%' AND NOT attisdropped",
        (f'vectable."{namespace}"',),
    ).fetchone()
    assert columns == (1,)


# another length, precision and metric; or only one of them
AGAIN = [("[3]f32", "euclidean"), ("[2]f16", "euclidean_squared"), ("[2]f32", "cosine_distance")]


@pytest.mark.parametrize(("kind", "metric"), AGAIN)
def test_a_vector_is_used_again_in_another_form(
    client: FlaskClient,
    other: FlaskClient,
    shop: Workshop,
    namespace: str,
    kind: str,
    metric: str,
):
    length = int(kind[1])
    rows = [{"id": n, "vector": [n, 1]} for n in range(200)]
    write(client, namespace, upsert_rows=rows, distance_metric="euclidean_squared")
    assert shop.seal(namespace)
    assert found(other, namespace, rank_by=["vector", "ANN", [7, 1]], limit=1) == [7]

    through_a_write(client, namespace, "vector")
    write(client, namespace, upsert_rows=[{"id": 1000, "a": 1}])
    rows = [{"id": n, "vector": [1, *[n] * (length - 1)]} for n in range(1, 150)]
    declared = {"type": kind, "ann": {"distance_metric": metric}}
    write(client, namespace, upsert_rows=rows, schema={"vector": declared})

    for _ in range(2):  # by a scan, and again through a segment
        nearest = ["vector", "ANN", [1, *[20] * (length - 1)]]
        assert found(other, namespace, rank_by=nearest, limit=1) == [20]
        assert len(query(other, namespace, rank_by=nearest)) == 149
        shop.seal(namespace)
    assert types(other, namespace)["vector"] == kind
    assert len(stored(client, namespace)) == 201
    assert "vector" not in stored(client, namespace)[0]


@pytest.mark.parametrize("metric", ["euclidean_squared", "cosine_distance"])
@pytest.mark.parametrize("length", [2, 3])
def test_a_vector_is_used_again_by_the_write_that_drops_it(
    client: FlaskClient, namespace: str, length: int, metric: str
):
    rows = [{"id": n, "vector": [n, 1]} for n in (1, 2)]
    write(client, namespace, upsert_rows=rows, distance_metric="euclidean_squared")

    new = {"id": 3, "vector": [1] * length}
    body = {"schema": {"vector": DROPPED}, "upsert_rows": [new], "distance_metric": metric}
    write(client, namespace, **body)

    assert stored(client, namespace) == {1: {}, 2: {}, 3: {"vector": new["vector"]}}


def test_a_name_changes_between_attribute_and_vector(client: FlaskClient, namespace: str):
    write(client, namespace, upsert_rows=[{"id": 1, "a": [1.5, 2.5]}])
    through_schema(client, namespace, "a")

    write(client, namespace, upsert_rows=[{"id": 2, "a": [1.5, 2.5]}], schema={"a": "[2]f32"})
    nearest = found(client, namespace, rank_by=["a", "ANN", [1, 1]])
    through_a_write(client, namespace, "a")
    write(client, namespace, upsert_rows=[{"id": 3, "a": "text"}])

    assert nearest == [2]
    assert stored(client, namespace) == {1: {}, 2: {}, 3: {"a": "text"}}


def test_readers_and_writers_go_on_while_fields_are_dropped(
    client: FlaskClient, other: FlaskClient, namespace: str
):
    rows = [{"id": 0, "a": 0, "vector": [0, 0], "keep": [1]}]
    write(client, namespace, upsert_rows=rows, schema={"keep": "[1]f32"})
    start = Barrier(5)

    def act(number: int) -> list[int]:
        own, counts = (client, other)[number % 2].application.test_client(), list[int]()
        start.wait()
        for turn in range(15):
            if number == 0:
                write(own, namespace, schema={"vector": DROPPED, "a": DROPPED})
            elif number == 1:
                counts.append(len(query(own, namespace, rank_by=["keep", "ANN", [1]])))
            else:
                row = {"id": 100 * number + turn, "a": turn, "vector": [turn, 1], "keep": [turn]}
                write(own, namespace, upsert_rows=[row])
        return counts

    with ThreadPoolExecutor(5) as threads:
        outcomes = list(threads.map(act, range(5)))

    assert outcomes[1] == sorted(outcomes[1])
    documents, known = stored(client, namespace), types(client, namespace).keys()
    assert len(documents) == 46
    assert all("keep" in row and row.keys() <= known for row in documents.values())
