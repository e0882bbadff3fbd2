"""Patches: what they change and what they leave alone; and writes of which a part is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.config import Config
from service.core.filters import Attribute, Equal
from service.core.query import Nearest, Query
from service.core.vectors import Vector
from service.engine import Engine
from tests.integration.segment_tools import Connection, Workshop, workshop


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


def write(client: FlaskClient, namespace: str, **body: Any) -> Any:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def query(client: FlaskClient, namespace: str, **body: Any) -> list[Any]:
    answer = client.post(f"/v2/namespaces/{namespace}/query", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["rows"]


def stored(client: FlaskClient, namespace: str) -> dict[Any, dict[str, Any]]:
    rows = query(client, namespace, rank_by=["id", "asc"], limit=10_000, include_attributes=True)
    return {row.pop("id"): row for row in rows}


def export(client: FlaskClient, namespace: str) -> Any:
    return client.get(f"/v1/namespaces/{namespace}").get_json()


def schema(client: FlaskClient, namespace: str) -> Any:
    return client.get(f"/v1/namespaces/{namespace}/schema").get_json()


def numbers(connection: Connection, namespace: str) -> dict[Any, int]:
    rows = connection.execute(f'SELECT id, seq FROM vectable."{namespace}"'.encode())
    return {identity: int(seq) for identity, seq in rows}


# --- what a patch changes -----------------------------------------------------------------------


def test_a_patch_sets_what_it_names_and_keeps_the_rest(client: FlaskClient, namespace: str):
    rows = [{"id": n, "vector": [n, 1], "a": n, "b": "x", "tags": ["t"]} for n in (1, 2, 3)]
    write(client, namespace, upsert_rows=rows)

    answer = write(
        client,
        namespace,
        patch_rows=[{"id": 1, "a": 10}, {"id": 3, "b": None, "c": [1.5], "tags": []}],
        return_affected_ids=True,
    )

    assert (answer["rows_patched"], answer["rows_affected"]) == (2, 2)
    assert sorted(answer["patched_ids"]) == [1, 3]
    assert stored(client, namespace) == {
        1: {"vector": [1, 1], "a": 10, "b": "x", "tags": ["t"]},
        2: {"vector": [2, 1], "a": 2, "b": "x", "tags": ["t"]},
        3: {"vector": [3, 1], "a": 3, "c": [1.5], "tags": []},
    }


def test_rows_and_columns_are_patched_in_one_write(client: FlaskClient, namespace: str):
    write(client, namespace, upsert_rows=[{"id": n, "a": n, "b": n} for n in range(5)])

    answer = write(
        client,
        namespace,
        patch_rows=[{"id": 0, "a": 7}, {"id": 1}],
        patch_columns={"id": [2, 3], "a": [8, None], "b": None},
    )

    assert answer["rows_patched"] == 4
    assert stored(client, namespace) == {
        0: {"a": 7, "b": 0},
        1: {"a": 1, "b": 1},
        2: {"a": 8, "b": 2},
        3: {"b": 3},
        4: {"a": 4, "b": 4},
    }


@pytest.mark.parametrize(
    ("declared", "known", "unknown"),
    [
        ("uint", 1, [2, 2**63, 2**64 - 1]),
        ("uint", 2**64 - 1, [0, 2**64 - 2]),
        ("string", "é", ["e", "É", "1"]),
        (
            "uuid",
            "{0B8AB8A9-6C7A-4D5E-8B0A-00000000000A}",
            ["0b8ab8a9-6c7a-4d5e-8b0a-00000000000b"],
        ),
    ],
    ids=str,
)
def test_documents_that_do_not_exist_are_passed_over(
    client: FlaskClient, namespace: str, declared: str, known: Any, unknown: list[Any]
):
    write(client, namespace, upsert_rows=[{"id": known, "a": 1}], schema={"id": declared})

    answer = write(
        client,
        namespace,
        patch_rows=[{"id": identity, "a": 2} for identity in (*unknown, known)],
        return_affected_ids=True,
    )

    assert answer["rows_patched"] == len(answer["patched_ids"]) == 1
    assert list(stored(client, namespace).values()) == [{"a": 2}]


def test_a_patch_declares_and_types_new_attributes(client: FlaskClient, namespace: str):
    write(client, namespace, upsert_rows=[{"id": 1}, {"id": 2}])

    write(
        client,
        namespace,
        patch_rows=[{"id": 1, "when": "2024-03-02T01:00:00+01:00"}, {"id": 2, "n": [2.5]}],
        schema={"when": "datetime"},
    )

    types = {name: entry["type"] for name, entry in schema(client, namespace).items()}
    assert types == {"id": "uint", "when": "datetime", "n": "[]float"}
    assert query(
        client,
        namespace,
        rank_by=["id", "asc"],
        filters=["when", "Eq", "2024-03-02"],
        include_attributes=["when"],
    ) == [{"id": 1, "when": "2024-03-02T00:00:00.000000000Z"}]


@pytest.mark.parametrize("rows", [[{"a": 1, "b": 1}, {"a": 2.5}], [{"a": 2.5}, {"a": 1, "b": 1}]])
def test_the_type_of_a_new_attribute_is_that_of_all_rows(
    client: FlaskClient, namespace: str, rows: list[dict[str, Any]]
):
    documents = [{"id": at, **row} for at, row in enumerate(rows)]
    write(client, namespace, upsert_rows=[{"id": 0}, {"id": 1}])
    write(client, f"{namespace}-upserted", upsert_rows=documents)

    write(client, namespace, patch_rows=documents)

    # which attributes a row has beside does not matter, nor which row comes first
    assert schema(client, namespace) == schema(client, f"{namespace}-upserted")
    assert stored(client, namespace) == dict(enumerate(rows))


def test_patches_alone_make_no_namespace(client: FlaskClient, namespace: str):
    answer = client.post(f"/v2/namespaces/{namespace}", json={"patch_rows": [{"id": 1, "a": 1}]})

    assert answer.status_code == 404


# --- what a patch leaves alone ------------------------------------------------------------------


def test_write_numbers_and_the_order_of_exports_stay(
    client: FlaskClient, connection: Connection, namespace: str
):
    rows = [{"id": identity, "vector": [identity, 0], "a": 1} for identity in (5, 1, 9, 3)]
    write(client, namespace, upsert_rows=rows)
    before, order = numbers(connection, namespace), export(client, namespace)["ids"]

    write(client, namespace, patch_columns={"id": [9, 1], "a": [2, None]})
    by_filter = {"filters": ["a", "Eq", 1], "patch": {"a": 3}}
    write(client, namespace, patch_by_filter=by_filter)
    write(client, namespace, patch_rows=[{"id": 5, "a": 4}], patch_condition=["a", "Eq", 3])

    after = export(client, namespace)
    assert numbers(connection, namespace) == before
    assert after["ids"] == order == [5, 1, 9, 3]
    assert after["vectors"] == [[5, 0], [1, 0], [9, 0], [3, 0]]
    assert after["attributes"] == {"a": [4, None, 2, 3]}


def test_segments_stay_valid_and_give_the_new_values(
    client: FlaskClient, shop: Workshop, namespace: str
):
    ids = range(300)
    rows = [{"id": n, "vector": [n % 17, n % 23, n], "a": 0} for n in ids]
    write(client, namespace, upsert_rows=rows, distance_metric="euclidean_squared")
    assert shop.seal(namespace)

    changed = [n for n in ids if n % 3 == 0]
    write(client, namespace, patch_columns={"id": changed, "a": [1] * len(changed)})

    assert not shop.seal(namespace)
    nearest = Query(Nearest(Vector(bytes(12))), Equal(Attribute("a"), 1), limit=300)
    found = shop.walked(namespace, nearest)
    assert [one.live for one in shop.listed(namespace)] == [300]
    assert found.candidates == len(changed)
    assert {hit.id for hit in found.result.hits} == set(changed)


@pytest.mark.parametrize(
    "body",
    [
        {"patch_rows": [{"id": 1, "a": 2}, {"id": 2, "vector": [1, 1]}]},
        {"patch_rows": [{"id": 1, "a": 2}, {"id": 2, "half": None}]},
        {"patch_columns": {"id": [1, 2], "a": [2, 2], "half": [[1], [1]]}},
        {"patch_by_filter": {"filters": ["a", "Gt", 0], "patch": {"a": 2, "vector": [1, 1]}}},
        {"patch_by_filter": {"filters": ["a", "Gt", 0], "patch": {"new": 2, "half": "AAAA"}}},
    ],
    ids=str,
)
def test_vectors_are_not_patched(client: FlaskClient, namespace: str, body: dict[str, Any]):
    rows = [{"id": n, "vector": [n, 1], "half": [n], "a": 1} for n in (1, 2)]
    write(client, namespace, upsert_rows=rows, schema={"half": "[1]f16"})
    before = export(client, namespace), schema(client, namespace)

    answer = client.post(f"/v2/namespaces/{namespace}", json=body)

    assert answer.status_code == 400
    assert answer.get_json()["error"] == "💔 patching vectors is currently unsupported"
    assert (export(client, namespace), schema(client, namespace)) == before


# --- all of a write or nothing ------------------------------------------------------------------

GOOD, HALF = {"n": 9, "s": "x", "vector": [1, 1]}, {"half": [1, 1]}
# the last document of each is refused
REFUSED: dict[str, tuple[int, dict[str, Any]]] = {
    "rows of another type": (
        400,
        {"upsert_rows": [{"id": 8, **GOOD}, {"id": 9, **GOOD, "n": "x"}]},
    ),
    "a row of another length": (
        400,
        {"upsert_rows": [{"id": 8, **GOOD}, {"id": 9, "vector": [1, 1, 1]}]},
    ),
    "columns of another type": (
        400,
        {"upsert_columns": {"id": [8, 9], "s": ["x", 1], "vector": [[1, 1], [1, 1]]}},
    ),
    "columns and a column too short": (400, {"upsert_columns": {"id": [8, 9], "vector": [[1, 1]]}}),
    "an id twice": (
        400,
        {"upsert_rows": [{"id": 8, **GOOD}, {"id": 9, **GOOD}, {"id": 8, **GOOD}]},
    ),
    "an id upserted and patched": (
        400,
        {"upsert_rows": [{"id": 8, **GOOD}], "patch_rows": [{"id": 4, "n": 1}, {"id": 8, "n": 1}]},
    ),
    "an id patched and deleted": (
        400,
        {"patch_columns": {"id": [4, 5], "n": [9, 9]}, "deletes": [3, 5]},
    ),
    "an id of another type": (400, {"upsert_rows": [{"id": 8, **GOOD}, {"id": "nine", **GOOD}]}),
    "a number beyond half precision": (
        400,
        {"upsert_rows": [{"id": 8, **GOOD, **HALF}, {"id": 9, **GOOD, "half": [1, -65_600]}]},
    ),
    "a patch of another type": (400, {"patch_rows": [{"id": 4, "n": 9}, {"id": 5, "n": "nine"}]}),
    "patched columns of another type": (400, {"patch_columns": {"id": [4, 5], "s": ["x", True]}}),
    "a patch by filter of another type": (
        400,
        {"patch_by_filter": {"filters": ["n", "Gt", 2], "patch": {"n": 9, "s": 1}}},
    ),
    "a filter of another type": (400, {"delete_by_filter": ["n", "Glob", "*"]}),
    "a condition of another type": (
        400,
        {"upsert_rows": [{"id": 4, **GOOD}], "upsert_condition": ["n", "Eq", "four"]},
    ),
    "a delete with a condition of another type": (
        400,
        {"patch_rows": [{"id": 4, "n": 9}], "deletes": [5], "delete_condition": ["n", "Eq", "x"]},
    ),
    # what only PostgreSQL knows, when all before it has been carried out
    "a row that the DBA forbids": (
        409,
        {
            "upsert_rows": [{"id": 8, **GOOD}, {"id": 100, **GOOD}],
            "patch_rows": [{"id": 4, "n": 9}],
        },
    ),
    "a patch that the DBA forbids": (
        409,
        {"patch_rows": [{"id": 4, "n": 9}, {"id": 5, "s": "forbidden"}], "deletes": [3]},
    ),
    "a patch by filter that the DBA forbids": (
        409,
        {
            "patch_by_filter": {"filters": ["n", "Gte", 4], "patch": {"s": "forbidden"}},
            "upsert_rows": [{"id": 8, **GOOD}],
        },
    ),
}
# what is carried out before, and has to be undone as well
CHANGED = {"schema": {"new": "int", "other": "[3]f32", "gone": {"drop": True}}}
DELETED = {"delete_by_filter": ["n", "Lt", 3]}


@pytest.mark.parametrize("also", [{}, CHANGED, CHANGED | DELETED], ids=["", "schema", "both"])
@pytest.mark.parametrize("what", REFUSED)
def test_of_a_write_that_is_refused_nothing_is_left(
    client: FlaskClient,
    connection: Connection,
    namespace: str,
    what: str,
    also: dict[str, Any],
):
    rows = [{"id": n, "n": n, "s": f"s{n}", "gone": n, "vector": [n, 1]} for n in range(1, 6)]
    write(client, namespace, upsert_rows=[row | HALF for row in rows], schema={"half": "[2]f16"})
    rule = "CHECK (id < 100 AND attributes ->> 's' <> 'forbidden')"
    connection.execute(f'ALTER TABLE vectable."{namespace}" ADD CONSTRAINT rule {rule}'.encode())
    before = export(client, namespace), schema(client, namespace), numbers(connection, namespace)
    status, body = REFUSED[what]

    answer = client.post(f"/v2/namespaces/{namespace}", json=also | body)

    assert (answer.status_code, answer.get_json()["status"]) == (status, "error")
    after = export(client, namespace), schema(client, namespace), numbers(connection, namespace)
    assert after == before
