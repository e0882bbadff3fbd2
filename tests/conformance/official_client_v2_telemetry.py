"""The current client tells the server how its requests went, when that is asked for.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

import json
from typing import Any

from official_client_v2_shared import BY_ID, client, ids

HEADER = "x-turbopuffer-client-telemetry"
# as many as the client puts into one header
RECORDS = 16


def _telling(ns: Any) -> Any:
    """The namespace of a client with telemetry, after a write."""
    ns.write(upsert_rows=[{"id": 1, "n": 1}])
    return client.with_options(telemetry=True).namespace(ns.id)


def _records(answer: Any) -> list[dict[str, Any]]:
    return json.loads(answer.http_request.headers[HEADER])["records"]


def records_of_requests_are_accepted(ns: Any) -> None:
    telling = _telling(ns)
    assert ids(telling.query(rank_by=BY_ID, top_k=1)) == [1]
    answer = telling.with_raw_response.query(rank_by=BY_ID, top_k=1)
    assert ids(answer.parse()) == [1]
    assert _records(answer)[0]["route"] == "POST /v2/namespaces/{ns}/query"
    assert answer.http_request.headers["x-request-id"].startswith("tpreq_")


def a_header_full_of_records_is_accepted(ns: Any) -> None:
    telling = _telling(ns)
    telling.query(rank_by=BY_ID, top_k=1)
    (record,) = _records(telling.with_raw_response.query(rank_by=BY_ID, top_k=1))
    full = {HEADER: json.dumps({"version": 1, "records": [record] * RECORDS})}
    assert ids(ns.query(rank_by=BY_ID, top_k=1, extra_headers=full)) == [1]


def a_request_may_have_an_id_of_its_own(ns: Any) -> None:
    own = {"X-Request-Id": "mine"}
    answer = _telling(ns).with_raw_response.query(rank_by=BY_ID, top_k=1, extra_headers=own)
    assert answer.http_request.headers["x-request-id"] == "mine"
    assert ids(answer.parse()) == [1]
