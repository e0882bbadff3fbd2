"""Deletes and patches by filter: exact counts, bounds, and readers that go on meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient

from service.processes import wait_until
from service.storage import matching
from tests.integration.oracle import holds
from tests.integration.segment_tools import Connection

BOUND, PATIENCE = 5, 20.0
KINDS = ["delete", "patch"]


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few documents in one write."""
    monkeypatch.setattr(matching, "MAX_DELETED", BOUND)
    monkeypatch.setattr(matching, "MAX_PATCHED", BOUND)


def write(client: FlaskClient, namespace: str, **body: Any) -> Any:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def stored(client: FlaskClient, namespace: str) -> dict[Any, dict[str, Any]]:
    body = {"rank_by": ["id", "asc"], "limit": 10_000, "include_attributes": True}
    answer = client.post(f"/v2/namespaces/{namespace}/query", json=body)
    assert answer.status_code == 200, answer.text
    return {row.pop("id"): row for row in answer.get_json()["rows"]}


def by_filter(kind: str, condition: Any, **options: Any) -> dict[str, Any]:
    """A delete, or a patch that sets ``done``."""
    if kind == "delete":
        body: dict[str, Any] = {"delete_by_filter": condition}
    else:
        body = {"patch_by_filter": {"filters": condition, "patch": {"done": True}}}
    return body | {f"{kind}_by_filter_{name}": value for name, value in options.items()}


def numbered(client: FlaskClient, namespace: str, count: int) -> None:
    write(client, namespace, upsert_columns={"id": list(range(count)), "n": list(range(count))})


# --- what is changed ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", KINDS)
def test_just_what_matches_is_changed_and_counted(
    client: FlaskClient, namespace: str, kind: str, seed: int
):
    dice = Random(seed)
    values = {n: dice.choice([None, *range(5)]) for n in range(40)}
    rows = [{"id": n, "n": value, "name": f"n{n}"} for n, value in values.items()]
    write(client, namespace, upsert_rows=rows, schema={"n": "int"})

    for operator, operand in (("Eq", 3), ("Lt", 1), ("Eq", 3), ("Gte", 9), ("In", [0, 4])):
        before = stored(client, namespace)
        chosen = [i for i in before if holds(values[i], operator, operand)]

        body = by_filter(kind, ["n", operator, operand])
        answer = write(client, namespace, **body, return_affected_ids=True)

        done = {"delete": "deleted", "patch": "patched"}[kind]
        assert (answer[f"rows_{done}"], answer["rows_affected"]) == (len(chosen), len(chosen))
        assert answer["rows_remaining"] is False
        assert sorted(answer.get(f"{done}_ids", [])) == chosen
        if kind == "delete":
            expected = {i: row for i, row in before.items() if i not in chosen}
        else:
            expected = {
                i: row | ({"done": True} if i in chosen else {}) for i, row in before.items()
            }
        assert stored(client, namespace) == expected


@pytest.mark.parametrize(
    ("declared", "ids"),
    [
        ("uint", [0, 7, 2**53 + 1]),
        ("uint", [0, 2**63, 2**64 - 1]),
        ("string", ["", "é", "x" * 64][1:]),
        ("uuid", [str(UUID(int=n)) for n in (0, 7, 2**128 - 1)]),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_ids_that_were_changed_are_returned_as_they_were_written(
    client: FlaskClient, namespace: str, kind: str, declared: str, ids: list[Any]
):
    write(client, namespace, upsert_rows=[{"id": i} for i in ids], schema={"id": declared})

    answer = write(
        client, namespace, **by_filter(kind, ["a", "Eq", None]), return_affected_ids=True
    )

    assert sorted(answer[f"{kind}d_ids" if kind == "delete" else "patched_ids"]) == sorted(ids)


def test_the_parts_of_a_write_are_carried_out_in_their_order(client: FlaskClient, namespace: str):
    numbered(client, namespace, 10)

    answer = write(
        client,
        namespace,
        delete_by_filter=["n", "Lt", 3],
        patch_by_filter={"filters": ["n", "Lt", 6], "patch": {"n": 100, "by": "filter"}},
        deletes=[9, 1000],
        patch_rows=[{"id": 5, "n": 5}, {"id": 0, "n": 5}],
        upsert_rows=[{"id": 1, "n": 1}, {"id": 4, "n": 4}],
    )

    counts = [answer[f"rows_{what}"] for what in ("deleted", "patched", "upserted", "affected")]
    assert counts == [3 + 2, 3 + 1, 2, 11]
    assert stored(client, namespace) == {
        1: {"n": 1},
        3: {"n": 100, "by": "filter"},
        4: {"n": 4},
        5: {"n": 5, "by": "filter"},
        6: {"n": 6},
        7: {"n": 7},
        8: {"n": 8},
    }


def test_a_patch_by_filter_sets_and_clears(client: FlaskClient, namespace: str):
    rows = [{"id": n, "a": n, "b": "x", "tags": ["t"]} for n in range(4)]
    write(client, namespace, upsert_rows=rows)

    patch: dict[str, Any] = {"a": None, "tags": [], "new": 1.5}
    write(client, namespace, patch_by_filter={"filters": ["a", "Gte", 2], "patch": patch})

    changed: dict[str, Any] = {"b": "x", "tags": [], "new": 1.5}
    assert stored(client, namespace) == {
        0: {"a": 0, "b": "x", "tags": ["t"]},
        1: {"a": 1, "b": "x", "tags": ["t"]},
        2: changed,
        3: changed,
    }


# --- bounds -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("kind", KINDS)
def test_more_matches_than_one_write_may_change_are_refused(
    client: FlaskClient, namespace: str, kind: str
):
    numbered(client, namespace, BOUND + 3)
    before = stored(client, namespace)

    answer = client.post(
        f"/v2/namespaces/{namespace}", json=by_filter(kind, ["n", "Gte", 2]) | {"deletes": [0]}
    )

    assert answer.status_code == 400
    assert f"the filter matches {BOUND + 1} documents" in answer.get_json()["error"]
    assert f"at most {BOUND}" in answer.get_json()["error"]
    assert stored(client, namespace) == before


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("options", [{}, {"allow_partial": True}, {"allow_partial": False}])
@pytest.mark.parametrize("kind", KINDS)
def test_as_many_as_one_write_may_change_are_changed(
    client: FlaskClient, namespace: str, kind: str, options: dict[str, bool]
):
    numbered(client, namespace, BOUND + 3)

    answer = write(client, namespace, **by_filter(kind, ["n", "Gte", 3], **options))

    assert (answer["rows_affected"], answer["rows_remaining"]) == (BOUND, False)


@pytest.mark.usefixtures("bounded")
@pytest.mark.parametrize("kind", KINDS)
def test_a_partial_change_is_repeated_until_nothing_remains(
    client: FlaskClient, namespace: str, kind: str
):
    numbered(client, namespace, 3 * BOUND + 2)
    condition = ["And", [["n", "Gte", 1], ["done", "Eq", None]]]
    seen: list[Any] = []
    remaining: list[bool] = []

    while not remaining or remaining[-1]:
        body = by_filter(kind, condition, allow_partial=True)
        answer = write(client, namespace, **body, return_affected_ids=True)
        seen += answer["deleted_ids" if kind == "delete" else "patched_ids"]
        remaining.append(answer["rows_remaining"])

    assert remaining == [True, True, True, False]
    assert sorted(seen) == list(range(1, 3 * BOUND + 2))
    left = stored(client, namespace)
    assert [i for i in left if "done" not in left[i]] == [0]


@pytest.mark.usefixtures("bounded")
def test_each_document_is_part_of_one_partial_delete(client: FlaskClient, namespace: str):
    numbered(client, namespace, 200)

    def drain(_: int) -> list[Any]:
        own, found = client.application.test_client(), list[Any]()
        remaining = True
        while remaining:
            body = by_filter("delete", ["n", "Gte", 0], allow_partial=True)
            answer = write(own, namespace, **body, return_affected_ids=True)
            found += answer.get("deleted_ids", [])
            remaining = answer["rows_remaining"]
        return found

    with ThreadPoolExecutor(4) as threads:
        drained = list(threads.map(drain, range(4)))

    # what another one has deleted meanwhile is not counted again
    assert sorted(identity for found in drained for identity in found) == list(range(200))
    assert stored(client, namespace) == {}


def test_one_bound_does_not_count_for_the_other_part(
    client: FlaskClient, namespace: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(matching, "MAX_DELETED", 2)
    monkeypatch.setattr(matching, "MAX_PATCHED", 3)
    numbered(client, namespace, 20)

    answer = write(
        client,
        namespace,
        **by_filter("delete", ["n", "Lt", 2]),
        **by_filter("patch", ["n", "Gte", 10], allow_partial=True),
    )

    counts = [answer[f"rows_{what}"] for what in ("deleted", "patched", "remaining")]
    assert counts == [2, 3, True]


# --- readers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_queries_are_answered_while_documents_are_changed(
    client: FlaskClient, connection: Connection, database_url: str, namespace: str, kind: str
):
    numbered(client, namespace, 50)
    before = stored(client, namespace)
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
    pattern = f"%{kind}_where%"

    with ThreadPoolExecutor(1) as threads, psycopg.connect(database_url) as other:
        # the last document is locked: the change comes that far and stays there
        other.execute(f'SELECT FROM vectable."{namespace}" WHERE id = 49 FOR UPDATE'.encode())
        body = by_filter(kind, ["n", "Gte", 0])
        changing = threads.submit(write, client.application.test_client(), namespace, **body)
        held = wait_until(
            lambda: bool(connection.execute(waiting, (pattern,)).fetchone()), PATIENCE
        )
        during, done_early = stored(client, namespace), changing.done()
        other.rollback()
        changed = changing.result(PATIENCE)

    assert held
    assert not done_early
    assert during == before
    assert changed["rows_affected"] == 50
    assert stored(client, namespace) == (
        {} if kind == "delete" else {i: row | {"done": True} for i, row in before.items()}
    )
