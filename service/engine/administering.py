"""The administrator, and whether keys are asked for: needed by every request, changed rarely."""

from __future__ import annotations

import secrets
from uuid import UUID

from service.core.administration import Admin, Administration
from service.core.errors import Forbidden
from service.core.keys import digest
from service.engine.keys import SECRET_BYTES, clear_errors
from service.engine.remembering import Remembered
from service.storage import administration
from service.storage.pool import Database

# seconds for which the token of the command line is good
TOKEN_LIFETIME = 3600
TOKEN_PREFIX = "vdadmin_"


class Administrator:
    """The administrator of the services on one database. What changes here is known at once in this
    process, and within two seconds in all others."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = Remembered[None, Administration]()

    def enabled(self) -> bool:
        """Whether keys are asked for, whatever the settings of a server say."""
        return self._current().enabled

    def asks_now(self) -> bool:
        """``enabled``, not as it was remembered, but as it is: another process may just have
        switched it."""
        self._known.forget()
        return self.enabled()

    def set_enabled(self, enabled: bool) -> None:
        with clear_errors(), self._database.session() as session:
            administration.set_enabled(session, enabled)
        self._known.forget()

    def is_current(self, generation: UUID) -> bool:
        """Whether a token of this generation is the administrator's, with the password of today."""
        return self._current().generation == generation

    def token_secret(self) -> bytes:
        """What signs tokens, the same in all processes."""
        secret = self._current().token_secret
        if secret is not None:
            return secret
        with clear_errors(), self._database.session() as session:
            secret = administration.keep_token_secret(session, secrets.token_bytes(SECRET_BYTES))
        self._known.forget()
        return secret

    def find(self) -> Admin | None:
        """The administrator as of now."""
        with clear_errors(), self._database.session() as session:
            return administration.find_admin(session)

    def issue_token(self) -> str:
        """A token with which an administrator may be created, once, within an hour.

        It takes the place of the one before.
        """
        token = TOKEN_PREFIX + secrets.token_urlsafe(SECRET_BYTES)
        with clear_errors(), self._database.session() as session:
            administration.set_admin_token(session, digest(token), TOKEN_LIFETIME)
        return token

    def create(self, password_hash: str) -> bool:
        """Make an administrator; False when there is one already."""
        with clear_errors(), self._database.session() as session:
            created = administration.create_admin(session, password_hash)
        self._known.forget()
        return created

    def create_with_token(self, password_hash: str, token: str) -> bool:
        """Make an administrator, which uses the token up; False when there is one already.

        Raises:
            Forbidden: for a token that is not the one, or too old.
        """
        with clear_errors(), self._database.transaction() as session:
            if administration.find_admin(session) is not None:
                return False
            if not administration.spend_admin_token(session, digest(token)):
                raise Forbidden("the token is not valid: 'vectable admin-token' prints a new one")
            created = administration.create_admin(session, password_hash)
        self._known.forget()
        return created

    def change_password(self, admin: Admin, password_hash: str) -> bool:
        """Whether the password was changed, unless somebody else has just done so.

        All tokens are worthless from then on.
        """
        with clear_errors(), self._database.session() as session:
            changed = administration.change_password(session, admin, password_hash)
        self._known.forget()
        return changed

    def delete(self) -> bool:
        """Whether there was an administrator. Keys go on to be asked for, and to work."""
        with clear_errors(), self._database.session() as session:
            deleted = administration.delete_admin(session)
        self._known.forget()
        return deleted

    def _current(self) -> Administration:
        return self._known.get(None, self._read)

    def _read(self) -> Administration:
        with clear_errors(), self._database.session() as session:
            return administration.find(session)
