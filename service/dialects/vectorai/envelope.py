"""The envelope around every answer (section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

from flask import Response, g

from service.web.json import respond

Rendered = dict[str, object]
NO_USAGE: Mapping[str, None] = {"hardware": None}


def start() -> None:
    """Note when the request began."""
    g.started = perf_counter()


def answer(result: object) -> Response:
    """A result with the seconds that it took."""
    return respond({"usage": NO_USAGE, "time": elapsed(), "status": "ok", "result": result})


def refusal(words: str, status: int, headers: Mapping[str, str], **more: object) -> Response:
    """An error; clients read its words (section 4)."""
    return respond({"status": {"error": words}, "time": elapsed(), **more}, status, headers)


def elapsed() -> float:
    """Seconds since the request began."""
    started: float | None = g.get("started")
    return 0.0 if started is None else perf_counter() - started
