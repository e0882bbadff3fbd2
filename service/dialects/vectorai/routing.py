"""Routes as tables, and what is common to all of them (sections 1 and 5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response

from service.core.errors import InvalidRequest
from service.dialects.vectorai import envelope, errors

# a path, its view, its methods
Route = tuple[str, Callable[..., Response], list[str]]

MAX_NAME_LENGTH = 255
ILLEGAL = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def blueprint(name: str, routes: Sequence[Route]) -> Blueprint:
    """Routes in the envelope of this API; a collection's name that cannot be one is refused."""
    bp = Blueprint(name, __name__)
    errors.install(bp)
    bp.before_request(envelope.start)
    bp.url_value_preprocessor(check_names)
    for path, view, methods in routes:
        endpoint = f"{view.__name__}:{path}".replace(".", "_")
        bp.add_url_rule(path, endpoint, view, methods=methods)
    return bp


def check_names(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values and "collection" in values:
        check_name(values["collection"])


def check_name(name: str) -> str:
    """A collection's name.

    Raises:
        InvalidRequest: for one of more than 255 characters, or with one that paths give a meaning.
    """
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise InvalidRequest(f"Invalid name: it has 1 to {MAX_NAME_LENGTH} characters")
    if found := ILLEGAL.search(name):
        raise InvalidRequest(f"Invalid name: it must not contain {found.group()!r}")
    return name
