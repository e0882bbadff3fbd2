"""Reading whole relations, so that their pages are in memory for the searches to come."""

from __future__ import annotations

from service.compile.fragment import identifier, raw
from service.core.namespace import Namespace
from service.storage.pool import Row, Session
from service.storage.tables import regclass, table


def load(session: Session, namespace: Namespace) -> None:
    """Read the table with its indexes: by ``pg_prewarm`` where it exists, else by a scan."""
    name = table(session, namespace.table)
    row = session.execute(raw(PREWARM_SCHEMA)).fetchone()
    if row is None:
        session.execute(raw("SELECT count(attributes::text) FROM ") + name)
        return
    session.execute(
        session.schemas.statement(
            "prewarm_table", prewarm=identifier(schema_of(row), "pg_prewarm"), table=regclass(name)
        )
    )


def schema_of(row: Row) -> str:
    return str(row[0])


PREWARM_SCHEMA = """
SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_prewarm'
"""
