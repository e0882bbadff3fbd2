"""Aliases changed: several actions in their order, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence

from service.core.aliases import AliasAction, RemoveAlias, RenameAlias, SetAlias
from service.core.errors import NamespaceExists, NamespaceNotFound, NotFound
from service.storage import aliases, catalog
from service.storage.pool import Session


def change(session: Session, actions: Sequence[AliasAction]) -> None:
    """Carry the actions out in the transaction of the session.

    Raises:
        NamespaceNotFound: for an alias of what does not exist.
        NamespaceExists: for an alias with the name of a namespace.
        NotFound: for an alias that does not exist.
    """
    for action in actions:
        match action:
            case SetAlias(alias, name):
                set_alias(session, alias, name)
            case RemoveAlias(alias):
                remove(session, alias)
            case RenameAlias(alias, renamed):
                name = remove(session, alias)
                set_alias(session, renamed, name)


def set_alias(session: Session, alias: str, name: str) -> None:
    catalog.lock_name(session, alias)
    if alias == name or is_namespace(session, alias):
        raise NamespaceExists(alias)
    aliases.set_alias(session, alias, catalog.find(session, name))


def is_namespace(session: Session, name: str) -> bool:
    """Whether a namespace, and not an alias, has this name."""
    try:
        return catalog.find(session, name).name == name
    except NamespaceNotFound:
        return False


def remove(session: Session, alias: str) -> str:
    """Take the alias away; returns the namespace that it stood for."""
    name = aliases.target(session, alias)
    if name is None:
        raise NotFound(f"alias '{alias}' does not exist")
    aliases.remove(session, alias)
    return name
