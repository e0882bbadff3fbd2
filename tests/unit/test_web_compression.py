"""Which answers are gzipped, for whom, and that they arrive whole."""

import gzip

import pytest
from flask import Flask, Response

from service.web import compression

BODY = b'{"vector":[0.5,0.25]}' * 100


@pytest.fixture
def client():
    app = Flask(__name__)
    compression.install(app)
    app.add_url_rule("/size/<int:size>", "size", lambda size: b"x" * size)
    app.add_url_rule("/body", "body", lambda: Response(BODY, content_type="application/json"))
    app.add_url_rule("/stream", "stream", lambda: Response(iter([BODY, BODY])))
    app.add_url_rule(
        "/packed", "packed", lambda: Response(BODY, headers={"Content-Encoding": "br"})
    )
    app.add_url_rule("/varied", "varied", lambda: Response(BODY, headers={"Vary": "Origin"}))
    app.add_url_rule("/gone", "gone", lambda: Response(b"x" * 5000, 404))
    return app.test_client()


def get(client, path="/body", accept="gzip", method="GET"):
    headers = {} if accept is None else {"Accept-Encoding": accept}
    return client.open(path, method=method, headers=headers)


@pytest.mark.parametrize(
    "accept",
    [
        "gzip",
        "GZIP",
        "gzip, deflate",
        "deflate, gzip;q=0.5",
        "br;q=1.0, gzip;q=0.8, *;q=0.1",
        "*",
        "identity;q=0.5, gzip",
        "gzip;q=0.001",
    ],
)
def test_gzip_goes_to_who_accepts_it(client, accept):
    answer = get(client, accept=accept)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.get_data()) == BODY
    assert int(answer.headers["Content-Length"]) == len(answer.get_data()) < len(BODY)
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "identity",
        "br",
        "deflate, br",
        "gzip;q=0",
        "gzip;q=0.0, *",
        "*;q=0",
        "*, gzip;q=0",
        "notgzip",
        "gzipped",
        "gzip;q=0.5, identity",
    ],
)
def test_the_plain_answer_goes_to_everybody_else(client, accept):
    answer = get(client, accept=accept)

    assert "Content-Encoding" not in answer.headers
    assert answer.get_data() == BODY
    assert int(answer.headers["Content-Length"]) == len(BODY)


@pytest.mark.parametrize(("size", "packed"), [(0, False), (1023, False), (1024, True)])
def test_small_answers_stay_plain(client, size, packed):
    answer = get(client, f"/size/{size}")

    assert ("Content-Encoding" in answer.headers) is packed
    assert ("Vary" in answer.headers) is packed


@pytest.mark.parametrize("accept", ["gzip", "identity"])
def test_caches_are_told_that_the_header_matters(client, accept):
    assert get(client, accept=accept).headers["Vary"] == "Accept-Encoding"


def test_an_existing_vary_header_is_kept(client):
    answer = get(client, "/varied")

    assert set(answer.headers["Vary"].split(", ")) == {"Origin", "Accept-Encoding"}


def test_an_encoded_answer_is_not_encoded_again(client):
    answer = get(client, "/packed")

    assert answer.headers["Content-Encoding"] == "br"
    assert answer.get_data() == BODY


def test_a_streamed_answer_is_left_alone(client):
    answer = get(client, "/stream")

    assert "Content-Encoding" not in answer.headers
    assert answer.get_data() == BODY * 2


def test_an_answer_to_head_is_not_compressed(client):
    answer = get(client, method="HEAD")

    assert "Content-Encoding" not in answer.headers
    assert answer.get_data() == b""


def test_errors_are_compressed_too(client):
    answer = get(client, "/gone")

    assert answer.status_code == 404
    assert gzip.decompress(answer.get_data()) == b"x" * 5000
