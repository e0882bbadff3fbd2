"""The background worker: seals, merges and keeps in shape what is derived from the tables.

Several threads, so that what takes minutes in one namespace does not keep the tail of another
waiting: two seal, one merges and tends segments, one builds attribute indexes. Any number of
workers may run, and each may be killed at any moment.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from threading import Event, Thread
from typing import cast

from service.config import Config
from service.core.errors import NamespaceNotFound, ServiceError
from service.engine.attributing import AttributeIndexer
from service.engine.sealing import Outcome, Sealer
from service.engine.tending import Tender
from service.engine.watching import Watch
from service.storage import backlog, segments
from service.storage.building import Resources
from service.storage.faults import Stale
from service.storage.migrations import check_migrated
from service.storage.pool import Database, open_database

log = logging.getLogger(__name__)

# two for each thread that builds segments, one for attribute indexes, one for being present
CONNECTIONS = 8
PAUSE = 0.5
LONGEST_PAUSE = 4.0
PAUSE_AFTER_ERROR = 5.0
PAUSE_WHEN_HELD_UP = 1.0
CLEANING = 30.0
CHECKING = 300.0


def run(config: Config, stop: Event) -> None:
    """Work until ``stop`` is set; faults of the database are waited out."""
    database = open_database(
        cast(str, config.maintenance_database_url or config.database_url),
        config.schema,
        connections=CONNECTIONS,
        wait=config.pool_timeout,
        statement_timeout=config.statement_timeout,
    )
    resources = Resources(config.build_memory, config.build_workers)
    sealer = Sealer(database, config.index_settings, resources)
    tender = Tender(database, config.index_settings, resources)
    # two that seal: one may be busy for minutes with a namespace that was loaded at once
    spare = Sealing(database, sealer)
    others = (spare.turn, Tending(database, tender).turn, Attributing(database).turn)
    threads = [Thread(target=loop, args=(turn, stop), daemon=True) for turn in others]
    with ExitStack() as stack:
        stack.callback(database.close)
        presence = stack.enter_context(backlog.Presence(database))
        for thread in threads:
            thread.start()
        sealing = Sealing(database, sealer)

        def turn() -> float:
            presence.keep()
            return sealing.turn()

        loop(turn, stop)
        for thread in threads:
            thread.join(PAUSE_AFTER_ERROR)


def loop(turn: Callable[[], float], stop: Event) -> None:
    """Turn after turn; what goes wrong in one is waited out."""
    pause = 0.0
    while not stop.wait(pause):
        try:
            pause = turn()
        except (ServiceError, Stale) as error:
            log.warning("the indexer waits: %s", error or "the catalog changed")
            pause = PAUSE_AFTER_ERROR
        except Exception:
            log.exception("the indexer waits after a fault of its own")
            pause = PAUSE_AFTER_ERROR


def put_off(watch: Watch, name: str, error: Exception) -> None:
    """What goes wrong with one namespace does not hold up the others."""
    expected = isinstance(error, ServiceError | Stale)
    log.log(
        logging.INFO if expected else logging.ERROR,
        "namespace %s waits: %s", name, error or "it has changed meanwhile",
        exc_info=None if expected else error,
    )  # fmt: skip
    watch.later(name, PAUSE_AFTER_ERROR)


class Sealing:
    """The turns of a thread that seals."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._watch = Watch()
        self._pause = PAUSE

    def turn(self) -> float:
        """Look at what was changed; returns how long to pause, in seconds."""
        with self._database.session() as session:
            check_migrated(session.connection, session.schemas)
            prepared = segments.exists(session)
        if not prepared:
            with self._database.transaction() as session:
                segments.prepare(session)
            self._watch = Watch()
            return PAUSE
        self._watch.look(self._database)
        names = self._watch.due()
        for name in names:
            self._seal(name)
        self._pause = PAUSE if names else min(2 * self._pause, LONGEST_PAUSE)
        return 0.0 if self._watch.due() else self._pause

    def _seal(self, name: str) -> None:
        try:
            match self._sealer.work(name):
                case Outcome.SEALED:
                    self._watch.later(name, 0.0)
                case Outcome.HELD_UP:
                    self._watch.later(name, PAUSE_WHEN_HELD_UP)
                case Outcome.NOTHING:
                    self._watch.done(name)
        except NamespaceNotFound:
            self._watch.done(name)
        except Exception as error:  # noqa: BLE001  (logged there; the other namespaces go on)
            put_off(self._watch, name, error)


class Tending:
    """The turns of the thread that merges and tends segments."""

    def __init__(self, database: Database, tender: Tender) -> None:
        self._database = database
        self._tender = tender
        self._watch = Watch()
        self._cleaned = 0.0
        self._pause = PAUSE

    def turn(self) -> float:
        """One piece of work for each namespace that was changed; returns how long to pause."""
        with self._database.session() as session:
            check_migrated(session.connection, session.schemas)
            if not segments.exists(session):
                return PAUSE
        if time.monotonic() - self._cleaned > CLEANING:
            self._cleaned = time.monotonic()
            self._tender.clean()
        busy = False
        self._watch.look(self._database)
        for name in self._watch.due():
            busy |= self._tend(name)
        self._pause = PAUSE if busy else min(2 * self._pause, LONGEST_PAUSE)
        return 0.0 if busy else self._pause

    def _tend(self, name: str) -> bool:
        quiet = self._watch.is_quiet(name)
        try:
            if self._tender.work(name, self._watch.superseding(name), quiet=quiet):
                self._watch.later(name, 0.0)
                return True
            if quiet:
                self._watch.done(name)
            else:
                self._watch.later(name, 1.0)
        except NamespaceNotFound:
            self._watch.done(name)
        except Exception as error:  # noqa: BLE001  (logged there; the other namespaces go on)
            put_off(self._watch, name, error)
        return False


class Attributing:
    """The turns of the thread that builds attribute indexes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._indexer = AttributeIndexer(database)
        self._checked = 0.0

    def turn(self) -> float:
        """Build what filters asked for; returns how long to pause."""
        with self._database.session() as session:
            check_migrated(session.connection, session.schemas)
        if time.monotonic() - self._checked > CHECKING:
            self._indexer.check()
            self._checked = time.monotonic()
        return 0.0 if self._indexer.work() else LONGEST_PAUSE / 2
