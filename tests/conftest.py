"""One database per test process, built by the real migrations; one fresh namespace per test."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.config import Config
from service.embedded import EmbeddedServer
from service.engine import Engine
from service.storage.migrations import migrate
from service.storage.pool import open_database

MAX_CONNECTIONS = 4


@pytest.fixture(scope="session")
def server_url(worker_folder: Path) -> Iterator[str]:
    """A PostgreSQL server: ``TEST_DATABASE_URL``, or an embedded one for this process."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with EmbeddedServer(worker_folder / "data") as server:
        yield server.url


@pytest.fixture(scope="session")
def worker_folder() -> Iterator[Path]:
    """A folder that the server's own user can reach, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="vectable-tests-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def database_url(server_url: str) -> Iterator[str]:
    """A database of its own on the server, empty at first and dropped at the end."""
    name = f"vectable_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING UTF8')
    yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def config(database_url: str) -> Config:
    return Config.from_env(database_url=database_url)


@pytest.fixture(scope="session")
def engine(config: Config, database_url: str) -> Iterator[Engine]:
    """The operations, on a migrated database."""
    migrate(database_url, config.schema)
    database = open_database(
        database_url, config.schema, connections=MAX_CONNECTIONS, wait=5.0, statement_timeout=60.0
    )
    engine = Engine(database)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def client(engine: Engine, config: Config) -> FlaskClient:
    """The application without a network between."""
    return create_app(engine, config).test_client()


@pytest.fixture
def namespace() -> str:
    """A name that no other test uses."""
    return f"test-{uuid.uuid4().hex[:16]}"


@pytest.fixture
def connection(
    engine: Engine, database_url: str
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A DBA's connection to the migrated database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection
