"""The database that a command of ``vectable`` works on."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.config import Config, ConfigError

if TYPE_CHECKING:
    from service.storage.pool import Database


def database_url(config: Config) -> str:
    # Definitions want a direct connection, not one through a pooler.
    if (url := config.maintenance_database_url) is None:
        raise ConfigError(
            "DATABASE_URL is not set: this command needs a database, for instance "
            "postgresql://user:password@localhost:5432/vectors."
        )
    return url


@contextmanager
def opened(config: Config) -> Generator[Database]:
    """One connection to it."""
    from service.storage.pool import open_database

    database = open_database(
        database_url(config),
        config.schema,
        connections=1,
        wait=config.pool_timeout,
        statement_timeout=config.statement_timeout,
    )
    try:
        yield database
    finally:
        database.close()
