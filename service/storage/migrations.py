"""Applies ``sql/migrations/NNNN_what.sql``, each once, in order, under an advisory lock.

Any number of processes may start at once; a database that is up to date is only read, so a role
without the right to create anything can start a service on it.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import Connection

from service.core.errors import ServiceError, Unavailable
from service.storage.faults import translated
from service.storage.pgvector import check_encoding, ensure_pgvector
from service.storage.pool import Row
from service.storage.statements import Schemas, fill, sql_folder


def migrate(database_url: str, schema: str) -> tuple[str, ...]:
    """Bring the database up to date; returns the names of the migrations applied now.

    Raises:
        Unavailable: when the server cannot be reached, or lacks something; the message says what.
    """
    schemas = Schemas(schema)
    try:
        with psycopg.connect(database_url, client_encoding="utf8", autocommit=True) as connection:
            check_encoding(connection)
            if not missing_migrations(connection, schemas):
                ensure_pgvector(connection)
                return ()
            with connection.transaction():
                return apply_missing(connection, schemas)
    except psycopg.errors.InsufficientPrivilege as error:
        raise Unavailable(
            f"the migrations need more rights: {error.diag.message_primary}"
        ) from error
    except psycopg.Error as error:
        known = translated(error)
        if isinstance(known, ServiceError):
            raise Unavailable(f"cannot migrate: {str(error).strip()}") from error
        raise


def migration_files() -> list[Path]:
    return sorted((sql_folder() / "migrations").glob("[0-9]*.sql"))


def missing_migrations(connection: Connection[Row], schemas: Schemas) -> list[Path]:
    """The files that this database has not seen, in order."""
    row = connection.execute(
        "SELECT to_regclass(%s)", [f'"{schemas.catalog}".migrations']
    ).fetchone()
    if row is None or row[0] is None:
        return migration_files()
    applied = connection.execute(schemas.statement("list_migrations").text.encode()).fetchall()
    names = {name for (name,) in applied}
    return [path for path in migration_files() if path.stem not in names]


def apply_missing(connection: Connection[Row], schemas: Schemas) -> tuple[str, ...]:
    """Apply what is still missing once the lock is held: another process may have been faster."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
        [f"vectable migrate {schemas.catalog}"],
    )
    ensure_pgvector(connection)
    connection.execute(schemas.statement("create_migrations").text.encode())
    missing = missing_migrations(connection, schemas)
    for path in missing:
        connection.execute(fill(path.read_text(encoding="utf8"), **schemas.holes()).text.encode())
        record = schemas.statement("record_migration", path.stem)
        connection.execute(record.text.encode(), record.values)
    # not a migration: the indexer makes this anew whenever somebody has dropped it
    connection.execute(schemas.statement("create_segments").text.encode())
    return tuple(path.stem for path in missing)


def check_migrated(connection: Connection[Row], schemas: Schemas) -> None:
    """Raises ``Unavailable`` when migrations are missing."""
    missing = missing_migrations(connection, schemas)
    if missing:
        names = ", ".join(path.stem for path in missing)
        raise Unavailable(f"the database lacks migrations ({names}): run 'vectable migrate'")
