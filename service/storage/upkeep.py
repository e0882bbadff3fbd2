"""Statistics of the namespaces' tables."""

from __future__ import annotations

from service.compile.fragment import raw
from service.storage.pool import Session
from service.storage.tables import table


def unanalysed_tables(session: Session) -> list[str]:
    """Tables that hold documents and were never analysed."""
    statement = session.schemas.statement("find_unanalysed", session.schemas.documents)
    return [str(name) for (name,) in session.execute(statement).fetchall()]


def analyse(session: Session, name: str) -> None:
    """Collect the statistics of one table, in a transaction, unless it is locked."""
    session.define(raw("ANALYZE ") + table(session, name))
