"""Binding a filter to a namespace: every field gets its type, every operand is checked against it.

What comes out compiles without knowing the schema. An attribute that the schema does not have keeps
no type: it is missing in every document, and any operand is allowed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import TypeVar

from service.core.attributes import ANY, AttributeSpec, AttributeType, Scalar
from service.core.element_binding import bind_element, bind_ids, bind_start, bind_vector
from service.core.elements import Counted, Element, Empty, FromId, HasId, HasVector, Nested, Null
from service.core.errors import InvalidRequest
from service.core.filters import (
    EVERYTHING,
    NOTHING,
    And,
    AnyElement,
    AnyOf,
    AtLeast,
    Attribute,
    Between,
    Compare,
    ComparesNew,
    Equal,
    EqualsNew,
    Filter,
    Glob,
    Holds,
    IdField,
    Leaf,
    Misfit,
    Missing,
    Not,
    Or,
    Order,
    Regex,
)
from service.core.ids import IdType, storable
from service.core.namespace import Namespace
from service.core.operands import bind_id, bind_scalar, mismatch, not_text


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
def _at_least(node: AtLeast, namespace: Namespace) -> Filter:
    parts = tuple(bind(part, namespace) for part in node.parts)
    # indexes serve these forms
    if node.count == 1:
        return Or(parts)
    return And(parts) if node.count == len(parts) else AtLeast(node.count, parts)


@bind.register
def _element(node: Element, namespace: Namespace) -> Filter:
    return bind_element(node, namespace)


@bind.register
def _has_id(node: HasId, namespace: Namespace) -> Filter:
    return bind_ids(node, namespace)


@bind.register
def _from_id(node: FromId, namespace: Namespace) -> Filter:
    return bind_start(node, namespace)


@bind.register
def _has_vector(node: HasVector, namespace: Namespace) -> Filter:
    return bind_vector(node, namespace)


@bind.register(Between)
@bind.register(Counted)
@bind.register(Empty)
@bind.register(Null)
@bind.register(Nested)
def _untyped(node: Filter, _: Namespace) -> Filter:
    # what they say of any value needs no type
    return node


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
def _holds(node: Holds, namespace: Namespace) -> Filter:
    field = array_field(node, namespace)
    values = tuple(bind_scalar(node, value, field, element=True) for value in node.values)
    return replace(node, field=field, values=values)


@bind.register
def _misfit(node: Misfit, namespace: Namespace) -> Filter:
    kind = ""
    if isinstance(node.field, IdField):
        kind = namespace.id_type.spelled
    elif spec := namespace.attributes.get(node.field.name):
        kind = spec.type.scalar.value
    wanted = (f"[]{kind}" if kind else "an array") if node.wants_list else kind or "a single value"
    raise mismatch(node, wanted, node.value)


@bind.register
def _any_element(node: AnyElement, namespace: Namespace) -> Filter:
    field = array_field(node, namespace)
    return replace(node, field=field, value=bind_scalar(node, node.value, field, element=True))


@bind.register
def _equals_new(node: EqualsNew, namespace: Namespace) -> Filter:
    return bind_new(node, namespace)


@bind.register
def _compares_new(node: ComparesNew, namespace: Namespace) -> Filter:
    bound = bind_new(node, namespace)
    for attribute in (bound.field, bound.new):
        if isinstance(attribute, Attribute) and attribute.type and attribute.type.is_array:
            raise InvalidRequest(
                f"filter error in key `{node.field}`: {node.spelled} compares single values, "
                f"but attribute '{attribute}' has type {attribute.type}"
            )
    return bound


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
    return replace(node, field=text_field(node, namespace))


@bind.register
def _regex(node: Regex, namespace: Namespace) -> Filter:
    if isinstance(node.field, IdField):
        raise InvalidRequest("filter error in key `id`: Regex matches attributes, not ids")
    return replace(node, field=text_field(node, namespace))


def text_field(node: Glob | Regex, namespace: Namespace) -> Attribute:
    """The leaf's attribute, whose values are strings."""
    field = bind_field(node, namespace)
    if field.type and field.type.scalar is not Scalar.STRING:
        raise not_text(node, str(field.type))
    return field


def array_field(node: Holds | AnyElement, namespace: Namespace) -> Attribute:
    """The leaf's attribute, whose values are arrays."""
    found = namespace.id_type.spelled
    if not isinstance(node.field, IdField):
        field = bind_field(node, namespace)
        if field.type is None or field.type.is_array or field.type == ANY:
            return field
        found = str(field.type)
    raise InvalidRequest(
        f"filter error in key `{node.field}`: type mismatch, {node.spelled} needs an array, "
        f"but the attribute has type {found}"
    )


NewLeaf = TypeVar("NewLeaf", EqualsNew, ComparesNew)


def bind_new(node: NewLeaf, namespace: Namespace) -> NewLeaf:
    """The leaf with the types of both attributes, which have to be comparable."""
    if isinstance(node.field, IdField):
        raise InvalidRequest("filter error in key `id`: ids are not compared with $ref_new")
    field = bind_field(node, namespace)
    spec = namespace.attributes.get(node.new.name)
    new = Attribute(node.new.name, spec and spec.type)
    check_no_vector(new, namespace)
    if field.type and new.type and kind_compared(field.type) != kind_compared(new.type):
        raise InvalidRequest(
            f"filter error in key `{field}`: type mismatch, {node.spelled} expects {field.type}, "
            f"but $ref_new attribute '{new}' has type {new.type}"
        )
    return replace(node, field=field, new=new)


def kind_compared(kind: AttributeType) -> tuple[object, bool]:
    """Types compare when this is equal: numbers of all kinds do."""
    return ("number" if kind.is_number else kind.scalar), kind.is_array


def bind_field(node: Leaf, namespace: Namespace) -> Attribute:
    """The leaf's attribute with its type.

    Raises:
        InvalidRequest: when the schema says that it cannot be filtered by.
    """
    assert isinstance(node.field, Attribute)
    check_no_vector(node.field, namespace)
    spec = namespace.attributes.get(node.field.name)
    if spec is None:
        return node.field
    if missing := option_missing(node, spec):
        raise InvalidRequest(
            f"filter error in key `{node.field.name}`: {node.spelled} needs "
            f"`{missing}: true` in the schema of the attribute"
        )
    return Attribute(node.field.name, spec.type)


def check_no_vector(attribute: Attribute, namespace: Namespace) -> None:
    """Refuse the name of a vector where an attribute should stand: it is none, in no document."""
    if any(column.name == attribute.name for column in namespace.vectors):
        raise InvalidRequest(
            f"💔 '{attribute.name}' is a vector: it can be ranked by, and nothing else"
        )


def option_missing(node: Leaf, spec: AttributeSpec) -> str | None:
    """The option that the schema has to have for this kind of leaf, when it does not."""
    match node:
        case Regex():
            return None if spec.regex else "regex"
        case Glob():
            return None if spec.glob or spec.filterable else "glob"
        case _:
            return None if spec.filterable else "filterable"
