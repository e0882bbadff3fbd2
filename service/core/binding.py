"""Binding a filter to a namespace: every field gets its type, every operand is checked against it.

What comes out compiles without knowing the schema. An attribute that the schema does not have keeps
no type: it is missing in every document, and any operand is allowed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
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
from service.core.filters import (
    EVERYTHING,
    NOTHING,
    And,
    AnyOf,
    Attribute,
    Compare,
    Equal,
    Filter,
    Glob,
    IdField,
    Leaf,
    Missing,
    Not,
    Operand,
    Or,
    Order,
)
from service.core.ids import UNSIGNED_END, IdType, storable
from service.core.namespace import Namespace
from service.core.query import ByAttribute, Nearest, Ranking


@singledispatch
def bind(node: Filter, namespace: Namespace) -> Filter:
    """The filter with typed fields and operands of the stored form.

    Raises:
        InvalidRequest: naming attribute, operator and both types, for an operand that cannot be
            compared with its field.
    """
    raise TypeError(node)


@bind.register
def _and(node: And, namespace: Namespace) -> Filter:
    return And(tuple(bind(part, namespace) for part in node.parts))


@bind.register
def _or(node: Or, namespace: Namespace) -> Filter:
    return Or(tuple(bind(part, namespace) for part in node.parts))


@bind.register
def _not(node: Not, namespace: Namespace) -> Filter:
    return Not(bind(node.part, namespace))


@bind.register
def _missing(node: Missing, namespace: Namespace) -> Filter:
    if isinstance(node.field, IdField):
        return NOTHING
    return replace(node, field=bind_field(node, namespace))


@bind.register
def _equal(node: Equal, namespace: Namespace) -> Filter:
    if isinstance(node.field, IdField):
        value = bind_id(node, node.value, namespace.id_type)
        return replace(node, value=value) if storable(value, namespace.id_type) else NOTHING
    field = bind_field(node, namespace)
    if not isinstance(node.value, tuple):
        return replace(node, field=field, value=bind_scalar(node, node.value, field))
    if field.type and not field.type.is_array and node.value:
        raise mismatch(node, str(field.type), list(node.value))
    values = tuple(bind_scalar(node, value, field, element=True) for value in node.value)
    return replace(node, field=field, value=values)


@bind.register
def _any_of(node: AnyOf, namespace: Namespace) -> Filter:
    if isinstance(node.field, IdField):
        ids = [bind_id(node, value, namespace.id_type) for value in node.values]
        return replace(node, values=tuple(i for i in ids if storable(i, namespace.id_type)))
    field = bind_field(node, namespace)
    values = tuple(bind_scalar(node, value, field, element=True) for value in node.values)
    return replace(node, field=field, values=values)


@bind.register
def _compare(node: Compare, namespace: Namespace) -> Filter:
    if isinstance(node.field, IdField):
        value = bind_id(node, node.value, namespace.id_type)
        if storable(value, namespace.id_type):
            return replace(node, value=value)
        return EVERYTHING if node.order in (Order.LESS, Order.LESS_OR_EQUAL) else NOTHING
    field = bind_field(node, namespace)
    return replace(node, field=field, value=bind_scalar(node, node.value, field))


@bind.register
def _glob(node: Glob, namespace: Namespace) -> Filter:
    if isinstance(node.field, IdField):
        if namespace.id_type is not IdType.TEXT:
            raise not_text(node, namespace.id_type.spelled)
        return node
    field = bind_field(node, namespace)
    if field.type and field.type.scalar is not Scalar.STRING:
        raise not_text(node, str(field.type))
    return replace(node, field=field)


def bind_ranking(ranking: Ranking, namespace: Namespace) -> Ranking:
    """The ranking with its attribute typed, or its vector checked.

    Raises:
        InvalidRequest: for a vector of another length, or an order by an array.
    """
    match ranking:
        case Nearest(vector, _, column):
            namespace.check_vector(namespace.vector_column(column), vector)
            return ranking
        case ByAttribute(attribute, descending):
            spec = namespace.attributes.get(attribute.name)
            if spec and spec.type.is_array:
                raise InvalidRequest(
                    f"💔 cannot order by attribute '{attribute.name}': it has type {spec.type}"
                )
            return ByAttribute(Attribute(attribute.name, spec and spec.type), descending)
        case _:
            return ranking


def bind_field(node: Leaf, namespace: Namespace) -> Attribute:
    """The leaf's attribute with its type.

    Raises:
        InvalidRequest: when the schema says that it cannot be filtered by.
    """
    assert isinstance(node.field, Attribute)
    spec = namespace.attributes.get(node.field.name)
    if spec is None:
        return node.field
    if not spec.filterable:
        raise InvalidRequest(
            f"filter error in key `{node.field.name}`: {node.spelled} needs a filterable "
            "attribute, but the schema has `filterable: false` for it"
        )
    return Attribute(node.field.name, spec.type)


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
    return f"{kind.scalar.value} or []{kind.scalar.value}" if isinstance(node, AnyOf) else str(kind)


def bind_id(node: Leaf, value: object, id_type: IdType) -> Operand:
    """An operand for the id, as a value of its type."""
    match value, id_type:
        case bool(), _:
            pass
        case int(), IdType.BIGINT | IdType.NUMERIC if 0 <= value < UNSIGNED_END:
            return value
        case str(), IdType.TEXT:
            return value
        case str(), IdType.UUID:
            try:
                return UUID(value)
            except ValueError:
                pass
        case UUID(), IdType.UUID:
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


def not_text(node: Leaf, found: str) -> InvalidRequest:
    """The error for a pattern on a field that holds no strings."""
    return InvalidRequest(
        f"filter error in key `{node.field}`: type mismatch, {node.spelled} expects string or "
        f"[]string, but got an attribute of type {found}"
    )


def shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 64 else f"{text[:64]}…"
