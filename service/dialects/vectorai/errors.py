"""Errors in the words of this API (section 4).

Its client takes an error apart by its words: "dimension" in a 400 makes it a mismatch of
dimensions, "collection" in a 404 a collection that does not exist. So these two stand where they
are meant, and nowhere else.
"""

from __future__ import annotations

import logging
import re
from uuid import uuid4

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException

from service.core.errors import (
    Closed,
    DocumentNotFound,
    MalformedRequest,
    NamespaceExists,
    NamespaceNotFound,
    ServiceError,
    Unauthenticated,
    UnfitId,
    UnknownVector,
    WrongLength,
)
from service.core.ids import kind_of
from service.core.query import DEFAULT_VECTOR
from service.dialects.vectorai.envelope import refusal
from service.web.errors import headers_of, status_of

logger = logging.getLogger(__name__)

SHOWN = 64
SYMBOLS = "💔🤷🙅 "
DIMENSION = re.compile("dimension", re.IGNORECASE)
COLLECTION = re.compile("collection|vector space", re.IGNORECASE)


def install(blueprint: Blueprint) -> None:
    """Answer every error of the blueprint's routes in this API's envelope."""
    blueprint.register_error_handler(ServiceError, refused)
    blueprint.register_error_handler(HTTPException, http)
    blueprint.register_error_handler(Exception, unexpected)


def refused(error: ServiceError) -> Response:
    status, message = describe(error)
    more = {"message": message} if isinstance(error, Unauthenticated) else {}
    return refusal(message, status, headers_of(error), **more)


def describe(error: ServiceError) -> tuple[int, str]:
    """Status and message of an error (section 4.2)."""
    match error:
        case NamespaceNotFound(name=name):
            return 404, f"Collection not found: {name}"
        case NamespaceExists(name=name):
            return 409, f"Collection already exists: {name}"
        case Closed(name=name):
            return 412, f"Collection '{name}' is closed; open it to resume access"
        case WrongLength(column=column, expected=expected, got=got):
            name = vector_name(column)
            return 400, f"Dimension mismatch for vector '{name}': expected {expected}, got {got}"
        case UnknownVector(name=name):
            return 404, f"Vector space '{vector_name(name)}' not found"
        case UnfitId(id=wire):
            expected = "an unsigned 64-bit integer or a UUID"
            return 400, f"Invalid point id: {spelled(wire)}; expected {expected}"
        case DocumentNotFound(id=identity):
            return 404, f"Vector not found: id {identity}"
        case _:
            status = 400 if isinstance(error, MalformedRequest) else status_of(error)
            return status, plain(error.message, status)


def spelled(wire: object) -> str:
    """What stands where an id should; of what is no text and no number, what it is."""
    if isinstance(wire, str | int | float) and not isinstance(wire, bool):
        return repr(str(wire)[:SHOWN])
    return kind_of(wire)


def vector_name(column: str) -> str:
    """A vector's name in this API, where the default one has none."""
    return "" if column == DEFAULT_VECTOR else column


def plain(message: str, status: int) -> str:
    """A message without the words that clients would take for another error."""
    message = message.strip(SYMBOLS)
    if status == 400:
        return DIMENSION.sub("component", message)
    if status == 404:
        return COLLECTION.sub("namespace", message)
    return message


def http(error: HTTPException) -> Response:
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return refusal(plain(error.description or error.name, status), status, headers)


def unexpected(error: Exception) -> Response:
    request_id = uuid4().hex
    logger.error("request %s failed", request_id, exc_info=error)
    message = f"internal error; the log has the details under request id {request_id}"
    return refusal(message, 500, {"X-Request-Id": request_id})
