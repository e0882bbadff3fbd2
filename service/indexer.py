"""The background worker.

It keeps the statistics that size estimates and plans need: a table filled for the first time is
analysed at once, not when autovacuum comes around. Work is found by one statement, so that idle
namespaces cost nothing; any number of workers may run, and each may be killed at any moment.
"""

from __future__ import annotations

import logging
from threading import Event
from typing import cast

from service.config import Config
from service.core.errors import ServiceError
from service.storage import upkeep
from service.storage.faults import Stale
from service.storage.migrations import check_migrated
from service.storage.pool import Database, open_database

log = logging.getLogger(__name__)

PAUSE = 2.0
PAUSE_AFTER_ERROR = 5.0


def run(config: Config, stop: Event) -> None:
    """Work until ``stop`` is set; faults of the database are waited out."""
    database = open_database(
        cast(str, config.maintenance_database_url or config.database_url),
        config.schema,
        connections=1,
        wait=config.pool_timeout,
        statement_timeout=0,
    )
    try:
        while not stop.wait(turn(database)):
            pass
    finally:
        database.close()


def turn(database: Database) -> float:
    """Do what there is to do; returns how long to pause, in seconds."""
    try:
        with database.session() as session:
            check_migrated(session.connection, session.schemas)
            tables = upkeep.unanalysed_tables(session)
    except (ServiceError, Stale) as error:
        log.warning("the worker waits: %s", error)
        return PAUSE_AFTER_ERROR
    for table in tables:
        analyse(database, table)
    return PAUSE


def analyse(database: Database, table: str) -> None:
    """One table by itself: one that is locked or gone does not hold up the others."""
    try:
        with database.transaction() as session:
            upkeep.analyse(session, table)
        log.info("analysed %s", table)
    except (ServiceError, Stale) as error:
        log.warning("table %s was not analysed: %s", table, error)
