"""Where something was written, without a look at any table: from PostgreSQL's own counters."""

from __future__ import annotations

from typing import cast

from service.storage.pool import Session


def database_activity(session: Session) -> tuple[object, ...]:
    """Numbers that differ from those before when anything in the database was changed."""
    return cast(
        tuple[object, ...],
        session.execute(session.schemas.statement("database_activity")).fetchone(),
    )


def activity(session: Session) -> dict[str, tuple[int, int]]:
    """How often each namespace with vectors was changed, and the number of its list of segments.

    The counters start anew after a crash of PostgreSQL.
    """
    rows = session.execute(session.schemas.statement("list_activity"))
    return {str(name): cast(tuple[int, int], tuple(numbers)) for name, *numbers in rows}
