"""Aliases: second names of namespaces.

Whatever an alias stood for gets a new version when the alias changes: then no process goes on with
what it has in its cache under that name.
"""

from __future__ import annotations

from typing import cast

from service.compile.fragment import raw
from service.core.aliases import Alias
from service.core.namespace import Namespace
from service.storage.pool import Session


def of(session: Session, namespace: Namespace) -> tuple[str, ...]:
    """The aliases of a namespace, in their order."""
    statement = session.schemas.statement("list_aliases_of", namespace.id)
    return tuple(str(alias) for (alias,) in session.execute(statement))


def list_all(session: Session) -> tuple[Alias, ...]:
    """Every alias, in their order."""
    rows = session.execute(session.schemas.statement("list_aliases")).fetchall()
    return tuple(Alias(*cast(tuple[str, str], row)) for row in rows)


def target(session: Session, alias: str) -> str | None:
    """The namespace that an alias stands for."""
    row = session.execute(session.schemas.statement("find_alias", alias)).fetchone()
    return None if row is None else cast(str, row[0])


def set_alias(session: Session, alias: str, namespace: Namespace) -> None:
    """Let the alias stand for this namespace, whatever it stood for before."""
    remove(session, alias)
    session.execute(session.schemas.statement("add_alias", alias, namespace.id))


def remove(session: Session, alias: str) -> bool:
    """Take the alias away; whether there was one."""
    statement = session.schemas.statement("remove_alias", alias=raw("%s", alias))
    return session.execute(statement).fetchone() is not None
