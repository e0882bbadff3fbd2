"""Attribute indexes: those that filters asked for are built, those that somebody dropped again."""

from __future__ import annotations

import logging

from service.core.errors import ServiceError
from service.storage import attribute_builds, attribute_indexes
from service.storage.faults import Stale
from service.storage.pool import Database

log = logging.getLogger(__name__)


class AttributeIndexer:
    """Builds what is wanted, one index after the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def work(self) -> bool:
        """Build what was asked for; whether something was built."""
        with self._database.session() as session:
            wanted = attribute_indexes.work(session)
        built = [self._build(one) for one in wanted]
        return any(built)

    def check(self) -> None:
        """Have built again what a DBA has dropped."""
        with self._database.session() as session:
            attribute_indexes.retract_missing(session)

    def _build(self, wanted: attribute_indexes.Wanted) -> bool:
        try:
            with self._database.session() as session:
                built = attribute_builds.build(session, wanted)
        except (ServiceError, Stale) as error:
            log.info("no index on %s: %s", wanted.table, error or "it has changed meanwhile")
            return False
        if built:
            log.info("built the %s index on %s", wanted.index.kind.value, wanted.table)
        return built
