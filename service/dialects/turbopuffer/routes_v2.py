"""The v2 routes (section 1, rows 14 and 16–22), under ``/v2/namespaces``, and those of v1's that
came with them: metadata and operations.

A route reads the request, calls the engine and renders what comes back.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import cast
from uuid import UUID

from flask import Blueprint, Response, request

from service.core.documents import Write
from service.core.errors import InvalidRequest, NotFound
from service.core.fusion import fuse
from service.core.metadata import Metadata, MetadataUpdate
from service.core.permissions import Permission
from service.core.query import Result
from service.dialects.turbopuffer import render_v2 as render
from service.dialects.turbopuffer import routing
from service.dialects.turbopuffer.fusions import Fusion
from service.dialects.turbopuffer.metadata import (
    DEFAULT_ENCRYPTION,
    SSE,
    MetadataRequest,
    render_metadata,
)
from service.dialects.turbopuffer.queries_v2 import Multi, QueryRequest, Single
from service.dialects.turbopuffer.writes_v2 import Copy, CopyRequest, WriteRequest
from service.web.access import check_source, needs
from service.web.context import engine, read
from service.web.json import respond
from service.web.limits import limits

QUERY, WRITE, COPY, METADATA = QueryRequest(), WriteRequest(), CopyRequest(), MetadataRequest()


def blueprint() -> Blueprint:
    """All v2 routes."""
    return routing.blueprint("turbopuffer_v2", "/v2/namespaces", ROUTES)


def v1_blueprint(collection: str) -> Blueprint:
    """What the clients of today call below ``/v1/<collection>``."""
    name = f"turbopuffer_v1_{collection}_today"
    return routing.blueprint(name, f"/v1/{collection}", V1_ROUTES)


@needs(Permission.WRITE)
def write(namespace: str) -> Response:
    started = perf_counter()
    match cast(Write | Copy, read(WRITE, limits().max_write_bytes)):
        case Copy(source, must_exist):
            check_source(source)
            copied = engine().copy(namespace, source, must_exist=must_exist)
            return respond(render.render_copied(copied, perf_counter() - started))
        case Write() as change:
            written = engine().write(namespace, change)
            return respond(render.render_written(written, change, perf_counter() - started))


@needs(Permission.READ)
def query(namespace: str) -> Response:
    started = perf_counter()
    match cast(Single | Multi, read(QUERY, limits().max_body_bytes)):
        case Single(question, base64):
            parsed = perf_counter()
            (answer,) = engine().answer(namespace, (question,))
            costs = render.render_costs([answer], *since(started, parsed))
            return respond({**render.render_answer(answer, base64=base64), **costs})
        case Multi(questions, base64, fusion):
            parsed = perf_counter()
            answers = engine().answer(namespace, questions)
            costs = render.render_costs(answers, *since(started, parsed))
            if fusion is not None:
                answers = (fused(answers, fusion),)
            results = [render.render_answer(answer, base64=base64) for answer in answers]
            return respond({"results": results, **costs})


def since(started: float, parsed: float) -> tuple[float, float]:
    """Seconds since the beginning of the request, and since it was read."""
    now = perf_counter()
    return now - started, now - parsed


def fused(answers: tuple[render.Answer, ...], fusion: Fusion) -> Result:
    """One list of rows in the place of several."""
    results = cast(tuple[Result, ...], answers)
    hits = fuse([result.hits for result in results], fusion.weights, fusion.rank_constant)
    chosen = hits[fusion.offset : fusion.offset + fusion.limit]
    return replace(results[0], hits=chosen)


@needs(Permission.READ)
def explain_query(namespace: str) -> Response:
    asked = cast(Single | Multi, read(QUERY, limits().max_body_bytes))
    if isinstance(asked, Multi):
        raise InvalidRequest("💔 explain_query explains one query at a time")
    analyze = request.args.get("analyze") == "true" or asked.analyze
    text = engine().explain(namespace, asked.question, analyze=analyze)
    return respond({"plan_text": text})


@needs(Permission.WRITE)
def delete(namespace: str) -> Response:
    engine().delete(namespace)
    return respond({"status": "OK"})


@needs(Permission.READ)
def metadata(namespace: str) -> Response:
    return respond(render_metadata(engine().metadata(namespace), DEFAULT_ENCRYPTION))


@needs(Permission.READ)
def metadata_v1(namespace: str) -> Response:
    return respond(render_metadata(engine().metadata(namespace), SSE))


@needs(Permission.WRITE)
def update_metadata(namespace: str) -> Response:
    return respond(render_metadata(updated(namespace), DEFAULT_ENCRYPTION))


@needs(Permission.WRITE)
def update_metadata_v1(namespace: str) -> Response:
    return respond(render_metadata(updated(namespace), SSE))


def updated(namespace: str) -> Metadata:
    update = cast(MetadataUpdate, read(METADATA, limits().max_body_bytes))
    return engine().update_metadata(namespace, update)


@needs(Permission.WRITE)
def start_copy(namespace: str) -> Response:
    copy = cast(Copy, read(COPY, limits().max_body_bytes))
    check_source(copy.source)
    return respond({"token": str(engine().start_copy(namespace, copy.source))}, status=202)


@needs(Permission.READ)
def operation(namespace: str, token: str) -> Response:
    try:
        known = UUID(token)
    except ValueError:
        raise NotFound(f"🤷 operation '{token[:64]}' was not found") from None
    return respond(render.render_operation(engine().operation(namespace, known)))


ROUTES: tuple[routing.Route, ...] = (
    ("", write, ["POST"]),
    ("", delete, ["DELETE"]),
    ("/query", query, ["POST"]),
    ("/explain_query", explain_query, ["POST"]),
    ("/metadata", metadata, ["GET"]),
    ("/metadata", update_metadata, ["PATCH"]),
    ("/async", start_copy, ["POST"]),
)
V1_ROUTES: tuple[routing.Route, ...] = (
    ("/metadata", metadata_v1, ["GET"]),
    ("/metadata", update_metadata_v1, ["PATCH"]),
    ("/operations/<token>", operation, ["GET"]),
)
