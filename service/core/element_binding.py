"""Binding conditions on free-form JSON: where the catalog promises a type, the typed condition.

Those of ``core/filters.py`` have indexes. A condition that no value of the promised type can meet
matches nothing; there are no type errors here, nor attributes that cannot be filtered by.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from service.core.attributes import NUMBERS, AttributeType, JsonScalar, Scalar
from service.core.bounds import Bounds
from service.core.elements import (
    Element,
    FromId,
    HasId,
    HasVector,
    HoldsAnyWord,
    HoldsPhrase,
    HoldsText,
    InBox,
    InPolygon,
    InRadius,
    InRange,
    InTimeRange,
    IsAnyOf,
    IsNoneOf,
    IsValue,
    Test,
)
from service.core.errors import UnfitId
from service.core.filters import (
    EVERYTHING,
    NOTHING,
    AnyOf,
    Attribute,
    Between,
    Compare,
    Equal,
    Filter,
    Holds,
    IdField,
    Order,
)
from service.core.ids import DocumentId, IdType, coerce_id, storable
from service.core.namespace import Namespace
from service.core.times import stored_time

TEXTS = frozenset({Scalar.STRING, Scalar.UUID, Scalar.DATETIME})
KINDS: dict[type, frozenset[Scalar]] = {
    str: TEXTS,
    bool: frozenset({Scalar.BOOL}),
    int: NUMBERS,
    float: NUMBERS,
}


def bind_element(node: Element, namespace: Namespace) -> Filter:
    """The condition in the form that is fastest for what the catalog promises."""
    attribute = promised(node, namespace)
    if attribute is None or attribute.type is None:
        return node
    scalar = attribute.type.scalar
    match node.test:
        case IsValue(value):
            return bind_values(node, attribute, (value,))
        case IsAnyOf(values):
            return bind_values(node, attribute, values)
        case InRange(Bounds(limits)) if limits and is_one(attribute.type, NUMBERS):
            return Between(attribute, Bounds(limits))
        case InTimeRange(bounds) if is_one(attribute.type, {Scalar.DATETIME}):
            stored = stored_bounds(bounds)
            return node if stored is None else Between(attribute, stored)
        case test:
            return node if can_pass(test, scalar) else NOTHING


def promised(node: Element, namespace: Namespace) -> Attribute | None:
    """The attribute, when all of its values are of one type: or missing, null, or empty arrays."""
    name = node.path.name
    spec = None if name is None else namespace.attributes.get(name)
    if name is None or spec is None or spec.type.scalar is Scalar.ANY:
        return None
    return Attribute(name, spec.type)


def is_one(kind: AttributeType, scalars: frozenset[Scalar] | set[Scalar]) -> bool:
    return not kind.is_array and kind.scalar in scalars


def can_pass(test: Test, scalar: Scalar) -> bool:
    """Whether a value of the type can pass at all."""
    match test:
        case InRange():
            return scalar in NUMBERS
        case InTimeRange() | HoldsText() | HoldsAnyWord() | HoldsPhrase():
            return scalar in TEXTS
        case InBox() | InRadius() | InPolygon():
            return False
        case IsValue() | IsAnyOf() | IsNoneOf():
            return True


def bind_values(node: Element, attribute: Attribute, values: tuple[JsonScalar, ...]) -> Filter:
    """Equality with one of the values; with those only that are of the attribute's type."""
    assert attribute.type is not None
    scalar = attribute.type.scalar
    fitting = tuple(value for value in values if scalar in KINDS[type(value)])
    if not fitting:
        return NOTHING
    if scalar is Scalar.FLOAT and any(type(value) is int for value in fitting):
        return node  # both 1 and 1.0 may be stored: only the free-form condition tells them apart
    if attribute.type.is_array:
        return Holds(attribute, fitting)
    return Equal(attribute, fitting[0]) if len(fitting) == 1 else AnyOf(attribute, fitting)


def stored_bounds(bounds: Bounds[Decimal]) -> Bounds[str] | None:
    """Bounds as texts that sort as stored times do; None without any, or out of their range."""
    texts = [(order, stored_time(limit)) for order, limit in bounds.limits]
    known = tuple((order, text) for order, text in texts if text is not None)
    return Bounds(known) if known and len(known) == len(texts) else None


def bind_ids(node: HasId, namespace: Namespace) -> Filter:
    """Those of the ids that the namespace can hold, as it stores them."""
    held = [coerce_id(one, namespace.id_type) for one in node.ids if is_held(one, namespace)]
    return AnyOf(IdField(), tuple(held)) if held else NOTHING


def bind_start(node: FromId, namespace: Namespace) -> Filter:
    """The ids from this one on; one that the namespace cannot hold stands before or behind all."""
    match node.id, namespace.id_type:
        case UUID(), IdType.BIGINT | IdType.NUMERIC:
            return NOTHING
        case int(), IdType.UUID:
            return EVERYTHING
        case (str(), kind) if kind is not IdType.TEXT:
            raise UnfitId(node.id)
        case int(), IdType.BIGINT if not storable(node.id, namespace.id_type):
            return NOTHING
        case _:
            start = coerce_id(node.id, namespace.id_type)
            return Compare(IdField(), Order.GREATER_OR_EQUAL, start)


def is_held(value: DocumentId, namespace: Namespace) -> bool:
    """Whether the namespace can hold the id."""
    match value, namespace.id_type:
        case int(), IdType.BIGINT | IdType.NUMERIC:
            return storable(value, namespace.id_type)
        case (int(), IdType.MIXED) | (UUID(), IdType.UUID | IdType.MIXED):
            return True
        case str(), IdType.TEXT:
            return True
        case _:
            return False


def bind_vector(node: HasVector, namespace: Namespace) -> Filter:
    """The vector with its column; nothing has one that the namespace does not know."""
    for column in namespace.vectors:
        if column.name == node.name:
            return HasVector(node.name, column.column)
    return NOTHING
