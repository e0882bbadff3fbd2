"""JSON values, as a type checker can tell them apart."""

from __future__ import annotations

from typing import Any, TypeGuard

Wire = Any
Object = dict[str, Any]


def is_object(value: Wire) -> TypeGuard[Object]:
    return isinstance(value, dict)


def is_list(value: Wire) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def objects(value: Wire) -> list[Object]:
    """The members of a list that are objects; none of what is no list."""
    return [member for member in value if is_object(member)] if is_list(value) else []
