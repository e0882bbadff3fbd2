"""Warming: a namespace's pages into memory, in the background."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from service.core.errors import ServiceError
from service.core.namespace import Namespace
from service.core.query import Nearest, Query
from service.engine.access import Access
from service.engine.searching import Searcher
from service.storage import reads, warmth
from service.storage.pool import Session

log = logging.getLogger(__name__)

SEARCHES = 3


class Warmer:
    """One thread that warms namespaces one by one; asked twice, it warms once."""

    def __init__(self, access: Access, searcher: Searcher) -> None:
        self._access = access
        self._searcher = searcher
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="warm")
        self._waiting: set[str] = set()
        self._lock = Lock()

    def hint(self, name: str) -> None:
        """Have the namespace warmed soon."""
        with self._lock:
            if name in self._waiting:
                return
            self._waiting.add(name)
        self._thread.submit(self._warm, name)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _warm(self, name: str) -> None:
        try:
            self._access.read(name, self._read)
        except ServiceError as error:
            log.info("namespace %s was not warmed: %s", name, error)
        except Exception:
            log.exception("namespace %s was not warmed", name)
        finally:
            with self._lock:
                self._waiting.discard(name)

    def _read(self, session: Session, namespace: Namespace) -> None:
        """Read the table and its indexes into memory, then search a few times."""
        warmth.load(session, namespace)
        for column in namespace.vectors:
            for vector in reads.sample_vectors(session, namespace, column.name, SEARCHES):
                query = Query(Nearest(vector, column=column.name))
                self._searcher.search(session, namespace, query)
