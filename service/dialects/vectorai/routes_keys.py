"""The routes of keys (section 14), under the names that they have had and have."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

from service.core.errors import Forbidden
from service.core.keys import NoSuchKey
from service.core.permissions import Permission
from service.dialects.vectorai import auth_answers
from service.dialects.vectorai.auth_bodies import read_key
from service.engine.keys import Keys
from service.web.access import gate, needs
from service.web.context import engine
from service.web.json import respond

# a path behind /auth, its view, its methods
Route = tuple[str, Callable[..., Response], list[str]]

# what bigint holds for certain
MAX_DIGITS = 18


def keys() -> Keys:
    """The keys; there is no use for them where nobody asks for one."""
    if not gate().asks_now():
        raise Forbidden("Access token API requires auth_enabled=true")
    return engine().keys


def number_of(text: str) -> int:
    """A key's number as the address has it; what is none is not the number of any key."""
    if not text.isascii() or not text.isdecimal() or len(text) > MAX_DIGITS:
        raise NoSuchKey(0)
    return int(text)


@needs(Permission.ADMIN)
def create_key() -> Response:
    known = keys()
    return respond(auth_answers.render_issued(known.create(read_key())))


@needs(Permission.ADMIN)
def list_keys() -> Response:
    return respond({"api_keys": [auth_answers.render_key(key) for key in keys().list_all()]})


@needs(Permission.ADMIN)
def list_tokens() -> Response:
    return respond([auth_answers.render_key(key) for key in keys().list_all()])


@needs(Permission.ADMIN)
def delete_key(number: str) -> Response:
    keys().revoke(number_of(number))
    return auth_answers.done("Access token deleted successfully")


@needs(Permission.ADMIN)
def rotate_key(number: str) -> Response:
    return respond(auth_answers.render_issued(keys().rotate(number_of(number))))


ROUTES: tuple[Route, ...] = (
    ("/api_key", create_key, ["POST"]),
    ("/api_keys", list_keys, ["GET"]),
    ("/api_key/<number>", delete_key, ["DELETE"]),
    ("/api_key/<number>/rotate", rotate_key, ["POST"]),
    ("/access_token", create_key, ["POST"]),
    ("/access_tokens", list_tokens, ["GET"]),
    ("/access_token/<number>", delete_key, ["DELETE"]),
    ("/access_token/<number>/rotate", rotate_key, ["POST"]),
)
