"""VectorAI's official client, unmodified, against running servers: its REST transport and its auth
API.

Checks are the public functions of ``official_vectorai_*.py``. Those of the auth API switch
authentication on, so they have a server and a database of their own, without keys in its settings.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from service.engine import Engine
from tests.conformance.official_clients import PythonClient, Reports
from tests.conformance.test_official_clients_v2 import python_words

VERSION, PACKAGE, SCENARIO = "1.0.3", "actian-vectorai-client", "official_vectorai_scenario"
REST = ("official_vectorai_collections", "official_vectorai_points", "official_vectorai_searching")
AUTH = ("official_vectorai_auth",)
CLIENTS = {
    "vectorai-rest": PythonClient(VERSION, REST, package=PACKAGE, scenario=SCENARIO),
    "vectorai-auth": PythonClient(VERSION, AUTH, package=PACKAGE, scenario=SCENARIO),
}
CHECKS = [(name, check) for name, client in CLIENTS.items() for check in client.checks()]
# what an object is used for, not what it is asked
OTHERS = {"aclose", "close"}

pytestmark = pytest.mark.registry


@pytest.fixture(scope="module")
def empty_database(server_url: str) -> Generator[str]:
    """A database of its own, which the server migrates when it starts."""
    name = f"vectable_auth_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING UTF8'.encode())
    yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(scope="module")
def reports(
    engine: Engine,
    database_url: str,
    empty_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[dict[str, Reports]]:
    """The client's reports on both servers; ``engine`` has migrated the database of the first."""
    assert engine.missing() is None
    without_keys = {"VECTABLE_API_KEYS": ""}
    with (
        closing(Reports(CLIENTS, database_url, tmp_path_factory)) as rest,
        closing(Reports(CLIENTS, empty_database, tmp_path_factory, without_keys)) as auth,
    ):
        yield {"vectorai-rest": rest, "vectorai-auth": auth}


@pytest.mark.parametrize(("name", "check"), CHECKS)
def test_the_client_gets_what_it_expects(
    name: str, check: str, reports: dict[str, Reports]
) -> None:
    outcome = reports[name].of(name).outcomes[check]

    assert outcome is None, outcome


@pytest.mark.parametrize("name", CLIENTS)
def test_every_check_was_run(name: str, reports: dict[str, Reports]) -> None:
    assert sorted(reports[name].of(name).outcomes) == sorted(CLIENTS[name].checks())


def test_every_method_of_the_client_is_used_with_every_parameter(
    reports: dict[str, Reports],
) -> None:
    methods = reports["vectorai-rest"].of("vectorai-rest").methods
    called, words = python_words("\n".join(client.source() for client in CLIENTS.values()))

    assert len(methods) >= 31
    assert set(methods) - called == OTHERS
    assert {name for taken in methods.values() for name in taken} - words == set()
