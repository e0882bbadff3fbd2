"""The official client reads: searches, filters, orders, exports.

Run by ``official_client_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

import turbopuffer as tpuf

COSINE = "cosine_distance"
SQUARED = "euclidean_squared"


def _near(found: tpuf.VectorResult, expected: list[tuple[object, float]]) -> None:
    rows = list(found)
    assert [row.id for row in rows] == [identity for identity, _ in expected], rows
    for row, (_, distance) in zip(rows, expected, strict=True):
        assert abs(row.dist - distance) < 1e-6, rows


def _fill(ns: tpuf.Namespace) -> None:
    """The documents of the client's own test suite: 98 of them, id 7 written first."""
    seven = tpuf.VectorRow(id=7, vector=[0.7, 0.7], attributes={"hello": "world"})
    ns.upsert([tpuf.VectorRow(id=2, vector=[2, 2]), seven], distance_metric=SQUARED)
    ns.upsert({"id": i, "vector": [i / 10] * 2, "attributes": {"t": 1}} for i in range(10, 100))
    tens = [[0.0, 0.0], [0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]
    attributes = {"key1": ["zero", "one", "two", "three"], "key2": [" ", "a", "b", "c"]}
    ns.upsert(ids=[0, 1, 2, 3], vectors=tens, attributes=attributes)
    ns.upsert(tpuf.VectorColumns(ids=[4, 5, 6], vectors=tens[1:]))


def the_nearest_come_first_and_ties_by_id(ns: tpuf.Namespace) -> None:
    _fill(ns)
    found = ns.query(
        vector=[0.8, 0.7],
        distance_metric=SQUARED,
        top_k=5,
        include_vectors=True,
        include_attributes=["hello"],
    )
    _near(found, [(7, 0.01), (10, 0.13), (11, 0.25), (3, 0.41), (6, 0.41)])
    assert [row.vector for row in found][:2] == [[0.7, 0.7], [1.0, 1.0]]
    assert [row.attributes for row in found] == [{"hello": "world"}, None, None, None, None]
    _near(ns.query(vector=[1.5, 1.6], top_k=2), [(15, 0.01), (16, 0.01)])


def queries_may_be_objects_and_dictionaries(ns: tpuf.Namespace) -> None:
    _fill(ns)
    expected = [(15, 0.01), (16, 0.01)]
    _near(ns.query(tpuf.VectorQuery(vector=[1.5, 1.6], top_k=2)), expected)
    _near(ns.query({"vector": [1.5, 1.6], "top_k": 2, "distance_metric": SQUARED}), expected)


def a_query_has_ten_results_unless_told(ns: tpuf.Namespace) -> None:
    _fill(ns)
    assert [row.id for row in ns.query()] == [*range(8), 10, 11]
    assert len(ns.query(vector=[0.0, 0.0])) == 10


def filters_are_arrays_or_objects(ns: tpuf.Namespace) -> None:
    _fill(ns)
    legacy = {"id": [("In", [1, 2, 3])], "key1": ("NotEq", "one")}
    array = ("And", [("id", "In", [1, 2, 3]), ("key1", "NotEq", "one")])
    for filters in (legacy, array):
        found = ns.query(vector=[0.3, 0.3], filters=filters, include_attributes=["key1"])
        _near(found, [(3, 0.0), (2, 0.02)])
        assert [row.attributes["key1"] for row in found] == ["three", "two"]


def filters_alone_look_documents_up(ns: tpuf.Namespace) -> None:
    _fill(ns)
    found = ns.query(filters=["key1", "Glob", "t*"], include_attributes=True, include_vectors=True)
    assert [(row.id, row.vector, row.attributes) for row in found] == [
        (2, [0.2, 0.2], {"key1": "two", "key2": "b"}),
        (3, [0.3, 0.3], {"key1": "three", "key2": "c"}),
    ]
    assert list(ns.query(filters={"id": ["Eq", 555]})) == []


def documents_are_ordered_by_an_attribute(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=[1, 2, 3], vectors=[[0], [0], [0]], attributes={"fact_id": ["b", "c", "a"]})
    assert [row.id for row in ns.query(rank_by=["fact_id", "asc"])] == [3, 1, 2]
    assert [row.id for row in ns.query(rank_by=("fact_id", "desc"), top_k=2)] == [2, 1]


def the_metric_is_unset_until_a_write_gives_one(ns: tpuf.Namespace) -> None:
    rows = [{"id": f"id{i}", "vector": [i / 10, i / 10]} for i in range(8)]
    ns.upsert(rows[:4])
    ns.upsert(rows[4:], distance_metric=SQUARED)
    _near(ns.query(vector=[0.0, 0.2], top_k=3), [("id1", 0.02), ("id0", 0.04), ("id2", 0.04)])


def the_metric_may_stand_in_the_query_alone(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=[1, 2], vectors=[[0.1, 0.1], [0.2, 0.3]], attributes={"name": ["foo", "foos"]})
    found = ns.query(vector=[1.0, 1.0], distance_metric=COSINE, top_k=10, include_vectors=True)
    _near(found, [(1, 0.0), (2, 1 - 0.5 / (0.13 * 2) ** 0.5)])


def a_query_tells_its_performance(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=[1, 2], vectors=[[1, 0], [0, 1]])
    performance = ns.query(vector=[1, 0], filters=["id", "Eq", 1]).performance
    assert performance["cache_hit_ratio"] == 1.0
    assert performance["exhaustive_search_count"] == 2
    assert performance["server_time"] > 0


def an_export_is_in_the_order_of_writing(ns: tpuf.Namespace) -> None:
    _fill(ns)
    exported = ns.vectors()
    assert len(exported) == 98
    first = exported[0]
    assert (first.id, first.vector, first.attributes) == (7, [0.7, 0.7], {"hello": "world"})
    assert [row.id for row in ns.vectors()] == [7, *range(10, 100), *range(7)]


def an_export_of_several_pages_is_read_to_its_end(ns: tpuf.Namespace) -> None:
    count = 10_001
    ns.upsert({"id": i, "vector": [0.5]} for i in range(count))
    pages = ns.vectors()
    assert pages.next_cursor
    assert [row.id for row in pages] == list(range(count))
    assert len(ns.vectors()) == count
    assert ns.vectors()[count - 1].id == count - 1


def an_export_goes_on_from_a_cursor(ns: tpuf.Namespace) -> None:
    ns.upsert({"id": i, "vector": [0.5]} for i in range(10_001))
    assert [row.id for row in ns.vectors(ns.vectors().next_cursor)] == [10_000]


def text_and_names_of_any_kind_work(ns: tpuf.Namespace) -> None:
    name = 'it\'s 100% "odd"; 🐡'
    ns.upsert(ids=["日本"], vectors=[[1]], attributes={name: ["é"]})
    found = ns.query(filters=[name, "Eq", "é"], include_attributes=[name])
    assert [(row.id, row.attributes) for row in found] == [("日本", {name: "é"})]
