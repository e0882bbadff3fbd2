"""The current client manages namespaces: lists, schemas, metadata, recall, copies, deletion.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from official_client_v2_shared import COSINE, SQUARED, client, near, plain, reason, refusal, stored

ROWS = [{"id": i, "vector": [i / 10, 1.0], "k": "a"} for i in range(3)]
LONGEST_COPY = 30
FULL_TEXT = {
    "k1": 1.2,
    "b": 0.75,
    "k3": 8,
    "language": "english",
    "stemming": True,
    "max_token_length": 39,
    "remove_stopwords": True,
    "ascii_folding": False,
    "case_sensitive": False,
    "tokenizer": "word_v4",
}


def _fill(ns: Any) -> None:
    ns.write(upsert_rows=ROWS, distance_metric=COSINE)


def _beside(ns: Any, suffix: str) -> Any:
    return client.namespace(f"{ns.id}-{suffix}")


def the_list_has_pages_and_a_prefix(ns: Any) -> None:
    names = [f"{ns.id}-{letter}" for letter in "abcde"]
    for name in reversed(names):
        client.namespace(name).write(upsert_rows=[{"id": 1, "n": 1}])
    page = client.namespaces(prefix=f"{ns.id}-", page_size=2)
    assert [one.id for one in page.namespaces] == names[:2]
    assert page.has_next_page()
    assert [one.id for one in page.get_next_page().namespaces] == names[2:4]
    assert [one.id for one in page] == names
    rest = client.namespaces(prefix=f"{ns.id}-", cursor=page.next_cursor)
    assert ([one.id for one in rest.namespaces], rest.has_next_page()) == (names[2:], False)


def the_list_ends_where_nothing_matches(ns: Any) -> None:
    page = client.namespaces(prefix=ns.id)
    assert (page.namespaces, page.next_cursor, list(page)) == ([], None, [])


def a_namespace_exists_from_its_first_document_on(ns: Any) -> None:
    assert not ns.exists()
    _fill(ns)
    assert ns.exists()
    ns.write(deletes=[0, 1, 2])
    assert ns.exists()


def a_deleted_namespace_is_gone(ns: Any) -> None:
    _fill(ns)
    assert ns.delete_all().status == "OK"
    assert not ns.exists()
    for call in (ns.delete_all, ns.metadata, ns.schema, ns.hint_cache_warm, ns.recall):
        error = refusal(call)
        assert (error.status_code, reason(error)) == (404, f"🤷 namespace '{ns.id}' was not found")
    _fill(ns)
    assert len(stored(ns)) == 3


def schemas_are_read(ns: Any) -> None:
    search = {"language": "english", "stemming": True, "remove_stopwords": True}
    ns.write(
        upsert_rows=[{"id": 1, "title": "one", "private": True, "vector": [0.1, 0.1]}],
        distance_metric=COSINE,
        schema={"title": {"type": "string", "full_text_search": search}, "vector": "[2]f16"},
    )
    found = {name: plain(entry) for name, entry in ns.schema().items()}
    nothing = {"filterable": None, "full_text_search": None}
    assert found == {
        "id": {"type": "uint", **nothing},
        "title": {"type": "string", "filterable": False, "full_text_search": FULL_TEXT},
        "private": {"type": "bool", "filterable": True, "full_text_search": None},
        "vector": {"type": "[2]f16", "ann": True, **nothing},
    }


def schemas_are_updated(ns: Any) -> None:
    _fill(ns)
    added = {"path": {"type": "string", "glob": True, "regex": True, "fuzzy": True}, "n": "int"}
    updated = ns.update_schema(schema={"k": {"type": "string", "filterable": False}, **added})
    assert sorted(updated) == ["id", "k", "n", "path", "vector"]
    assert (updated["k"].filterable, updated["path"].filterable) == (False, False)
    assert (updated["path"].glob, updated["path"].regex, updated["path"].fuzzy) == (True,) * 3
    assert plain(ns.schema()["n"])["type"] == "int"
    error = refusal(ns.update_schema, schema={"k": "int"})
    words = "🙅 invalid schema update for attribute 'k': cannot change attribute type"
    assert reason(error) == f"{words} from string to int"


def metadata_has_everything_there_is_to_know(ns: Any) -> None:
    _fill(ns)
    metadata = ns.metadata()
    assert (metadata.approx_row_count, metadata.approx_logical_bytes) == (0, 0)
    assert plain(metadata.index) == {"status": "up-to-date"}
    assert plain(metadata.encryption) == {"mode": "default"}
    assert {name: plain(entry) for name, entry in metadata.schema_.items()} == {
        "id": {"type": "uint"},
        "k": {"type": "string", "filterable": True},
        "vector": {"type": "[2]f32", "ann": {"distance_metric": COSINE}},
    }
    assert plain(metadata).keys() == {
        *("schema", "approx_logical_bytes", "approx_row_count", "created_at", "updated_at"),
        *("last_write_at", "encryption", "index"),
    }


def metadata_tells_the_time_in_a_zone(ns: Any) -> None:
    _fill(ns)
    metadata = ns.metadata()
    assert metadata.created_at <= metadata.updated_at
    assert abs(datetime.now(UTC) - metadata.updated_at) < timedelta(days=1)


def a_namespace_may_be_pinned(ns: Any) -> None:
    _fill(ns)
    assert ns.metadata().pinning is None
    for pinning, replicas in ((True, 1), ({"replicas": 3}, 3), ({}, 1)):
        assert ns.update_metadata(pinning=pinning).pinning.replicas == replicas
        assert ns.metadata().pinning.replicas == replicas
    assert ns.update_metadata(read_only=False).pinning.replicas == 1
    for nothing in (None, False):
        ns.update_metadata(pinning=True)
        assert ns.update_metadata(pinning=nothing).pinning is None
    error = refusal(ns.update_metadata, pinning={"replicas": 0})
    assert reason(error) == "💔 replicas must be greater than 0"


def a_namespace_may_be_closed_to_writes(ns: Any) -> None:
    _fill(ns)
    assert ns.update_metadata(read_only=True).read_only is True
    assert ns.metadata().read_only is True
    for call, arguments in (
        (ns.write, {"upsert_rows": ROWS, "distance_metric": COSINE}),
        (ns.write, {"deletes": [1]}),
        (ns.update_schema, {"schema": {"n": "int"}}),
        (ns.delete_all, {}),
    ):
        assert refusal(call, **arguments).status_code == 403
    assert len(stored(ns)) == 3
    assert ns.update_metadata(read_only=False).read_only is None
    assert ns.write(deletes=[1]).rows_deleted == 1


def the_cache_is_warmed(ns: Any) -> None:
    _fill(ns)
    answer = ns.hint_cache_warm()
    assert (answer.status, answer.message) == ("ACCEPTED", "cache warm hint accepted")


def recall_is_measured(ns: Any) -> None:
    _fill(ns)
    answer = ns.recall(num=1, top_k=2)
    counts = (answer.avg_exhaustive_count, answer.avg_ann_count)
    assert (answer.avg_recall, counts, answer.ground_truth) == (1.0, (2, 2), None)
    filtered = ns.recall(num=5, top_k=2, filters=("id", "Eq", 1))
    assert (filtered.avg_recall, filtered.avg_exhaustive_count) == (1.0, 1)


def recall_tells_the_truth_it_was_held_against(ns: Any) -> None:
    _fill(ns)
    answer = ns.recall(rank_by=("vector", "ANN", [0.0, 1.0]), top_k=2, include_ground_truth=True)
    (truth,) = answer.ground_truth
    assert truth.query_vector == [0.0, 1.0]
    near(truth.nearest_neighbors, [(0, 0), (1, 1 - 1 / 1.01**0.5)])
    assert [row.vector for row in truth.nearest_neighbors] == [[0.0, 1.0], [0.1, 1.0]]
    sampled = ns.recall(num=2, top_k=1, include_ground_truth=True)
    vectors = [row["vector"] for row in ROWS]
    assert [one.query_vector in vectors for one in sampled.ground_truth] == [True, True]


def the_truth_has_vectors_of_any_name(ns: Any) -> None:
    schema = {"title": {"type": "[2]f32", "ann": {"distance_metric": SQUARED}}}
    ns.write(upsert_rows=[{"id": 1, "title": [0.5, 0.5]}], schema=schema)
    rank_by = ("title", "ANN", [0.5, 0.0])
    answer = ns.recall(rank_by=rank_by, top_k=1, include_ground_truth=True)
    assert answer.avg_recall == 1.0
    ((neighbour,),) = [truth.nearest_neighbors for truth in answer.ground_truth]
    near([neighbour], [(1, 0.25)])
    assert [0.5, 0.5] in (neighbour.vector, plain(neighbour).get("title"))


def a_namespace_is_copied_and_branched(ns: Any) -> None:
    _fill(ns)
    source = {"source_namespace": ns.id}
    copied, branched, written, forked = (_beside(ns, way) for way in ("c", "b", "w", "f"))
    answers = {
        copied: copied.copy_from(**source),
        branched: branched.branch_from(**source),
        written: written.write(copy_from_namespace=source),
        forked: forked.write(branch_from_namespace=source),
    }
    for other, answer in answers.items():
        assert (answer.status, answer.message) == ("OK", "namespace cloned successfully")
        assert answer.rows_affected == 3
        assert stored(other) == stored(ns)
        other.write(deletes=[0])
        assert len(stored(ns)) == 3


def a_copy_takes_options_of_the_cloud(ns: Any) -> None:
    _fill(ns)
    other = _beside(ns, "copied")
    other.copy_from(
        source_namespace=ns.id,
        source_region="gcp-us-central1",
        source_api_key="tpuf_conformance",
        dest_encryption={"mode": "default"},
    )
    assert stored(other) == stored(ns)


def a_copy_needs_a_source_and_room(ns: Any) -> None:
    _fill(ns)
    missing = _beside(ns, "missing")
    assert refusal(_beside(ns, "new").copy_from, source_namespace=missing.id).status_code == 404
    assert not _beside(ns, "new").exists()
    error = refusal(ns.copy_from, source_namespace=ns.id)
    assert error.status_code == 400
    mixed = {"copy_from_namespace": {"source_namespace": ns.id}, "deletes": [1]}
    words = "💔 copy_from_namespace cannot be used with other write request fields"
    assert reason(refusal(_beside(ns, "new").write, **mixed)) == words


def a_copy_runs_on_its_own(ns: Any) -> None:
    _fill(ns)
    other = _beside(ns, "copied")
    finished = _finished(other, other.start_copy_from(source_namespace=ns.id).token)
    assert finished.start_time <= finished.finish_time
    success = finished.result.success
    assert (success.status, success.rows_affected) == ("OK", 3)
    assert stored(other) == stored(ns)


def a_copy_that_failed_says_why(ns: Any) -> None:
    missing, other = _beside(ns, "missing"), _beside(ns, "copied")
    finished = _finished(other, other.start_copy_from(source_namespace=missing.id).token)
    error = finished.result.error
    words = f"🤷 namespace '{missing.id}' was not found"
    assert (error.status_code, plain(error)["detail"]) == (404, {"status": "error", "error": words})
    assert refusal(other.poll_copy_from, "no-such-token").status_code == 404


def _finished(ns: Any, token: str) -> Any:
    """The operation when it has come to its end."""
    give_up = time.monotonic() + LONGEST_COPY
    while time.monotonic() < give_up:
        operation = ns.poll_copy_from(token=token)
        if operation.status == "finished":
            return operation
    raise AssertionError("the copy did not finish")
