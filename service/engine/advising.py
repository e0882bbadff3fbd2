"""Advising: which indexes filters could use, told to the catalog in the background."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock

from service.core.errors import ServiceError
from service.core.indexing import AttributeIndex
from service.core.namespace import Namespace
from service.storage import attribute_indexes
from service.storage.faults import Stale
from service.storage.pool import Database

log = logging.getLogger(__name__)

# seconds: an index that is in use is asked for often enough not to be taken for an idle one
PAUSE = 3600.0
MAX_WAITING = 100
MAX_REMEMBERED = 10_000

Asked = tuple[int, AttributeIndex]


class Advisor:
    """One thread that writes what was asked; the same again only after a while."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="advise")
        self._asked: dict[Asked, float] = {}
        self._waiting = 0
        self._lock = Lock()

    def ask(self, namespace: Namespace, indexes: Iterable[AttributeIndex]) -> None:
        """Have indexes built, or kept if they are there; returns at once."""
        with self._lock:
            new = self._unasked([(namespace.id, index) for index in indexes])
            if not new or self._waiting >= MAX_WAITING:
                # of too many some get lost: who has a use for them asks again
                return
            self._asked |= dict.fromkeys(new, time.monotonic())
            self._waiting += 1
        with suppress(RuntimeError):  # the process is ending
            self._thread.submit(self._write, namespace, [index for _, index in new])

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _unasked(self, asked: list[Asked]) -> list[Asked]:
        since = time.monotonic() - PAUSE
        new = [one for one in asked if self._asked.get(one, since) <= since]
        if new and len(self._asked) >= MAX_REMEMBERED:
            self._asked.clear()
        return new

    def _write(self, namespace: Namespace, indexes: list[AttributeIndex]) -> None:
        try:
            with self._database.transaction() as session:
                attribute_indexes.ask(session, namespace.id, indexes)
        except (ServiceError, Stale) as error:
            log.info("indexes of namespace %s were not asked for: %s", namespace.name, error)
        except Exception:
            log.exception("indexes of namespace %s were not asked for", namespace.name)
        finally:
            with self._lock:
                self._waiting -= 1
