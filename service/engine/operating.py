"""Copies of namespaces that run on their own, in threads of this process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import BoundedSemaphore, Thread
from uuid import UUID, uuid4

from service.core.errors import NotFound, ServiceError, TooManyRequests
from service.core.namespace import Namespace
from service.core.operations import Failure, Operation
from service.engine import writing
from service.engine.access import Access
from service.storage import operations
from service.storage.pool import Session

log = logging.getLogger(__name__)

AT_A_TIME = 2
RETRY_AFTER = 10


class Operator:
    """Starts copies and tells how they are doing, whichever process makes them."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._free = BoundedSemaphore(AT_A_TIME)

    def start(self, name: str, source: str) -> UUID:
        """Begin to copy; returns the token to ask by.

        Raises:
            TooManyRequests: when this process is making as many copies as it should.
        """
        if not self._free.acquire(blocking=False):
            raise TooManyRequests("💔 too many copies are being made at present", RETRY_AFTER)
        token = uuid4()
        try:
            with self._access.database.session() as session:
                operations.start(session, token, name, source)
            # a daemon: the process may end, and the copy with it
            Thread(target=self._copy, args=(token, name, source), daemon=True).start()
        except BaseException:
            self._free.release()
            raise
        return token

    def find(self, name: str, token: UUID) -> Operation:
        """The copy as it is now.

        Raises:
            NotFound: when none with this token was started into the namespace.
        """
        with self._access.database.session() as session:
            found = operations.find(session, token, name)
        if found is None:
            raise NotFound(f"🤷 operation '{token}' was not found")
        return found

    def _copy(self, token: UUID, name: str, source: str) -> None:
        try:
            self._access.change(name, copying(token, name, source))
        except ServiceError as error:
            self._fail(token, Failure.of(error))
        except Exception:
            log.exception("the copy of %s into %s failed", source, name)
            self._fail(token, Failure.of(ServiceError("internal error; the log has the details")))
        finally:
            self._free.release()

    def _fail(self, token: UUID, failure: Failure) -> None:
        try:
            with self._access.database.session() as session:
                operations.fail(session, token, failure)
        except Exception:
            # whoever asks will find neither a note nor a sign of life
            log.exception("the end of copy %s was not noted", token)


def copying(
    token: UUID, name: str, source: str
) -> Callable[[Session, Namespace | None], tuple[int, Namespace]]:
    """The copy and the note that it is done, for one transaction."""

    def run(session: Session, known: Namespace | None) -> tuple[int, Namespace]:
        operations.run(session, token)
        copied, created = writing.copy(session, known, name, source)
        operations.succeed(session, token, copied)
        return copied, created

    return run
