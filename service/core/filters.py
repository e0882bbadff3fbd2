"""The filter tree.

There are no negated operators: what a caller spells ``NotEq`` is ``Not(Equal(…))``, and a document
matches ``Not(f)`` exactly when it does not match ``f``. A missing attribute is a null one.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace

from service.core.attributes import AttributeType, JsonScalar
from service.core.bounds import Bounds, Order
from service.core.elements import Counted, Element, FreeForm, HasVector, Nested, size_of_test
from service.core.ids import DocumentId

MAX_DEPTH = 64
MAX_NODES = 4_096
MAX_VALUES = 100_000


@dataclass(frozen=True, slots=True)
class IdField:
    """The document's id."""

    def __str__(self) -> str:
        return "id"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute by name. ``type`` is None until the namespace's schema was asked, and stays None
    for an attribute that no document has."""

    name: str
    type: AttributeType | None = None

    def __str__(self) -> str:
        return self.name


Field = IdField | Attribute
Operand = JsonScalar | DocumentId


@dataclass(frozen=True, slots=True)
class Missing:
    """The field has no value."""

    field: Field
    spelled: str = dataclasses.field(default="Eq", compare=False)


@dataclass(frozen=True, slots=True)
class Equal:
    """The field is this value; arrays are equal when they have the same elements in order."""

    field: Field
    value: Operand | tuple[JsonScalar, ...]
    spelled: str = dataclasses.field(default="Eq", compare=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field is one of the values; for an array: one of its elements is."""

    field: Field
    values: tuple[Operand, ...]
    spelled: str = dataclasses.field(default="In", compare=False)


@dataclass(frozen=True, slots=True)
class Holds:
    """The array has one of the values among its elements."""

    field: Field
    values: tuple[Operand, ...]
    spelled: str = dataclasses.field(default="ContainsAny", compare=False)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A list where one value should stand, or the other way round: bound to a field, it is the
    error that names the types."""

    field: Field
    value: object
    wants_list: bool
    spelled: str


@dataclass(frozen=True, slots=True)
class Compare:
    """The field orders so against the value: numbers by size, strings by bytes.

    A missing value sorts below every other.
    """

    field: Field
    order: Order
    value: Operand
    spelled: str = dataclasses.field(default="Lt", compare=False)


@dataclass(frozen=True, slots=True)
class Between:
    """The attribute has a value, and it is within the bounds: a number, or a time as it is stored.

    Binding makes it where the type is known.
    """

    field: Attribute
    bounds: Bounds[float] | Bounds[str]


@dataclass(frozen=True, slots=True)
class Glob:
    """The whole string, or one of an array's strings, matches a globset pattern."""

    field: Field
    pattern: str
    ignore_case: bool = False
    spelled: str = dataclasses.field(default="Glob", compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All parts match; no parts: everything does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Some part matches; no parts: nothing does."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not match."""

    part: Filter


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many of the parts match, or more."""

    count: int
    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class AnyElement:
    """Some element of an array orders so against the value."""

    field: Field
    order: Order
    value: Operand
    spelled: str = dataclasses.field(default="AnyLt", compare=False)


@dataclass(frozen=True, slots=True)
class Regex:
    """A part of the string, or of one of an array's strings, matches a pattern of Rust's regex."""

    field: Field
    pattern: str
    spelled: str = dataclasses.field(default="Regex", compare=False)


@dataclass(frozen=True, slots=True)
class EqualsNew:
    """The field has the value that an attribute of the document about to be written has, or
    neither has one."""

    field: Field
    new: Attribute
    spelled: str = dataclasses.field(default="Eq", compare=False)


@dataclass(frozen=True, slots=True)
class ComparesNew:
    """The field orders so against an attribute of the document about to be written.

    A missing value sorts below every other, and is never itself below or above a missing one.
    """

    field: Field
    order: Order
    new: Attribute
    spelled: str = dataclasses.field(default="Lt", compare=False)


OfNew = EqualsNew | ComparesNew
Leaf = Missing | Equal | AnyOf | Holds | Misfit | Compare | Glob | AnyElement | Regex | OfNew
Filter = Leaf | Between | FreeForm | And | Or | Not | AtLeast


def mentions_new(node: Filter) -> bool:
    """Whether the filter has a meaning only for a document about to be written."""
    match node:
        case And(parts) | Or(parts) | AtLeast(_, parts):
            return any(map(mentions_new, parts))
        case Not(part):
            return mentions_new(part)
        case _:
            return isinstance(node, OfNew)


def size_of(node: Filter) -> int:
    """The number of values and conditions in the tree."""
    match node:
        case And(parts) | Or(parts) | AtLeast(_, parts):
            return 1 + sum(map(size_of, parts))
        case Not(part) | Nested(_, part):
            return 1 + size_of(part)
        case Element(_, test):
            return size_of_test(test)
        case Between(_, bounds) | Counted(_, bounds):
            return max(1, len(bounds.limits))
        case AnyOf(_, values) | Holds(_, values):
            return len(values)
        case Equal(_, tuple() as values):
            return len(values)
        case _:
            return 1


EVERYTHING = And(())
NOTHING = Or(())


def without_vectors(node: Filter) -> Filter:
    """The filter for documents of which only id and attributes are known: they have all vectors."""
    match node:
        case And(parts) | Or(parts) | AtLeast(_, parts):
            return replace(node, parts=tuple(map(without_vectors, parts)))
        case Not(part):
            return Not(without_vectors(part))
        case HasVector():
            return EVERYTHING
        case _:
            return node
