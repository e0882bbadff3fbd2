"""The service itself (section 13): what it is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from flask import Response

from service.dialects.vectorai.envelope import NO_USAGE, answer, elapsed
from service.dialects.vectorai.routing import Route
from service.web.access import open_to_all
from service.web.json import respond

TITLE = "Vectable - vector search on PostgreSQL"


@open_to_all
def welcome() -> Response:
    """The bare address: every client finds here what it looks for."""
    about = {"title": TITLE, "version": own_version()}
    return respond(
        {
            **about,
            "commit": None,
            "usage": NO_USAGE,
            "time": elapsed(),
            "status": "ok",
            "result": about,
        }
    )


@open_to_all
def telemetry() -> Response:
    return answer({"app": {"name": TITLE, "version": own_version()}})


def own_version() -> str:
    try:
        return version("vectable")
    except PackageNotFoundError:
        return "0"


ROUTES: tuple[Route, ...] = (
    ("/", welcome, ["GET"]),
    ("/telemetry", telemetry, ["GET"]),
)
