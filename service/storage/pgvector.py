"""Where the pgvector extension is, which version, and whether the database suits us at all."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from psycopg import Connection, errors

from service.compile.fragment import identifier, raw
from service.core.errors import Unavailable

log = logging.getLogger(__name__)

MIN_VERSION = (0, 8, 0)
GOOD_VERSION = (0, 8, 4)
# managed servers keep extensions in a schema of their own, the only one they may be created in
EXTENSION_SCHEMAS = ["heroku_ext", "extensions"]

FIND = """
SELECT n.nspname, e.extversion
FROM pg_extension e
JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'vector'
"""


@dataclass(frozen=True, slots=True)
class Pgvector:
    """The extension as installed: its schema and version."""

    schema: str
    version: tuple[int, ...]


class Unsuitable(Unavailable):
    """The database lacks something that only its administrator can give; the message says what."""


def find_pgvector(connection: Connection[tuple[object, ...]]) -> Pgvector:
    """Look the extension up; one that works but should be updated is warned of.

    Raises:
        Unsuitable: when it is absent, or older than 0.8.0.
    """
    row = connection.execute(FIND).fetchone()
    if row is None:
        raise Unsuitable("the database has no extension 'vector': run 'vectable migrate'")
    found = Pgvector(str(row[0]), tuple(int(part) for part in str(row[1]).split(".")))
    if found.version < MIN_VERSION:
        raise Unsuitable(
            f"pgvector {row[1]} is too old, 0.8.0 is needed: ALTER EXTENSION vector UPDATE"
        )
    if found.version < GOOD_VERSION:
        log.warning("pgvector %s: update to 0.8.4 or later, which mends HNSW vacuuming", row[1])
    return found


def ensure_pgvector(connection: Connection[tuple[object, ...]]) -> Pgvector:
    """Find the extension or create it, in the schema that a managed server keeps for extensions.

    Raises:
        Unsuitable: when it is not installed on the server, or may not be created by this role.
    """
    if connection.execute(FIND).fetchone() is None:
        available = connection.execute(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
        ).fetchone()
        if available is None:
            raise Unsuitable(
                "the PostgreSQL server does not have pgvector: install it (package "
                "postgresql-NN-pgvector, or switch it on at your provider) and try again"
            )
        create_extension(connection)
    return find_pgvector(connection)


def create_extension(connection: Connection[tuple[object, ...]]) -> None:
    row = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname = ANY (%s) ORDER BY nspname DESC LIMIT 1",
        [EXTENSION_SCHEMAS],
    ).fetchone()
    where = raw(" SCHEMA ") + identifier(str(row[0])) if row else raw("")
    try:
        connection.execute((raw("CREATE EXTENSION IF NOT EXISTS vector") + where).text.encode())
    except errors.InsufficientPrivilege as error:
        raise Unsuitable(
            "this role may not create the extension: let an administrator of the database run "
            "CREATE EXTENSION vector"
        ) from error


def check_encoding(connection: Connection[tuple[object, ...]]) -> None:
    """Refuse databases that cannot hold every string.

    Raises:
        Unsuitable: when the database is not UTF8.
    """
    row = connection.execute("SHOW server_encoding").fetchone()
    if row is None or row[0] != "UTF8":
        raise Unsuitable(
            f"the database has the encoding {row and row[0]}: create it with ENCODING 'UTF8'"
        )
