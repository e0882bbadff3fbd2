"""Keys of the settings: who gets in, and what the others learn. None of it asks the database."""

from typing import Any, NoReturn, cast

import pytest
from flask import Flask

from service.core.permissions import Permission
from service.engine.administering import Administrator
from service.engine.keys import Keys
from service.storage.pool import Database
from service.web import access, auth, errors


class NoDatabase:
    def session(self) -> NoReturn:
        raise AssertionError("the database was asked")

    transaction = session


@access.needs(Permission.READ | Permission.WRITE)
def inside(**_: Any) -> str:
    return "in"


@access.open_to_all
def outside() -> str:
    return "in"


def client_with(*keys, loopback=False):
    app = Flask(__name__)
    errors.install(app)
    database = cast(Database, NoDatabase())
    administrator = Administrator(database)
    authenticator = auth.Authenticator(keys, Keys(database), administrator)
    access.install(app, access.Gate(authenticator, administrator, loopback=loopback))
    for path in ("/", "/healthz", "/livez", "/readyz"):
        app.add_url_rule(path, path, outside, methods=["GET"])
    app.add_url_rule("/v2/namespaces/<namespace>", view_func=inside, methods=["GET", "DELETE"])
    return app.test_client()


def status_for(client, header, path="/v2/namespaces/books", **others):
    headers = {} if header is None else {"Authorization": header}
    return client.get(path, headers=headers | others).status_code


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


@pytest.mark.parametrize(
    ("api_key", "header", "status"),
    [
        ("one", None, 200),
        (" one ", None, 200),
        ("one", "Bearer wrong", 200),
        ("wrong", "Bearer one", 401),
        ("wrong", None, 401),
        ("", "Bearer one", 200),
        ("Bearer one", None, 401),
    ],
)
def test_the_other_header_comes_first(api_key, header, status):
    assert status_for(client_with("one"), header, **{"api-key": api_key}) == status


def test_a_server_that_others_reach_is_closed_even_without_keys():
    client = client_with()

    assert status_for(client, None) == 401
    assert status_for(client, "Bearer anything") == 401


def test_where_keys_are_asked_for_any_name_and_any_page_will_do():
    page = {"Origin": "https://page.example", "Sec-Fetch-Site": "cross-site"}

    answer = client_with("one", loopback=True).get(
        "/v2/namespaces/books",
        headers={"api-key": "one", "Host": "vectors.example", **page},
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
    )

    assert answer.status_code == 200


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
@pytest.mark.parametrize("keys", [("one",), ()])
@pytest.mark.parametrize("loopback", [True, False])
def test_what_is_open_to_all_is_open_without_the_database(path, method, keys, loopback):
    client = client_with(*keys, loopback=loopback)

    assert client.open(path, method=method).status_code == 200


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


def test_who_has_a_key_is_told_what_does_not_exist():
    client = client_with("one")

    answers = [client.get("/nowhere", headers={"api-key": "one"})]
    answers.append(client.post("/healthz", headers={"api-key": "one"}))

    assert [answer.status_code for answer in answers] == [404, 405]


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


def test_a_view_that_declares_nothing_needs_the_permission_to_administrate():
    def undeclared() -> str:
        return "in"

    assert not access.is_declared(undeclared)
    assert access.need_of(undeclared) is Permission.ADMIN
    assert access.need_of(inside) == Permission.READ | Permission.WRITE
    assert access.need_of(outside) is None
