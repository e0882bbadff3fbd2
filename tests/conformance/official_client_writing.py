"""The official client writes: every spelling of upsert, and deletion.

Run by ``official_client_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import turbopuffer as tpuf

COSINE = "cosine_distance"
SQUARED = "euclidean_squared"


def _stored(ns: tpuf.Namespace) -> dict[object, tuple[object, object]]:
    """Every document by id, as the client exports it."""
    return {row.id: (row.vector, row.attributes) for row in ns.vectors()}


def columns_may_be_keyword_arguments(ns: tpuf.Namespace) -> None:
    ns.upsert(
        ids=[1, 2],
        vectors=[[0.1, 0.1], [0.2, 0.2]],
        attributes={"k": ["one", None]},
        distance_metric=COSINE,
        schema={"k": {"type": "string"}},
    )
    assert _stored(ns) == {1: ([0.1, 0.1], {"k": "one"}), 2: ([0.2, 0.2], {})}


def columns_may_be_positional_arguments(ns: tpuf.Namespace) -> None:
    ns.upsert([1, 2], [[0.1, 0.1], [0.2, 0.2]], {"k": ["one", "two"]})
    ns.upsert([3], [[0.3, 0.3]])
    assert _stored(ns) == {
        1: ([0.1, 0.1], {"k": "one"}),
        2: ([0.2, 0.2], {"k": "two"}),
        3: ([0.3, 0.3], {}),
    }


def columns_may_be_one_object(ns: tpuf.Namespace) -> None:
    columns = tpuf.VectorColumns(ids=[4, 5], vectors=[[1, 0], [0, 1]], attributes={"n": [1, 2]})
    ns.upsert(columns, distance_metric=SQUARED)
    assert _stored(ns) == {4: ([1, 0], {"n": 1}), 5: ([0, 1], {"n": 2})}


def columns_may_be_a_dictionary(ns: tpuf.Namespace) -> None:
    ns.upsert({"ids": [4], "vectors": [[1, 0]], "attributes": {"n": [1]}}, distance_metric=SQUARED)
    assert _stored(ns) == {4: ([1, 0], {"n": 1})}


def a_list_of_columns_becomes_a_request_each(ns: tpuf.Namespace) -> None:
    ns.upsert([tpuf.VectorColumns(ids=[i], vectors=[[i, 0]]) for i in (1, 2)])
    assert _stored(ns) == {1: ([1, 0], None), 2: ([2, 0], None)}


def rows_may_be_objects(ns: tpuf.Namespace) -> None:
    row = tpuf.VectorRow(id=7, vector=[0.7, 0.7], attributes={"hello": "world"})
    ns.upsert([tpuf.VectorRow(id=2, vector=[2, 2]), row])
    assert _stored(ns) == {2: ([2, 2], {}), 7: ([0.7, 0.7], {"hello": "world"})}


def rows_may_be_dictionaries(ns: tpuf.Namespace) -> None:
    ns.upsert([{"id": 2, "vector": [2, 2]}, {"id": 7, "vector": [1, 0], "attributes": {"k": 1}}])
    assert _stored(ns) == {2: ([2, 2], {}), 7: ([1, 0], {"k": 1})}


def a_generator_of_rows_becomes_a_request_for_each_batch(ns: tpuf.Namespace) -> None:
    def rows() -> Iterator[dict[str, object]]:
        for i in range(100):
            yield {"id": i, "vector": [i / 10, i / 10], "attributes": {"test": "rows"}}

    tpuf.upsert_batch_size = 30
    try:
        ns.upsert(rows(), distance_metric=COSINE)
    finally:
        tpuf.upsert_batch_size = 10_000
    assert [row.id for row in ns.vectors()] == list(range(100))
    assert ns.approx_count() == 100


def a_generator_of_row_objects_is_one_request(ns: tpuf.Namespace) -> None:
    ns.upsert(tpuf.VectorRow(id=i, vector=[i, 1]) for i in range(5))
    assert list(_stored(ns)) == [0, 1, 2, 3, 4]


def rows_that_were_read_may_be_written_to_another_namespace(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=[1, 2], vectors=[[1, 0], [0, 1]], attributes={"k": ["a", "b"]})
    other = tpuf.Namespace(f"{ns.name}-other")
    # as a list: this version of the client never comes to the end of a result that it writes
    other.upsert(list(ns.vectors()))
    assert _stored(other) == {1: ([1, 0], {"k": "a"}), 2: ([0, 1], {"k": "b"})}


def data_frames_are_columns(ns: tpuf.Namespace) -> None:
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "vector": [np.array([i, 0.7], dtype=np.float32) for i in range(3)],
            "name": ["a", "b", "c"],
            "size": [1.5, 2.5, 3.5],
            "flag": [True, False, True],
        }
    )
    ns.upsert(frame, distance_metric=SQUARED)
    assert [(row.id, row.attributes) for row in ns.vectors()] == [
        (1, {"name": "a", "size": 1.5, "flag": True}),
        (2, {"name": "b", "size": 2.5, "flag": False}),
        (3, {"name": "c", "size": 3.5, "flag": True}),
    ]
    assert ns.query(vector=[2, 0.7], top_k=1)[0].id == 3


def numpy_arrays_are_ids_and_vectors(ns: tpuf.Namespace) -> None:
    vectors = np.array([[0.5, 1], [2, 0.25]], dtype=np.float32)
    ns.upsert(ids=np.array([1, 2]), vectors=vectors)
    ns.upsert([tpuf.VectorRow(id=3, vector=vectors[0])])
    assert _stored(ns) == {1: ([0.5, 1], None), 2: ([2, 0.25], None), 3: ([0.5, 1], None)}
    found = ns.query(vector=vectors[1], distance_metric=COSINE, top_k=1, include_vectors=True)
    assert (found[0].id, found[0].vector) == (2, [2, 0.25])
    assert abs(found[0].dist) < 1e-6


def documents_are_deleted_by_id(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=[1, 2, 3, 4], vectors=[[1], [2], [3], [4]])
    ns.delete(2)
    ns.delete([3, 4])
    ns.delete(99)
    assert list(_stored(ns)) == [1]
    assert ns.approx_count() == 1


def documents_are_deleted_by_string_id(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=["a", "b", "c"], vectors=[[1], [2], [3]])
    ns.delete("a")
    ns.delete(["b", "zzz"])
    assert list(_stored(ns)) == ["c"]


def attributes_keep_their_types(ns: tpuf.Namespace) -> None:
    attributes = {
        "s": "x",
        "i": -(2**63),
        "u": 2**64 - 1,
        "f": 0.1,
        "b": True,
        "as": ["x", "y"],
        "ai": [1, 2],
        "ab": [True, False],
    }
    ns.upsert([{"id": 2**64 - 1, "vector": [1], "attributes": attributes}])
    assert _stored(ns) == {2**64 - 1: ([1], attributes)}
