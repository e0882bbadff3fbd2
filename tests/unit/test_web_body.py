"""Reading a body: encodings, limits, bombs, and what happens to the rest of the connection."""

import gzip
import io
import random
import socket
import threading
import time
import tracemalloc
import zlib

import pytest
from flask import Flask, Response, request

from service.core.errors import InvalidRequest, TooLarge
from service.web.body import ClosingResponse, read_body, release

MIB = 1024 * 1024
LIMIT = 64 * MIB


@pytest.fixture
def read():
    """Read a body as a server would hand it over; further environ entries win."""

    def read_as(body, limit=LIMIT, **environ):
        stream = body if hasattr(body, "read") else io.BytesIO(body)
        if stream.__class__ in (io.BytesIO, Recorder):
            environ = {"CONTENT_LENGTH": str(len(stream.getvalue()))} | environ
        environ = {key: value for key, value in environ.items() if value is not None}
        with Flask(__name__).test_request_context("/", method="POST") as context:
            context.request.environ.pop("CONTENT_LENGTH", None)
            context.request.environ.update(environ, **{"wsgi.input": stream})
            return read_body(limit)

    return read_as


class Recorder(io.BytesIO):
    """A stream that knows how much was read of it."""

    def __init__(self, data):
        super().__init__(data)
        self.data = data
        self.sizes = []

    def read(self, size=-1):
        self.sizes.append(size)
        return super().read(size)


CHUNKED = {
    "CONTENT_LENGTH": None,
    "HTTP_TRANSFER_ENCODING": "chunked",
    "wsgi.input_terminated": True,
}


def test_a_plain_body_is_taken_in_one_read(read):
    stream = Recorder(b"x" * 3_000_000)

    body = read(stream)

    assert body == stream.data
    assert stream.sizes == [3_000_000]


def test_no_more_than_the_announced_length_is_read(read):
    assert read(b"abcdef", CONTENT_LENGTH="3") == b"abc"


@pytest.mark.parametrize("length", [None, "", "0", "000"])
def test_a_request_without_a_body_has_an_empty_one(read, length):
    assert read(b"rest of the connection", CONTENT_LENGTH=length) == b""


@pytest.mark.parametrize("coding", ["identity", "Identity", "", " "])
def test_identity_is_no_encoding(read, coding):
    assert read(b"{}", HTTP_CONTENT_ENCODING=coding) == b"{}"


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", " gzip "])
def test_gzip_is_inflated(read, coding):
    assert read(gzip.compress(b'{"a":1}'), HTTP_CONTENT_ENCODING=coding) == b'{"a":1}'


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "gzip;q=1"])
def test_other_encodings_are_named_and_refused(read, coding):
    with pytest.raises(InvalidRequest, match="Content-Encoding '" + coding):
        read(b"{}", HTTP_CONTENT_ENCODING=coding)


@pytest.mark.parametrize("length", ["abc", "-1", "1.5", "1,1", "+3", "²", "1_0", "٣", " 3"])
def test_a_length_that_is_not_a_number_is_refused(read, length):
    with pytest.raises(InvalidRequest, match="is not a number"):
        read(b"{}", CONTENT_LENGTH=length)


@pytest.mark.parametrize("length", [str(LIMIT + 1), "9" * 18, "9" * 19, "9" * 5000])
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_an_announced_length_above_the_limit_is_refused_without_reading(read, length, coding):
    stream = Recorder(b"x")

    with pytest.raises(TooLarge):
        read(stream, CONTENT_LENGTH=length, HTTP_CONTENT_ENCODING=coding)
    assert stream.sizes == []


def test_the_limit_itself_is_allowed(read):
    packed = gzip.compress(b"x" * 1000)

    assert len(read(b"x" * 1000, limit=1000)) == 1000
    assert len(read(packed, limit=1000, HTTP_CONTENT_ENCODING="gzip")) == 1000
    assert len(read(b"x" * 1000, limit=1000, **CHUNKED)) == 1000
    with pytest.raises(TooLarge):
        read(packed, limit=999, HTTP_CONTENT_ENCODING="gzip")
    with pytest.raises(TooLarge):
        read(b"x" * 1000, limit=999, **CHUNKED)


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_body_shorter_than_announced_is_refused(read, coding):
    packed = gzip.compress(b"{}") if coding else b"{}"

    with pytest.raises(InvalidRequest, match=f"ended after {len(packed)} of 100 bytes"):
        read(packed, CONTENT_LENGTH="100", HTTP_CONTENT_ENCODING=coding)


def test_a_chunked_body_is_read_to_its_end(read):
    data = bytes(range(256)) * 5000

    assert read(data, **CHUNKED) == data
    assert read(gzip.compress(data), HTTP_CONTENT_ENCODING="gzip", **CHUNKED) == data


def test_a_chunked_body_wins_over_a_length_beside_it(read):
    assert read(b"abcdef", **(CHUNKED | {"CONTENT_LENGTH": "3"})) == b"abcdef"


def test_a_chunked_body_is_not_touched_where_the_server_does_not_end_it(read):
    assert read(b"abcdef", **(CHUNKED | {"wsgi.input_terminated": None})) == b""


def test_an_endless_chunked_body_is_refused_at_the_limit(read):
    class Endless:
        taken = 0

        def read(self, size):
            self.taken += size
            return b"x" * size

    stream = Endless()

    with pytest.raises(TooLarge):
        read(stream, limit=MIB, **CHUNKED)
    assert stream.taken <= 2 * MIB


def test_an_error_of_the_server_while_reading_is_the_callers(read):
    class Broken:
        def read(self, size):
            raise RuntimeError("InvalidChunkSize(b'zz')")

    with pytest.raises(InvalidRequest, match="could not be read to its end"):
        read(Broken(), **CHUNKED)


def test_members_of_gzip_follow_each_other(read):
    parts = [b"a" * 10, b"", b"b" * 2 * MIB, b"c"]
    packed = b"".join(map(gzip.compress, parts))

    assert read(packed, HTTP_CONTENT_ENCODING="gzip") == b"".join(parts)


def test_incompressible_data_larger_than_a_piece_survives(read):
    data = random.Random(1).randbytes(5 * MIB + 3)

    assert read(gzip.compress(data, 1), HTTP_CONTENT_ENCODING="gzip") == data


PACKED = gzip.compress(b'{"a":[1,2,3]}' * 50, mtime=0)
# (body, a part of the message)
BROKEN = [
    (PACKED[:-1], "truncated"),
    (PACKED[:-8], "truncated"),
    (PACKED[:5], "truncated"),
    (PACKED + PACKED[:-1], "truncated"),
    (PACKED[:-8] + bytes(8), "not valid gzip"),
    (PACKED[:20] + b"\xff\xff\xff" + PACKED[23:], "not valid gzip"),
    (PACKED + b"garbage", "not valid gzip"),
    (PACKED + bytes(10), "not valid gzip"),
    (b'{"a":1}', "not valid gzip"),
    (zlib.compress(b"{}"), "not valid gzip"),
]


@pytest.mark.parametrize(("body", "part"), BROKEN)
def test_broken_gzip_is_refused(read, body, part):
    with pytest.raises(InvalidRequest, match=part):
        read(body, HTTP_CONTENT_ENCODING="gzip")


def test_an_absent_body_is_empty_also_when_it_claims_to_be_gzip(read):
    assert read(b"", HTTP_CONTENT_ENCODING="gzip") == b""


def test_a_body_of_countless_empty_members_is_refused_soon(read):
    packed = gzip.compress(b"", mtime=0) * 100_000
    start = time.perf_counter()

    with pytest.raises(TooLarge, match="members"):
        read(packed, HTTP_CONTENT_ENCODING="gzip")
    assert time.perf_counter() - start < 2


@pytest.fixture(scope="module")
def bomb():
    """One gigabyte in one megabyte."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(MIB)
    return b"".join(squeeze.compress(zeros) for _ in range(1024)) + squeeze.flush()


def _peak_of(function):
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_is_refused_at_once_by_its_inflation(read, bomb):
    assert len(bomb) < 1.1 * MIB
    start = time.perf_counter()

    def detonate():
        with pytest.raises(TooLarge, match="inflates to more than 200 times"):
            read(bomb, limit=512 * MIB, HTTP_CONTENT_ENCODING="gzip")

    peak = _peak_of(detonate)

    assert peak < 32 * MIB
    assert time.perf_counter() - start < 1


def test_a_bomb_is_refused_by_a_small_limit_before_that(read, bomb):
    def detonate():
        with pytest.raises(TooLarge, match="limit of 1048576"):
            read(bomb, limit=MIB, HTTP_CONTENT_ENCODING="gzip")

    assert _peak_of(detonate) < 4 * MIB


def test_many_small_bombs_in_a_row_are_one(read):
    packed = gzip.compress(bytes(MIB)) * 64

    with pytest.raises(TooLarge, match="200 times"):
        read(packed, limit=512 * MIB, HTTP_CONTENT_ENCODING="gzip")


def test_a_bomb_in_a_bomb_stays_packed(read):
    inner = gzip.compress(gzip.compress(bytes(8 * MIB)))

    assert len(read(inner, HTTP_CONTENT_ENCODING="gzip")) < MIB


def test_well_compressible_bodies_below_sixteen_megabytes_are_taken(read):
    assert len(read(gzip.compress(bytes(16 * MIB)), HTTP_CONTENT_ENCODING="gzip")) == 16 * MIB


def test_memory_stays_at_about_the_body(read):
    body = random.Random(1).randbytes(32 * MIB)
    packed = gzip.compress(body, 0)

    peak = _peak_of(lambda: read(packed, HTTP_CONTENT_ENCODING="gzip"))

    assert peak < 48 * MIB


@pytest.fixture
def client():
    app = Flask(__name__)

    @app.post("/unread")
    def unread():
        return "refused"

    @app.post("/read")
    def taken():
        return str(len(read_body(LIMIT)))

    app.after_request(release)
    return app.test_client()


def test_an_answer_beside_a_large_unread_body_ends_the_connection(client):
    assert client.post("/unread", data=b"x" * MIB).headers["Connection"] == "close"


def test_an_answer_beside_an_unread_chunked_body_ends_the_connection(client):
    answer = client.post("/unread", headers={"Transfer-Encoding": "chunked"}, input_stream=None)

    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("size", [0, 10, 65535])
def test_a_small_unread_body_is_left_to_the_server(client, size):
    assert "Connection" not in client.post("/unread", data=b"x" * size).headers


@pytest.mark.parametrize("coding", [{}, {"Content-Encoding": "gzip"}])
def test_a_body_read_to_its_end_keeps_the_connection(client, coding):
    body = gzip.compress(bytes(100_000), 0) if coding else bytes(100_000)

    answer = client.post("/read", data=body, headers=coding)

    assert answer.get_data() == b"100000"
    assert "Connection" not in answer.headers


def test_gunicorn_is_told_to_close_through_its_own_answer():
    class Answer:
        closed = False

        def force_close(self):
            self.closed = True

        def start_response(self, status, headers, exc_info=None):
            return lambda _: None

    answer = Answer()
    with Flask(__name__).test_request_context("/"):
        ClosingResponse("x")(request.environ, answer.start_response)

    assert answer.closed


def _answer_on(sock, size=MIB):
    """An answer to a request with an unread body that came in through ``sock``."""
    environ = {"gunicorn.socket": sock, "CONTENT_LENGTH": str(size), "SERVER_PROTOCOL": "HTTP/1.1"}
    with Flask(__name__).test_request_context("/") as context:
        context.request.environ.update(environ)
        return release(Response("no"))


@pytest.fixture
def connection():
    server, client = socket.socketpair()
    with server, client:
        yield server, client


def test_a_client_that_sends_everything_first_is_heard_out(connection):
    server, client = connection
    answer = _answer_on(server, 8 * MIB)
    failures = []

    def send_then_read():
        try:
            client.sendall(bytes(8 * MIB))
            assert client.recv(1) == b""
        except OSError as error:
            failures.append(error)
        client.close()

    sender = threading.Thread(target=send_then_read)
    sender.start()
    answer.close()
    sender.join(5)

    assert not sender.is_alive()
    assert failures == []


def test_a_client_that_never_stops_is_cut_off(monkeypatch, connection):
    monkeypatch.setattr("service.web.body.LINGER_SECONDS", 0.2)
    server, _ = connection
    answer = _answer_on(server)
    start = time.monotonic()

    answer.close()  # the client neither sends nor closes

    assert 0.1 < time.monotonic() - start < 2
    assert server.recv(1) == b""  # what gunicorn does next does not wait either


def test_http_2_connections_are_left_alone():
    with Flask(__name__).test_request_context("/") as context:
        context.request.environ.update(SERVER_PROTOCOL="HTTP/2.0", CONTENT_LENGTH=str(MIB))
        answer = release(Response("no"))

    assert "Connection" not in answer.headers
