"""Liveness and readiness for load balancers.

Whether the service is ready is asked of a function; nothing here knows the database.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response

from service.core.errors import Unavailable
from service.web.access import open_to_all
from service.web.errors import envelope, headers_of, status_of
from service.web.json import respond


def blueprint(is_ready: Callable[[], str | None]) -> Blueprint:
    """The health routes; ``is_ready`` says what is missing, or None."""
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    @health.get("/livez")
    @open_to_all
    def alive() -> Response:
        return respond({"status": "ok"})

    @health.get("/readyz")
    @open_to_all
    def ready() -> Response:
        missing = is_ready()
        if missing is None:
            return respond({"status": "ok"})
        # Not raised: a probe is answered alike in applications without error handlers.
        error = Unavailable(missing)
        return respond(envelope(error.message), status_of(error), headers_of(error))

    return health
