"""Failures of the service itself in VectorAI's words: each has its status and its exception."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.config import Config
from service.engine import Engine
from service.storage.pool import Database, open_database
from tests.conformance.case_files import names_for_collection, run, send
from tests.conformance.vectorai_cases import CALLS, load_file, steps_for
from tests.conformance.vectorai_checks import check, message

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1"
SEARCH = {"call": "POST {ns}/points/search", "body": {"vector": [1, 0]}}


@pytest.fixture
def names(client: FlaskClient, namespace: str) -> dict[str, str]:
    """A collection with two points."""
    names = names_for_collection(namespace)
    run(client, steps_for(load_file(CALLS)), names, check)
    return names


@pytest.fixture
def hurried(engine: Engine, config: Config) -> Iterator[Database]:
    """One connection, a tenth of a second for everything."""
    database = open_database(
        config.database_url or "", config.schema, connections=1, wait=0.1, statement_timeout=0.1
    )
    yield database
    database.close()


def test_a_database_that_is_not_there_is_a_connection_error(config: Config) -> None:
    engine = Engine(
        open_database(NOWHERE, config.schema, connections=1, wait=0.1, statement_timeout=1.0)
    )
    client = create_app(engine, config).test_client()
    names = names_for_collection("any")
    unavailable = {"status": 503, "raises": "ConnectionError", "headers": {"Retry-After": r"\d+"}}

    run(client, [{**SEARCH, **unavailable}, {"call": "GET {ns}", **unavailable}], names, check)
    run(client, [{"call": "GET /", "bare": True}], names, check)
    engine.close()


def test_a_statement_over_the_timeout_is_a_timeout(
    hurried: Database,
    config: Config,
    connection: psycopg.Connection[tuple[object, ...]],
    names: dict[str, str],
) -> None:
    client = create_app(Engine(hurried), config).test_client()
    lock = f'LOCK TABLE vectable."{names["namespace"]}" IN ACCESS EXCLUSIVE MODE'

    with connection.transaction():
        connection.execute(lock.encode())
        run(client, [{**SEARCH, "status": 504, "raises": "TimeoutError"}], names, check)


def test_a_body_over_the_limit_is_an_error_of_the_server_s_own(
    engine: Engine, database_url: str, names: dict[str, str]
) -> None:
    small = Config.from_env(database_url=database_url, max_body_bytes=1024, max_write_bytes=2048)
    client = create_app(engine, small).test_client()
    large = {"vector": [1, 0], "unknown": {"$repeat": ["x", 1025]}}
    points = [{"id": 9, "vector": [1, 0], "payload": {"k": {"$repeat": ["x", 2048]}}}]
    refused = {"status": 413, "raises": "ServerError"}
    steps = [
        {**SEARCH, "body": large, **refused},
        {"call": "PUT {ns}/points", "body": {"points": points}, **refused},
        {"call": "POST {ns}/points/count", "body": {}, "result": {"count": 2}},
    ]

    run(client, steps, names, check)


def test_what_nobody_expected_is_an_error_of_the_server_that_tells_nothing(
    client: FlaskClient, engine: Engine, names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(engine, "query", fail)

    response = send(client, SEARCH, names)

    check({"status": 500, "raises": "ServerError"}, response)
    assert "secret" not in message(response)


def test_clients_are_never_redirected(client: FlaskClient) -> None:
    """Whatever is behind a path, its neighbours with a slash more are not sent there."""
    for rule in client.application.url_map.iter_rules():
        if "<" not in rule.rule and "GET" in (rule.methods or set()):
            for path in (rule.rule.rstrip("/") + "/", f"/{rule.rule}"):
                # as the path of a URL, two slashes would begin a host
                response = client.get("/", environ_overrides={"PATH_INFO": path})
                assert response.status_code not in range(300, 400), path
