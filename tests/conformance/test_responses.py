"""What clients read beside the JSON: timings by their own patterns, compression, content types."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conformance.case_files import COLLECTIONS, names_for, write

# Python client 0.1.x: each with re.match on the whole header
CACHE_HIT_RATIO = r".*cache_hit_ratio;ratio=([\d\.]+)"
PROCESSING_TIME = r".*processing_time;dur=([\d\.]+)"
EXHAUSTIVE_SEARCH_COUNT = r".*exhaustive_search_count;count=([\d\.]+)"
# its successors: the words of the cache side by side, in this order
CACHE = r".*cache;hit_ratio=([\d\.]+);temperature=([a-z]+)"
EXHAUSTIVE_SEARCH = r".*exhaustive_search;count=([\d\.]+)"
QUERY_EXECUTION_TIME = r".*query_execution_time;dur=([\d\.]+)"

DOCUMENTS = {"ids": [1, 2], "vectors": [[1, 0], [0, 1]], "attributes": {"k": ["a", "b"]}}
WIDE = 4096


@pytest.fixture(params=COLLECTIONS)
def address(request: pytest.FixtureRequest, namespace: str, client: FlaskClient) -> str:
    """A namespace of two documents."""
    names = names_for(request.param, namespace)
    write(client, DOCUMENTS, names)
    return names["ns"]


@pytest.fixture
def wide(client: FlaskClient, namespace: str) -> str:
    """A namespace whose answers with vectors are long."""
    names = names_for("vectors", namespace)
    write(client, {"ids": [1, 2], "vectors": [[0.7] * WIDE, [0.1] * WIDE]}, names)
    return names["ns"]


def search(client: FlaskClient, address: str, accept: str | None = None) -> TestResponse:
    query = {"filters": ["id", "Eq", 1], "include_vectors": True}
    headers = {} if accept is None else {"Accept-Encoding": accept}
    return client.post(f"{address}/query", json=query, headers=headers)


def timing(response: TestResponse, pattern: str) -> tuple[str, ...]:
    found = re.match(pattern, response.headers["Server-Timing"])
    assert found, f"{pattern} does not match {response.headers['Server-Timing']!r}"
    return found.groups()


def test_the_first_python_clients_read_the_timings(client: FlaskClient, address: str) -> None:
    response = search(client, address)

    assert timing(response, CACHE_HIT_RATIO) == ("1.0",)
    assert float(*timing(response, PROCESSING_TIME)) > 0
    assert int(*timing(response, EXHAUSTIVE_SEARCH_COUNT)) == 2


def test_later_python_clients_read_the_timings(client: FlaskClient, address: str) -> None:
    response = search(client, address)

    ratio, temperature = timing(response, CACHE)
    assert 0 <= float(ratio) <= 1
    assert temperature in ("hot", "warm", "cold")
    assert int(*timing(response, EXHAUSTIVE_SEARCH)) == 2
    assert float(*timing(response, PROCESSING_TIME)) > 0
    assert float(*timing(response, QUERY_EXECUTION_TIME)) > 0


def test_typescript_clients_read_the_timings(client: FlaskClient, address: str) -> None:
    """They split at ", ", then at ";", then at "="."""
    header = search(client, address).headers["Server-Timing"]
    read: dict[str, str] = {}
    for part in header.split(", "):
        name, *values = part.split(";")
        read |= {f"{name}.{key}": text for key, text in (v.split("=") for v in values)}

    assert read["cache.temperature"] in ("hot", "warm", "cold")
    assert float(read["cache.hit_ratio"]) == 1
    assert float(read["processing_time.dur"]) >= float(read["query_execution_time.dur"]) > 0
    assert int(read["exhaustive_search.count"]) == 2


def test_only_queries_have_timings(client: FlaskClient, address: str) -> None:
    assert "Server-Timing" not in client.get(address).headers
    assert "Server-Timing" not in client.get(f"{address}/schema").headers


def test_a_long_answer_is_gzipped_when_asked(client: FlaskClient, wide: str) -> None:
    plain, packed = search(client, wide), search(client, wide, "gzip, deflate")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Type"] == "application/json"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) == int(packed.headers["Content-Length"]) < len(plain.data)


@pytest.mark.parametrize("accept", [None, "identity", "gzip;q=0", "deflate, br"])
def test_a_long_answer_is_plain_unless_gzip_is_asked(
    accept: str | None, client: FlaskClient, wide: str
) -> None:
    response = search(client, wide, accept)

    assert "Content-Encoding" not in response.headers
    assert json.loads(response.data)[0]["vector"] == [0.7] * WIDE


def test_a_short_answer_is_never_gzipped(client: FlaskClient, address: str) -> None:
    response = search(client, address, "gzip")

    assert "Content-Encoding" not in response.headers
    assert response.get_json() == [{"id": 1, "vector": [1.0, 0.0]}]


@pytest.mark.parametrize(("length", "packed"), [(900, False), (1100, True)])
def test_answers_are_gzipped_from_1024_bytes(
    length: int, packed: bool, client: FlaskClient, namespace: str
) -> None:
    names = names_for("namespaces", namespace)
    write(client, {"ids": [1], "attributes": {"text": ["x" * length]}}, names)

    response = client.get(names["ns"], headers={"Accept-Encoding": "gzip"})

    assert ("Content-Encoding" in response.headers) is packed


def test_an_error_has_the_content_type_of_json(client: FlaskClient, address: str) -> None:
    response = client.post(f"{address}/query", data="{", headers={"Accept-Encoding": "gzip"})

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/json"
    assert response.get_json().keys() == {"status", "error"}
