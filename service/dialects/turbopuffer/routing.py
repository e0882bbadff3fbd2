"""Routes as tables: what is common to all that begin with the name of a namespace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response

from service.core.namespace import check_namespace_name

# a path behind the namespace, its view, its methods
Route = tuple[str, Callable[..., Response], list[str]]


def blueprint(name: str, prefix: str, routes: Sequence[Route]) -> Blueprint:
    """The routes below ``<prefix>/<namespace>``; a name that cannot be one is refused first."""
    bp = Blueprint(name, __name__, url_prefix=prefix)
    bp.url_value_preprocessor(check_address)
    for path, view, methods in routes:
        bp.add_url_rule(f"/<namespace>{path}", view.__name__, view, methods=methods)
    return bp


def check_address(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values and "namespace" in values:
        check_namespace_name(values["namespace"])
