"""The list of keys. Secrets do not come here: keys are found by their digests."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from service.compile.fragment import raw
from service.core.keys import ApiKey, KeyRequest
from service.core.permissions import Permission
from service.storage.pool import Row, Session

COLUMNS = raw(
    "id, name, description, prefix, permissions, namespaces, created_at, expires_at, last_used_at, "
    "coalesce(expires_at <= now(), false)"
)
Values = tuple[int, str, str, str, int, list[str], datetime, datetime | None, datetime | None, bool]


def create(session: Session, request: KeyRequest, digest: bytes, prefix: str) -> ApiKey | None:
    """Put a key on the list; None when another one has the name."""
    statement = session.schemas.statement(
        "create_api_key",
        request.name,
        request.description,
        digest,
        prefix,
        request.permissions.value,
        list(request.namespaces),
        request.lifetime,
        key=COLUMNS,
    )
    return read_key(session.execute(statement).fetchone())


def find(session: Session, digest: bytes) -> ApiKey | None:
    """The key with this digest; None for one that is unknown or revoked."""
    statement = session.schemas.statement("find_api_key", digest, key=COLUMNS)
    return read_key(session.execute(statement).fetchone())


def lock(session: Session, number: int) -> ApiKey | None:
    """The key with this number, for changes in the same transaction."""
    statement = session.schemas.statement("lock_api_key", number, key=COLUMNS)
    return read_key(session.execute(statement).fetchone())


def list_all(session: Session) -> tuple[ApiKey, ...]:
    """All keys that are not revoked, the oldest first."""
    rows = session.execute(session.schemas.statement("list_api_keys", key=COLUMNS)).fetchall()
    return tuple(key for row in rows if (key := read_key(row)) is not None)


def rotate(session: Session, number: int, digest: bytes, prefix: str) -> ApiKey | None:
    """Give a key another secret."""
    statement = session.schemas.statement("rotate_api_key", digest, prefix, number, key=COLUMNS)
    return read_key(session.execute(statement).fetchone())


def revoke(session: Session, number: int) -> bool:
    """End a key; whether there was one."""
    statement = session.schemas.statement("revoke_api_key", number)
    return session.execute(statement).fetchone() is not None


def note_use(session: Session, number: int) -> None:
    session.execute(session.schemas.statement("use_api_key", number))


def read_key(row: Row | None) -> ApiKey | None:
    if row is None:
        return None
    number, name, text, prefix, bits, namespaces, created, expires, used, expired = cast(
        Values, row
    )
    return ApiKey(
        id=number,
        name=name,
        description=text,
        prefix=prefix,
        permissions=Permission(bits),
        namespaces=tuple(namespaces),
        created_at=created,
        expires_at=expires,
        last_used_at=used,
        expired=expired,
    )
