"""Health routes: alive at once, ready only when nothing is missing."""

import pytest
from flask import Flask

from service.web import errors, health


@pytest.fixture
def client_with():
    def make(is_ready):
        app = Flask(__name__)
        errors.install(app)
        app.register_blueprint(health.blueprint(is_ready))
        return app.test_client()

    return make


def never_asked():
    raise AssertionError("liveness must not depend on the database")


@pytest.mark.parametrize("path", ["/healthz", "/livez"])
def test_alive_without_asking_anybody(client_with, path):
    answer = client_with(never_asked).get(path)

    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ok"}
    assert answer.headers["Content-Type"] == "application/json"


def test_ready_when_nothing_is_missing(client_with):
    answer = client_with(lambda: None).get("/readyz")

    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ok"}


def test_not_ready_says_what_is_missing(client_with):
    answer = client_with(lambda: "the database cannot be reached").get("/readyz")

    assert answer.status_code == 503
    assert answer.get_json() == {"status": "error", "error": "the database cannot be reached"}
    assert int(answer.headers["Retry-After"]) >= 1


def test_readiness_is_asked_again_each_time(client_with):
    states = iter(["starting", None])
    client = client_with(lambda: next(states))

    assert [client.get("/readyz").status_code for _ in range(2)] == [503, 200]


def test_a_failing_check_is_an_error_that_shows_nothing(client_with):
    answer = client_with(lambda: 1 / 0).get("/readyz")

    assert answer.status_code == 500
    assert "division" not in answer.get_data(as_text=True)


def test_other_methods_are_refused(client_with):
    assert client_with(lambda: None).post("/readyz").status_code == 405
