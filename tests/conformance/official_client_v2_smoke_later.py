"""What the clients have learned between 0.5.0 and 1.0.0, as 1.0.0 sends it.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from official_client_v2_shared import BY_ID, COSINE, ids, plain, stored

COUNT = {"count": ("Count", "id")}


def _fill(ns: Any) -> None:
    rows = [{"id": i, "vector": [i / 2, 1.0], "k": "ab"[i % 2], "n": i} for i in range(4)]
    ns.write(upsert_rows=rows, distance_metric=COSINE)


def metadata_is_read_in_its_first_shape(ns: Any) -> None:
    _fill(ns)
    metadata = ns.metadata()
    assert (metadata.approx_row_count, metadata.approx_logical_bytes) == (0, 0)
    assert isinstance(metadata.created_at, datetime)
    answer = plain(metadata)
    assert answer["encryption"] == {"sse": True}
    assert answer["schema"]["vector"]["type"] == "[2]f32"
    assert answer["schema"]["id"] == {"type": "uint"}


def writes_have_conditions(ns: Any) -> None:
    _fill(ns)
    newer = ("n", "Lt", {"$ref_new": "n"})
    rows = [{"id": i, "vector": [1.0, 1.0], "n": 2} for i in (1, 2)]
    assert ns.write(upsert_rows=rows, upsert_condition=newer).rows_affected == 1
    assert ns.write(patch_rows=[{"id": 3, "n": 1}], patch_condition=newer).rows_affected == 0
    assert ns.write(deletes=[0, 3], delete_condition=("k", "Eq", "b")).rows_affected == 1
    assert [(row["id"], row["n"]) for row in stored(ns)] == [(0, 0), (1, 2), (2, 2)]


def several_questions_are_asked_at_once(ns: Any) -> None:
    _fill(ns)
    nearest = {"rank_by": ("vector", "ANN", [1.5, 1.0]), "top_k": 2}
    answer = ns.multi_query(queries=[nearest, {"aggregate_by": COUNT}])
    assert ids(answer.results[0]) == [3, 2]
    assert answer.results[1].aggregations == {"count": 4}


def documents_are_grouped(ns: Any) -> None:
    _fill(ns)
    groups = ns.query(aggregate_by=COUNT, group_by=["k"]).aggregation_groups
    assert [plain(group) for group in groups] == [{"k": "a", "count": 2}, {"k": "b", "count": 2}]


def queries_are_explained(ns: Any) -> None:
    _fill(ns)
    assert ns.explain_query(rank_by=("vector", "ANN", [1.5, 1.0]), top_k=2).plan_text


def attributes_are_excluded(ns: Any) -> None:
    _fill(ns)
    found = ns.query(rank_by=BY_ID, top_k=1, exclude_attributes=["vector", "n"])
    assert plain(found.rows[0]) == {"id": 0, "k": "a"}


def elements_of_arrays_are_filtered(ns: Any) -> None:
    schema = {"path": {"type": "string", "regex": True}}
    rows = [{"id": 1, "tags": ["a", "b"], "path": "x.py"}, {"id": 2, "tags": ["b"], "path": "y.c"}]
    ns.write(upsert_rows=rows, schema=schema)
    for filters, expected in (
        (("tags", "Contains", "a"), [1]),
        (("tags", "ContainsAny", ["a", "b"]), [1, 2]),
        (("tags", "NotContains", "a"), [2]),
        (("path", "Regex", r"\.py$"), [1]),
    ):
        assert ids(ns.query(rank_by=BY_ID, top_k=9, filters=filters)) == expected, filters
