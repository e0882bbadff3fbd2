"""How operations reach a namespace: the catalog's cache, and what is redone when it was old.

Every operation gets a namespace as this process knows it. When a statement finds another version,
or a relation that is gone, the operation is redone on what the catalog says now; so is a refusal
that an old schema may have caused. Deadlocks and locks not had in time are redone here, not by the
client.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from service.core.errors import (
    Closed,
    Forbidden,
    InvalidRequest,
    NamespaceNotFound,
    Unavailable,
)
from service.core.namespace import Namespace
from service.storage import catalog, turns
from service.storage.catalog import NamespaceCache
from service.storage.faults import Busy, Contended, Stale
from service.storage.layouts import Layouts
from service.storage.pool import Database, Session

log = logging.getLogger(__name__)

T = TypeVar("T")

ATTEMPTS = 30
LONGEST_PAUSE = 0.5


class Access:
    """Runs operations on namespaces by name."""

    def __init__(self, database: Database, layouts: Layouts) -> None:
        self.database = database
        self.cache = NamespaceCache()
        self._layouts = layouts

    def read(self, name: str, operation: Callable[[Session, Namespace], T]) -> T:
        """Run an operation that reads the namespace's documents.

        Raises:
            NamespaceNotFound: when there is none of this name.
            Closed: while it is closed.
        """

        def opened(session: Session, namespace: Namespace) -> T:
            namespace.check_open()
            return operation(session, namespace)

        return self.look(name, opened)

    def look(self, name: str, operation: Callable[[Session, Namespace], T]) -> T:
        """Run an operation that reads what is known of the namespace, closed or not."""

        def attempt(_alone: bool) -> T:
            with self.database.session() as session:
                return operation(session, self.known(session, name))

        return self._redo(name, attempt)

    def change(
        self,
        name: str,
        operation: Callable[[Session, Namespace | None], tuple[T, Namespace | None]],
    ) -> T:
        """Run an operation that changes the namespace's documents, in one transaction.

        Raises:
            Closed: while it is closed.
        """

        def opened(session: Session, known: Namespace | None) -> tuple[T, Namespace | None]:
            if known is not None:
                known.check_open()
            return operation(session, known)

        return self.manage(name, opened)

    def manage(
        self,
        name: str,
        operation: Callable[[Session, Namespace | None], tuple[T, Namespace | None]],
    ) -> T:
        """Run an operation on the namespace as a whole, closed or not, in one transaction.

        The operation gets None when there is no such namespace, and returns its outcome with the
        namespace as it leaves it, or None when it left none.
        """

        def attempt(alone: bool) -> T:
            with self.database.transaction() as session:
                namespace = self.known_or_none(session, name)
                if alone and namespace is not None:
                    turns.take(session, namespace)
                outcome, left = operation(session, namespace)
            if left is None:
                self.cache.forget(name)
            else:
                self.cache.put(name, left)
            return outcome

        return self._redo(name, attempt)

    def known(self, session: Session, name: str) -> Namespace:
        """The namespace as cached, else as the catalog has it."""
        namespace = self.cache.get(name)
        if namespace is None:
            namespace = catalog.find(session, name)
            self.cache.put(name, namespace)
        return namespace

    def known_or_none(self, session: Session, name: str) -> Namespace | None:
        try:
            return self.known(session, name)
        except NamespaceNotFound:
            return None

    def _redo(self, name: str, attempt: Callable[[bool], T]) -> T:
        """Try until it works; ``attempt`` is told whether to keep other writers out."""
        alone = False
        for turn in range(ATTEMPTS):
            before = self.cache.get(name)
            try:
                return attempt(alone)
            except Stale as stale:
                log.debug("namespace %s is read again", name, exc_info=stale)
                self._forget(name)
            except Contended:
                # writers of the same documents: the second attempt cannot be disturbed
                alone = True
            except Busy:
                time.sleep(random.uniform(0, min(LONGEST_PAUSE, 0.01 * 2**turn)))
            except (InvalidRequest, Forbidden, Closed):
                if before is None or self._is_current(before):
                    raise
                self.cache.forget(name)
        raise Unavailable(
            f"namespace '{name}' is busy with other changes, or its table does not fit the catalog"
        )

    def _forget(self, name: str) -> None:
        """Read the namespace anew next time, and what is derived from it."""
        known = self.cache.get(name)
        if known is not None:
            self._layouts.forget(known)
        self.cache.forget(name)

    def _is_current(self, namespace: Namespace) -> bool:
        """Whether the catalog still has the row that a refusal was based on."""
        try:
            with self.database.session() as session:
                return catalog.find(session, namespace.name).version == namespace.version
        except (NamespaceNotFound, Stale):
            return False
