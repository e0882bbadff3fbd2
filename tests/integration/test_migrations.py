"""Migrations: once each, many at a time, with few rights, on databases of every kind."""

import struct
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from service.core.documents import Upsert, Write
from service.core.errors import Unavailable
from service.core.query import Nearest, Projection, Query
from service.core.vectors import Metric, Vector, VectorBatch
from service.engine import Engine
from service.storage import pgvector
from service.storage.migrations import migrate, migration_files
from service.storage.pool import open_database

ALL = tuple(path.stem for path in migration_files())
LATIN = "ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'"
Make = Callable[..., str]


@pytest.fixture
def make_database(server_url: str) -> Iterator[Make]:
    """Makes databases of their own, with the statements that prepare them."""
    made: list[str] = []

    def make(*statements: str, options: str = "ENCODING 'UTF8'") -> str:
        name = f"vectable_test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
        made.append(name)
        url = make_conninfo(server_url, dbname=name)
        run(url, *statements)
        return url

    yield make
    with psycopg.connect(server_url, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def role(server_url: str) -> Iterator[str]:
    """A role that may log in and nothing else."""
    name = f"limited_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
        yield name
        connection.execute(f"DROP ROLE {name}")


def run(url: str, *statements: str) -> list[Any]:
    """Rows of the last statement."""
    rows: list[Any] = []
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
            rows = cursor.fetchall() if cursor.description else []
    return rows


def write(*ids: int) -> Write:
    numbers = struct.pack(f"<{2 * len(ids)}f", *(n for i in ids for n in (1, i)))
    return Write(upsert=Upsert(ids, (), {"vector": VectorBatch(2, numbers)}))


def works(url: str, schema: str = "vectable") -> bool:
    """Whether documents can be written, searched by every metric, exported and copied."""
    engine = Engine(open_database(url, schema, connections=2, wait=5.0, statement_timeout=60.0))
    try:
        engine.write("books", write(3, 1, 2))
        near = Vector(struct.pack("<2f", 1, 1))
        found = [
            [h.id for h in engine.query("books", Query(Nearest(near, metric), limit=3)).hits]
            for metric in Metric
        ]
        (hit,) = engine.query("books", Query(limit=1, projection=Projection((), ("vector",)))).hits
        assert hit.vectors == {"vector": near}
        assert engine.recall("books", 2, Query(Nearest(near))).average == 1.0
        assert [hit.id for hit in engine.export("books", 0).hits] == [3, 1, 2]
        assert engine.copy("copy", "books") == 3
        # the longer vector has the larger inner product
        return found == [[3, 2, 1] if m is Metric.DOT else [1, 2, 3] for m in Metric]
    finally:
        engine.close()


def test_every_migration_is_numbered_and_applied_once(make_database: Make):
    url = make_database()

    first, second = migrate(url, "vectable"), migrate(url, "vectable")

    applied = run(url, "SELECT name FROM vectable_catalog.migrations ORDER BY name")
    assert (first, second) == (ALL, ())
    assert [int(name[:4]) for name in ALL] == list(range(1, len(ALL) + 1))
    assert [name for (name,) in applied] == list(ALL)


def test_eight_that_start_at_once_apply_every_migration_once(make_database: Make):
    url = make_database()

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda _: migrate(url, "vectable"), range(8)))

    assert sorted(outcomes) == [()] * 7 + [ALL]
    assert works(url)


def test_a_role_without_create_has_nothing_to_do_on_a_current_database(
    make_database: Make, role: str
):
    url = make_database()
    migrate(url, "vectable")
    run(
        url,
        f"GRANT USAGE ON SCHEMA vectable_catalog TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA vectable_catalog TO {role}",
    )

    assert migrate(make_conninfo(url, user=role, password=role), "vectable") == ()

    run(url, f"DROP OWNED BY {role}")


LACKING = [
    ("CREATE EXTENSION vector", "the migrations need more rights"),
    ("SELECT 1", r"administrator .* CREATE EXTENSION vector"),
]


@pytest.mark.parametrize(("before", "words"), LACKING)
def test_a_role_without_rights_is_told_what_is_needed(
    make_database: Make, role: str, before: str, words: str
):
    url = make_database(before)

    with pytest.raises(Unavailable, match=words):
        migrate(make_conninfo(url, user=role, password=role), "vectable")


# a catalog of PostgreSQL that shows other rows, and what is said of it
SHADOWS = [
    (
        "pg_available_extensions AS SELECT ''::name AS name WHERE false",
        "does not have pgvector: install it",
    ),
    (
        "pg_extension AS SELECT 'vector' AS extname, '0.7.4' AS extversion, 2200 AS extnamespace",
        r"pgvector 0\.7\.4 is too old, 0\.8\.0 is needed",
    ),
]


@pytest.mark.parametrize(("view", "words"), SHADOWS)
def test_a_missing_or_old_pgvector_is_said(make_database: Make, view: str, words: str):
    url = make_database("CREATE SCHEMA shadow", f"CREATE VIEW shadow.{view}")
    if "pg_extension" in view:
        run(url, "CREATE EXTENSION vector SCHEMA public")

    with pytest.raises(Unavailable, match=words):
        migrate(make_conninfo(url, options="-c search_path=shadow,pg_catalog"), "vectable")


@pytest.mark.parametrize("schema", ["extensions", "heroku_ext"])
@pytest.mark.parametrize("extension", ["SELECT 1", "CREATE EXTENSION vector SCHEMA {}"])
def test_pgvector_is_found_and_made_in_the_schema_for_extensions(
    make_database: Make, schema: str, extension: str
):
    url = make_database(f"CREATE SCHEMA {schema}", extension.format(schema))

    assert migrate(url, "vectable") == ALL

    query = "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'"
    assert run(url, query) == [(schema,)]
    assert works(url)


def test_a_database_that_is_not_utf8_is_refused(make_database: Make):
    url = make_database(options=LATIN)

    with pytest.raises(Unavailable, match="encoding LATIN1: create it with ENCODING 'UTF8'"):
        migrate(url, "vectable")

    assert run(url, "SELECT 1 FROM pg_namespace WHERE nspname LIKE 'vectable%'") == []


def test_two_services_share_a_database_under_two_schemas(make_database: Make):
    url = make_database()

    assert migrate(url, "one") == migrate(url, "two") == ALL
    assert works(url, "one")
    assert works(url, "two")

    schemas = run(url, "SELECT nspname FROM pg_namespace WHERE nspname ~ '^(one|two|vectable)'")
    assert {name for (name,) in schemas} == {
        f"{schema}{suffix}" for schema in ("one", "two") for suffix in ("", "_catalog", "_segments")
    }


def test_a_pgvector_that_should_be_updated_is_warned_of(
    database_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: Any
):
    monkeypatch.setattr(pgvector, "GOOD_VERSION", (99, 0, 0))

    with psycopg.connect(database_url) as connection:
        pgvector.find_pgvector(connection)

    assert "update to 0.8.4" in caplog.text
