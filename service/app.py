"""The application: dialects and web parts put together around an engine."""

from __future__ import annotations

from flask import Flask

from service.config import Config, is_loopback
from service.dialects.turbopuffer import routes_v1, routes_v2
from service.dialects.vectorai import errors as vectorai_errors
from service.dialects.vectorai import (
    routes_auth,
    routes_collections,
    routes_exploring,
    routes_points,
    routes_service,
    routes_snapshots,
    routing,
)
from service.engine import Engine
from service.web import access, compression, context, errors, health, json, limits, metrics
from service.web.auth import Authenticator

COLLECTIONS = ("namespaces", "vectors")
VECTORAI = (
    *routes_service.ROUTES,
    *routes_collections.ROUTES,
    *routes_points.ROUTES,
    *routes_snapshots.ROUTES,
    *routes_exploring.ROUTES,
)


def create_app(engine: Engine, config: Config) -> Flask:
    """A Flask application that serves ``engine`` as ``config`` says."""
    app = Flask("vectable", static_folder=None)
    # clients do not follow redirects
    app.url_map.merge_slashes = False
    app.extensions[context.EXTENSION] = engine
    app.extensions[limits.EXTENSION] = limits.Limits(config.max_write_bytes, config.max_body_bytes)
    json.install(app)
    errors.install(app)
    metrics.install(app)
    access.install(app, gate(engine, config))
    compression.install(app)
    app.register_blueprint(health.blueprint(engine.missing))
    app.register_blueprint(metrics.blueprint())
    for collection in COLLECTIONS:
        app.register_blueprint(routes_v1.blueprint(collection))
        app.register_blueprint(routes_v2.v1_blueprint(collection))
    app.register_blueprint(routes_v2.blueprint())
    app.register_blueprint(routing.blueprint("vectorai", VECTORAI))
    errors.answer_below(app, ("/collections", "/aliases"), vectorai_errors.http)
    app.register_blueprint(routes_auth.blueprint())
    return app


def gate(engine: Engine, config: Config) -> access.Gate:
    """Who is let in."""
    authenticator = Authenticator(
        config.api_keys, engine.keys, engine.administrator, config.jwt_secret
    )
    return access.Gate(authenticator, engine.administrator, loopback=is_loopback(config.host))
