"""Every route, method and kind of key: who is let in. The views themselves are left out here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service.core.permissions import Permission
from service.web import access
from tests.guarded import STATIC, Guarded, guarded_schema, login

READ, WRITE, ADMIN, OWNER = Permission
NAME = "team-books"
# what stands for the arguments of addresses
ARGUMENTS = {"namespace": NAME, "collection": NAME}
WRONG = "vdai_" + "x" * 43
KINDS = (
    "none",
    "wrong",
    "expired",
    "revoked",
    "read",
    "write",
    "admin",
    "read,write,admin",
    "of the team",
    "of others",
    "token",
    "static",
)


@pytest.fixture(scope="module")
def site(database_url: str) -> Iterator[Guarded]:
    with guarded_schema(database_url) as guarded:
        guarded.make_admin()
        yield guarded


def without_views(app: Flask) -> Flask:
    """The application with views that only say that they were reached."""
    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = reached(view)
    return app


def reached(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def answer(**_: Any) -> str:
        return "reached"

    return answer


@pytest.fixture(scope="module")
def credentials(site: Guarded) -> dict[str, str | None]:
    app = site.app()
    token = login(app)
    site.switch_on()
    revoked = site.key("read,write,admin")
    site.engine().keys.revoke(revoked.key.id)
    return {
        "none": None,
        "wrong": WRONG,
        "expired": site.key("read,write,admin", lifetime=0).secret,
        "revoked": revoked.secret,
        "read": site.key("read").secret,
        "write": site.key("write").secret,
        "admin": site.key("admin").secret,
        "read,write,admin": site.key("read,write,admin").secret,
        "of the team": site.key("read,write,admin", "team-*").secret,
        "of others": site.key("read,write,admin", "others-*", "team-book").secret,
        "token": token,
        "static": STATIC,
    }


@pytest.fixture(scope="module")
def clients(site: Guarded, credentials: dict[str, str | None]) -> dict[str, FlaskClient]:
    """Closed servers: by the switch, by their address, and by a key of their settings."""
    return {
        "switched on": without_views(site.app()).test_client(),
        "beyond loopback": without_views(site.app(host="0.0.0.0")).test_client(),
        "with a static key": without_views(site.app(api_keys=STATIC)).test_client(),
    }


def addresses(app: Flask) -> list[tuple[str, str, Callable[..., Any]]]:
    """Method, path and view of everything that the application answers."""
    found: list[tuple[str, str, Callable[..., Any]]] = []
    for rule in app.url_map.iter_rules():
        built = rule.build({name: ARGUMENTS.get(name, "1") for name in rule.arguments})
        assert built is not None
        path = built[1]
        view = app.view_functions[rule.endpoint]
        found.extend((method, path, view) for method in sorted(methods_of(rule)))
    return found


def methods_of(rule: Rule) -> set[str]:
    return (rule.methods or set()) - {"OPTIONS"}


def expected(kind: str, server: str, view: Callable[..., Any], path: str) -> int:
    need = access.need_of(view)
    if need is None:
        return 200
    if kind in ("none", "wrong", "expired", "revoked"):
        return 401
    if kind == "static":
        return 200 if server == "with a static key" else 401
    if kind == "token":
        return 200
    names = NAME in path
    if kind == "of the team":
        held, fits = READ | WRITE | ADMIN, names or checks_names(view)
    elif kind == "of others":
        held, fits = READ | WRITE | ADMIN, not names and checks_names(view)
    else:
        words = {"read": READ, "write": WRITE, "admin": ADMIN}
        held = Permission(sum(words[word] for word in kind.split(",")))
        fits = True
    return 200 if need in held and fits else 403


def checks_names(view: Callable[..., Any]) -> bool:
    return hasattr(view, access.CHECKS_NAMES)


@pytest.mark.parametrize("server", ["switched on", "beyond loopback", "with a static key"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_route_asks_for_what_it_needs(
    clients: dict[str, FlaskClient], credentials: dict[str, str | None], kind: str, server: str
):
    client = clients[server]
    key = credentials[kind]
    headers = {} if key is None else {"api-key": key}

    surprises = [
        (method, path, status, wanted)
        for method, path, view in addresses(client.application)
        if (status := client.open(path, method=method, headers=headers).status_code)
        != (wanted := expected(kind, server, view, path))
    ]

    assert surprises == []


@pytest.mark.parametrize("kind", ["read", "token", "static"])
def test_both_headers_open(
    clients: dict[str, FlaskClient], credentials: dict[str, str | None], kind: str
):
    key = cast(str, credentials[kind])
    path = f"/v1/namespaces/{NAME}/schema"

    for headers in ({"api-key": key}, {"Authorization": f"Bearer {key}"}):
        assert clients["with a static key"].get(path, headers=headers).status_code == 200
    headers = {"api-key": WRONG, "Authorization": f"Bearer {key}"}
    assert clients["with a static key"].get(path, headers=headers).status_code == 401


def test_without_a_key_all_is_open_but_what_is_the_administrators(database_url: str):
    with guarded_schema(database_url) as fresh:
        client = without_views(fresh.app()).test_client()
        closed = {
            (method, path)
            for method, path, _ in addresses(client.application)
            if client.open(path, method=method).status_code != 200
        }

    assert closed == {
        ("DELETE", "/auth/admin"),
        ("GET", "/auth/enabled"),
        ("HEAD", "/auth/enabled"),
        ("PATCH", "/auth/enabled"),
    }


def test_every_view_says_what_it_needs(site: Guarded):
    views = site.app().view_functions

    assert {endpoint for endpoint, view in views.items() if not access.is_declared(view)} == set()
    assert len(views) > 30


OPEN = {
    "/",
    "/healthz",
    "/livez",
    "/readyz",
    "/telemetry",
    "/auth/admin",
    "/auth/admin/exists",
    "/auth/admin/login",
    "/auth/admin/reset-password",
}


def test_what_is_open_to_all_is_on_this_list(site: Guarded):
    found = {path for _, path, view in addresses(site.app()) if access.need_of(view) is None}

    assert found == OPEN


def test_reading_methods_do_not_need_the_permission_to_write(site: Guarded):
    reading = {
        access.need_of(view)
        for method, path, view in addresses(site.app())
        if method in ("GET", "HEAD") and not path.startswith("/auth")
    }

    assert reading <= {None, READ}


def test_no_answer_tells_an_absent_name_from_a_forbidden_one(site: Guarded):
    site.switch_on()
    client = site.app().test_client()
    everything = {"api-key": site.key("read,write").secret}
    team = {"api-key": site.key("read,write", "team-*").secret}
    row = {"upsert_rows": [{"id": 1, "vector": [1, 2]}], "distance_metric": "cosine_distance"}
    assert client.post("/v2/namespaces/secret", json=row, headers=everything).status_code == 200

    def answers(name: str) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        for method, path, body in (
            ("POST", "query", {"rank_by": ["vector", "ANN", [1, 2]], "top_k": 1}),
            ("GET", "metadata", None),
            ("POST", "", row),
            ("DELETE", "", None),
        ):
            address = f"/v2/namespaces/{name}/{path}".rstrip("/")
            answer = client.open(address, method=method, json=body, headers=team)
            found.append((answer.status_code, answer.get_data(as_text=True).replace(name, "…")))
        return found

    assert answers("secret") == answers("absent")
    assert {status for status, _ in answers("secret")} == {403}


def test_a_list_shows_only_the_names_that_the_key_is_for(site: Guarded):
    site.switch_on()
    client = site.app().test_client()
    row = {"upsert_rows": [{"id": 1, "vector": [1, 2]}], "distance_metric": "cosine_distance"}
    everything = {"api-key": site.key("read,write").secret}
    for name in ("a-hidden", "list-a", "list-b", "m-hidden", "list-c", "z-hidden"):
        client.post(f"/v2/namespaces/{name}", json=row, headers=everything)
    some = {"api-key": site.key("read", "list-*").secret}

    pages: list[list[str]] = []
    cursor = ""
    while cursor is not None:
        answer = client.get(f"/v1/namespaces?page_size=2&cursor={cursor}", headers=some)
        body = answer.get_json()
        pages.append([one["id"] for one in body["namespaces"]])
        cursor = body.get("next_cursor")

    assert pages == [["list-a", "list-b"], ["list-c"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/namespaces/team-copy", {"copy_from_namespace": "others-source"}),
        ("/v2/namespaces/team-copy", {"copy_from_namespace": "others-source"}),
        ("/v2/namespaces/team-copy", {"branch_from_namespace": "others-source"}),
        ("/v2/namespaces/team-copy/async", {"copy_from_namespace": "others-source"}),
    ],
)
def test_a_copy_needs_a_key_that_may_read_its_source(site: Guarded, path: str, body: Any):
    site.switch_on()
    client = site.app().test_client()

    def status(*given: str) -> int:
        headers = {"api-key": site.key(*given).secret}
        return client.post(path, json=body, headers=headers).status_code

    assert status("read,write", "team-*") == 403
    assert status("write", "*") == 403
    # there is no such source
    assert status("read,write", "team-*", "others-*") in (202, 404)


def test_a_snapshot_is_recovered_only_by_who_may_read_what_it_is_of(site: Guarded):
    site.switch_on()
    client = site.app().test_client()

    def call(method: str, path: str, body: Any, *given: str) -> TestResponse:
        headers = {"api-key": site.key("read,write,admin", *given).secret}
        return client.open(f"/collections/{path}", method=method, json=body, headers=headers)

    point = {"id": 1, "vector": [1, 0], "payload": {"word": "hidden"}}
    vectors = {"vectors": {"size": 2, "distance": "Cosine"}}
    assert call("PUT", "vault", vectors).status_code == 200
    assert call("PUT", "vault/points", {"points": [point]}).status_code == 200
    made = call("POST", "vault/snapshots", None)
    assert made.status_code == 200
    name = made.get_json()["result"]["name"]
    recover = f"team-vault/snapshots/{name}/recover"

    refused = call("PUT", recover, {}, "team-*")
    allowed = call("PUT", recover, {}, "team-*", "vault")

    assert refused.status_code in (403, 404)
    assert allowed.status_code == 200
