"""Snapshots over HTTP: described, downloaded, uploaded, recovered, refused."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.config import Config
from service.dialects.vectorai import routing
from service.dialects.vectorai.routes_snapshots import ROUTES
from service.engine import Engine
from service.web import compression, context, errors, json, limits
from tests.integration.snapshot_tools import KINDS, Keeping, documents, keeping, numbers, write

FILE = {"Accept": "application/octet-stream"}


@pytest.fixture(params=KINDS)
def kept(
    request: pytest.FixtureRequest, engine: Engine, config: Config, tmp_path: Path
) -> Iterator[Keeping]:
    with keeping(config, request.param, tmp_path / "snapshots") as keep:
        yield keep


@pytest.fixture
def http(kept: Keeping) -> FlaskClient:
    app = Flask("snapshots", static_folder=None)
    app.extensions[context.EXTENSION] = SimpleNamespace(snapshots=kept.snapshots)
    app.extensions[limits.EXTENSION] = limits.Limits(2**20, 2**16)
    json.install(app)
    errors.install(app)
    compression.install(app)
    app.register_blueprint(routing.blueprint("snapshots", ROUTES))
    return app.test_client()


@pytest.fixture
def collection(engine: Engine, namespace: str) -> str:
    name = f"{namespace} #1 100%"
    engine.write(name, write([1, 2], numbers(2)))
    return name


def path(collection: str, rest: str = "") -> str:
    return f"/collections/{quote(collection, safe='')}/snapshots{rest}"


def result(answer: Any) -> Any:
    body = answer.get_json()
    assert answer.status_code == 200, answer.text
    assert (list(body), body["status"]) == (["usage", "time", "status", "result"], "ok")
    return body["result"]


def message(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    return orjson.loads(answer.data)["status"]["error"]


def ids(engine: Engine, name: str) -> list[Any]:
    return [hit.id for hit in documents(engine, name)]


@pytest.mark.parametrize("body", [{}, {"json": {}}, {"query_string": {"wait": "true"}}])
def test_a_snapshot_is_made_described_and_listed(
    http: FlaskClient, collection: str, body: dict[str, Any]
):
    made = result(http.post(path(collection), **body))

    assert list(made) == ["name", "creation_time", "size", "checksum"]
    stamp = made["creation_time"].translate(str.maketrans("T:", "--"))
    assert made["name"] == f"{collection}-{stamp}.snapshot"
    assert len(made["checksum"]) == 64
    assert result(http.get(path(collection))) == [made]
    assert result(http.get(path(collection, f"/{quote(made['name'])}"))) == made


def test_a_file_is_downloaded_whole(http: FlaskClient, collection: str):
    made = result(http.post(path(collection)))
    at = path(collection, f"/{quote(made['name'])}")

    for answer in (http.get(at, headers=FILE), http.get(f"{at}/download")):
        assert answer.status_code == 200
        assert answer.content_type == "application/octet-stream"
        assert answer.content_length == made["size"] == len(answer.data)
        assert "Content-Encoding" not in answer.headers
        digest = sha256(answer.data)
        assert digest.hexdigest() == made["checksum"] == answer.get_etag()[0]
        assert answer.headers["Repr-Digest"] == (f"sha-256=:{b64encode(digest.digest()).decode()}:")
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/json, application/octet-stream;q=0.9"]
)
def test_who_takes_json_gets_the_description(http: FlaskClient, collection: str, accept: str):
    made = result(http.post(path(collection)))

    answer = http.get(path(collection, f"/{quote(made['name'])}"), headers={"Accept": accept})

    assert result(answer) == made


def test_head_gives_the_size_alone(http: FlaskClient, collection: str):
    made = result(http.post(path(collection)))

    answer = http.head(path(collection, f"/{quote(made['name'])}/download"))

    assert (answer.content_length, answer.data) == (made["size"], b"")


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize(
    "body",
    [{}, {"data": b""}, {"json": {}}, {"json": {"priority": "snapshot", "checksum": None}}],
)
def test_a_collection_is_recovered(
    http: FlaskClient, engine: Engine, collection: str, method: str, body: dict[str, Any]
):
    made = result(http.post(path(collection)))
    engine.write(collection, write([3], numbers(1)))

    answer = http.open(path(collection, f"/{quote(made['name'])}/recover"), method=method, **body)

    assert result(answer) is True
    assert ids(engine, collection) == [1, 2]


def test_a_new_collection_is_recovered_from_a_location(
    http: FlaskClient, kept: Keeping, engine: Engine, collection: str
):
    made = result(http.post(path(collection)))
    folder = kept.store.folder.rstrip("/")
    body = {"location": f"file://{folder}/{quote(made['name'])}", "checksum": made["checksum"]}

    answer = http.put(path(f"{collection}-new", "/recover"), json={**body, "api_key": None})

    assert result(answer) is True
    assert ids(engine, f"{collection}-new") == [1, 2]


@pytest.mark.parametrize(
    "body",
    [
        {"location": "http://127.0.0.1/x.snapshot"},
        {"location": "file:///etc/passwd"},
        {"location": "file:///../../etc/passwd"},
        {"location": "../x.snapshot"},
        {"location": 7},
        {"location": ""},
        {},
        [],
    ],
)
def test_other_locations_are_refused(http: FlaskClient, engine: Engine, collection: str, body: Any):
    before = ids(engine, collection)

    answer = http.put(path(collection, "/recover"), json=body)

    assert message(answer, 400)
    assert ids(engine, collection) == before


@pytest.mark.parametrize(
    "name",
    ["no-such.snapshot", "recover", "..", "%2e%2e", "..%5c..%5cetc%5cpasswd", "%00", "a" * 3000],
)
def test_an_unknown_snapshot_is_not_found(http: FlaskClient, collection: str, name: str):
    at = path(collection, f"/{name}")

    for answer in (
        http.get(at),
        http.get(at, headers=FILE),
        http.get(f"{at}/download"),
        http.delete(at),
        http.put(f"{at}/recover"),
    ):
        assert "collection" not in message(answer, 404).lower()


def test_a_name_with_slashes_reaches_nothing(http: FlaskClient, collection: str):
    for name in ("..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd"):
        assert http.get(path(collection, f"/{name}")).status_code == 404
        assert http.put(path(collection, f"/{name}/recover")).status_code == 404


def test_an_unknown_collection_is_not_found(http: FlaskClient, namespace: str):
    for answer in (http.get(path(namespace)), http.post(path(namespace))):
        assert message(answer, 404) == f"Collection not found: {namespace}"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"checksum": "0" * 64}, "the checksum of the snapshot is"),
        ({"checksum": "abc"}, "64 hexadecimal digits"),
        ({"checksum": 5}, "checksum"),
        ({"priority": "first"}, "priority"),
        ({"priority": 1}, "priority"),
    ],
)
def test_what_is_wrong_in_a_body_is_named(
    http: FlaskClient, engine: Engine, collection: str, body: dict[str, Any], words: str
):
    made = result(http.post(path(collection)))
    engine.write(collection, write([3], numbers(1)))

    answer = http.put(path(collection, f"/{quote(made['name'])}/recover"), json=body)

    assert words in message(answer, 400)
    assert ids(engine, collection) == [1, 2, 3]


def test_a_snapshot_is_deleted(http: FlaskClient, collection: str):
    made = result(http.post(path(collection)))
    at = path(collection, f"/{quote(made['name'])}")

    assert result(http.delete(at, json={})) is True

    assert message(http.delete(at), 404) == f"snapshot '{made['name']}' was not found"
    assert result(http.get(path(collection))) == []


# --- uploads -------------------------------------------------------------------------------------


def form(data: bytes) -> dict[str, Any]:
    file = (io.BytesIO(data), "any name.snapshot")
    return {"data": {"before": "a field", "snapshot": file, "priority": "snapshot"}}


def raw(data: bytes) -> dict[str, Any]:
    return {"data": data, "content_type": "application/octet-stream"}


@pytest.mark.parametrize("way", [form, raw])
def test_a_file_is_uploaded_and_recovered(
    http: FlaskClient, engine: Engine, collection: str, way: Any
):
    engine.write(collection, write(list(range(100, 3100)), numbers(3000, 4)))
    made = result(http.post(path(collection)))
    data = http.get(path(collection, f"/{quote(made['name'])}/download")).data
    new = f"{collection}-new"

    sent = result(http.post(path(new, "/upload"), **way(data)))

    assert (sent["size"], sent["checksum"]) == (made["size"], made["checksum"])
    assert sent["name"].startswith(f"{new}-")
    assert result(http.get(path(new))) == [sent]
    assert result(http.put(path(new, f"/{quote(sent['name'])}/recover"))) is True
    assert ids(engine, new) == ids(engine, collection)


@pytest.mark.parametrize("way", [form, raw])
def test_a_damaged_file_is_refused(http: FlaskClient, collection: str, way: Any):
    made = result(http.post(path(collection)))
    data = http.get(path(collection, f"/{quote(made['name'])}/download")).data

    for wrong, words in [
        (data[:-5], "cut off"), (b"", "cut off"), (data + b"x", "behind its end"),
        (b"x" * 5000, "no snapshot"), (data[:50] + b"?" + data[51:], "damaged"),
    ]:  # fmt: skip
        answer = http.post(path(collection, "/upload"), **way(wrong))
        assert words in message(answer, 400)
    answer = http.post(path(collection, f"/upload?checksum={'0' * 64}"), **way(data))
    assert "checksum" in message(answer, 400)
    assert result(http.get(path(collection))) == [made]


@pytest.mark.parametrize("way", [form, raw])
def test_a_file_that_is_too_large_is_refused(
    http: FlaskClient, kept: Keeping, collection: str, way: Any
):
    made = result(http.post(path(collection)))
    data = http.get(path(collection, f"/{quote(made['name'])}/download")).data
    kept.snapshots._max_bytes = made["size"] - 1

    answer = http.post(path(collection, "/upload"), **way(data))

    assert f"larger than the limit of {made['size'] - 1} bytes" in message(answer, 413)
    assert result(http.get(path(collection))) == [made]


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"x", "multipart/form-data", "boundary"),
        (b"no form", "multipart/form-data; boundary=x", "not a form"),
        (b"--x\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x", "not a form"),
        (b"--x--\r\n", "multipart/form-data; boundary=x", "no file"),
        (b"x" * 3_000_000, "multipart/form-data; boundary=x", "not a form"),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            "no file",
        ),
    ],
)
def test_a_form_without_a_file_is_refused(
    http: FlaskClient, collection: str, body: bytes, kind: str, words: str
):
    answer = http.post(path(collection, "/upload"), data=body, content_type=kind)

    assert words in message(answer, 400)
    assert result(http.get(path(collection))) == []


def test_a_compressed_file_is_refused(http: FlaskClient, collection: str):
    answer = http.post(path(collection, "/upload"), data=b"x", headers={"Content-Encoding": "gzip"})

    assert "Content-Encoding 'gzip'" in message(answer, 400)
