"""Tending: segments merged and built anew, samples drawn, attributes indexed, leftovers dropped.

Everything here makes searches faster and nothing makes them right: it may be late, or never happen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from service.core.errors import ServiceError
from service.core.index_settings import IndexSettings
from service.core.namespace import Namespace, VectorColumn
from service.core.sealing import Build, largest_segment, next_merge
from service.core.segments import Layout, Segment, sealed_to
from service.engine.sealing import indexed_columns
from service.storage import (
    catalog,
    layouts,
    measuring,
    samples,
    segments,
    upkeep,
)
from service.storage.building import Resources, Task, build_segment
from service.storage.faults import Stale
from service.storage.pool import Database, Session

log = logging.getLogger(__name__)

# the share of a segment's rows that has to change before they are counted again
WORTH_COUNTING = 0.05
REMEMBERED = 10_000


class Tender:
    """Keeps what is derived from the tables in good shape."""

    def __init__(self, database: Database, settings: IndexSettings, resources: Resources) -> None:
        self._database = database
        self._settings = settings
        self._resources = resources
        # changes of the namespace when a segment was counted, and when a sample was drawn
        self._counted: dict[str, int] = {}
        self._drawn: dict[int, int] = {}

    def work(self, name: str, changes: int, *, quiet: bool) -> bool:
        """Do one thing for a namespace; whether there was one.

        ``changes``: how often rows were taken away from it so far. ``quiet``: it is not being
        written at present.
        """
        with self._database.session() as session:
            namespace = catalog.find(session, name)
            layout = layouts.find(session, namespace, self._settings)
        if not any(layout.segments.values()):
            return False
        self._draw_sample(namespace, layout, changes)
        columns = indexed_columns(namespace)
        for column in columns:
            self._recount(namespace, layout.of(column.name), changes)
        return any(
            self._measure(namespace, column, layout.of(column.name))
            or self._merge(namespace, column, quiet=quiet)
            for column in columns
        )

    def clean(self) -> None:
        """Drop what nothing needs any more; analyse tables that never were."""
        with self._database.session() as session:
            names = segments.droppable(session)
            tables = upkeep.unanalysed_tables(session)
        for name in names:
            self._alone(f"segment {name} was not dropped", lambda s, n=name: segments.drop(s, n))
        for name in tables:
            self._alone(f"table {name} was not analysed", lambda s, n=name: upkeep.analyse(s, n))

    def _alone(self, failure: str, act: Callable[[Session], object]) -> None:
        """Something in a transaction of its own: when it fails, the others are done anyway."""
        try:
            with self._database.transaction() as session:
                act(session)
        except (ServiceError, Stale) as error:
            log.info("%s: %s", failure, error)

    def _draw_sample(self, namespace: Namespace, layout: Layout, changes: int) -> None:
        size = max(sum(one.live for one in column) for column in layout.segments.values())
        drawn = self._drawn.setdefault(namespace.id, changes)
        if not samples.is_due(layout, size) and abs(changes - drawn) <= size:
            return
        with self._database.transaction() as session:
            if segments.try_lock(session, f"sample {namespace.id}"):
                samples.draw(session, namespace, layout, size)
                self._drawn[namespace.id] = changes

    def _measure(
        self, namespace: Namespace, column: VectorColumn, known: tuple[Segment, ...]
    ) -> bool:
        """Measure the segments that were not; whether there was one."""
        due = [one for one in known if measuring.is_due(one)]
        for one in due:
            settings = self._settings.overridden(namespace.settings)
            task = Task(namespace, column, Build(one.low, one.high), settings)
            measuring.measure_segment(self._database, task, one)
        return bool(due)

    def _recount(self, namespace: Namespace, known: tuple[Segment, ...], changes: int) -> None:
        """Count the rows that are current, where much was changed since the last time."""
        for one in known:
            before = self._counted.get(one.table)
            if before is not None and abs(changes - before) <= WORTH_COUNTING * one.rows:
                continue
            with self._database.session() as session, session.unhurried():
                live = segments.count_range(session, namespace, one.low, one.high, one.rows)
                segments.recount(session, one, live)
            if len(self._counted) >= REMEMBERED:
                self._counted.clear()
            self._counted[one.table] = changes

    def _merge(self, namespace: Namespace, column: VectorColumn, *, quiet: bool) -> bool:
        settings = self._settings.overridden(namespace.settings)
        largest = largest_segment(column.dimensions, settings, self._resources.memory)
        with self._database.transaction() as session:
            if not segments.try_lock(session, f"merge {namespace.id} {column.name}"):
                return False
            with self._database.session() as reader:
                # read behind the lock: another worker may have merged just now
                known = layouts.find(reader, namespace, settings).of(column.name)
                tail = segments.last_number(reader, namespace) - max(sealed_to(known), 0)
                build = next_merge(
                    known, settings, largest, quiet=quiet, tail=tail, dimensions=column.dimensions
                )
                if build is None:
                    return False
                task = Task(namespace, column, build, settings)
                made = build_segment(session, reader, task, self._resources)
        log.info(
            "merged %d segments of %s.%s: %d vectors",
            len(build.replaced), namespace.name, column.name, made.rows,
        )  # fmt: skip
        return True
