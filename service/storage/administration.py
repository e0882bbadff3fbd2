"""The administrator, the tokens that are known, and whether keys are asked for."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from service.core.administration import Admin, Administration
from service.core.errors import Unavailable
from service.storage.pool import Row, Session


def find(session: Session) -> Administration:
    """What every request is judged by.

    Raises:
        Unavailable: when somebody has removed the row: it is not known then who may come in.
    """
    row = settings(session.execute(session.schemas.statement("find_administration")).fetchone())
    return Administration(*cast(tuple[bool, bytes | None, UUID | None], row))


def set_enabled(session: Session, enabled: bool) -> None:
    session.execute(session.schemas.statement("set_enabled", enabled))


def keep_token_secret(session: Session, secret: bytes) -> bytes:
    """The secret that signs tokens: the given one, unless there was one before."""
    statement = session.schemas.statement("keep_token_secret", secret)
    (kept,) = cast(tuple[bytes], settings(session.execute(statement).fetchone()))
    return kept


def set_admin_token(session: Session, digest: bytes, lifetime: int) -> None:
    """Remember a token for ``lifetime`` seconds, in the place of the one before."""
    session.execute(session.schemas.statement("set_admin_token", digest, lifetime))


def spend_admin_token(session: Session, digest: bytes) -> bool:
    """Use the token up; whether it was good."""
    statement = session.schemas.statement("spend_admin_token", digest)
    return session.execute(statement).fetchone() is not None


def find_admin(session: Session) -> Admin | None:
    row = session.execute(session.schemas.statement("find_admin")).fetchone()
    return None if row is None else Admin(*cast(tuple[str, UUID], row))


def create_admin(session: Session, password_hash: str) -> bool:
    """Whether there is a new administrator; there may have been one."""
    statement = session.schemas.statement("create_admin", password_hash)
    return session.execute(statement).fetchone() is not None


def change_password(session: Session, admin: Admin, password_hash: str) -> bool:
    """Whether the password was changed; another one may have been faster."""
    statement = session.schemas.statement("change_password", password_hash, admin.generation)
    return session.execute(statement).fetchone() is not None


def delete_admin(session: Session) -> bool:
    """Whether there was an administrator."""
    return session.execute(session.schemas.statement("delete_admin")).fetchone() is not None


def settings(row: Row | None) -> Row:
    if row is None:
        raise Unavailable("the catalog has no row of settings for keys: insert the default one")
    return row
