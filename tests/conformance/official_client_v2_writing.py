"""The current client writes: rows, columns, patches, deletes, types, ids and vectors.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from typing import Any

from official_client_v2_shared import BY_ID, COSINE, SQUARED, ids, plain, reason, refusal, stored


def a_write_says_what_it_did(ns: Any) -> None:
    rows = [{"id": 1, "vector": [0.1, 0.1], "k": "one"}, {"id": 2, "vector": [0.2, 0.2]}]
    answer = ns.write(upsert_rows=rows, distance_metric=COSINE)
    assert (answer.status, answer.message) == ("OK", "documents committed successfully")
    assert (answer.rows_affected, answer.rows_upserted) == (2, 2)
    assert (answer.rows_patched, answer.rows_deleted, answer.rows_remaining) == (None, None, None)
    assert (answer.upserted_ids, answer.patched_ids, answer.deleted_ids) == (None, None, None)
    assert answer.billing.billable_logical_bytes_written > 0
    assert answer.performance.server_total_ms > 0


def rows_become_documents(ns: Any) -> None:
    rows = [{"id": 1, "vector": [0.1, 0.1], "k": "one", "n": None}, {"id": 2, "vector": [2, 2]}]
    ns.write(upsert_rows=rows, distance_metric=COSINE)
    assert stored(ns) == [{"id": 1, "vector": [0.1, 0.1], "k": "one"}, {"id": 2, "vector": [2, 2]}]


def columns_become_documents(ns: Any) -> None:
    columns = {"id": [1, 2], "vector": [[0.7, 0.5], [2, 2]], "k": ["one", None], "n": [1, 2]}
    ns.write(upsert_columns=columns, distance_metric=SQUARED)
    assert stored(ns) == [
        {"id": 1, "vector": [0.7, 0.5], "k": "one", "n": 1},
        {"id": 2, "vector": [2, 2], "n": 2},
    ]


def rows_and_columns_may_stand_in_one_write(ns: Any) -> None:
    answer = ns.write(upsert_rows=[{"id": 1, "k": "a"}], upsert_columns={"id": [2], "n": [5]})
    assert answer.rows_upserted == 2
    assert stored(ns) == [{"id": 1, "k": "a"}, {"id": 2, "n": 5}]


def an_upsert_replaces_the_whole_document(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": 1, "k": "a", "n": 1}])
    ns.write(upsert_rows=[{"id": 1, "n": 2}])
    assert stored(ns) == [{"id": 1, "n": 2}]


def a_patch_changes_only_what_it_names(ns: Any) -> None:
    ns.write(
        upsert_rows=[{"id": i, "vector": [1.5, 0.5], "k": "a", "n": i} for i in (1, 2, 3)],
        distance_metric=COSINE,
    )
    answer = ns.write(
        patch_rows=[{"id": 1, "k": "b"}, {"id": 2, "n": None, "new": True}, {"id": 99, "k": "z"}],
        patch_columns={"id": [3], "n": [33]},
    )
    assert (answer.rows_affected, answer.rows_patched, answer.rows_upserted) == (3, 3, None)
    assert stored(ns) == [
        {"id": 1, "vector": [1.5, 0.5], "k": "b", "n": 1},
        {"id": 2, "vector": [1.5, 0.5], "k": "a", "new": True},
        {"id": 3, "vector": [1.5, 0.5], "k": "a", "n": 33},
    ]


def vectors_cannot_be_patched(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": 1, "vector": [0.5, 1]}], distance_metric=COSINE)
    error = refusal(ns.write, patch_rows=[{"id": 1, "vector": [1, 1]}])
    assert reason(error) == "💔 patching vectors is currently unsupported"


def documents_are_deleted_by_id(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": i, "n": i} for i in range(4)])
    answer = ns.write(deletes=[1, 3])
    assert (answer.rows_affected, answer.rows_deleted) == (2, 2)
    ns.write(deletes=[99])
    assert [row["id"] for row in stored(ns)] == [0, 2]


def documents_are_deleted_by_filter(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": i, "n": i} for i in range(5)])
    answer = ns.write(delete_by_filter=("n", "Gte", 3))
    assert (answer.rows_affected, answer.rows_deleted, answer.rows_remaining) == (2, 2, False)
    assert answer.billing.query.billable_logical_bytes_queried > 0
    none = ns.write(delete_by_filter=("n", "Eq", 77), delete_by_filter_allow_partial=True)
    assert (none.rows_affected, none.rows_remaining) == (0, False)
    assert [row["id"] for row in stored(ns)] == [0, 1, 2]


def documents_are_patched_by_filter(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": i, "n": i, "k": "old"} for i in range(3)])
    patching = {"filters": ("n", "Gt", 0), "patch": {"k": "new", "n": None}}
    answer = ns.write(patch_by_filter=patching, patch_by_filter_allow_partial=True)
    assert (answer.rows_affected, answer.rows_patched, answer.rows_remaining) == (2, 2, False)
    assert stored(ns) == [
        {"id": 0, "n": 0, "k": "old"},
        {"id": 1, "k": "new"},
        {"id": 2, "k": "new"},
    ]


def ids_of_what_was_touched_are_returned_when_asked(ns: Any) -> None:
    rows = [{"id": i, "n": i} for i in range(4)]
    first = ns.write(upsert_rows=rows, return_affected_ids=True)
    assert (sorted(first.upserted_ids), first.deleted_ids) == ([0, 1, 2, 3], None)
    second = ns.write(
        patch_rows=[{"id": 1, "n": 9}, {"id": 77, "n": 9}],
        delete_by_filter=("n", "Eq", 3),
        deletes=[2],
        return_affected_ids=True,
    )
    assert (second.patched_ids, sorted(second.deleted_ids)) == ([1], [2, 3])
    assert (second.rows_patched, second.rows_deleted, second.rows_affected) == (1, 2, 3)


def filters_of_a_write_see_what_was_there_before_its_rows(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": 1, "n": 1}, {"id": 2, "n": 2}])
    ns.write(
        upsert_rows=[{"id": 3, "n": 1}],
        delete_by_filter=("n", "Eq", 1),
        patch_by_filter={"filters": ("n", "In", [1, 2]), "patch": {"seen": True}},
    )
    assert stored(ns) == [{"id": 2, "n": 2, "seen": True}, {"id": 3, "n": 1}]


def an_id_may_stand_in_one_part_of_a_write_only(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": 1, "n": 1}])
    error = refusal(ns.write, upsert_rows=[{"id": 1, "n": 2}], deletes=[1])
    assert error.status_code == 400
    assert "duplicate document IDs" in reason(error)
    assert stored(ns) == [{"id": 1, "n": 1}]


def values_keep_their_types(ns: Any) -> None:
    row = {
        "id": 2**64 - 1,
        "s": "日本 🐡",
        "i": -(2**63),
        "u": 2**64 - 1,
        "f": 0.1,
        "b": False,
        "as": ["x", ""],
        "ai": [1, -2],
        "af": [0.5, 1.5],
        "ab": [True, False],
    }
    ns.write(upsert_rows=[row])
    assert stored(ns) == [row]


def declared_types_bring_values_into_one_form(ns: Any) -> None:
    schema = {"at": "datetime", "who": {"type": "uuid"}, "all": "[]uuid", "f": "float", "u": "uint"}
    upper = "0E2B9B2F-7B0C-4C8E-8A51-0A5F3B6B7C11"
    row = {"id": 1, "at": "2024-03-02T02:00:00+02:00", "who": upper, "all": [upper], "f": 2, "u": 3}
    ns.write(upsert_rows=[row], schema=schema)
    assert stored(ns) == [
        {
            "id": 1,
            "at": "2024-03-02T00:00:00.000000000Z",
            "who": upper.lower(),
            "all": [upper.lower()],
            "f": 2.0,
            "u": 3,
        }
    ]


def ids_may_be_strings_or_uuids(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": "b", "n": 1}, {"id": "é" * 32, "n": 2}])
    ns.write(deletes=["b"])
    assert stored(ns) == [{"id": "é" * 32, "n": 2}]
    error = refusal(ns.write, upsert_rows=[{"id": 1}])
    assert "namespace ID type is string, but you sent uint" in reason(error)


def ids_declared_as_uuids_have_one_spelling(ns: Any) -> None:
    simple, hyphens = "0E2B9B2F7B0C4C8E8A510A5F3B6B7C11", "0e2b9b2f-7b0c-4c8e-8a51-0a5f3b6b7c11"
    ns.write(upsert_rows=[{"id": simple, "n": 1}], schema={"id": "uuid"})
    assert stored(ns) == [{"id": hyphens, "n": 1}]
    found = ns.query(rank_by=BY_ID, top_k=1, filters=("id", "Eq", f"{{{simple}}}"))
    assert ids(found) == [hyphens]


def integers_and_floats_may_be_mixed_in_vectors(ns: Any) -> None:
    # the client sends a vector as base64 when it begins with a float, and else as numbers
    rows = [{"id": 1, "vector": [1, 0.5]}, {"id": 2, "vector": [0.5, 1]}, {"id": 3, "vector": None}]
    ns.write(upsert_rows=rows, distance_metric=SQUARED)
    assert stored(ns) == [{"id": 1, "vector": [1, 0.5]}, {"id": 2, "vector": [0.5, 1]}, {"id": 3}]


def vectors_of_half_precision_are_sent_like_others(ns: Any) -> None:
    schema = {"vector": {"type": "[2]f16", "ann": True}}
    ns.write(upsert_rows=[{"id": 1, "vector": [0.7, 0.5]}], distance_metric=COSINE, schema=schema)
    (row,) = stored(ns)
    assert [abs(a - b) < 1e-3 for a, b in zip(row["vector"], [0.7, 0.5], strict=True)] == [True] * 2
    assert ns.schema()["vector"].type == "[2]f16"


def a_document_may_have_several_vectors(ns: Any) -> None:
    schema = {
        "title": {"type": "[2]f32", "ann": {"distance_metric": SQUARED}},
        "body": {"type": "[3]f32", "ann": {"distance_metric": COSINE}},
    }
    ns.write(
        upsert_rows=[
            {"id": 1, "title": [0.5, 0.5], "body": [1.0, 0.0, 0.0]},
            {"id": 2, "title": [0.1, 0.1], "body": [0.0, 1.0, 0.0]},
        ],
        schema=schema,
    )
    ns.write(upsert_columns={"id": [3], "title": [[3.0, 3.0]], "body": [[0.0, 0.0, 1.0]]})
    assert ids(ns.query(rank_by=("title", "ANN", [2.5, 2.5]), top_k=2)) == [3, 1]
    assert ids(ns.query(rank_by=("body", "ANN", [0.1, 0.9, 0.0]), top_k=1)) == [2]
    assert stored(ns)[2] == {"id": 3, "title": [3.0, 3.0], "body": [0.0, 0.0, 1.0]}


def the_schema_may_be_written_alone(ns: Any) -> None:
    assert refusal(ns.write, schema={"k": "string"}).status_code == 404
    ns.write(upsert_rows=[{"id": 1, "n": 1}])
    answer = ns.write(schema={"k": {"type": "string", "filterable": False}})
    assert (answer.status, answer.rows_affected) == ("OK", 0)
    assert (ns.schema()["k"].type, ns.schema()["k"].filterable) == ("string", False)


def attributes_are_dropped_by_the_schema(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": 1, "k": "a", "n": 1}])
    ns.write(schema={"k": {"drop": True}})
    assert stored(ns) == [{"id": 1, "n": 1}]
    assert sorted(ns.schema()) == ["id", "n"]


def a_namespace_may_be_created_empty(ns: Any) -> None:
    answer = ns.write(create_namespace=True, schema={"id": "uuid", "k": "string"})
    assert (answer.status, answer.rows_affected) == ("OK", 0)
    assert stored(ns) == []
    assert {name: entry.type for name, entry in ns.schema().items()} == {
        "id": "uuid",
        "k": "string",
    }
    assert refusal(ns.write, upsert_rows=[{"id": 5}]).status_code == 400


def a_write_may_insist_that_the_namespace_exists(ns: Any) -> None:
    error = refusal(ns.write, create_namespace=False, upsert_rows=[{"id": 1, "n": 1}])
    assert (error.status_code, reason(error)) == (404, f"🤷 namespace '{ns.id}' was not found")
    assert not ns.exists()
    ns.write(create_namespace=True, upsert_rows=[{"id": 1, "n": 1}])
    ns.write(create_namespace=False, upsert_rows=[{"id": 2, "n": 2}])
    assert [row["id"] for row in stored(ns)] == [1, 2]


def options_without_effect_are_accepted(ns: Any) -> None:
    answer = ns.write(
        upsert_rows=[{"id": 1, "vector": [0.5, 0.5]}],
        distance_metric=COSINE,
        encryption={"mode": "default"},
        sharding={"num_shards": 2},
        disable_backpressure=True,
    )
    assert answer.rows_affected == 1
    assert plain(ns.query(rank_by=BY_ID, top_k=1).rows[0]) == {"id": 1}


def keys_of_a_cloud_are_refused(ns: Any) -> None:
    for key in ({"mode": "customer-managed", "key_name": "mykey"}, {"cmek": {"key_name": "mykey"}}):
        error = refusal(ns.write, upsert_rows=[{"id": 1, "n": 1}], encryption=key)
        assert error.status_code == 400
        assert "Malformed Cloud KMS crypto key: mykey" in str(error)
    assert not ns.exists()
