"""What gunicorn imports, in each worker after the fork: settings, pool, engine, application."""

from __future__ import annotations

from flask import Flask

from service.app import create_app
from service.config import Config, ConfigError
from service.engine import Engine
from service.storage.pool import open_database


def build() -> Flask:
    config = Config.from_env()
    config.check_exposure()
    if config.database_url is None:
        raise ConfigError("DATABASE_URL must be set: 'vectable serve' does so by itself")
    database = open_database(
        config.database_url,
        config.schema,
        # one more than requests at a time: warming has a thread of its own
        connections=config.threads + 1,
        wait=config.pool_timeout,
        statement_timeout=config.statement_timeout,
    )
    engine = Engine(database, config.index_settings, config.snapshot_dir, config.max_snapshot_bytes)
    return create_app(engine, config)


app = build()
