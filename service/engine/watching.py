"""Which namespaces the indexer has to look at: those that were changed, and no others."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from service.storage.activity import Activity, activity, database_activity
from service.storage.pool import Database

# seconds: a namespace that was not changed for so long is quiet, and large segments are merged
QUIET = 5.0


@dataclass(slots=True)
class Watch:
    """Which namespaces were changed, and when."""

    _database_state: tuple[object, ...] = ()
    _seen: dict[str, Activity] = field(default_factory=dict[str, Activity])
    _changed_at: dict[str, float] = field(default_factory=dict[str, float])
    _due: dict[str, float] = field(default_factory=dict[str, float])

    def look(self, database: Database) -> None:
        """Take notice of what was changed since the last look."""
        with database.session() as session:
            state = database_activity(session)
            if state == self._database_state:
                return
            found = activity(session)
        self._database_state, now = state, time.monotonic()
        for name, today in found.items():
            before = self._seen.get(name)
            if before is None or before.changes != today.changes:
                self._changed_at[name] = now
            if before != today:
                self._due[name] = now
        for gone in self._seen.keys() - found.keys():
            self._due.pop(gone, None)
            self._changed_at.pop(gone, None)
        self._seen = found

    def due(self) -> list[str]:
        """Namespaces to look at, those waiting longest first."""
        now = time.monotonic()
        return sorted((n for n, at in self._due.items() if at <= now), key=self._due.__getitem__)

    def later(self, name: str, seconds: float) -> None:
        self._due[name] = time.monotonic() + seconds

    def done(self, name: str) -> None:
        self._due.pop(name, None)

    def superseding(self, name: str) -> int:
        """How often rows were taken away from the namespace, by deletes and by new versions."""
        seen = self._seen.get(name)
        return seen.superseding if seen else 0

    def is_quiet(self, name: str) -> bool:
        return time.monotonic() - self._changed_at.get(name, 0.0) > QUIET
