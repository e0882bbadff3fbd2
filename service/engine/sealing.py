"""Sealing: the tail of a namespace becomes a segment once it is long enough.

No document may fall between a segment and the tail. Write numbers become visible out of order, so
after the last number was read, every transaction that may hold a number up to it has to end first.
One that stays open puts its namespace off, and no other.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from enum import IntEnum

from service.core.index_settings import IndexSettings
from service.core.namespace import Namespace, VectorColumn
from service.core.sealing import Build, largest_segment, next_seal
from service.core.segments import Segment
from service.storage import catalog, layouts, segments
from service.storage.building import Resources, Task, build_segment
from service.storage.pool import Database, Session

log = logging.getLogger(__name__)

# seconds to wait for writers before another namespace has its turn
PATIENCE = 1.0
PAUSE = 0.005
# a tail that has not grown by so much for so many seconds is no longer loaded
GROWTH = 1.01
CALM = 8.0


class Outcome(IntEnum):
    """What became of a namespace; of several columns the highest counts."""

    NOTHING = 0
    HELD_UP = 1
    SEALED = 2


class Sealer:
    """Makes segments of what no segment stands for yet."""

    def __init__(
        self,
        database: Database,
        settings: IndexSettings,
        resources: Resources,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._database = database
        self._settings = settings
        self._resources = resources
        self._sleep = sleep
        # how long the tail of a namespace's column was, and when it had grown to that
        self._loads: dict[tuple[int, str], tuple[int, float]] = {}

    def work(self, name: str) -> Outcome:
        """Seal what there is to seal in a namespace.

        Raises:
            NamespaceNotFound: when it is gone.
            Stale: when it has changed meanwhile.
        """
        with self._database.session() as session:
            namespace = catalog.find(session, name)
        columns = indexed_columns(namespace)
        outcomes = [self._seal(namespace, column) for column in columns]
        return max(outcomes, default=Outcome.NOTHING)

    def _seal(self, namespace: Namespace, column: VectorColumn) -> Outcome:
        settings = self._settings.overridden(namespace.settings)
        with self._database.transaction() as session:
            if not segments.try_lock(session, f"seal {namespace.id} {column.name}"):
                return Outcome.HELD_UP
            with self._database.session() as reader:
                build = self._next(reader, namespace, column, settings)
                if build is None:
                    return Outcome.NOTHING
                if not self._settle(reader, namespace):
                    log.info("%s waits for a transaction that writes", namespace.name)
                    return Outcome.HELD_UP
                build = self._cut(reader, namespace, column, build, settings)
                if self._is_load(reader, namespace, column, build, settings):
                    return Outcome.HELD_UP
                task = Task(namespace, column, build, settings)
                made = build_segment(session, reader, task, self._resources)
        log.info("sealed %s.%s: %d vectors", namespace.name, column.name, made.rows)
        return Outcome.SEALED

    def _next(
        self, session: Session, namespace: Namespace, column: VectorColumn, settings: IndexSettings
    ) -> Build | None:
        """The range to seal; None when there is none worth it."""
        known = layouts.find(session, namespace, settings).of(column.name)
        last = segments.last_number(session, namespace)
        build = next_seal(known, last)
        if build is None or not is_long(session, namespace, column, build, known, settings):
            return None
        return build

    def _cut(
        self,
        session: Session,
        namespace: Namespace,
        column: VectorColumn,
        build: Build,
        settings: IndexSettings,
    ) -> Build:
        """The range, or as much of it as one segment may hold."""
        largest = largest_segment(column.dimensions, settings, self._resources.memory)
        high = segments.cut(session, namespace, build.low, build.high, largest)
        return Build(build.low, high)

    def _is_load(
        self,
        session: Session,
        namespace: Namespace,
        column: VectorColumn,
        build: Build,
        settings: IndexSettings,
    ) -> bool:
        """Whether somebody loads more than the tail may have, and is not done.

        One large segment at the end costs a fraction of several that are merged, so it waits while
        the tail grows, until there is enough for the largest.
        """
        largest = largest_segment(column.dimensions, settings, self._resources.memory)
        rows = segments.count_range(session, namespace, build.low, build.high, largest)
        key = (namespace.id, column.name)
        before, grown_at = self._loads.get(key, (0, 0.0))
        if rows > GROWTH * before:
            before, grown_at = self._loads[key] = rows, time.monotonic()
        if settings.max_unindexed < rows < largest and time.monotonic() - grown_at < CALM:
            return True
        self._loads.pop(key, None)
        return False

    def _settle(self, session: Session, namespace: Namespace) -> bool:
        """Wait until all who may hold a number drawn before now have ended."""
        end = time.monotonic() + PATIENCE
        open_then = segments.writers(session, namespace)
        while open_then:
            open_then &= segments.writers(session, namespace)
            if open_then and time.monotonic() > end:
                return False
            self._sleep(PAUSE if open_then else 0)
        return True


def is_long(
    session: Session,
    namespace: Namespace,
    column: VectorColumn,
    build: Build,
    known: tuple[Segment, ...],
    settings: IndexSettings,
) -> bool:
    """Whether scanning the range costs more than it should; a gap between segments always does."""
    if any(segment.low >= build.high for segment in known):
        return True
    worth = settings.sealed_at(column.dimensions)
    if known and build.high - build.low < worth:
        return False
    if known and build.high - build.low > settings.max_unindexed:
        return True  # few documents, written again and again: writers would count them each time
    return segments.count_range(session, namespace, build.low, build.high, worth) >= worth


def indexed_columns(namespace: Namespace) -> list[VectorColumn]:
    """The vector columns that can have segments: those whose metric is known."""
    return [column for column in namespace.vectors if column.metric is not None]
