"""Errors become answers: which status a class has, and the envelope around its message.

The only place with HTTP numbers for errors. A message reaches the caller only if it was written for
callers; of anything unexpected the log gets the traceback and the caller a request id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from uuid import uuid4

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute

from service.core.errors import (
    Closed,
    Conflict,
    Forbidden,
    InvalidAddress,
    InvalidRequest,
    MalformedRequest,
    NotFound,
    ServiceError,
    StorageFull,
    TooLarge,
    TooManyRequests,
    TooSlow,
    Unauthenticated,
    Unavailable,
)
from service.web.body import release
from service.web.json import respond

logger = logging.getLogger(__name__)

UNEXPECTED = 500
BELOW = "vectable_below"
Answering = Callable[[HTTPException], Response]
STATUS: Mapping[type[ServiceError], int] = {
    InvalidRequest: 400,
    InvalidAddress: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Closed: 412,
    TooLarge: 413,
    MalformedRequest: 422,
    TooManyRequests: 429,
    Unavailable: 503,
    TooSlow: 504,
    StorageFull: 507,
}


def status_of(error: ServiceError) -> int:
    """The status of the error's class, or of the nearest class above that has one."""
    return status_of_class(type(error))


def status_of_class(kind: type[ServiceError]) -> int:
    for cls in kind.__mro__:
        if cls in STATUS:
            return STATUS[cls]
    return UNEXPECTED


def status_named(kind: str) -> int:
    """The status of the class of errors with this name."""
    classes: list[type[ServiceError]] = [ServiceError]
    for cls in classes:
        if cls.__name__ == kind:
            return status_of_class(cls)
        classes.extend(cls.__subclasses__())
    return UNEXPECTED


def headers_of(error: ServiceError) -> dict[str, str]:
    """The headers that belong to the error, whatever the body looks like."""
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(error, TooManyRequests | Unavailable):
        return {"Retry-After": str(error.retry_after)}
    return {}


def envelope(message: str) -> dict[str, str]:
    """The body of every error."""
    return {"status": "error", "error": message}


def install(app: Flask) -> None:
    """Answer every error in the envelope, and leave the connection in order."""
    app.register_error_handler(ServiceError, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)
    # Refusing is what leaves bodies unread.
    app.after_request(release)


def _refused(error: ServiceError) -> Response:
    status, headers = status_of(error), headers_of(error)
    if isinstance(error, InvalidAddress):
        return Response(error.message, status, headers, content_type="text/plain; charset=utf-8")
    return respond(envelope(error.message), status, headers)


def answer_below(app: Flask, prefixes: tuple[str, ...], answer: Answering) -> None:
    """Let a dialect answer for what is below its paths and has no route of its own."""
    known: dict[tuple[str, ...], Answering] = app.extensions.setdefault(BELOW, {})
    known[prefixes] = answer


def _dialect() -> Answering | None:
    """Who answers for the path of the request."""
    known: dict[tuple[str, ...], Answering] = current_app.extensions.get(BELOW, {})
    path = request.path
    for prefixes, answer in known.items():
        if any(path == prefix or path.startswith(f"{prefix}/") for prefix in prefixes):
            return answer
    return None


def _http(error: HTTPException) -> Response:
    if (answer := _dialect()) is not None:
        return answer(error)
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        # Flask wraps what an after-request function raises.
        return _unexpected(error.original_exception)
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return respond(envelope(_sentence(error)), error.code or UNEXPECTED, headers)


def _sentence(error: HTTPException) -> str:
    where = f"{request.method} {request.path[:200]}"
    if isinstance(error, NoRoute):
        return f"there is no endpoint {where}"
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        return f"there is no endpoint {where}; the path takes {allowed}"
    return error.description or error.name


def _unexpected(error: BaseException) -> Response:
    request_id = uuid4().hex
    logger.error(
        "request %s failed: %s %r", request_id, request.method, request.path, exc_info=error
    )
    message = f"internal error; the log has the details under request id {request_id}"
    return respond(envelope(message), UNEXPECTED, {"X-Request-Id": request_id})
