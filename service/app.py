"""The application: dialects and web parts put together around an engine."""

from __future__ import annotations

from flask import Flask

from service.config import Config, is_loopback
from service.dialects.turbopuffer import routes_v1, routes_v2
from service.engine import Engine
from service.web import auth, compression, context, errors, health, json, limits, origins

COLLECTIONS = ("namespaces", "vectors")


def create_app(engine: Engine, config: Config) -> Flask:
    """A Flask application that serves ``engine`` as ``config`` says."""
    app = Flask("vectable", static_folder=None)
    app.extensions[context.EXTENSION] = engine
    app.extensions[limits.EXTENSION] = limits.Limits(config.max_write_bytes, config.max_body_bytes)
    json.install(app)
    errors.install(app)
    if config.api_keys:
        auth.install(app, config.api_keys)
    else:
        # open to this machine is not open to the web pages that its browsers show
        origins.install(app, loopback=is_loopback(config.host))
    compression.install(app)
    app.register_blueprint(health.blueprint(engine.missing))
    for collection in COLLECTIONS:
        app.register_blueprint(routes_v1.blueprint(collection))
        app.register_blueprint(routes_v2.v1_blueprint(collection))
    app.register_blueprint(routes_v2.blueprint())
    return app
