"""The v1 routes (section 1, rows 1–12), under ``/v1/namespaces`` and ``/v1/vectors`` alike.

A route reads the request, calls the engine and renders what comes back.
"""

from __future__ import annotations

import sys
from time import perf_counter
from typing import cast

from flask import Blueprint, Response, request

from service.core.documents import Write
from service.core.errors import InvalidAddress, InvalidRequest
from service.core.permissions import Permission
from service.dialects.turbopuffer import render_v1 as render
from service.dialects.turbopuffer import routing
from service.dialects.turbopuffer.attribute_schema import parse_schema_body
from service.dialects.turbopuffer.requests_v1 import (
    Copy,
    Lookup,
    QueryRequest,
    RecallRequest,
    RecallTest,
    WriteRequest,
)
from service.dialects.turbopuffer.schema_rendering import render_schema
from service.dialects.turbopuffer.wire import Wire
from service.web.access import check_source, checks_names, needs
from service.web.body import read_body
from service.web.context import engine, read
from service.web.json import loads, respond
from service.web.limits import limits
from service.web.names import shown_names

MAX_PAGE = 1000
MAX_DIGITS = 18

QUERY, RECALL, WRITE = QueryRequest(), RecallRequest(), WriteRequest()


def blueprint(collection: str) -> Blueprint:
    """All v1 routes below ``/v1/<collection>``."""
    bp = routing.blueprint(f"turbopuffer_v1_{collection}", f"/v1/{collection}", ROUTES)
    bp.add_url_rule("", "list", list_namespaces, methods=["GET"], strict_slashes=False)
    return bp


@needs(Permission.READ)
@checks_names
def list_namespaces() -> Response:
    size = page_size()
    cursor = render.read_cursor(argument("cursor"))
    page = shown_names(request.args.get("prefix", ""), cursor, size)
    return respond(render.render_namespaces(page))


def page_size() -> int:
    text = argument("page_size") or str(MAX_PAGE)
    size = read_digits(text)
    if size is None:
        raise InvalidAddress(f"Invalid URL: page_size must be a number, was {text[:32]!r}")
    if not 1 <= size <= MAX_PAGE:
        raise InvalidRequest(f"💔 Page size must be in range 1..={MAX_PAGE}, was {text[:32]}")
    return size


def read_digits(text: str) -> int | None:
    """A whole number of the URL; one of very many digits is simply too large for all uses."""
    if not text.isascii() or not text.isdecimal():
        return None
    return int(text) if len(text) <= MAX_DIGITS else sys.maxsize


def argument(name: str) -> str:
    """A parameter of the URL, or "" when absent.

    Old TypeScript clients send ``??cursor=…``, which makes it a parameter called ``?cursor``.
    """
    return request.args.get(name) or request.args.get(f"?{name}") or ""


@needs(Permission.WRITE)
def write(namespace: str) -> Response:
    match cast(Write | Copy, read(WRITE, limits().max_write_bytes)):
        case Copy(source):
            check_source(source)
            return respond(render.render_copied(engine().copy(namespace, source)))
        case Write() as change:
            return respond(render.render_written(engine().write(namespace, change)))


@needs(Permission.READ)
def query(namespace: str) -> Response:
    started = perf_counter()
    lookup = cast(Lookup, read(QUERY, limits().max_body_bytes, empty_ok=True))
    parsed = perf_counter()
    result = engine().query(namespace, lookup.query)
    executed = perf_counter()
    headers = render.query_headers(result, executed - started, executed - parsed)
    return respond(render.render_hits(result, base64=lookup.base64), headers=headers)


@needs(Permission.READ)
def export(namespace: str) -> Response:
    page = engine().export(namespace, render.read_position(argument("cursor")))
    return respond(render.render_page(page))


@needs(Permission.READ)
def describe(namespace: str) -> Response:
    return Response(headers=render.describing_headers(engine().describe(namespace)))


@needs(Permission.WRITE)
def delete(namespace: str) -> Response:
    engine().delete(namespace)
    return respond({"status": "ok"})


@needs(Permission.WRITE)
def delete_index(namespace: str) -> Response:
    engine().drop_indexes(namespace)
    return respond({"status": "ok"})


@needs(Permission.READ)
def recall(namespace: str) -> Response:
    test = cast(
        RecallTest, RECALL.load(recall_arguments())
        if request.method == "GET"
        else read(RECALL, limits().max_body_bytes, empty_ok=True),
    )  # fmt: skip
    measured = engine().recall(namespace, test.samples, test.query, test.vectors)
    return respond(render.render_recall(measured, with_truth=test.with_truth))


def recall_arguments() -> dict[str, int]:
    """``num`` and ``top_k`` of the URL, as a body would have them."""
    given: dict[str, int] = {}
    for name in ("num", "top_k"):
        text = argument(name)
        if text:
            number = read_digits(text)
            if number is None:
                raise InvalidRequest(f"💔 {name} must be a number, was {text[:32]!r}")
            given[name] = number
    return given


@needs(Permission.READ)
def schema(namespace: str) -> Response:
    return respond(render_schema(engine().schema(namespace)))


@needs(Permission.WRITE)
def update_schema(namespace: str) -> Response:
    update = parse_schema_body(cast(Wire, loads(read_body(limits().max_body_bytes))))
    return respond(render_schema(engine().update_schema(namespace, update)))


@needs(Permission.READ)
def warm(namespace: str) -> Response:
    engine().warm(namespace)
    return respond({"status": "ACCEPTED", "message": "cache warm hint accepted"}, status=202)


ROUTES: tuple[routing.Route, ...] = (
    ("", describe, ["HEAD"]),
    ("", write, ["POST"]),
    ("", export, ["GET"]),
    ("", delete, ["DELETE"]),
    ("/query", query, ["POST"]),
    ("/index", delete_index, ["DELETE"]),
    ("/_debug/recall", recall, ["GET", "POST"]),
    ("/schema", schema, ["GET"]),
    ("/schema", update_schema, ["POST"]),
    ("/hint_cache_warm", warm, ["GET"]),
)
