"""The auth API of VectorAI (section 14): every row of its table, and every error."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.engine import remembering
from tests.guarded import PASSWORD, STATIC, Guarded, guarded_schema, login

OTHER = "AnotherSecure2?"
CREATED = {"status": "success", "message": "User registered successfully"}
EXISTS = {"status": "error", "message": "Username already exists"}
NOT_ALLOWED = {"status": "error", "message": "Invalid or missing authorization token"}
INVALID_LOGIN = {"token": None, "message": "Invalid username or password", "expires_in": 0}
FAMILIES = ("api_key", "access_token")
POLICY = [
    ("", "Missing required field: {}"),
    ("   \t", "Missing required field: {}"),
    ("admin", "Password must not match the username"),
    ("Short1!", "Password must be at least 12 characters long"),
    (
        "alllowercase1!",
        "Password must include uppercase, lowercase, digit, and special characters",
    ),
]
KEY = {
    "name": "ci-6886c0db",
    "description": "d",
    "will_expire": True,
    "expires_in_seconds": 3600,
    "permission": "read,write",
}


@pytest.fixture(scope="module")
def schema(database_url: str) -> Iterator[Guarded]:
    with guarded_schema(database_url) as guarded:
        yield guarded


@pytest.fixture
def site(schema: Guarded) -> Guarded:
    schema.reset()
    return schema


@pytest.fixture
def app(site: Guarded) -> Flask:
    """A server on loopback with an administrator, asking for keys."""
    site.make_admin()
    site.switch_on()
    return site.app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def token(app: Flask) -> str:
    return login(app)


def call(
    client: FlaskClient,
    method: str,
    path: str,
    body: object = None,
    key: str | None = None,
    **environ: str,
) -> TestResponse:
    # both headers, as the official client sends them
    headers = {} if key is None else {"api-key": key, "Authorization": f"Bearer {key}"}
    return client.open(path, method=method, json=body, headers=headers, environ_overrides=environ)


def check(answer: TestResponse, status: int, body: object) -> None:
    assert (answer.status_code, answer.get_json()) == (status, body)
    assert answer.headers["Content-Type"] == "application/json"


def check_error(answer: TestResponse, status: int, message: str) -> None:
    check(answer, status, {"status": "error", "message": message})


def check_state(answer: TestResponse, result: bool) -> None:
    body = answer.get_json()
    assert answer.status_code == 200
    assert list(body) == ["usage", "time", "status", "result"]
    assert isinstance(body.pop("time"), float)
    assert body == {"usage": {}, "status": "ok", "result": result}


def check_refused(answer: TestResponse) -> None:
    check(answer, 401, NOT_ALLOWED)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


# the administrator


def test_whether_there_is_an_administrator_is_told_to_all(site: Guarded):
    client = site.app(host="0.0.0.0").test_client()

    check_state(call(client, "GET", "/auth/admin/exists"), False)
    site.make_admin()
    check_state(call(client, "GET", "/auth/admin/exists", key="wrong"), True)


def test_the_first_administrator_is_made_from_the_same_machine(site: Guarded):
    client = site.app().test_client()

    check(call(client, "POST", "/auth/admin", {"password": PASSWORD}), 200, CREATED)
    check_state(call(client, "GET", "/auth/admin/exists"), True)


def test_a_second_administrator_is_refused_in_words_and_not_by_status(site: Guarded):
    client = site.app().test_client()
    call(client, "POST", "/auth/admin", {"password": PASSWORD})

    for body in ({"password": OTHER}, {"password": "x"}, {}):
        check(call(client, "POST", "/auth/admin", body), 200, EXISTS)
    site.switch_on()
    check(call(site.app().test_client(), "POST", "/auth/admin", {"password": OTHER}), 200, EXISTS)
    check(call(client, "POST", "/auth/admin/login", {"password": OTHER}), 401, INVALID_LOGIN)


def test_of_many_at_once_one_becomes_the_administrator(site: Guarded):
    app = site.app()

    def attempt(number: int) -> str:
        body = {"password": f"{PASSWORD}{number}"}
        return call(app.test_client(), "POST", "/auth/admin", body).get_json()["status"]

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(attempt, range(6))) == ["error"] * 5 + ["success"]


@pytest.mark.parametrize(("password", "message"), POLICY)
def test_a_weak_password_makes_no_administrator(site: Guarded, password: str, message: str):
    client = site.app().test_client()

    answer = call(client, "POST", "/auth/admin", {"password": password})

    check_error(answer, 400, message.format("password"))
    check_state(call(client, "GET", "/auth/admin/exists"), False)


@pytest.mark.parametrize("body", [None, {}, {"password": None}, {"pass": PASSWORD}])
def test_an_administrator_needs_a_password(site: Guarded, body: object):
    client = site.app().test_client()

    for path in ("/auth/admin", "/auth/admin/login"):
        check_error(call(client, "POST", path, body), 400, "Missing required field: password")


@pytest.mark.parametrize("body", [{"password": 5}, {"password": [PASSWORD]}, [], "x", 1])
def test_a_body_of_another_shape_is_refused(site: Guarded, body: object):
    client = site.app().test_client()

    for path in ("/auth/admin", "/auth/admin/login"):
        answer = call(client, "POST", path, body)
        assert answer.status_code == 400
        assert answer.get_json()["message"].startswith("Invalid request: ")


def test_what_is_not_json_is_refused(site: Guarded):
    answer = site.app().test_client().post("/auth/admin/login", data=b"{")

    assert answer.status_code == 400
    assert "JSON" in answer.get_json()["message"]


def test_a_large_body_is_refused(site: Guarded):
    body = {"password": "x" * 70_000}

    assert call(site.app().test_client(), "POST", "/auth/admin/login", body).status_code == 413


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "10.0.0.5"},
        {"HTTP_HOST": "evil.example"},
        {"HTTP_ORIGIN": "http://evil.example"},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_X_FORWARDED_FOR": "10.0.0.5"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_HOST": "localhost"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
        {"HTTP_VIA": "1.1 proxy"},
        {"REMOTE_ADDR": ""},
    ],
)
def test_nobody_else_makes_the_first_administrator(site: Guarded, environ: dict[str, str]):
    client = site.app().test_client()

    answer = call(client, "POST", "/auth/admin", {"password": PASSWORD}, **environ)

    assert answer.status_code == 403
    assert answer.get_json()["status"] == "error"
    assert site.engine().administrator.find() is None


@pytest.mark.parametrize("settings", [{"host": "0.0.0.0"}, {"api_keys": STATIC}])
def test_where_keys_are_asked_for_the_first_one_needs_the_token(
    site: Guarded, settings: dict[str, str]
):
    client = site.app(**settings).test_client()
    body = {"password": PASSWORD}

    refused = call(client, "POST", "/auth/admin", body)
    wrong = call(client, "POST", "/auth/admin", body, key="vdadmin_" + "x" * 43)
    weak = call(
        client, "POST", "/auth/admin", {"password": "x"}, site.engine().administrator.issue_token()
    )
    token = site.engine().administrator.issue_token()
    made = call(client, "POST", "/auth/admin", body, token)

    assert [answer.status_code for answer in (refused, wrong, weak)] == [403, 403, 400]
    assert "vectable admin-token" in refused.get_json()["message"]
    check(made, 200, CREATED)
    site.engine().administrator.delete()
    assert call(client, "POST", "/auth/admin", body, token).status_code == 403


def test_a_switched_on_server_needs_the_token_too(site: Guarded):
    site.switch_on()

    answer = call(site.app().test_client(), "POST", "/auth/admin", {"password": PASSWORD})

    assert answer.status_code == 403


def test_wrong_tokens_have_to_wait_like_wrong_passwords(site: Guarded):
    client = site.app(host="0.0.0.0").test_client()
    body = {"password": PASSWORD}

    answers = [call(client, "POST", "/auth/admin", body, key=f"guess {n}") for n in range(6)]

    assert [answer.status_code for answer in answers] == [403] * 5 + [429]


def test_a_login_gives_a_token_for_an_hour(client: FlaskClient):
    answer = call(client, "POST", "/auth/admin/login", {"password": PASSWORD}, key="vdai_test")

    body = answer.get_json()
    token = body.pop("token")
    assert (answer.status_code, body) == (200, {"message": "Login successful", "expires_in": 3600})
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 3600
    check_state(call(client, "GET", "/auth/enabled", key=token), True)


@pytest.mark.parametrize("password", [OTHER, f" {PASSWORD}", PASSWORD.lower(), "x", "x" * 60_000])
def test_a_wrong_password_gives_none(client: FlaskClient, password: str):
    answer = call(client, "POST", "/auth/admin/login", {"password": password})

    check(answer, 401, INVALID_LOGIN)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_without_an_administrator_a_login_fails_in_the_same_words(site: Guarded):
    client = site.app().test_client()

    check(call(client, "POST", "/auth/admin/login", {"password": PASSWORD}), 401, INVALID_LOGIN)


def test_space_around_a_password_belongs_to_it(site: Guarded):
    client = site.app().test_client()
    call(client, "POST", "/auth/admin", {"password": f"  {PASSWORD} "})

    check(call(client, "POST", "/auth/admin/login", {"password": PASSWORD}), 401, INVALID_LOGIN)
    assert login(client.application, f"  {PASSWORD} ")


def test_after_five_failures_even_the_right_password_has_to_wait(client: FlaskClient):
    for _ in range(5):
        check(call(client, "POST", "/auth/admin/login", {"password": OTHER}), 401, INVALID_LOGIN)

    answer = call(client, "POST", "/auth/admin/login", {"password": PASSWORD})

    check_error(answer, 429, "too many failed attempts")
    assert 1 <= int(answer.headers["Retry-After"]) <= 10
    elsewhere = call(
        client, "POST", "/auth/admin/login", {"password": PASSWORD}, REMOTE_ADDR="127.0.0.2"
    )
    assert elsewhere.status_code == 200


def test_a_success_forgets_the_failures(client: FlaskClient):
    for _ in range(3):
        for _ in range(4):
            call(client, "POST", "/auth/admin/login", {"password": OTHER})
        assert login(client.application)


def test_another_password_ends_all_tokens(client: FlaskClient, token: str):
    body = {"old_password": PASSWORD, "new_password": OTHER}

    answer = call(client, "POST", "/auth/admin/reset-password", body)

    check(answer, 200, {"status": "success", "message": "Password reset successfully"})
    check_refused(call(client, "GET", "/auth/enabled", key=token))
    check(call(client, "POST", "/auth/admin/login", {"password": PASSWORD}), 401, INVALID_LOGIN)
    check_state(call(client, "GET", "/auth/enabled", key=login(client.application, OTHER)), True)


def test_other_processes_learn_of_another_password_within_two_seconds(
    site: Guarded, client: FlaskClient, token: str, monkeypatch: pytest.MonkeyPatch
):
    other = site.app().test_client()
    check_state(call(other, "GET", "/auth/enabled", key=token), True)
    body = {"old_password": PASSWORD, "new_password": OTHER}
    call(client, "POST", "/auth/admin/reset-password", body)

    now = remembering.monotonic()
    monkeypatch.setattr(remembering, "monotonic", lambda: now + 2)

    check_refused(call(other, "GET", "/auth/enabled", key=token))


def test_only_who_knows_the_old_password_sets_a_new_one(client: FlaskClient, token: str):
    body = {"old_password": OTHER, "new_password": f"{OTHER}!"}

    answer = call(client, "POST", "/auth/admin/reset-password", body, token)

    check_error(answer, 401, "Invalid username or password")
    assert login(client.application)


@pytest.mark.parametrize(("password", "message"), POLICY)
def test_a_weak_password_replaces_none(client: FlaskClient, password: str, message: str):
    body = {"old_password": PASSWORD, "new_password": password}

    answer = call(client, "POST", "/auth/admin/reset-password", body)

    check_error(answer, 400, message.format("new_password"))
    assert login(client.application)


def test_a_new_password_needs_the_old_one(client: FlaskClient):
    for body in ({}, {"password": OTHER}, {"new_password": OTHER}):
        answer = call(client, "POST", "/auth/admin/reset-password", body)
        check_error(answer, 400, "Missing required field: old_password")


def test_nobody_s_password_is_not_found(site: Guarded):
    body = {"old_password": PASSWORD, "new_password": OTHER}

    answer = call(site.app().test_client(), "POST", "/auth/admin/reset-password", body)

    check_error(answer, 404, "User not found")


def test_guesses_at_the_old_password_have_to_wait_too(client: FlaskClient):
    body = {"old_password": OTHER, "new_password": f"{OTHER}!"}

    answers = [call(client, "POST", "/auth/admin/reset-password", body) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


def test_an_administrator_who_goes_takes_the_token_along(client: FlaskClient, token: str):
    answer = call(client, "DELETE", "/auth/admin", key=token)

    check(answer, 200, {"status": "success", "message": "User deleted successfully"})
    check_state(call(client, "GET", "/auth/admin/exists"), False)
    check_refused(call(client, "GET", "/auth/enabled", key=token))


def test_without_the_administrator_keys_are_still_asked_for(
    site: Guarded, client: FlaskClient, token: str
):
    call(client, "DELETE", "/auth/admin", key=token)

    assert call(client, "GET", "/v1/namespaces").status_code == 401
    key = site.key("read").secret
    assert call(client, "GET", "/v1/namespaces", key=key).status_code == 200


def test_nobody_cannot_be_deleted(site: Guarded):
    client = site.app(api_keys=STATIC).test_client()

    check_error(call(client, "DELETE", "/auth/admin", key=STATIC), 404, "User not found")


# whether keys are asked for


def test_an_administrator_switches_on_and_off(site: Guarded):
    site.make_admin()
    app = site.app()
    client, token = app.test_client(), login(app)

    check_state(call(client, "GET", "/auth/enabled", key=token), False)
    assert call(client, "GET", "/v1/namespaces").status_code == 200
    check_state(call(client, "PATCH", "/auth/enabled", {"enabled": True}, token), True)
    assert call(client, "GET", "/v1/namespaces").status_code == 401
    assert call(client, "GET", "/v1/namespaces", key=token).status_code == 200
    check_state(call(client, "GET", "/auth/enabled", key=token), True)
    check_state(call(client, "PATCH", "/auth/enabled", {"enabled": False}, token), False)
    assert call(client, "GET", "/v1/namespaces").status_code == 200


def test_a_switched_on_server_may_stand_behind_a_proxy(site: Guarded, client: FlaskClient):
    outside = {"HTTP_HOST": "vectors.example", "HTTP_X_FORWARDED_FOR": "192.0.2.7"}

    answer = call(client, "POST", "/auth/admin/login", {"password": PASSWORD}, **outside)

    token = answer.get_json()["token"]
    assert call(client, "GET", "/v1/namespaces", key=token, **outside).status_code == 200
    assert call(client, "GET", "/livez", **outside).status_code == 200
    site.engine().administrator.set_enabled(False)
    opened = site.app().test_client()
    for path in ("/v1/namespaces", "/livez", "/auth/admin/exists"):
        assert call(opened, "GET", path, key=token, **outside).status_code == 403


@pytest.mark.parametrize("settings", [{"host": "0.0.0.0"}, {"api_keys": STATIC}])
def test_nothing_opens_a_server_that_must_be_closed(site: Guarded, settings: dict[str, str]):
    site.make_admin()
    app = site.app(**settings)
    client, token = app.test_client(), login(app)
    check_state(call(client, "GET", "/auth/enabled", key=token), True)
    check_state(call(client, "PATCH", "/auth/enabled", {"enabled": True}, token), True)

    answer = call(client, "PATCH", "/auth/enabled", {"enabled": False}, token)

    assert answer.status_code == 403
    assert answer.get_json()["message"].startswith("Authentication cannot be switched off: the ser")
    assert site.engine().administrator.enabled()
    # another server on the same database may be open; this one is not
    site.engine().administrator.set_enabled(False)
    assert call(site.app(**settings).test_client(), "GET", "/v1/namespaces").status_code == 401
    call(client, "DELETE", "/auth/admin", key=token)
    assert call(client, "GET", "/v1/namespaces").status_code == 401


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_only_the_administrator_asks_and_switches(site: Guarded, method: str):
    site.make_admin()
    body = {"enabled": True}
    for switched in (False, True):
        site.engine().administrator.set_enabled(switched)
        client = site.app().test_client()
        check_refused(call(client, method, "/auth/enabled", body))
        check_refused(call(client, method, "/auth/enabled", body, "a.b.c"))
        key = site.key("read,write,admin").secret
        answer = call(client, method, "/auth/enabled", body, key)
        assert answer.status_code == 403
        assert "administrator" in answer.get_json()["message"]
        assert site.engine().administrator.enabled() is switched


@pytest.mark.parametrize("body", [None, {}, {"enabled": None}, {"on": True}])
def test_a_switch_needs_a_position(client: FlaskClient, token: str, body: object):
    answer = call(client, "PATCH", "/auth/enabled", body, token)

    check_error(answer, 400, "Missing required field: enabled")


@pytest.mark.parametrize("value", [0, 1, "true", []])
def test_a_switch_has_two_positions(client: FlaskClient, token: str, value: object):
    answer = call(client, "PATCH", "/auth/enabled", {"enabled": value}, token)

    check_error(answer, 400, "Invalid request: enabled: expected a boolean")


# keys


@pytest.mark.parametrize("family", FAMILIES)
def test_a_key_is_made(client: FlaskClient, token: str, family: str):
    answer = call(client, "POST", f"/auth/{family}", KEY, token)

    body = answer.get_json()
    assert answer.status_code == 200
    assert set(body) == {
        *("id", "name", "description", "api_key", "token"),
        *("created_at", "expired_at", "will_expire", "permission"),
    }
    assert re.fullmatch(r"vdai_[A-Za-z0-9_-]{43}", body["api_key"])
    assert body["token"] == body["api_key"]
    assert isinstance(body["id"], int)
    assert {name: body[name] for name in ("name", "description", "will_expire", "permission")} == {
        name: KEY[name] for name in ("name", "description", "will_expire", "permission")
    }
    times = [datetime.fromisoformat(body[name]) for name in ("created_at", "expired_at")]
    assert (times[1] - times[0]).total_seconds() == 3600
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["created_at"])
    assert call(client, "GET", "/v1/namespaces", key=body["api_key"]).status_code == 200


def test_a_key_needs_only_a_name_and_a_permission(client: FlaskClient, token: str):
    answer = call(client, "POST", "/auth/api_key", {"name": "n", "permission": "admin"}, token)

    body = answer.get_json()
    assert (body["description"], body["will_expire"], body["expired_at"]) == ("", False, None)
    assert body["permission"] == "admin"


def test_a_key_that_does_not_expire_ignores_a_lifetime(client: FlaskClient, token: str):
    body = KEY | {"will_expire": False, "expires_in_seconds": 0}

    made = call(client, "POST", "/auth/api_key", body, token).get_json()

    assert (made["will_expire"], made["expired_at"]) == (False, None)
    assert call(client, "GET", "/v1/namespaces", key=made["api_key"]).status_code == 200


def test_a_lifetime_of_nothing_is_over_at_once(client: FlaskClient, token: str):
    body = KEY | {"expires_in_seconds": 0}

    made = call(client, "POST", "/auth/api_key", body, token).get_json()

    assert made["expired_at"] is not None
    answer = call(client, "GET", "/v1/namespaces", key=made["api_key"])
    check(answer, 401, {"status": "error", "error": "the API key has expired"})
    check_refused(call(client, "GET", "/auth/api_keys", key=made["api_key"]))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"description": 5}, "description"),
        ({"permission": None}, "permission"),
        ({"permission": ""}, "permission"),
        ({"permission": "owner"}, "Invalid permission: 'owner'"),
        ({"permission": 3}, "permission"),
        ({"permission": "read,"}, "Invalid permission"),
        ({"will_expire": "yes"}, "will_expire"),
        ({"expires_in_seconds": None}, "Missing required field: expires_in_seconds"),
        ({"expires_in_seconds": -1}, "expires_in_seconds"),
        ({"expires_in_seconds": 1.5}, "expires_in_seconds"),
        ({"expires_in_seconds": 10**15}, "expires_in_seconds"),
        ({"expires_in_seconds": True}, "expires_in_seconds"),
    ],
)
def test_what_no_key_can_be_is_refused(
    client: FlaskClient, token: str, change: dict[str, object], part: str
):
    answer = call(client, "POST", "/auth/api_key", KEY | change, token)

    assert answer.status_code == 400
    assert answer.get_json()["status"] == "error"
    assert part in answer.get_json()["message"]
    assert call(client, "GET", "/auth/api_keys", key=token).get_json() == {"api_keys": []}


def test_two_keys_of_a_name_are_a_conflict(client: FlaskClient, token: str):
    call(client, "POST", "/auth/api_key", KEY, token)

    answer = call(client, "POST", "/auth/access_token", KEY, token)

    assert answer.status_code == 409
    assert "'ci-6886c0db' already" in answer.get_json()["message"]


def test_keys_are_listed_without_their_secrets(client: FlaskClient, token: str):
    made = call(client, "POST", "/auth/api_key", KEY, token).get_json()
    other = call(client, "POST", "/auth/api_key", KEY | {"name": "other"}, token).get_json()

    keys = call(client, "GET", "/auth/api_keys", key=token)
    tokens = call(client, "GET", "/auth/access_tokens", key=token)

    without = [
        {name: one[name] for name in one if name not in ("api_key", "token")}
        for one in (made, other)
    ]
    check(keys, 200, {"api_keys": without})
    check(tokens, 200, without)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_deleted_key_is_worthless(client: FlaskClient, token: str, family: str):
    made = call(client, "POST", "/auth/api_key", KEY, token).get_json()
    path = f"/auth/{family}/{made['id']}"

    answer = call(client, "DELETE", path, key=token)

    check(answer, 200, {"status": "success", "message": "Access token deleted successfully"})
    assert call(client, "GET", "/v1/namespaces", key=made["api_key"]).status_code == 401
    check_error(call(client, "DELETE", path, key=token), 404, "Access token not found")
    check_error(call(client, "POST", f"{path}/rotate", key=token), 404, "Access token not found")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_rotated_key_keeps_all_but_its_secret(client: FlaskClient, token: str, family: str):
    made = call(client, "POST", "/auth/api_key", KEY, token).get_json()

    # without a body and without a content type
    answer = client.post(
        f"/auth/{family}/{made['id']}/rotate", headers={"Authorization": f"Bearer {token}"}
    )

    rotated = answer.get_json()
    assert answer.status_code == 200
    assert rotated["api_key"] == rotated["token"] != made["api_key"]
    secret = ("api_key", "token")
    assert {k: v for k, v in rotated.items() if k not in secret} == {
        k: v for k, v in made.items() if k not in secret
    }
    assert call(client, "GET", "/v1/namespaces", key=made["api_key"]).status_code == 401
    assert call(client, "GET", "/v1/namespaces", key=rotated["api_key"]).status_code == 200


def test_an_expired_key_is_not_rotated(client: FlaskClient, token: str):
    body = KEY | {"expires_in_seconds": 0}
    made = call(client, "POST", "/auth/api_key", body, token).get_json()

    answer = call(client, "POST", f"/auth/api_key/{made['id']}/rotate", key=token)

    check_error(answer, 400, "Cannot rotate an expired access token")
    assert call(client, "DELETE", f"/auth/api_key/{made['id']}", key=token).status_code == 200


@pytest.mark.parametrize("number", ["0", "999999", "-1", "x", "1.5", "9" * 18, "9" * 400, "１"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_key_that_is_not_there_is_not_found(
    client: FlaskClient, token: str, family: str, number: str
):
    for method, path in (("DELETE", ""), ("POST", "/rotate")):
        answer = call(client, method, f"/auth/{family}/{number}{path}", key=token)
        check_error(answer, 404, "Access token not found")


def calls(family: str) -> list[tuple[str, str, object]]:
    return [
        ("POST", f"/auth/{family}", KEY),
        ("GET", f"/auth/{family}s", None),
        ("DELETE", f"/auth/{family}/1", None),
        ("POST", f"/auth/{family}/1/rotate", None),
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_where_no_keys_are_asked_for_there_are_none(site: Guarded, family: str):
    site.make_admin()
    app = site.app()

    for key in (None, login(app)):
        for method, path, body in calls(family):
            answer = call(app.test_client(), method, path, body, key)
            check_error(answer, 403, "Access token API requires auth_enabled=true")


@pytest.mark.parametrize("family", FAMILIES)
def test_keys_are_administrated_with_the_permission_to(
    site: Guarded, client: FlaskClient, family: str
):
    number = site.key("read").key.id
    others = [site.key(words).secret for words in ("read", "write", "read,write")]
    limited = site.key("admin", "team-*").secret
    admin = site.key("admin").secret

    for method, path, body in calls(family):
        path = path.replace("/1", f"/{number}")
        check_refused(call(client, method, path, body))
        check_refused(call(client, method, path, body, "vdai_" + "x" * 43))
        for key in others:
            answer = call(client, method, path, body, key)
            check_error(answer, 403, "the key lacks the permission admin")
        assert call(client, method, path, body, limited).status_code == 403
    statuses = [
        call(client, method, path.replace("/1", f"/{number}"), body, admin).status_code
        for method, path, body in reversed(calls(family))
    ]
    assert statuses == [200, 200, 200, 200]
    # which does not imply the others
    assert call(client, "GET", "/v1/namespaces", key=admin).status_code == 403


def test_a_key_of_the_settings_administrates_keys(site: Guarded):
    client = site.app(api_keys=STATIC).test_client()

    made = call(client, "POST", "/auth/api_key", KEY, STATIC)

    assert made.status_code == 200
    key = made.get_json()["api_key"]
    assert call(client, "GET", "/v1/namespaces", key=key).status_code == 200


def test_a_secret_of_the_settings_signs_tokens(site: Guarded):
    site.make_admin()
    secret = "a-secret-of-at-least-thirty-two-characters"
    app = site.app(jwt_secret=secret)

    token = login(app)

    assert jwt.decode(token, secret, algorithms=["HS256"], issuer="vectable")["sub"] == "admin"
    check_state(call(app.test_client(), "GET", "/auth/enabled", key=token), False)
    check_refused(call(site.app().test_client(), "GET", "/auth/enabled", key=token))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, "an API key is needed: send it as Authorization: Bearer <key>"),
        ("vdai_" + "x" * 43, "the API key is not valid"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/collections"), ("GET", "/collections/absent"), ("POST", "/collections/x/points")],
)
def test_without_a_key_the_data_has_an_envelope_of_its_own(
    client: FlaskClient, method: str, path: str, key: str | None, message: str
):
    answer = call(client, method, path, {}, key)

    body = answer.get_json()
    assert answer.status_code == 401
    assert isinstance(body.pop("time"), int | float)
    assert body == {"status": {"error": message}, "message": message}
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_that_lacks_a_permission_is_told_which(site: Guarded, client: FlaskClient):
    key = site.key("read", "team-*").secret

    answers = [
        call(client, "PUT", "/collections/team-a", {}, key),
        call(client, "GET", "/collections/others", None, key),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert [answer.get_json()["status"]["error"] for answer in answers] == [
        "the key lacks the permission write",
        "the key is not for the name 'others'",
    ]


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/auth/admin"), ("GET", "/auth/nothing"), ("PATCH", "/auth/admin")]
)
def test_other_addresses_are_not_there(site: Guarded, method: str, path: str):
    answer = call(site.app().test_client(), method, path)

    assert answer.status_code in (404, 405)


def test_no_secret_is_ever_logged(
    site: Guarded, client: FlaskClient, token: str, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.DEBUG):
        made = call(client, "POST", "/auth/api_key", KEY, token).get_json()
        path = f"/auth/api_key/{made['id']}"
        rotated = call(client, "POST", f"{path}/rotate", key=token).get_json()
        call(client, "GET", "/v1/namespaces", key=rotated["api_key"])
        call(client, "POST", "/auth/admin/login", {"password": PASSWORD})
        call(client, "POST", "/auth/admin/login", {"password": OTHER})
        # also when it ends in an error that nobody expected
        site.run('ALTER TABLE "{0}_catalog".admins RENAME COLUMN password_hash TO kept')
        try:
            call(client, "POST", "/auth/admin/login", {"password": PASSWORD})
        finally:
            site.run('ALTER TABLE "{0}_catalog".admins RENAME COLUMN kept TO password_hash')

    for secret in (made["api_key"], rotated["api_key"], token, PASSWORD, OTHER):
        assert secret not in caplog.text


def test_when_the_database_lacks_its_tables_that_is_said(site: Guarded, client: FlaskClient):
    site.run('ALTER TABLE "{0}_catalog".admins RENAME TO away')
    try:
        answer = call(client, "POST", "/auth/admin/login", {"password": PASSWORD})
    finally:
        site.run('ALTER TABLE "{0}_catalog".away RENAME TO admins')

    check_error(answer, 503, "the database lacks migrations: run 'vectable migrate'")
    assert int(answer.headers["Retry-After"]) >= 1
