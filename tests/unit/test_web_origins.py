"""Web pages must not reach a service without keys on the developer's machine."""

import pytest
from flask import Flask

from service.web import errors, origins


def status_for(host, method="GET", **headers):
    app = Flask(__name__)
    errors.install(app)
    app.before_request(origins.check)
    app.add_url_rule("/", view_func=lambda: "in", methods=["GET", "POST"])
    environ = {"HTTP_HOST": host} | headers
    return app.test_client().open("/", method=method, environ_overrides=environ).status_code


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "LocalHost:80",
        "127.0.0.1",
        "127.0.0.1:8080",
        "127.8.9.10:1",
        "[::1]",
        "[::1]:8080",
    ],
)
def test_names_of_this_machine_are_answered(host):
    assert status_for(host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "evil.localhost",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io:8080",
        "128.0.0.1",
        "10.0.0.5:8080",
        "0.0.0.0:8080",
        "127.1",
        "127.0.0.256",
        "127.0.0.01",
        "2130706433",
        "[::2]:8080",
        "[::ffff:127.0.0.1]",
        "::1",
        "localhost:",
        "localhost:80:80",
        "localhost:8o80",
        "localhost\n",
        "evil.example@localhost",
        "localhost, localhost",
        "١٢٧.0.0.1",
    ],
)
def test_other_names_are_refused_as_they_may_be_rebound(host):
    assert status_for(host) == 403


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8080", "http://localhost:8080"),
        ("localhost:8080", "HTTP://LOCALHOST:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("127.0.0.1", "https://127.0.0.1"),
    ],
)
def test_a_page_of_the_service_itself_is_answered(host, origin):
    assert status_for(host, method="POST", HTTP_ORIGIN=origin) == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost:3000",
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://localhost:8080.evil.example",
        "http://localhost:8080/",
        "file://localhost:8080",
        "chrome-extension://localhost:8080",
        "null",
        "",
    ],
)
def test_pages_of_other_origins_are_refused(origin):
    assert status_for("localhost:8080", method="POST", HTTP_ORIGIN=origin) == 403


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("Cross-Site", 403), ("same-origin", 200), ("none", 200)],
)
def test_the_browsers_own_word_counts(site, status):
    assert status_for("localhost:8080", HTTP_SEC_FETCH_SITE=site) == status


def test_the_refusal_is_in_the_envelope():
    app = Flask(__name__)
    errors.install(app)
    app.before_request(origins.check)

    answer = app.test_client().get("/", headers={"Host": "evil.example"})

    assert answer.get_json() == {
        "status": "error",
        "error": "without keys the service answers only to localhost, 127.0.0.1 and [::1]",
    }


@pytest.mark.parametrize(
    ("address", "status"),
    [("192.0.2.7", 403), ("2001:db8::1", 403), ("127.0.0.1", 200), ("::1", 200), ("", 200)],
)
def test_other_machines_are_refused_whatever_name_they_use(address, status):
    assert status_for("localhost", REMOTE_ADDR=address) == status
