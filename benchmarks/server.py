"""The server under test: ``vectable serve`` in a process of its own, on a free port.

On an embedded PostgreSQL in a temporary folder, or on a given database, in schemas of its own that
are dropped at the end.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg
from psycopg import sql

from service.embedded import EmbeddedServer
from service.storage.statements import Schemas

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = Schemas("vectable_benchmark")
STOP = 20.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where the service and its database are."""

    host: str
    port: int
    database_url: str


@contextmanager
def running(
    database_url: str | None, settings: Mapping[str, str] | None = None
) -> Iterator[Target]:
    """The service on ``database_url``, or on a PostgreSQL of its own.

    ``settings`` go into its environment.
    """
    with tempfile.TemporaryDirectory(
        prefix="vectable-benchmark-", ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may run under another account than we do
        environment = {**os.environ, "VECTABLE_SCHEMA": SCHEMAS.documents, "VECTABLE_API_KEYS": ""}
        # An empty variable counts as unset.
        environment["DATABASE_URL"] = database_url or ""
        environment["MAINTENANCE_DATABASE_URL"] = ""
        environment.update(settings or {})
        url = database_url or EmbeddedServer(folder / "data").url
        with _serve(environment, folder / "data") as (host, port):
            try:
                yield Target(host, port, url)
            finally:
                if database_url:
                    drop_schemas(url)


@contextmanager
def _serve(environment: dict[str, str], data: Path) -> Iterator[tuple[str, int]]:
    command = [sys.executable, "-m", "service", "serve", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(
        [*command, "--data-dir", str(data)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            greeting = process.stdout.readline()
            found = re.search(r"http://([0-9.]+):([0-9]+)", greeting)
            if found is None:
                raise click.ClickException("the server did not start")
            yield found[1], int(found[2])
        finally:
            stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """End a server in order, or else by force."""
    process.terminate()
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def drop_schemas(url: str) -> None:
    """Remove what the service made."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name in (SCHEMAS.documents, SCHEMAS.catalog, SCHEMAS.segments):
            statement = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
            connection.execute(statement.format(sql.Identifier(name)))
