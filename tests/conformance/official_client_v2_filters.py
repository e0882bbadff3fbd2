"""The current client filters: every operator that it has, but those of full-text search.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from official_client_v2_shared import BY_ID, COSINE, ids, reason, refusal, tpuf

Table = list[tuple[object, list[int]]]

WHO = [f"00000000-0000-4000-8000-00000000000{digit}" for digit in range(1, 4)]
SCHEMA = {"path": {"type": "string", "regex": True, "glob": True, "filterable": True}}
ROWS: list[dict[str, Any]] = [
    {"id": 1, "name": "ant", "n": 1, "f": 0.5, "ok": True, "tags": ["a", "b"], "nums": [1, 2]},
    {"id": 2, "name": "Bee", "n": 2, "f": 1.5, "ok": False, "tags": ["b"], "nums": [5]},
    {"id": 3, "name": "cat", "n": 3, "f": 2.5, "ok": True, "tags": [], "nums": [9, -9]},
    {"id": 4},
]
PATHS = ["/src/main.tsx", "/src/lib/Util.ts", "/vendor/x.go", "README"]


def _fill(ns: Any) -> None:
    rows = [{**row, "path": path} for row, path in zip(ROWS, PATHS, strict=True)]
    ns.write(upsert_rows=rows, schema=SCHEMA)


def _expect(ns: Any, table: Table) -> None:
    """Fail unless each filter matches these documents, and its negation all the others."""
    for filters, expected in table:
        assert ids(ns.query(rank_by=BY_ID, top_k=10, filters=filters)) == expected, filters
        others = [row["id"] for row in ROWS if row["id"] not in expected]
        negated = ns.query(rank_by=BY_ID, top_k=10, filters=("Not", filters))
        assert ids(negated) == others, ("Not", filters)


def values_are_equal_or_not(ns: Any) -> None:
    _fill(ns)
    table: Table = [
        (("name", "Eq", "ant"), [1]),
        (("name", "NotEq", "ant"), [2, 3, 4]),
        (("name", "Eq", None), [4]),
        (("name", "NotEq", None), [1, 2, 3]),
        (("ok", "Eq", True), [1, 3]),
        (("f", "Eq", 1.5), [2]),
        (("tags", "Eq", ["a", "b"]), [1]),
    ]
    _expect(ns, table)


def values_are_in_lists_or_not(ns: Any) -> None:
    _fill(ns)
    table: Table = [
        (("n", "In", [1, 3, 99]), [1, 3]),
        (("n", "NotIn", [1, 3, 99]), [2, 4]),
        (("n", "In", []), []),
        (("name", "In", ["Bee", None]), [2, 4]),
        (("tags", "In", ["a", "z"]), [1]),
        (("tags", "NotIn", ["a", "z"]), [2, 3, 4]),
    ]
    _expect(ns, table)


def values_are_compared_and_missing_ones_are_lowest(ns: Any) -> None:
    _fill(ns)
    table: Table = [
        (("n", "Lt", 2), [1, 4]),
        (("n", "Lte", 2), [1, 2, 4]),
        (("n", "Gt", 2), [3]),
        (("n", "Gte", 2), [2, 3]),
        (("f", "Gt", 1), [2, 3]),
        (("name", "Lt", "a"), [2, 4]),
        (("n", "Gt", None), [1, 2, 3]),
    ]
    _expect(ns, table)


def arrays_contain_values(ns: Any) -> None:
    _fill(ns)
    table: Table = [
        (("tags", "Contains", "b"), [1, 2]),
        (("tags", "NotContains", "b"), [3, 4]),
        (("tags", "ContainsAny", ["a", "z"]), [1]),
        (("tags", "NotContainsAny", ["a", "z"]), [2, 3, 4]),
        (("nums", "Contains", 5), [2]),
    ]
    _expect(ns, table)


def elements_of_arrays_are_compared(ns: Any) -> None:
    _fill(ns)
    table: Table = [
        (("nums", "AnyLt", 1), [3]),
        (("nums", "AnyLte", 1), [1, 3]),
        (("nums", "AnyGt", 5), [3]),
        (("nums", "AnyGte", 5), [2, 3]),
        (("tags", "AnyGt", "a"), [1, 2]),
    ]
    _expect(ns, table)


def strings_match_globs(ns: Any) -> None:
    _fill(ns)
    table: Table = [
        (("path", "Glob", "**.tsx"), [1]),
        (("path", "Glob", "/src/**"), [1, 2]),
        (("path", "NotGlob", "/src/**"), [3, 4]),
        (("path", "IGlob", "*util*"), [2]),
        (("path", "NotIGlob", "*{UTIL,readme}*"), [1, 3]),
        (("name", "Glob", "[ab]??"), [1]),
        (("name", "IGlob", "b*"), [2]),
    ]
    _expect(ns, table)


def strings_match_regular_expressions(ns: Any) -> None:
    _fill(ns)
    table: Table = [
        (("path", "Regex", r"\.tsx?$"), [1, 2]),
        (("path", "Regex", r"^/(src|vendor)/[a-z]+\."), [1, 3]),
        (("path", "Regex", "(?i)readme"), [4]),
    ]
    _expect(ns, table)


def filters_are_combined(ns: Any) -> None:
    _fill(ns)
    odd, low = ("n", "In", [1, 3]), ("n", "Lt", 3)
    table: Table = [
        (("And", [odd, low]), [1]),
        (("Or", [odd, low]), [1, 2, 3, 4]),
        (("And", [("Not", odd), ("Or", [low, ("id", "Eq", 3)])]), [2, 4]),
        (("Not", ("Not", odd)), [1, 3]),
        (("And", []), [1, 2, 3, 4]),
        (("Or", []), []),
    ]
    _expect(ns, table)


def ids_are_filtered_like_attributes(ns: Any) -> None:
    _fill(ns)
    table: Table = [
        (("id", "Eq", 2), [2]),
        (("id", "NotEq", 2), [1, 3, 4]),
        (("id", "In", [1, 4, 99]), [1, 4]),
        (("id", "NotIn", [1, 4, 99]), [2, 3]),
        (("id", "Lt", 2), [1]),
        (("id", "Gte", 3), [3, 4]),
    ]
    _expect(ns, table)


def times_and_uuids_are_filtered_in_any_spelling(ns: Any) -> None:
    columns = {"id": [1, 2, 3], "at": [f"2024-0{month}-01" for month in (1, 2, 3)], "who": WHO}
    ns.write(upsert_columns=columns, schema={"at": "datetime", "who": "uuid"})
    for filters, expected in (
        (("at", "Gt", "2024-02-01T00:00:00+01:00"), [2, 3]),
        (("at", "Eq", "2024-02-01T00:00:00Z"), [2]),
        (("who", "Eq", WHO[1].replace("-", "").upper()), [2]),
        (("who", "In", [WHO[0], f"urn:uuid:{WHO[2]}"]), [1, 3]),
    ):
        assert ids(ns.query(rank_by=BY_ID, top_k=9, filters=filters)) == expected, filters


def operands_of_another_type_are_refused_by_name(ns: Any) -> None:
    _fill(ns)
    for filters, words in (
        (("tags", "ContainsAny", "a"), "ContainsAny expects []string, but got"),
        (("tags", "Contains", ["a"]), "Contains expects string, but got"),
        (("tags", "NotContainsAny", "a"), "NotContainsAny expects []string, but got"),
        (("tags", "NotContains", ["a"]), "NotContains expects string, but got"),
        (("n", "Eq", "one"), "Eq expects int, but got"),
    ):
        error = refusal(ns.query, rank_by=BY_ID, top_k=1, filters=filters)
        expected = f"filter error in key `{filters[0]}`: type mismatch, {words}"
        assert reason(error).startswith(expected), error


def what_is_not_filterable_is_refused(ns: Any) -> None:
    ns.write(upsert_rows=[{"id": 1, "k": "a"}], schema={"k": {"type": "string", "regex": True}})
    assert refusal(ns.query, rank_by=BY_ID, top_k=1, filters=("k", "Eq", "a")).status_code == 400
    assert ids(ns.query(rank_by=BY_ID, top_k=1, filters=("k", "Regex", "^a$"))) == [1]


def a_vector_is_never_taken_for_missing(ns: Any) -> None:
    rows = [{"id": 1, "vector": [1.0, 0.5]}, {"id": 2, "n": 1}]
    ns.write(upsert_rows=rows, distance_metric=COSINE)
    # filters by vectors may be refused, but not answered wrongly
    with suppress(tpuf.BadRequestError):
        ns.write(delete_by_filter=("vector", "Eq", None))
    assert 1 in ids(ns.query(rank_by=BY_ID, top_k=9))
