"""Answers of the auth API (section 14), most of which have no envelope."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response

from service.core.errors import MalformedRequest, ServiceError, Unauthenticated
from service.core.keys import ApiKey, IssuedKey, KeyExpired, NoSuchKey
from service.dialects.vectorai import errors
from service.dialects.vectorai.envelope import Rendered, elapsed
from service.web.errors import headers_of, status_of
from service.web.json import respond
from service.web.tokens import LIFETIME

INVALID_TOKEN = "Invalid or missing authorization token"
INVALID_LOGIN = "Invalid username or password"


class WrongPassword(Unauthenticated):
    """The password is not the administrator's."""

    def __init__(self) -> None:
        super().__init__(INVALID_LOGIN)


def install(blueprint: Blueprint) -> None:
    """Answer every error of the blueprint's routes in the form of this API."""
    blueprint.register_error_handler(ServiceError, refused)
    blueprint.register_error_handler(Exception, errors.unexpected)


def refused(error: ServiceError) -> Response:
    status = 400 if isinstance(error, MalformedRequest) else status_of(error)
    return failed(message_of(error), status, headers_of(error))


def message_of(error: ServiceError) -> str:
    match error:
        case NoSuchKey():
            return "Access token not found"
        case KeyExpired():
            return "Cannot rotate an expired access token"
        case WrongPassword():
            return error.message
        case Unauthenticated():
            return INVALID_TOKEN
        case _:
            return error.message


def failed(message: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return respond({"status": "error", "message": message}, status, headers)


def done(message: str) -> Response:
    return respond({"status": "success", "message": message})


def state(result: bool) -> Response:
    """A yes or no, in the one envelope that this API has."""
    return respond({"usage": {}, "time": elapsed(), "status": "ok", "result": result})


def logged_in(token: str) -> Response:
    return respond({"token": token, "message": "Login successful", "expires_in": LIFETIME})


def not_logged_in() -> Response:
    body = {"token": None, "message": INVALID_LOGIN, "expires_in": 0}
    return respond(body, 401, headers_of(WrongPassword()))


def render_key(key: ApiKey) -> Rendered:
    return {
        "id": key.id,
        "name": key.name,
        "description": key.description,
        "created_at": moment(key.created_at),
        "expired_at": moment(key.expires_at) if key.expires_at else None,
        "will_expire": key.will_expire,
        "permission": key.permission,
    }


def render_issued(issued: IssuedKey) -> Rendered:
    """A key with its secret, under both of the names that clients look for."""
    return {**render_key(issued.key), "api_key": issued.secret, "token": issued.secret}


def moment(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
