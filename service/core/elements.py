"""Conditions on free-form JSON: on what stands at a path, whatever it is (VectorAI, section 10).

They know no types beforehand: what a value is shows where it stands, and of several at a path one
is enough. The catalog's types only make them faster (``core/element_binding.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from service.core.attributes import JsonScalar
from service.core.bounds import Bounds
from service.core.ids import DocumentId
from service.core.paths import Path

if TYPE_CHECKING:
    from service.core.filters import Filter


@dataclass(frozen=True, slots=True)
class IsValue:
    """The value is this one, and of its type: 1 is not 1.0, true or "1". A float is compared as a
    number, with integers too."""

    value: JsonScalar


@dataclass(frozen=True, slots=True)
class IsAnyOf:
    """The value is one of these, as ``IsValue`` has it."""

    values: tuple[JsonScalar, ...]


@dataclass(frozen=True, slots=True)
class IsNoneOf:
    """The value is none of these, and not null."""

    values: tuple[JsonScalar, ...]


@dataclass(frozen=True, slots=True)
class InRange:
    """The value is a number within the bounds."""

    bounds: Bounds[float]


@dataclass(frozen=True, slots=True)
class InTimeRange:
    """The value is a time (``core/times.py``) within the bounds, in seconds since 1970."""

    bounds: Bounds[Decimal]


@dataclass(frozen=True, slots=True)
class HoldsText:
    """The value is a string with this part."""

    text: str


@dataclass(frozen=True, slots=True)
class HoldsAnyWord:
    """The value is a string with one of these parts."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HoldsPhrase:
    """The value is a string with these words one after the other."""

    text: str


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A place on the globe, in degrees: longitude -180 to 180, latitude -90 to 90."""

    lon: float
    lat: float


Ring = tuple[GeoPoint, ...]


@dataclass(frozen=True, slots=True)
class InBox:
    """The value is a place inside the box, and not on its edge.

    A box whose left edge is east of its right one crosses the antimeridian.
    """

    top_left: GeoPoint
    bottom_right: GeoPoint


@dataclass(frozen=True, slots=True)
class InRadius:
    """The value is a place less than so many metres away, on a sphere."""

    center: GeoPoint
    radius: float


@dataclass(frozen=True, slots=True)
class InPolygon:
    """The value is a place inside the exterior and in none of the interiors. Rings are closed: the
    last point is the first."""

    exterior: Ring
    interiors: tuple[Ring, ...] = ()

    @property
    def rings(self) -> tuple[Ring, ...]:
        return (self.exterior, *self.interiors)


Words = HoldsText | HoldsAnyWord | HoldsPhrase
Place = InBox | InRadius | InPolygon
Test = IsValue | IsAnyOf | IsNoneOf | InRange | InTimeRange | Words | Place


@dataclass(frozen=True, slots=True)
class Element:
    """Some value at the path passes the test; for an array: one of its elements does. Arrays in
    arrays are values of their own."""

    path: Path
    test: Test


@dataclass(frozen=True, slots=True)
class Counted:
    """The number of values is within the bounds: an array has as many as elements, null and a
    missing value count as none, everything else is one."""

    path: Path
    bounds: Bounds[int]


@dataclass(frozen=True, slots=True)
class Empty:
    """All that is at the path is null or an empty array, or nothing is."""

    path: Path


@dataclass(frozen=True, slots=True)
class Null:
    """Some value at the path is null, or an array that has null among its elements."""

    path: Path


@dataclass(frozen=True, slots=True)
class Nested:
    """Some object in the array at the path matches the whole filter, whose paths begin there.

    The filter has only conditions of this module, and And, Or, Not and AtLeast of them.
    """

    path: Path
    filter: Filter


@dataclass(frozen=True, slots=True)
class HasId:
    """The document has one of these ids; one that the namespace cannot hold is nobody's."""

    ids: tuple[DocumentId, ...]


@dataclass(frozen=True, slots=True)
class FromId:
    """The document with this id, or one behind it in the order of ids: integers, then UUIDs."""

    id: DocumentId


@dataclass(frozen=True, slots=True)
class HasVector:
    """The document has a vector of this name. ``column`` in the table: once bound."""

    name: str
    column: str = ""


AtPath = Element | Counted | Empty | Null | Nested
FreeForm = AtPath | HasId | FromId | HasVector


def size_of_test(test: Test) -> int:
    """The number of values that a statement has for a test, which is written in it twice: for a
    value, and for the elements of an array."""
    match test:
        case IsAnyOf(values) | IsNoneOf(values):
            return max(5, len(values))
        case InRange(bounds) | InTimeRange(bounds):
            return max(1, 2 * len(bounds.limits))
        case HoldsAnyWord(words):
            return max(2, len(words))
        case IsValue() | HoldsText() | HoldsPhrase():
            return 3
        case InBox() | InRadius():
            return 8
        case InPolygon():
            return max(10, sum(map(len, test.rings)))
