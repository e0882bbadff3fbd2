"""What a namespace's owner sees and sets beside its documents."""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Any, cast

from psycopg.types.json import Jsonb

from service.compile.fragment import Fragment, number, raw
from service.core.errors import ServiceError
from service.core.index_settings import IndexSettings
from service.core.metadata import UNCHANGED, Backlog, Metadata, MetadataUpdate, Pinning
from service.core.namespace import Namespace
from service.core.segments import START, Layout, sealed_to
from service.storage import backlog, catalog, segments
from service.storage.estimates import DESCRIBE_BOUND, size_of
from service.storage.faults import Stale
from service.storage.pool import Database, Session
from service.storage.tables import regclass, table

log = logging.getLogger(__name__)

# fewer documents than this are shown as none: too little to be worth an estimate
WORTH_COUNTING = 100
# seconds between two stamps of one process on one namespace
STAMP_PAUSE = 1.0
STAMPED = 10_000


class Stamps:
    """Notes when namespaces were last written: once a second, whoever writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: dict[int, float] = {}

    def note(self, namespace: Namespace) -> None:
        """The namespace was written just now; nothing depends on whether that can be noted."""
        now = time.monotonic()
        if now - self._last.get(namespace.id, -STAMP_PAUSE) < STAMP_PAUSE:
            return
        if len(self._last) >= STAMPED:
            self._last.clear()
        self._last[namespace.id] = now
        try:
            with self._database.session() as session:
                stamp = session.schemas.statement("stamp_write", namespace=number(namespace.id))
                session.execute(stamp)
        except (ServiceError, Stale) as error:
            log.info("the write into %s was not stamped: %s", namespace.name, error)


def read(
    session: Session, namespace: Namespace, layout: Layout, settings: IndexSettings
) -> Metadata:
    """The namespace as it is now.

    Raises:
        Stale: when it is no longer as it was read.
    """
    statement = session.schemas.statement(
        "find_metadata",
        size=size_of(session, namespace, DESCRIBE_BOUND),
        documents_table=regclass(table(session, namespace.table)),
        namespace=raw("%s", namespace.name),
        version=raw("%s", namespace.version),
    )
    row = session.execute(statement).fetchone()
    if row is None:
        raise Stale
    updated, written, pinning, size, stored = cast(
        tuple[datetime, datetime, dict[str, Any] | None, int, int], row
    )
    rows = size if size >= WORTH_COUNTING else 0
    return Metadata(
        namespace,
        max(updated, written),
        written,
        rows,
        stored if rows else 0,
        Pinning(**pinning) if pinning else None,
        unindexed(session, namespace, layout, settings, stored // max(size, 1)),
    )


def unindexed(
    session: Session,
    namespace: Namespace,
    layout: Layout,
    settings: IndexSettings,
    row_bytes: int,
) -> Backlog | None:
    """The documents that an indexer is about to seal; None when there are none, or no indexer."""
    columns = [column for column in namespace.vectors if column.metric]
    if not columns or not backlog.indexer_lives(session):
        return None
    low = max(min(sealed_to(layout.of(column.name)) for column in columns), START)
    last = segments.last_number(session, namespace)
    rows = segments.count_range(session, namespace, low, last, DESCRIBE_BOUND)
    due = rows >= min(settings.sealed_at(column.dimensions) for column in columns)
    return Backlog(rows, rows * row_bytes) if due else None


def update(session: Session, namespace: Namespace, wanted: MetadataUpdate) -> Namespace:
    """Set what is given; returns the namespace as it is then, whatever was known of it.

    Raises:
        NamespaceNotFound: when it is gone.
    """
    keeps = wanted.pinning is UNCHANGED
    pinning = wanted.pinning if isinstance(wanted.pinning, Pinning) else None
    statement = session.schemas.statement(
        "update_metadata",
        read_only=raw("%s::boolean", wanted.read_only),
        keeps_pinning=Fragment("true" if keeps else "false"),
        pinning=raw("%s::jsonb", Jsonb({"replicas": pinning.replicas}) if pinning else None),
        namespace=raw("%s", namespace.name),
    )
    session.execute(statement)
    return catalog.find(session, namespace.name)
