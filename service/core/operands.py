"""Operands of filters: held against the type of their field, and brought to the form in which it is
stored."""

from __future__ import annotations

import json
from uuid import UUID

from service.core.attributes import (
    CONVERSIONS,
    AttributeType,
    JsonScalar,
    Scalar,
    described,
    fits_scalar,
)
from service.core.errors import InvalidRequest
from service.core.filters import AnyElement, AnyOf, Attribute, Glob, Holds, Leaf, Operand, Regex
from service.core.ids import UNSIGNED_END, IdType


def bind_scalar(
    node: Leaf, value: Operand, field: Attribute, *, element: bool = False
) -> JsonScalar:
    """One operand in the form in which the attribute's type is stored.

    ``element`` allows it to be compared with the elements of an array.
    """
    assert not isinstance(value, UUID)
    kind = field.type
    if kind is None:
        return value
    if (kind.is_array and not element) or not comparable(value, kind):
        raise mismatch(node, expected(kind, node), value)
    if isinstance(value, int | float) and kind.is_number:
        return as_number_of(value, kind.scalar)
    convert = CONVERSIONS.get(kind.scalar)
    try:
        return convert(str(value)) if convert else value
    except (ValueError, OverflowError):
        raise mismatch(node, expected(kind, node), value) from None


def as_number_of(value: float, scalar: Scalar) -> JsonScalar:
    """A number as the type has it: beyond 2^53 integers and floats are spelled differently."""
    if scalar is Scalar.FLOAT:
        return float(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < UNSIGNED_END:
        return int(value)
    return value


def comparable(value: Operand, kind: AttributeType) -> bool:
    """Whether a value can stand beside the type; numbers of all kinds compare."""
    if kind.is_number:
        return type(value) in (int, float)
    return fits_scalar(value, kind.scalar)


def expected(kind: AttributeType, node: Leaf) -> str:
    match node:
        case AnyOf():
            return f"{kind.scalar.value} or []{kind.scalar.value}"
        case Holds() | AnyElement():
            return kind.scalar.value
        case _:
            return str(kind)


def bind_id(node: Leaf, value: object, id_type: IdType) -> Operand:
    """An operand for the id, as a value of its type."""
    match value, id_type:
        case bool(), _:
            pass
        case int(), IdType.BIGINT | IdType.NUMERIC if 0 <= value < UNSIGNED_END:
            return value
        case str(), IdType.TEXT:
            return value
        case int(), IdType.MIXED if 0 <= value < UNSIGNED_END:
            return UUID(int=value)
        case str(), IdType.UUID | IdType.MIXED:
            try:
                return UUID(value)
            except ValueError:
                pass
        case UUID(), IdType.UUID | IdType.MIXED:
            return value
        case _:
            pass
    wanted = id_type.spelled
    raise mismatch(node, f"{wanted} or []{wanted}" if isinstance(node, AnyOf) else wanted, value)


def mismatch(node: Leaf, wanted: str, value: object) -> InvalidRequest:
    """The error for an operand of the wrong type (turbopuffer, section 3.2)."""
    return InvalidRequest(
        f"filter error in key `{node.field}`: type mismatch, {node.spelled} expects {wanted}, "
        f"but got '{shown(value)}' ({described(value)})"
    )


def not_text(node: Glob | Regex, found: str) -> InvalidRequest:
    """The error for a pattern on a field that holds no strings."""
    return InvalidRequest(
        f"filter error in key `{node.field}`: type mismatch, {node.spelled} expects string or "
        f"[]string, but got an attribute of type {found}"
    )


def shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 64 else f"{text[:64]}…"
