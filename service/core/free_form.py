"""Attributes that no schema binds: JSON as it was sent, and what the catalog can promise of it.

What one API writes freely, the other one searches by type. So the catalog keeps, for each attribute
at the top, the type that all of its values have had; as soon as one is of another type, it is
``any`` for good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.core.attributes import (
    ANY,
    CONVERSIONS,
    MAX_ATTRIBUTES,
    AttributeSpec,
    AttributeType,
    JsonAny,
    JsonObject,
    JsonValue,
    Scalar,
    check_name,
    fits,
    infer_type,
)
from service.core.errors import InvalidRequest

Specs = Mapping[str, AttributeSpec]
ID = "id"


def record_types(known: Specs, objects: Sequence[JsonObject], vectors: frozenset[str]) -> Specs:
    """The schema after these documents: new attributes, and types that had to become wider.

    Attributes that the other API cannot name are not recorded, nor are more than it takes.
    """
    changed: dict[str, AttributeSpec] = {}
    for name, values in gathered(objects).items():
        spec = known.get(name)
        if spec is None:
            # of empty arrays alone nothing can be promised: a string may follow
            kind = type_of(name, values) or ANY
            full = len(known) + len(changed) >= MAX_ATTRIBUTES
            if not full and is_nameable(name, vectors):
                changed[name] = AttributeSpec(kind)
        elif not holds_all(spec.type, values):
            changed[name] = replace(spec, type=wider(spec.type, type_of(name, values)))
    return {**known, **changed} if changed else known


def gathered(objects: Sequence[JsonObject]) -> dict[str, list[JsonAny]]:
    """All values of each attribute that are not null."""
    found: dict[str, list[JsonAny]] = {}
    for one in objects:
        for name, value in one.items():
            if value is not None:
                found.setdefault(name, []).append(value)
    return found


def is_nameable(name: str, vectors: frozenset[str]) -> bool:
    """Whether a schema may have an attribute of this name."""
    try:
        check_name(name, frozenset({ID, *vectors}))
    except InvalidRequest:
        return False
    return True


def type_of(name: str, values: Sequence[JsonAny]) -> AttributeType | None:
    """The narrowest type of values that are not null; None for empty arrays alone."""
    plain: list[JsonValue] = []
    for value in values:
        if isinstance(value, dict):
            return ANY
        if isinstance(value, list):
            if not all(isinstance(element, str | int | float | bool) for element in value):
                return ANY
            plain.append([e for e in value if isinstance(e, str | int | float | bool)])
        else:
            plain.append(value)
    try:
        kind = infer_type(name, plain)
    except InvalidRequest:
        return ANY
    # integers may need the sign and all of 64 bits at once
    return kind if kind is None or holds_all(kind, values) else ANY


def holds_all(kind: AttributeType, values: Sequence[JsonAny]) -> bool:
    """Whether the type is true of the values as they are, none of them converted."""
    if kind == ANY:
        return True
    if not all(fits(value, kind) for value in values):
        return False
    convert = CONVERSIONS.get(kind.scalar)
    if convert is None:
        return True
    texts = [e for v in values for e in (v if isinstance(v, list) else [v])]
    try:
        return all(convert(str(text)) == text for text in texts)
    except (ValueError, OverflowError):
        return False


def wider(known: AttributeType, found: AttributeType | None) -> AttributeType:
    """A type that is true of both: numbers of two kinds are floats."""
    if found is None or known.is_array is not found.is_array:
        return ANY
    if known.is_number and found.is_number:
        return AttributeType(Scalar.FLOAT, known.is_array)
    return ANY
