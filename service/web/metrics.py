"""Metrics for Prometheus: requests by route and status, and how long they took.

With several processes each keeps its figures in files of a common folder, and whoever is asked adds
them up; the folder is named by ``PROMETHEUS_MULTIPROC_DIR``, which prometheus-client reads when it
is imported. Names of namespaces are no labels: there may be any number of them.
"""

from __future__ import annotations

from time import perf_counter

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from service.core.permissions import Permission
from service.web.access import checks_names, needs

# seconds
BUCKETS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32)
# a request that no route takes; its method may be any word
NO_ROUTE = "(none)"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS = Counter(
    "vectable_requests", "Requests answered.", ["dialect", "route", "method", "status"]
)
SECONDS = Histogram(
    "vectable_request_seconds", "Time to an answer.", ["dialect", "route"], buckets=BUCKETS
)


def install(app: Flask) -> None:
    """Count the requests of the application."""
    app.before_request(start)
    app.after_request(count)


def start() -> None:
    g.vectable_began = perf_counter()


def count(response: Response) -> Response:
    dialect, route = where()
    method = request.method if request.method in METHODS else NO_ROUTE
    REQUESTS.labels(dialect, route, method, str(response.status_code)).inc()
    began: float | None = g.get("vectable_began")
    if began is not None:
        SECONDS.labels(dialect, route).observe(perf_counter() - began)
    return response


def where() -> tuple[str, str]:
    """The dialect and the route of the request, as it is written in the table of routes."""
    rule = request.url_rule
    if rule is None:
        return NO_ROUTE, NO_ROUTE
    return (request.blueprint or "").partition("_")[0], rule.rule


def blueprint() -> Blueprint:
    """``GET /metrics``."""
    bp = Blueprint("metrics", __name__)
    bp.add_url_rule("/metrics", "metrics", show)
    return bp


@needs(Permission.READ)
@checks_names
def show() -> Response:
    """The figures of all processes, in Prometheus' text format."""
    return Response(generate_latest(registry()), content_type=CONTENT_TYPE_LATEST)


def registry() -> CollectorRegistry:
    """What all processes have counted; where there is no common folder, what this one has."""
    common = CollectorRegistry()
    try:
        MultiProcessCollector(common)
    except ValueError:
        return REGISTRY
    return common
