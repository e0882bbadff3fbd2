"""The official client manages namespaces: schemas, metadata, recall, deletion, errors, the list.

Run by ``official_client_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import turbopuffer as tpuf

COSINE = "cosine_distance"


def _refusal(call: object, *arguments: object, **named: object) -> tpuf.APIError:
    """The error that a call ends with."""
    try:
        call(*arguments, **named)
    except tpuf.APIError as error:
        return error
    raise AssertionError("the call was not refused")


def metadata_is_exact_after_every_write(ns: tpuf.Namespace) -> None:
    assert not ns.exists()
    assert (ns.dimensions(), ns.approx_count(), ns.created_at()) == (0, 0, None)
    ns.upsert(ids=[1, 2], vectors=[[1, 0, 0], [0, 1, 0]], distance_metric=COSINE)
    assert ns.exists()
    assert (ns.dimensions(), ns.approx_count()) == (3, 2)
    ns.delete(1)
    assert ns.approx_count() == 1


def the_time_of_creation_has_a_zone(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=[1], vectors=[[1]])
    created = ns.created_at()
    assert created.tzinfo is not None
    assert abs(datetime.now(UTC) - created) < timedelta(days=1)


def an_emptied_namespace_exists_and_exports_nothing(ns: tpuf.Namespace) -> None:
    ns.upsert([tpuf.VectorRow(id=2, vector=[2, 2])])
    ns.delete(2)
    assert ns.exists()
    assert list(ns.vectors()) == []
    assert list(ns.query(vector=[1, 1])) == []


def a_deleted_namespace_is_gone(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=[1], vectors=[[1]])
    ns.delete_all_indexes()
    assert ns.approx_count() == 1
    ns.delete_all()
    assert not ns.exists()
    assert isinstance(_refusal(ns.vectors), tpuf.NotFoundError)
    assert isinstance(_refusal(ns.delete_all), tpuf.NotFoundError)
    assert isinstance(_refusal(ns.delete_all_indexes), tpuf.NotFoundError)


def a_missing_namespace_is_named_in_the_error(ns: tpuf.Namespace) -> None:
    for call in (ns.query, ns.vectors, ns.schema, ns.recall):
        error = _refusal(call)
        assert isinstance(error, tpuf.NotFoundError), error
        assert error.args == (f"error (HTTP 404): 🤷 namespace '{ns.name}' was not found",)


def schemas_are_written_read_and_updated(ns: tpuf.Namespace) -> None:
    search = {
        "language": "english",
        "stemming": True,
        "case_sensitive": False,
        "remove_stopwords": True,
    }
    schema = {
        "title": {"type": "string", "bm25": search},
        "tags": {"type": "[]string", "filterable": False, "bm25": search},
    }
    ns.upsert(
        ids=[1, 2],
        vectors=[[0.1, 0.1], [0.2, 0.2]],
        attributes={"title": ["one", "two"], "tags": [["a"], ["b"]], "n": [1, 2]},
        schema=schema,
    )
    read = ns.schema()
    assert {name: entry.type for name, entry in read.items()} == {
        "id": "uint",
        "title": "string",
        "tags": "[]string",
        "n": "int",
        "vector": "[2]f32",
    }
    assert read["title"].full_text_search.as_dict() == search
    assert (read["title"].filterable, read["n"].filterable) == (False, True)
    updated = ns.update_schema({"n": tpuf.AttributeSchema(type="int", filterable=False)})
    assert not updated["n"].filterable
    assert _refusal(ns.query, filters=["n", "Eq", 1]).status_code == 400
    ns.update_schema({"n": tpuf.AttributeSchema(type="int", filterable=True)})
    assert [row.id for row in ns.query(filters=["n", "Eq", 1])] == [1]


def recall_of_exact_searches_is_one(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=list(range(50)), vectors=[[i, 50 - i] for i in range(50)])
    assert ns.recall() == 1.0
    assert ns.recall(num=5, top_k=3) == 1.0


def refusals_keep_their_text(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=["a"], vectors=[[1, 0]], distance_metric=COSINE)
    error = _refusal(ns.upsert, ids=[1], vectors=[[1, 0]])
    assert str(error) == (
        "error (HTTP 400): 💔 namespace ID type is string, but you sent uint; "
        "you are not allowed to mix ID types in the same namespace"
    )
    assert _refusal(ns.query, rank_by=["text", "BM25", "fox"]).status_code == 400
    assert _refusal(ns.query, vector=[1.0]).status_code == 400
    assert [row.id for row in ns.vectors()] == ["a"]


def a_namespace_with_other_characters_is_refused(ns: tpuf.Namespace) -> None:
    error = _refusal(tpuf.Namespace(f"{ns.name} x").query)
    assert error.status_code == 400
    assert "Namespace contains invalid characters, must be [A-Za-z0-9-_.]" in error.args[0]


def the_list_has_every_namespace(ns: tpuf.Namespace) -> None:
    names = [f"{ns.name}-{letter}" for letter in "cab"]
    for name in names:
        tpuf.Namespace(name).upsert(ids=[1], vectors=[[1, 2]])
    listed = [other for other in tpuf.namespaces() if other.name.startswith(ns.name)]
    assert [other.name for other in listed] == sorted(names)
    assert [other.dimensions() for other in listed] == [2, 2, 2]
    assert len(tpuf.namespaces()) >= 3


def only_known_keys_are_let_in(ns: tpuf.Namespace) -> None:
    ns.upsert(ids=[1], vectors=[[1]])
    assert _refusal(tpuf.Namespace(ns.name, api_key="wrong").query).status_code == 401
    assert _refusal(tpuf.Namespace(ns.name, api_key="wrong").vectors).status_code == 401
    found = tpuf.Namespace(ns.name, headers={"X-Extra": "1"}).query()
    assert [row.id for row in found] == [1]
