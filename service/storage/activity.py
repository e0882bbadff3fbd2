"""Where something was written, without a look at any table: from PostgreSQL's own counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from service.storage.pool import Session


def database_activity(session: Session) -> tuple[object, ...]:
    """Numbers that differ from those before when anything in the database was changed."""
    return cast(
        tuple[object, ...],
        session.execute(session.schemas.statement("database_activity")).fetchone(),
    )


@dataclass(frozen=True, slots=True)
class Activity:
    """How often a namespace's table was changed, how often by taking rows away, and the number of
    its list of segments. The counters start anew after a crash of PostgreSQL."""

    changes: int
    superseding: int
    index_version: int


def activity(session: Session) -> dict[str, Activity]:
    """The activity of every namespace with vectors."""
    rows = session.execute(session.schemas.statement("list_activity"))
    return {str(name): Activity(*cast(tuple[int, int, int], tuple(seen))) for name, *seen in rows}
