"""Turns at writing into a namespace: most writers share one, some need it for themselves.

By advisory locks of the transaction, which queue up fairly. A lock of the table would do the same
and would have to wait for each VACUUM and each index built beside the writers.
"""

from __future__ import annotations

from service.compile.fragment import Fragment, raw
from service.core.namespace import Namespace
from service.storage.pool import Session


def share(session: Session, namespace: Namespace) -> None:
    """Write beside others who share; held until the commit."""
    session.execute(session.schemas.statement("share_turn", key=key(session, namespace)))


def take(session: Session, namespace: Namespace) -> None:
    """Wait for all other writers of this service, and keep them out until the commit."""
    session.execute(session.schemas.statement("take_turn", key=key(session, namespace)))


def key(session: Session, namespace: Namespace) -> Fragment:
    return raw("%s", f"{session.schemas.catalog} writers {namespace.id}")
