"""Keys of applications: made, listed, given another secret, ended, and recognized."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic

from service.core.errors import NotFound, ServiceError, Unavailable
from service.core.keys import (
    PREFIX,
    ApiKey,
    IssuedKey,
    KeyExpired,
    KeyNameTaken,
    KeyRequest,
    NoSuchKey,
    digest,
    is_secret,
    readable_part,
)
from service.engine.remembering import REMEMBERED, Remembered
from service.storage import keys
from service.storage.faults import Busy, Stale
from service.storage.pool import Database

log = logging.getLogger(__name__)

# seconds between two notes of one process that a key was used
USE_PAUSE = 60.0
SECRET_BYTES = 32


class Keys:
    """The keys in one database. What changes here is known at once in this process, and within two
    seconds in all others."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = Remembered[bytes, ApiKey | None]()
        self._noted: dict[int, float] = {}

    def create(self, request: KeyRequest) -> IssuedKey:
        """Make a key.

        Raises:
            InvalidRequest: for what no key can be.
            KeyNameTaken: when another key has the name.
        """
        request.check()
        secret = new_secret()
        with clear_errors(), self._database.session() as session:
            key = keys.create(session, request, digest(secret), readable_part(secret))
        if key is None:
            raise KeyNameTaken(request.name)
        return IssuedKey(key, secret)

    def list_all(self) -> tuple[ApiKey, ...]:
        """All keys that are not revoked, the oldest first."""
        with clear_errors(), self._database.session() as session:
            return keys.list_all(session)

    def named(self, name: str) -> ApiKey:
        """The key with this name.

        Raises:
            NotFound: when there is none.
        """
        for key in self.list_all():
            if key.name == name:
                return key
        raise NotFound(f"there is no key with the name '{name}'")

    def rotate(self, number: int) -> IssuedKey:
        """Give a key another secret; the one before is worthless from then on.

        Raises:
            NoSuchKey: when there is none with this number.
            KeyExpired: when it has expired.
        """
        secret = new_secret()
        with clear_errors(), self._database.transaction() as session:
            found = keys.lock(session, number)
            if found is None:
                raise NoSuchKey(number)
            if found.expired:
                raise KeyExpired(found.name)
            key = keys.rotate(session, number, digest(secret), readable_part(secret))
        self._known.forget()
        # it was locked, so it cannot have gone in between
        return IssuedKey(key or found, secret)

    def revoke(self, number: int) -> None:
        """End a key for good.

        Raises:
            NoSuchKey: when there is none with this number.
        """
        with clear_errors(), self._database.session() as session:
            revoked = keys.revoke(session, number)
        self._known.forget()
        if not revoked:
            raise NoSuchKey(number)

    def authenticate(self, secret: str) -> ApiKey | None:
        """The key with this secret, which may have expired; None when there is none."""
        if not is_secret(secret):
            return None
        hashed = digest(secret)
        return self._known.get(hashed, lambda: self._look_up(hashed))

    def _look_up(self, hashed: bytes) -> ApiKey | None:
        with clear_errors(), self._database.session() as session:
            key = keys.find(session, hashed)
        if key is not None and not key.expired:
            self._note_use(key)
        return key

    def _note_use(self, key: ApiKey) -> None:
        """The key is being used; nothing depends on whether that can be noted."""
        now = monotonic()
        if now - self._noted.get(key.id, -USE_PAUSE) < USE_PAUSE:
            return
        if len(self._noted) >= REMEMBERED:
            self._noted.clear()
        self._noted[key.id] = now
        try:
            with clear_errors(), self._database.session() as session:
                keys.note_use(session, key.id)
        except ServiceError as error:
            log.info("the use of key %d was not noted: %s", key.id, error)


def new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


@contextmanager
def clear_errors() -> Generator[None]:
    """Turns reasons to redo an operation on a namespace into what they mean for the catalog.

    Raises:
        Unavailable: when the tables are not there, or somebody else holds a row.
    """
    try:
        yield
    except Stale:
        raise Unavailable("the database lacks migrations: run 'vectable migrate'") from None
    except Busy:
        raise Unavailable("the list of keys is busy with other changes") from None
