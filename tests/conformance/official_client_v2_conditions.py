"""The current client writes under conditions on the documents as they are.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from typing import Any

from official_client_v2_shared import reason, refusal, stored

NEWER = ("version", "Lt", {"$ref_new": "version"})


def _fill(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": i, "version": 10 * i, "k": "old"} for i in (1, 2, 3)])


def an_upsert_may_ask_for_newer_values(ns: Any) -> None:
    _fill(ns)
    rows = [{"id": i, "version": 20, "k": "new"} for i in (1, 2, 3, 4)]
    answer = ns.write(upsert_rows=rows, upsert_condition=NEWER, return_affected_ids=True)
    assert (answer.rows_affected, answer.rows_upserted) == (2, 2)
    assert sorted(answer.upserted_ids) == [1, 4]
    assert answer.billing.query is not None
    assert stored(ns) == [
        {"id": 1, "version": 20, "k": "new"},
        {"id": 2, "version": 20, "k": "old"},
        {"id": 3, "version": 30, "k": "old"},
        {"id": 4, "version": 20, "k": "new"},
    ]


def columns_are_upserted_under_the_same_conditions(ns: Any) -> None:
    _fill(ns)
    columns = {"id": [1, 2, 5], "version": [15, 15, 15]}
    assert ns.write(upsert_columns=columns, upsert_condition=NEWER).rows_upserted == 2
    assert [row["version"] for row in stored(ns)] == [15, 20, 30, 15]


def an_upsert_may_insert_only(ns: Any) -> None:
    _fill(ns)
    rows = [{"id": 3, "k": "again"}, {"id": 4, "k": "first"}]
    answer = ns.write(upsert_rows=rows, upsert_condition=("id", "Eq", None))
    assert answer.rows_upserted == 1
    assert stored(ns)[2:] == [{"id": 3, "version": 30, "k": "old"}, {"id": 4, "k": "first"}]


def a_missing_value_is_below_every_new_one(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": 1, "k": "old"}], schema={"version": "int"})
    assert ns.write(upsert_rows=[{"id": 1, "version": 1}], upsert_condition=NEWER).rows_upserted
    assert stored(ns) == [{"id": 1, "version": 1}]


def a_patch_may_ask_for_newer_values(ns: Any) -> None:
    _fill(ns)
    rows = [{"id": i, "version": 25} for i in (1, 3, 99)]
    answer = ns.write(patch_rows=rows, patch_condition=NEWER, return_affected_ids=True)
    assert (answer.rows_affected, answer.rows_patched, answer.patched_ids) == (1, 1, [1])
    assert [row["version"] for row in stored(ns)] == [25, 20, 30]
    columns = {"id": [2], "version": [26]}
    assert ns.write(patch_columns=columns, patch_condition=NEWER).rows_patched == 1
    assert stored(ns)[1] == {"id": 2, "version": 26, "k": "old"}


def a_delete_may_ask_for_values(ns: Any) -> None:
    _fill(ns)
    condition = ("And", [("version", "Gte", 20), ("k", "Eq", "old")])
    answer = ns.write(deletes=[1, 2, 99], delete_condition=condition, return_affected_ids=True)
    assert (answer.rows_affected, answer.rows_deleted, answer.deleted_ids) == (1, 1, [2])
    assert [row["id"] for row in stored(ns)] == [1, 3]


def conditions_are_filters_of_any_kind(ns: Any) -> None:
    _fill(ns)
    changed = (
        "Or",
        [("k", "NotEq", {"$ref_new": "k"}), ("version", "Gt", {"$ref_new": "version"})],
    )
    rows = [{"id": 1, "version": 10, "k": "old"}, {"id": 2, "version": 19, "k": "old"}]
    assert ns.write(upsert_rows=rows, upsert_condition=changed).rows_upserted == 1
    unchanged = ("Not", changed)
    assert ns.write(upsert_rows=rows, upsert_condition=unchanged).rows_upserted == 2
    assert [row["version"] for row in stored(ns)] == [10, 19, 30]


def conditions_of_one_write_stand_for_themselves(ns: Any) -> None:
    _fill(ns)
    answer = ns.write(
        upsert_rows=[{"id": 1, "version": 5}],
        upsert_condition=NEWER,
        patch_rows=[{"id": 2, "k": "patched"}],
        patch_condition=("k", "Eq", "old"),
        deletes=[3],
        delete_condition=("version", "Eq", 30),
    )
    counts = (answer.rows_upserted, answer.rows_patched, answer.rows_deleted, answer.rows_affected)
    assert counts == (0, 1, 1, 2)
    assert stored(ns) == [
        {"id": 1, "version": 10, "k": "old"},
        {"id": 2, "version": 20, "k": "patched"},
    ]


def a_replayed_write_changes_nothing_more(ns: Any) -> None:
    _fill(ns)
    rows = [{"id": 1, "version": 11, "k": "new"}]
    answers = [ns.write(upsert_rows=rows, upsert_condition=NEWER) for _ in range(2)]
    assert [answer.rows_upserted for answer in answers] == [1, 0]
    assert stored(ns)[0] == {"id": 1, "version": 11, "k": "new"}


def new_values_belong_in_conditions_only(ns: Any) -> None:
    _fill(ns)
    error = refusal(ns.write, delete_by_filter=NEWER)
    assert error.status_code == 400
    assert "$ref_new" in reason(error)
    assert len(stored(ns)) == 3
