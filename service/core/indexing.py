"""Which indexes on attributes serve a filter, and how few documents it can match.

This says for each condition what ``service/compile`` has written so that an index serves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.core.attributes import ANY
from service.core.elements import (
    Counted,
    Element,
    Empty,
    FreeForm,
    FromId,
    HasId,
    HasVector,
    IsAnyOf,
    IsValue,
    Nested,
    Null,
)
from service.core.filters import (
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
    Regex,
)


class IndexKind(StrEnum):
    """What an index is for; the values are the catalog's words."""

    MEMBERSHIP = "membership"
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class AttributeIndex:
    """An index on one attribute, or, for membership, the one on all of them."""

    kind: IndexKind
    attribute: str = ""


MEMBERSHIP = AttributeIndex(IndexKind.MEMBERSHIP)

Indexes = frozenset[AttributeIndex]
NONE: Indexes = frozenset()

# a pattern that begins so has no literal start (one in braces may have several: then it is scanned)
WILD = ("", "*", "?", "[", "{")

# so many values of free-form JSON are tried one by one, each in two forms
FEW_ELEMENTS = 8


def wanted(node: Filter) -> Indexes:
    """The indexes that would serve a bound filter; none when a part of it stays unserved by any."""
    return needs(node) or NONE


def is_served(node: Filter, existing: Indexes) -> bool:
    """Whether matching documents are found through indexes, the primary key among them."""
    match node:
        case And(parts):
            return any(is_served(part, existing) for part in parts)
        case Or(parts):
            return all(is_served(part, existing) for part in parts)
        case _:
            needed = needs(node)
            return needed is not None and needed <= existing


def needs(node: Filter) -> Indexes | None:
    """The indexes without which a filter is a scan; None when it is one with any."""
    match node:
        case And(parts):
            if matches_at_most(node) is not None:
                # a few documents, by their ids: nothing else narrows them down further
                return NONE
            served = [found for part in parts if (found := needs(part)) is not None]
            return NONE.union(*served) if served else None
        case Or(parts):
            served = [found for part in parts if (found := needs(part)) is not None]
            return NONE.union(*served) if len(served) == len(parts) else None
        case Not() | AtLeast():
            return None
        case Between(field):
            return ordered(field)
        case Element() | Counted() | Empty() | Null() | Nested() | HasId() | FromId() | HasVector():
            return needs_of_free_form(node)
        case _:
            return needs_of(node)


def needs_of(leaf: Leaf) -> Indexes | None:
    """``needs`` of one condition; those on the id have the primary key."""
    if isinstance(leaf, Glob) and (leaf.ignore_case or leaf.pattern[:1] in WILD):
        return None
    if isinstance(leaf.field, IdField):
        return NONE
    match leaf:
        case Missing() | Equal(_, ()) | AnyElement() | Regex():
            return None
        case Misfit() | EqualsNew() | ComparesNew():
            return None
        case Equal():
            return frozenset({MEMBERSHIP})
        case AnyOf(_, values) | Holds(_, values) if len(values) <= few_values(leaf.field):
            return frozenset({MEMBERSHIP})
        case Holds():
            return None
        case AnyOf() | Compare() | Glob():
            return ordered(leaf.field)


def needs_of_free_form(leaf: FreeForm) -> Indexes | None:
    """``needs`` of a condition on free-form JSON: containment is all that an index knows of it."""
    match leaf:
        case Null() | Element(_, IsValue()):
            return frozenset({MEMBERSHIP})
        case Element(_, IsAnyOf(values)) if len(values) <= FEW_ELEMENTS:
            return frozenset({MEMBERSHIP})
        case _:
            return None


def ordered(field: Attribute) -> Indexes | None:
    """The btree on an attribute; arrays have none, nor has what is of no type or of several."""
    if field.type is None or field.type.is_array or field.type == ANY:
        return None
    kind = IndexKind.NUMBER if field.type.is_number else IndexKind.TEXT
    return frozenset({AttributeIndex(kind, field.name)})


def few_values(field: Attribute) -> int:
    """How many values are tried one by one, in all documents or in those that the index for
    membership finds. More are looked up by hash; for scalars PostgreSQL does so from 9 on."""
    return 16 if field.type and field.type.is_array else 8


def matches_at_most(node: Filter) -> int | None:
    """The number of documents that the ids in the filter leave; None when they are no bound."""
    match node:
        case Equal(IdField()):
            return 1
        case AnyOf(IdField(), values):
            return len(values)
        case And(parts):
            bounds = [bound for part in parts if (bound := matches_at_most(part)) is not None]
            return min(bounds, default=None)
        case Or(parts):
            bounds = [bound for part in parts if (bound := matches_at_most(part)) is not None]
            return sum(bounds) if len(bounds) == len(parts) else None
        case _:
            return None
