"""Every error is answered in the envelope, with the status of its class and nothing internal."""

import logging

import pytest
from flask import Flask, abort

from service.core import errors as core
from service.web.errors import STATUS, install, status_of

# (error, status)
CASES = [
    (core.InvalidRequest("💔 rank_by cannot be empty"), 400),
    (core.MalformedRequest("wrong shape"), 422),
    (core.Unauthenticated("no key"), 401),
    (core.Forbidden("not you"), 403),
    (core.NotFound("no such operation"), 404),
    (core.NamespaceNotFound("books"), 404),
    (core.Conflict("not now"), 409),
    (core.TooLarge("too much"), 413),
    (core.TooSlow("gave up"), 504),
    (core.TooManyRequests("wait", 7), 429),
    (core.Unavailable("no database", 3), 503),
    (core.StorageFull("no room"), 507),
]


@pytest.fixture
def app():
    app = Flask(__name__)
    install(app)
    return app


@pytest.fixture
def answer_to(app):
    """What a request is answered whose view raises ``error``."""

    def answer(error, method="GET"):
        def fail():
            raise error

        app.add_url_rule("/fail", view_func=fail, methods=["GET"])
        return app.test_client().open("/fail", method=method)

    return answer


@pytest.mark.parametrize(("error", "status"), CASES, ids=lambda case: type(case).__name__)
def test_an_error_has_the_status_of_its_class(answer_to, error, status):
    answer = answer_to(error)

    assert answer.status_code == status
    assert answer.get_json() == {"status": "error", "error": error.message}
    assert answer.headers["Content-Type"] == "application/json"


def test_every_error_of_the_core_has_a_status():
    classes = [
        cls
        for cls in vars(core).values()
        if isinstance(cls, type) and issubclass(cls, core.ServiceError)
    ]

    without = {cls for cls in classes if not any(base in STATUS for base in cls.__mro__)}

    assert without == {core.ServiceError}


def test_a_bare_service_error_is_unexpected():
    assert status_of(core.ServiceError("?")) == 500


def test_a_wrong_address_is_answered_as_plain_text(answer_to):
    answer = answer_to(core.InvalidAddress("Invalid URL: Namespace `…` is too long"))

    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert answer.get_data(as_text=True) == "Invalid URL: Namespace `…` is too long"


def test_a_missing_key_names_the_scheme(answer_to):
    assert answer_to(core.Unauthenticated("x")).headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("error", [core.TooManyRequests("x", 7), core.Unavailable("x", 7)])
def test_an_error_that_passes_says_when_to_try_again(answer_to, error):
    assert answer_to(error).headers["Retry-After"] == "7"


def test_an_unknown_path_is_named(app):
    answer = app.test_client().post("/nowhere")

    assert answer.status_code == 404
    assert answer.get_json() == {"status": "error", "error": "there is no endpoint POST /nowhere"}


def test_a_wrong_method_keeps_the_allow_header(app):
    app.get("/here")(lambda: "x")

    answer = app.test_client().post("/here")

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert "POST /here" in answer.get_json()["error"]


@pytest.mark.parametrize("status", [400, 408, 413, 415, 500, 501])
def test_errors_of_the_framework_are_put_into_the_envelope(app, status):
    app.get("/here")(lambda: abort(status))

    answer = app.test_client().get("/here")

    assert answer.status_code == status
    assert answer.get_json()["status"] == "error"
    assert answer.headers["Content-Type"] == "application/json"


def test_redirects_are_not_errors(app):
    app.get("/here/")(lambda: "x")

    assert app.test_client().get("/here").status_code == 308


def test_an_unexpected_error_is_logged_and_not_shown(answer_to, caplog):
    answer = answer_to(RuntimeError('syntax error: SELECT secret FROM "books"'))

    request_id = answer.headers["X-Request-Id"]
    assert answer.status_code == 500
    assert answer.get_json() == {
        "status": "error",
        "error": f"internal error; the log has the details under request id {request_id}",
    }
    (record,) = [r for r in caplog.records if r.name == "service.web.errors"]
    assert record.levelno == logging.ERROR
    assert request_id in record.getMessage()
    assert "GET '/fail'" in record.getMessage()
    assert "SELECT secret" in caplog.text
    assert "Traceback" in caplog.text


def test_an_error_after_the_view_is_no_different(app, caplog):
    app.get("/here")(lambda: "x")

    @app.after_request
    def fail(response):
        if response.status_code == 200:
            raise RuntimeError("SELECT secret")
        return response

    answer = app.test_client().get("/here")

    assert answer.status_code == 500
    assert "SELECT" not in answer.get_data(as_text=True)
    assert answer.headers["X-Request-Id"] in caplog.text


@pytest.mark.parametrize("error", [core.NotFound("no"), RuntimeError("no")])
def test_an_answer_to_head_has_no_body(answer_to, error):
    answer = answer_to(error, "HEAD")

    assert answer.status_code in (404, 500)
    assert answer.get_data() == b""


def test_a_large_body_that_nobody_read_ends_the_connection(app):
    answer = app.test_client().post("/nowhere", data=bytes(100_000))

    assert answer.status_code == 404
    assert answer.headers["Connection"] == "close"
