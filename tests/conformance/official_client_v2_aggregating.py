"""The current client counts and adds up, asks several questions at once, and asks for plans.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from typing import Any

from official_client_v2_shared import BY_ID, COSINE, ids, near, reason, refusal

COUNT = {"count": ("Count",)}


def _fill(ns: Any) -> None:
    ns.write(
        upsert_rows=[
            {"id": 1, "kind": "fish", "size": 1, "tags": ["a", "b"], "vector": [1.0, 0.0]},
            {"id": 2, "kind": "bird", "size": 2, "tags": ["b", "b"], "vector": [0.9, 0.1]},
            {"id": 3, "kind": "fish", "size": 4, "tags": [], "vector": [0.5, 0.5]},
            {"id": 4, "kind": None, "size": None, "vector": [0.0, 1.0]},
        ],
        distance_metric=COSINE,
    )


def documents_are_counted(ns: Any) -> None:
    _fill(ns)
    answer = ns.query(aggregate_by=COUNT)
    assert (answer.aggregations, answer.rows, answer.aggregation_groups) == (
        {"count": 4},
        None,
        None,
    )
    assert answer.billing.billable_logical_bytes_queried > 0
    assert answer.performance.approx_namespace_size == 4
    assert ns.query(aggregate_by=COUNT, filters=("kind", "Eq", "fish")).aggregations == {"count": 2}
    assert ns.query(aggregate_by=COUNT, filters=("id", "Eq", 99)).aggregations == {"count": 0}


def counts_and_sums_have_labels(ns: Any) -> None:
    _fill(ns)
    functions = {"all": ("Count", "id"), "named": ("Count", "kind"), "total": ("Sum", "size")}
    assert ns.query(aggregate_by=functions).aggregations == {"all": 4, "named": 3, "total": 7}


def documents_are_grouped(ns: Any) -> None:
    _fill(ns)
    functions = {"count": ("Count",), "total": ("Sum", "size")}
    answer = ns.query(aggregate_by=functions, group_by=["kind"], filters=("id", "Lt", 4))
    assert answer.aggregation_groups == [
        {"kind": "bird", "count": 1, "total": 2},
        {"kind": "fish", "count": 2, "total": 5},
    ]
    assert (answer.aggregations, answer.rows) == (None, None)


def elements_of_arrays_are_groups(ns: Any) -> None:
    _fill(ns)
    answer = ns.query(
        aggregate_by=COUNT,
        group_by=[{"tag": ("ForEachUnique", "tags")}, "kind"],
        filters=("tags", "ContainsAny", ["a", "b"]),
    )
    assert answer.aggregation_groups == [
        {"tag": "a", "kind": "fish", "count": 1},
        {"tag": "b", "kind": "bird", "count": 1},
        {"tag": "b", "kind": "fish", "count": 1},
    ]


def groups_have_a_limit(ns: Any) -> None:
    _fill(ns)
    query = {"aggregate_by": COUNT, "group_by": ["kind"], "filters": ("kind", "NotEq", None)}
    groups = ns.query(**query, top_k=1).aggregation_groups
    assert groups == [{"kind": "bird", "count": 1}]
    error = refusal(ns.query, aggregate_by=COUNT, top_k=1)
    assert reason(error) == "💔 top_k is not supported in aggregation queries without group_by"


def several_questions_are_answered_in_their_order(ns: Any) -> None:
    _fill(ns)
    answer = ns.multi_query(
        queries=[
            {"rank_by": ("vector", "ANN", [1.0, 0.0]), "top_k": 2, "include_attributes": ["kind"]},
            {"rank_by": ("id", "desc"), "limit": 1, "filters": ("kind", "Eq", "fish")},
            {"aggregate_by": COUNT},
            {"aggregate_by": COUNT, "group_by": ["kind"], "filters": ("kind", "Eq", "bird")},
        ],
        consistency={"level": "strong"},
    )
    nearest, last, counted, grouped = answer.results
    assert [(row.id, row.kind) for row in nearest.rows] == [(1, "fish"), (2, "bird")]
    assert ids(last) == [3]
    assert (counted.aggregations, counted.rows) == ({"count": 4}, None)
    assert grouped.aggregation_groups == [{"kind": "bird", "count": 1}]
    assert answer.performance.approx_namespace_size == 4
    assert answer.billing.billable_logical_bytes_queried > 0


def the_encoding_of_vectors_holds_for_all_questions(ns: Any) -> None:
    _fill(ns)
    query = {"rank_by": BY_ID, "top_k": 1, "include_attributes": ["vector"]}
    answer = ns.multi_query(queries=[query, query], vector_encoding="base64")
    assert [result.rows[0].vector for result in answer.results] == ["AACAPwAAAAA="] * 2


def rankings_are_fused(ns: Any) -> None:
    _fill(ns)
    queries = [
        {"rank_by": ("vector", "ANN", [1.0, 0.0]), "top_k": 3, "include_attributes": ["kind"]},
        {"rank_by": ("size", "desc"), "top_k": 2, "include_attributes": ["kind"]},
    ]
    (fused,) = ns.multi_query(queries=queries, rerank_by=("RRF",)).results
    near(fused.rows, [(3, 1 / 63 + 1 / 61), (2, 2 / 62), (1, 1 / 61)])
    assert [row.kind for row in fused.rows] == ["fish", "bird", "fish"]


def fused_rankings_have_weights_and_bounds(ns: Any) -> None:
    _fill(ns)
    rows = [{"rank_by": ("id", direction), "top_k": 4} for direction in ("asc", "desc")]
    rerank = ("RRF", {"rank_constant": 1, "weights": [1, 0.5]})
    (fused,) = ns.multi_query(queries=rows, rerank_by=rerank, limit=2, offset=1).results
    near(fused.rows, [(2, 1 / 3 + 0.5 / 4), (4, 1 / 5 + 0.5 / 2)])


def models_are_not_there_to_rank(ns: Any) -> None:
    _fill(ns)
    model = {"attribute": "kind", "model": "any", "query": "a fish"}
    query = {"rank_by": BY_ID, "top_k": 1}
    assert refusal(ns.query, **query, rerank_by=model).status_code == 400
    assert refusal(ns.multi_query, queries=[query], rerank_by=model).status_code == 400


def at_most_sixteen_questions_are_asked_at_once(ns: Any) -> None:
    _fill(ns)
    query = {"rank_by": BY_ID, "top_k": 1}
    assert [ids(result) for result in ns.multi_query(queries=[query] * 16).results] == [[1]] * 16
    assert "requires 17 permits, max is 16" in reason(refusal(ns.multi_query, queries=[query] * 17))
    assert reason(refusal(ns.multi_query, queries=[])) == "💔 must send at least one sub-query"


def a_wrong_question_fails_all(ns: Any) -> None:
    _fill(ns)
    queries = [{"rank_by": BY_ID, "top_k": 1}, {"rank_by": ("vector", "ANN", [1.0]), "top_k": 1}]
    assert refusal(ns.multi_query, queries=queries).status_code == 400


def queries_are_explained(ns: Any) -> None:
    _fill(ns)
    nearest = {"rank_by": ("vector", "ANN", [1.0, 0.0]), "top_k": 2, "filters": ("size", "Gt", 1)}
    for query in (nearest, {"rank_by": BY_ID, "limit": 1}, {"aggregate_by": COUNT}):
        assert ns.explain_query(**query).plan_text.strip(), query
    assert refusal(ns.explain_query, rank_by=("vector", "ANN", [1.0]), top_k=1).status_code == 400
