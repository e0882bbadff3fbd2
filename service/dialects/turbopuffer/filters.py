"""Filters on the wire (section 11): arrays, and the legacy object form.

``["attr", "Op", value]``, ``["And", [f, …]]``, ``["Or", [f, …]]``, ``["Not", f]``, or an object of
conditions that must all hold: ``{"attr": ["Op", value], "other": [["Op", value], ["Op", value]]}``.
In the conditions of writes a value may be ``{"$ref_new": "attr"}``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from service.core.attributes import JsonScalar, check_name
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_VALUES,
    NOTHING,
    And,
    AnyElement,
    AnyOf,
    Attribute,
    Compare,
    ComparesNew,
    Equal,
    EqualsNew,
    Field,
    Filter,
    Glob,
    Holds,
    IdField,
    Misfit,
    Missing,
    Not,
    Or,
    Order,
    Regex,
    mentions_new,
)
from service.core.ids import kind_of
from service.dialects.turbopuffer.names import ID, TARGET
from service.dialects.turbopuffer.wire import Wire, shortened

Leaf = Callable[[Field, Wire, str], Filter]
Reference = Callable[[Field, Attribute, str], Filter]


def parse_filter(wire: Wire) -> Filter:
    """The filter tree of a request.

    Raises:
        InvalidRequest: for what is no filter, for unknown operators, and over the limits.
        MalformedRequest: for what is neither an array nor an object.
    """
    if not isinstance(wire, list | dict):
        raise MalformedRequest(
            f"{TARGET}filters: data did not match any variant of untagged enum FiltersInput: "
            f"cannot read filter {shortened(wire)}"
        )
    return check_no_reference(parse_node(wire, 0, count(1)))


def parse_condition(wire: Wire) -> Filter:
    """The condition of a write: a filter in which values may be those about to be written."""
    if not isinstance(wire, list | dict):
        return parse_filter(wire)
    return parse_node(wire, 0, count(1))


def check_no_reference(node: Filter) -> Filter:
    if mentions_new(node):
        raise InvalidRequest("💔 $ref_new has a meaning only in the conditions of writes")
    return node


def parse_node(wire: Wire, depth: int, nodes: Iterator[int]) -> Filter:
    if depth > MAX_DEPTH:
        raise InvalidRequest(f"💔 filters may be nested {MAX_DEPTH} deep")
    if next(nodes) > MAX_NODES:
        raise InvalidRequest(f"💔 a filter may have {MAX_NODES} conditions")
    match wire:
        case ["And", [*parts]]:
            return And(tuple([parse_node(part, depth + 1, nodes) for part in parts]))
        case ["Or", [*parts]]:
            return Or(tuple([parse_node(part, depth + 1, nodes) for part in parts]))
        case ["Not", part]:
            return Not(parse_node(part, depth + 1, nodes))
        case [str(attribute), str(operator), {"$ref_new": str(new)}] if operator in REFERENCES:
            check_name(new, frozenset({ID}))
            return REFERENCES[operator](parse_field(attribute), Attribute(new), operator)
        case [str(attribute), str(operator), operand, *_] if operator in TEXT_OPERATORS:
            raise needs_full_text(attribute, operator)
        case [str(attribute), str(operator), operand]:
            return parse_leaf(attribute, operator, operand)
        case dict():
            conditions = legacy_conditions(wire)
            return And(tuple([parse_node(part, depth + 1, nodes) for part in conditions]))
        case _:
            raise unreadable(wire)


def legacy_conditions(wire: dict[str, Wire]) -> Iterator[list[Wire]]:
    """The conditions of an object, spelled as arrays."""
    for attribute, condition in wire.items():
        match condition:
            case [str(operator), operand]:
                yield [attribute, operator, operand]
            case [[*_], *_]:
                for single in condition:
                    match single:
                        case [str(operator), operand]:
                            yield [attribute, operator, operand]
                        case _:
                            raise unreadable(single)
            case _:
                raise unreadable(condition)


def parse_leaf(attribute: str, operator: str, operand: Wire) -> Filter:
    if operator not in LEAVES:
        known = ", ".join([*LEAVES, "And", "Or", "Not"])
        raise InvalidRequest(
            f"💔 unknown filter operator '{operator[:64]}', expected one of {known}"
        )
    return LEAVES[operator](parse_field(attribute), operand, operator)


def parse_field(attribute: str) -> Field:
    if attribute == ID:
        return IdField()
    check_name(attribute, frozenset())
    return Attribute(attribute)


def equal(field: Field, operand: Wire, spelled: str) -> Filter:
    if operand is None:
        return Missing(field, spelled)
    if isinstance(operand, list):
        return Equal(field, tuple([scalar(field, e, spelled) for e in operand]), spelled)
    return Equal(field, scalar(field, operand, spelled), spelled)


def any_of(field: Field, operand: Wire, spelled: str) -> Filter:
    # a lone value stands for a list of one (section 11.2)
    values = operand if isinstance(operand, list) else [operand]
    if len(values) > MAX_VALUES:
        raise InvalidRequest(f"💔 {spelled} takes at most {MAX_VALUES} values, got {len(values)}")
    present = tuple([scalar(field, v, spelled) for v in values if v is not None])
    chosen = AnyOf(field, present, spelled)
    return Or((Missing(field, spelled), chosen)) if None in values else chosen


def compare(order: Order) -> Leaf:
    def parse(field: Field, operand: Wire, spelled: str) -> Filter:
        if operand is not None:
            return Compare(field, order, scalar(field, operand, spelled), spelled)
        # null sorts below every value, and is never itself below or above null
        below = order in (Order.LESS, Order.LESS_OR_EQUAL)
        return NOTHING if below else Not(Missing(field, spelled))

    return parse


def contains(field: Field, operand: Wire, spelled: str) -> Filter:
    if operand is None:
        return NOTHING  # arrays hold no nulls
    if isinstance(operand, list):
        return Misfit(field, operand, False, spelled)
    return Holds(field, (scalar(field, operand, spelled),), spelled)


def contains_any(field: Field, operand: Wire, spelled: str) -> Filter:
    if not isinstance(operand, list):
        return Misfit(field, operand, True, spelled)
    if len(operand) > MAX_VALUES:
        raise InvalidRequest(f"💔 {spelled} takes at most {MAX_VALUES} values, got {len(operand)}")
    return Holds(
        field, tuple([scalar(field, v, spelled) for v in operand if v is not None]), spelled
    )


def any_element(order: Order) -> Leaf:
    def parse(field: Field, operand: Wire, spelled: str) -> Filter:
        if operand is None:
            # no element is null, and null sorts below every element
            below = order in (Order.LESS, Order.LESS_OR_EQUAL)
            return (
                NOTHING if below else Not(Or((Missing(field, spelled), Equal(field, (), spelled))))
            )
        return AnyElement(field, order, scalar(field, operand, spelled), spelled)

    return parse


def regex(field: Field, operand: Wire, spelled: str) -> Filter:
    if not isinstance(operand, str):
        raise wrong_operand(field, operand, spelled, "a pattern (string)")
    return Regex(field, operand, spelled)


def glob(ignore_case: bool) -> Leaf:
    def parse(field: Field, operand: Wire, spelled: str) -> Filter:
        if not isinstance(operand, str):
            raise wrong_operand(field, operand, spelled, "a pattern (string)")
        return Glob(field, operand, ignore_case, spelled)

    return parse


def negated(leaf: Leaf) -> Leaf:
    return lambda field, operand, spelled: Not(leaf(field, operand, spelled))


LEAVES: dict[str, Leaf] = {
    "Eq": equal,
    "NotEq": negated(equal),
    "In": any_of,
    "NotIn": negated(any_of),
    "Lt": compare(Order.LESS),
    "Lte": compare(Order.LESS_OR_EQUAL),
    "Gt": compare(Order.GREATER),
    "Gte": compare(Order.GREATER_OR_EQUAL),
    "Glob": glob(ignore_case=False),
    "NotGlob": negated(glob(ignore_case=False)),
    "IGlob": glob(ignore_case=True),
    "NotIGlob": negated(glob(ignore_case=True)),
    "Contains": contains,
    "NotContains": negated(contains),
    "ContainsAny": contains_any,
    "NotContainsAny": negated(contains_any),
    "AnyLt": any_element(Order.LESS),
    "AnyLte": any_element(Order.LESS_OR_EQUAL),
    "AnyGt": any_element(Order.GREATER),
    "AnyGte": any_element(Order.GREATER_OR_EQUAL),
    "Regex": regex,
}
TEXT_OPERATORS = frozenset(
    {"ContainsAllTokens", "ContainsAnyToken", "ContainsTokenSequence", "Fuzzy"}
)


def equals_new(field: Field, new: Attribute, spelled: str) -> Filter:
    return EqualsNew(field, new, spelled)


def compares_new(order: Order) -> Reference:
    return lambda field, new, spelled: ComparesNew(field, order, new, spelled)


REFERENCES: dict[str, Reference] = {
    "Eq": equals_new,
    "NotEq": lambda field, new, spelled: Not(equals_new(field, new, spelled)),
    "Lt": compares_new(Order.LESS),
    "Lte": compares_new(Order.LESS_OR_EQUAL),
    "Gt": compares_new(Order.GREATER),
    "Gte": compares_new(Order.GREATER_OR_EQUAL),
}


def needs_full_text(attribute: str, operator: str) -> InvalidRequest:
    return InvalidRequest(
        f"filter error in key `{attribute[:64]}`: {operator} needs full-text search, which this "
        "server does not have"
    )


def scalar(field: Field, operand: Wire, spelled: str) -> JsonScalar:
    if isinstance(operand, str | int | float | bool):
        return operand
    raise wrong_operand(field, operand, spelled, "a string, a number or a boolean")


def wrong_operand(field: Field, operand: Wire, spelled: str, wanted: str) -> InvalidRequest:
    return InvalidRequest(
        f"filter error in key `{field}`: type mismatch, {spelled} expects {wanted}, "
        f"but got {kind_of(operand)} {shortened(operand)}"
    )


def unreadable(wire: Wire) -> InvalidRequest:
    return InvalidRequest(f"💔 cannot read filter {shortened(wire)}")
