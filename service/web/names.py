"""Which names of namespaces a sender is shown: those that the key is for, and no others."""

from __future__ import annotations

from service.core.namespace import NamespacePage
from service.web.access import grant
from service.web.context import engine

# names that are read at a time for a key that may see few of them
READ_AT_A_TIME = 1_000


def shown_names(prefix: str, after: str, limit: int) -> NamespacePage:
    """A page of names, like ``Engine.list_namespaces``; no position tells a name that is hidden."""
    sender = grant()
    if sender.is_for_all:
        return engine().list_namespaces(prefix, after, limit)
    shown: list[str] = []
    position: str | None = after
    while position is not None and len(shown) <= limit:
        page = engine().list_namespaces(prefix, position, READ_AT_A_TIME)
        shown.extend(name for name in page.names if sender.covers(name))
        position = page.next_position
    more = len(shown) > limit
    return NamespacePage(tuple(shown[:limit]), shown[limit - 1] if more else None)
