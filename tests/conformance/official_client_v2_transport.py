"""The current client on the wire: compression, headers, answers in the raw, and errors.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

import json
from typing import Any

from official_client_v2_shared import BY_ID, COSINE, client, ids, plain, reason, refusal, tpuf

LARGE = 4096


def _fill(ns: Any, dimensions: int, count: int) -> None:
    rows = [{"id": i, "vector": [i + 0.123456] * dimensions} for i in range(count)]
    ns.write(upsert_rows=rows, distance_metric=COSINE)


def _vectors(ns: Any) -> Any:
    """The answer to a query for all vectors, in the raw."""
    return ns.with_raw_response.query(rank_by=BY_ID, top_k=10, include_attributes=["vector"])


def _request(answer: Any) -> Any:
    """The headers of the request that the answer is to."""
    return answer.http_request.headers


def answers_are_plain_unless_compression_is_on(ns: Any) -> None:
    _fill(ns, LARGE, 2)
    answer = _vectors(ns)
    assert _request(answer)["accept-encoding"] == "identity"
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"] == "application/json"
    assert [len(row.vector) for row in answer.parse().rows] == [LARGE] * 2


def large_answers_are_compressed_when_compression_is_on(ns: Any) -> None:
    _fill(ns, LARGE, 2)
    answer = _vectors(client.with_options(compression=True).namespace(ns.id))
    assert _request(answer)["accept-encoding"] == "gzip"
    assert answer.headers["content-encoding"] == "gzip"
    assert [len(row.vector) for row in answer.parse().rows] == [LARGE] * 2


def small_answers_are_never_compressed(ns: Any) -> None:
    _fill(ns, 1, 1)
    answer = _vectors(client.with_options(compression=True).namespace(ns.id))
    assert "content-encoding" not in answer.headers
    assert len(answer.parse().rows) == 1


def requests_may_be_compressed(ns: Any) -> None:
    rows = [{"id": i, "k": "compressible" * 20} for i in range(100)]
    compressing = client.with_options(compression=True).namespace(ns.id)
    answer = compressing.with_raw_response.write(upsert_rows=rows)
    assert _request(answer)["content-encoding"] == "gzip"
    assert answer.parse().rows_affected == 100
    assert ns.query(aggregate_by={"count": ("Count",)}).aggregations == {"count": 100}


def large_requests_are_read_whole(ns: Any) -> None:
    _fill(ns, LARGE, 300)
    assert ns.query(aggregate_by={"count": ("Count",)}).aggregations == {"count": 300}


def answers_may_be_streamed(ns: Any) -> None:
    _fill(ns, 2, 1)
    with ns.with_streaming_response.query(rank_by=BY_ID, top_k=1) as answer:
        body = b"".join(answer.iter_bytes())
    assert json.loads(body)["rows"] == [{"id": 0}]


def headers_of_retries_are_harmless(ns: Any) -> None:
    _fill(ns, 2, 1)
    again = {"X-Stainless-Retry-Count": "3"}
    ns.write(upsert_rows=[{"id": 1, "vector": [1.0, 1.0]}], extra_headers=again)
    assert ids(ns.query(rank_by=BY_ID, top_k=9, extra_headers=again)) == [0, 1]


def what_callers_add_is_ignored(ns: Any) -> None:
    _fill(ns, 2, 1)
    found = ns.query(
        rank_by=BY_ID,
        top_k=1,
        extra_headers={"X-Extra": "1"},
        extra_query={"unknown": "1"},
        extra_body={"unknown": 1, "filters": None},
    )
    assert ids(found) == [0]
    assert ns.metadata(extra_query={"stainless_overload": "x"}).approx_row_count == 0


def the_preference_for_a_later_answer_is_not_applied(ns: Any) -> None:
    _fill(ns, 2, 1)
    other = client.namespace(f"{ns.id}-copied")
    answer = other.with_raw_response.copy_from(source_namespace=ns.id)
    assert _request(answer)["prefer"] == "respond-async"
    assert (answer.status_code, "preference-applied" in answer.headers) == (200, False)


def keys_are_checked(ns: Any) -> None:
    stranger = client.with_options(api_key="tpuf_wrong")
    error = refusal(stranger.namespace(ns.id).write, upsert_rows=[{"id": 1}])
    assert isinstance(error, tpuf.AuthenticationError)
    assert reason(error) == "the API key is not valid"
    assert isinstance(refusal(stranger.namespaces), tpuf.AuthenticationError)


def errors_are_of_the_class_of_their_status(ns: Any) -> None:
    missing = refusal(ns.query, rank_by=BY_ID, top_k=1)
    assert isinstance(missing, tpuf.NotFoundError)
    assert reason(missing) == f"🤷 namespace '{ns.id}' was not found"
    _fill(ns, 2, 1)
    wrong = refusal(ns.query, rank_by=[], top_k=1)
    assert isinstance(wrong, tpuf.BadRequestError)
    assert reason(wrong) == "💔 rank_by cannot be empty"
    ns.update_metadata(read_only=True)
    assert isinstance(refusal(ns.write, deletes=[0]), tpuf.PermissionDeniedError)
    unknown = refusal(ns.poll_copy_from, "00000000-0000-4000-8000-000000000000")
    assert isinstance(unknown, tpuf.NotFoundError)
    assert unknown.response.headers["content-type"] == "application/json"


def bodies_of_another_shape_have_a_class_of_their_own(ns: Any) -> None:
    _fill(ns, 2, 1)
    ranked = {"rank_by": BY_ID, "top_k": 1}
    level = "unknown variant `nonexistentvalue`, expected `strong` or `eventual`"
    for call, arguments, words in (
        (ns.write, {"upsert_rows": {"id": 1}}, "invalid type: map, expected a sequence"),
        (
            ns.query,
            {**ranked, "consistency": "eventual"},
            'invalid type: string "eventual", expected struct Consistency',
        ),
        (ns.query, {**ranked, "consistency": {"level": "nonexistentvalue"}}, level),
        (ns.write, {"upsert_rows": [{"n": 1}]}, "upsert_rows[0]: missing field `id`"),
        (ns.query, {"rank_by": "id", "top_k": 1}, "rank_by: data did not match any variant"),
        (ns.query, {**ranked, "limit": "one", "top_k": None}, "LimitInput"),
        (ns.query, {**ranked, "vector_encoding": "hex"}, "expected `float` or `base64`"),
    ):
        error = refusal(call, **arguments)
        assert isinstance(error, tpuf.UnprocessableEntityError), error
        assert words in reason(error), error


def names_of_other_characters_are_refused_in_plain_text(ns: Any) -> None:
    error = refusal(client.namespace(f"{ns.id} x").schema)
    assert isinstance(error, tpuf.BadRequestError)
    assert error.response.headers["content-type"].startswith("text/plain")
    assert "Namespace contains invalid characters, must be [A-Za-z0-9-_.]" in str(error)


def the_address_may_end_in_a_slash(ns: Any) -> None:
    _fill(ns, 2, 1)
    other = client.with_options(base_url=f"{str(client.base_url).rstrip('/')}/")
    assert plain(other.namespace(ns.id).query(rank_by=BY_ID, top_k=1).rows[0]) == {"id": 0}
