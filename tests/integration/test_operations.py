"""Copies that run on their own: how they end, also when their process does, and what they leave."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.config import Config
from service.engine import Engine, operating
from service.processes import wait_until
from tests.integration.segment_tools import Connection, opened

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 60.0
# what a child process does: it starts a copy, tells its token, and waits to be killed
CHILD = """
import sys
from service.engine import Engine
from service.storage.pool import open_database

url, schema, target, source = sys.argv[1:]
database = open_database(url, schema, connections=3, wait=10.0, statement_timeout=60.0)
print(Engine(database).start_copy(target, source), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(engine: Engine, config: Config) -> Iterator[FlaskClient]:
    """Another process."""
    with opened(config, 4) as database:
        yield create_app(Engine(database), config).test_client()


def write(client: FlaskClient, namespace: str, **body: Any) -> Any:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def start(client: FlaskClient, namespace: str, source: str) -> str:
    body = {"copy_from_namespace": {"source_namespace": source}}
    answer = client.post(f"/v2/namespaces/{namespace}/async", json=body)
    assert answer.status_code == 202, answer.text
    return answer.get_json()["token"]


def poll(client: FlaskClient, namespace: str, token: str) -> dict[str, Any]:
    answer = client.get(f"/v1/namespaces/{namespace}/operations/{token}")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def ended(client: FlaskClient, namespace: str, token: str) -> dict[str, Any]:
    """What the copy has come to."""
    assert wait_until(lambda: poll(client, namespace, token)["status"] != "running", PATIENCE)
    return poll(client, namespace, token)


def export(client: FlaskClient, namespace: str) -> Any:
    answer = client.get(f"/v1/namespaces/{namespace}")
    return answer.get_json() if answer.status_code == 200 else answer.status_code


def leavings(connection: Connection, namespace: str) -> list[Any]:
    """Everything in the database that bears the namespace's name."""
    return connection.execute(
        "SELECT relname FROM pg_class WHERE starts_with(relname, %s)"
        " UNION ALL SELECT name FROM vectable_catalog.namespaces WHERE name = %s",
        (namespace, namespace),
    ).fetchall()


@pytest.fixture
def source(client: FlaskClient, namespace: str) -> str:
    """A namespace with documents, vectors and a schema."""
    name = f"source-of-{namespace}"
    rows = [{"id": n, "vector": [n, 1], "a": n, "tags": ["x"]} for n in (3, 1, 2)]
    write(client, name, upsert_rows=rows, schema={"half": "[1]f16", "later": "datetime"})
    return name


@pytest.fixture
def gate(connection: Connection, source: str) -> Iterator[Callable[[], object]]:
    """Makes copies of the source wait in the middle of the statement that copies, until the gate
    is opened. (Locks would not do: the service waits for them half a second.)"""
    key = uuid4().int % 2**31
    connection.execute(b"SELECT pg_advisory_lock(%d)" % key)
    script = f"""
        CREATE FUNCTION public."{source}"() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
            WHILE NOT pg_try_advisory_xact_lock_shared({key}) LOOP
                PERFORM pg_sleep(0.01);
            END LOOP;
            RETURN true;
        END $$;
        ALTER TABLE vectable."{source}" RENAME TO "data-of-{source}";
        CREATE VIEW vectable."{source}" AS
            SELECT * FROM vectable."data-of-{source}" WHERE public."{source}"()
    """
    connection.execute(script.encode())
    yield lambda: connection.execute(b"SELECT pg_advisory_unlock(%d)" % key)
    connection.execute("SELECT pg_advisory_unlock_all()")
    restored = f"""
        DROP VIEW vectable."{source}";
        ALTER TABLE vectable."data-of-{source}" RENAME TO "{source}"
    """
    connection.execute(restored.encode())


def waits(connection: Connection, copies: int = 1) -> bool:
    """Whether so many copies are being held open."""
    query: LiteralString = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'active' AND query LIKE '-- copy_documents%%' AND wait_event = 'PgSleep'"
    )
    return wait_until(lambda: len(connection.execute(query).fetchall()) == copies, PATIENCE)


# --- how they end -------------------------------------------------------------------------------


def test_a_copy_is_made_and_noted(
    client: FlaskClient, other: FlaskClient, namespace: str, source: str
):
    token = start(client, namespace, source)

    finished = ended(other, namespace, token)

    assert finished["status"] == "finished"
    assert finished["start_time"] <= finished["finish_time"]
    success = finished["result"]["success"]
    assert (success["status"], success["rows_affected"]) == ("OK", 3)
    assert success["message"] == "namespace cloned successfully"
    assert export(other, namespace) == export(client, source)
    paths = [f"/v1/namespaces/{name}/schema" for name in (namespace, source)]
    assert client.get(paths[0]).get_json() == client.get(paths[1]).get_json()
    assert poll(client, namespace, token) == finished


def missing(client: FlaskClient, namespace: str, source: str) -> None:
    client.delete(f"/v2/namespaces/{source}")


def taken(client: FlaskClient, namespace: str, source: str) -> None:
    write(client, namespace, upsert_rows=[{"id": 7}])


def kept(client: FlaskClient, namespace: str, source: str) -> None:
    write(client, namespace, upsert_rows=[{"id": 7}])
    write(client, namespace, deletes=[7])
    client.patch(f"/v1/namespaces/{namespace}/metadata", json={"read_only": True})


@pytest.mark.parametrize(
    ("obstacle", "status", "message"),
    [
        (missing, 404, "was not found"),
        (taken, 400, "needs a new or empty namespace"),
        (kept, 403, "is read-only"),
    ],
)
def test_a_failure_is_told_as_the_copy_itself_would_have(
    client: FlaskClient,
    other: FlaskClient,
    namespace: str,
    source: str,
    obstacle: Callable[[FlaskClient, str, str], None],
    status: int,
    message: str,
):
    obstacle(client, namespace, source)
    before = export(client, namespace)

    finished = ended(other, namespace, start(client, namespace, source))

    body = {"copy_from_namespace": source}
    at_once = client.post(f"/v2/namespaces/{namespace}", json=body)
    error = finished["result"]["error"]
    assert (error["status_code"], error["detail"]) == (at_once.status_code, at_once.get_json())
    assert error["status_code"] == status
    assert message in error["detail"]["error"]
    assert export(client, namespace) == before


def test_only_who_knows_token_and_namespace_gets_an_answer(
    client: FlaskClient, namespace: str, source: str
):
    token = start(client, namespace, source)
    ended(client, namespace, token)

    paths = [f"{source}/operations/{token}", f"{namespace}/operations/{uuid4()}"]
    paths += [f"{namespace}/operations/{token}x", f"{namespace}/operations/none"]

    assert [client.get(f"/v1/namespaces/{path}").status_code for path in paths] == [404] * 4


# --- while they run -----------------------------------------------------------------------------


def test_nothing_is_seen_of_a_copy_until_it_is_done(
    client: FlaskClient,
    other: FlaskClient,
    connection: Connection,
    namespace: str,
    source: str,
    gate: Callable[[], object],
):
    token = start(client, namespace, source)
    assert waits(connection)

    running = [poll(one, namespace, token) for one in (client, other)]
    seen = export(other, namespace)
    gate()

    assert [sorted(found) for found in running] == [["start_time", "status"]] * 2
    assert {found["status"] for found in running} == {"running"}
    assert seen == 404
    assert ended(other, namespace, token)["result"]["success"]["rows_affected"] == 3
    assert export(other, namespace)["ids"] == [3, 1, 2]


def test_a_process_makes_a_few_copies_at_a_time(
    client: FlaskClient,
    other: FlaskClient,
    connection: Connection,
    namespace: str,
    source: str,
    gate: Callable[[], object],
):
    names = [f"{namespace}-{number}" for number in range(operating.AT_A_TIME)]
    tokens = [start(client, name, source) for name in names]
    assert waits(connection, len(names))

    body = {"copy_from_namespace": source}
    refused = client.post(f"/v2/namespaces/{namespace}/async", json=body)
    elsewhere = start(other, namespace, source)
    gate()

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    for name, token in zip([*names, namespace], [*tokens, elsewhere], strict=True):
        assert "success" in ended(client, name, token)["result"]
    # the places that were taken are free again, a moment after that can be seen
    path = f"/v2/namespaces/{namespace}-again/async"
    assert wait_until(lambda: client.post(path, json=body).status_code == 202, PATIENCE)


# --- when they are cut off ----------------------------------------------------------------------


def make_old(connection: Connection, token: str) -> None:
    """A copy just begun may not yet have shown that it lives."""
    connection.execute(
        "UPDATE vectable_catalog.operations SET started_at = now() - interval '1 minute'"
        " WHERE token = %s",
        (token,),
    )


def test_a_copy_whose_connection_ends_has_failed(
    client: FlaskClient,
    connection: Connection,
    namespace: str,
    source: str,
    gate: Callable[[], object],
):
    token = start(client, namespace, source)
    assert waits(connection)

    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE '-- copy_documents%%'"
    )

    error = ended(client, namespace, token)["result"]["error"]
    assert error["status_code"] == 503
    assert leavings(connection, namespace) == []


def test_a_copy_whose_process_is_killed_has_failed_once_nobody_is_at_it(
    client: FlaskClient,
    config: Config,
    connection: Connection,
    namespace: str,
    source: str,
    gate: Callable[[], object],
):
    command = [sys.executable, "-c", CHILD, config.database_url or "", config.schema]
    with subprocess.Popen(
        [*command, namespace, source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as child:
        assert child.stdout is not None
        token = child.stdout.readline().strip()
        assert waits(connection)
        child.send_signal(signal.SIGKILL)

    make_old(connection, token)
    # PostgreSQL has not noticed yet: the copy goes on, and might still come to its end
    before = poll(client, namespace, token)
    gate()
    after = ended(client, namespace, token)

    assert before["status"] == "running"
    error = after["result"]["error"]
    assert error["status_code"] == 503
    assert "start it again" in error["detail"]["error"]
    assert leavings(connection, namespace) == []
    again = start(client, namespace, source)
    assert ended(client, namespace, again)["result"]["success"]["rows_affected"] == 3


def test_a_copy_that_nobody_is_at_does_not_run_for_ever(
    client: FlaskClient, connection: Connection, namespace: str
):
    token = str(uuid4())
    insert: LiteralString = (
        "INSERT INTO vectable_catalog.operations (token, namespace, source) VALUES (%s, %s, 'x')"
    )
    connection.execute(insert, (token, namespace))

    just_begun = poll(client, namespace, token)
    make_old(connection, token)

    assert just_begun["status"] == "running"
    assert poll(client, namespace, token)["result"]["error"]["status_code"] == 503


def test_entries_of_long_ago_are_forgotten(
    client: FlaskClient, connection: Connection, namespace: str, source: str
):
    token = start(client, namespace, source)
    ended(client, namespace, token)
    age: LiteralString = "UPDATE vectable_catalog.operations SET started_at = now() - interval '8d'"
    connection.execute(age + " WHERE token = %s", (token,))

    ended(client, f"{namespace}-2", start(client, f"{namespace}-2", source))

    assert client.get(f"/v1/namespaces/{namespace}/operations/{token}").status_code == 404
