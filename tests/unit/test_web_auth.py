"""Bearer keys: who gets in, and what the others learn."""

import pytest
from flask import Flask

from service.web import auth, errors


def client_with(*keys):
    app = Flask(__name__)
    errors.install(app)
    auth.install(app, keys)
    for path in ("/", "/healthz", "/livez", "/readyz", "/v2/namespaces/books"):
        app.add_url_rule(path, path, lambda: "in", methods=["GET", "POST", "DELETE"])
    return app.test_client()


def status_for(client, header, path="/v2/namespaces/books"):
    headers = {} if header is None else {"Authorization": header}
    return client.get(path, headers=headers).status_code


@pytest.mark.parametrize(
    "header",
    ["Bearer one", "Bearer two", "bearer one", "BEARER two", "Bearer   one", " Bearer one "],
)
def test_each_key_opens(header):
    assert status_for(client_with("one", "two"), header) == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "one",
        "Bearer",
        "Bearer ",
        "Bearer on",
        "Bearer onee",
        "Bearer ONE",
        "Bearer one two",
        "Bearer one,Bearer one",
        "Basic one",
        "Bearerone",
        "Bearer \x7f",
        "Bearer ÿþ",
    ],
)
def test_nothing_else_opens(header):
    assert status_for(client_with("one", "two"), header) == 401


def test_without_keys_the_service_is_open():
    client = client_with()

    assert status_for(client, None) == 200
    assert status_for(client, "Bearer anything") == 200


def test_an_empty_key_opens_for_nobody():
    client = client_with("")

    assert status_for(client, "Bearer ") == 401
    assert status_for(client, None) == 401


def test_a_key_beyond_ascii_is_compared_by_its_bytes():
    header = "Bearer " + "schlüssel🔑".encode().decode("latin-1")

    answer = client_with("schlüssel🔑").get(
        "/v2/namespaces/books", environ_overrides={"HTTP_AUTHORIZATION": header}
    )

    assert answer.status_code == 200


def test_a_header_that_is_not_even_latin_1_is_only_wrong():
    answer = client_with("one").get(
        "/v2/namespaces/books", environ_overrides={"HTTP_AUTHORIZATION": "Bearer \U0001f511"}
    )

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_and_the_bare_address_are_open(path, method):
    assert client_with("one").open(path, method=method).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("DELETE", "/"),
        ("OPTIONS", "/v2/namespaces/books"),
        ("GET", "/healthz/"),
        ("GET", "/HEALTHZ"),
        ("GET", "/nowhere"),
    ],
)
def test_all_else_is_not_even_said_to_exist(method, path):
    assert client_with("one").open(path, method=method).status_code == 401


def test_missing_and_wrong_are_told_apart_and_nothing_more():
    client = client_with("tpuf_secret")

    missing = client.get("/v2/namespaces/books")
    wrong = client.get("/v2/namespaces/books", headers={"Authorization": "Bearer tpuf_guess"})

    assert missing.get_json() == {
        "status": "error",
        "error": "an API key is needed: send it as Authorization: Bearer <key>",
    }
    assert wrong.get_json() == {"status": "error", "error": "the API key is not valid"}
    assert missing.headers["WWW-Authenticate"] == wrong.headers["WWW-Authenticate"] == "Bearer"


def test_every_key_is_compared_whichever_fits(monkeypatch):
    compared = []
    genuine = auth.hmac.compare_digest
    monkeypatch.setattr(
        auth.hmac, "compare_digest", lambda a, b: compared.append(a) or genuine(a, b)
    )
    client = client_with("one", "two", "three")

    assert status_for(client, "Bearer one") == 200
    assert len(compared) == 3
    assert {len(digest) for digest in compared} == {32}
