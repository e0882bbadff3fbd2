"""Attributes: their types, their options, and the values that fit.

A type is given by the schema or inferred from the first value written (turbopuffer, section 5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import chain
from typing import cast
from uuid import UUID

from service.core.errors import InvalidRequest
from service.core.ids import kind_of

JsonScalar = str | int | float | bool
JsonValue = JsonScalar | list["JsonScalar"] | None
# free-form attributes: whatever JSON is
JsonAny = JsonScalar | None | list["JsonAny"] | dict[str, "JsonAny"]
JsonObject = dict[str, JsonAny]

MAX_NAME_BYTES = 128
MAX_ATTRIBUTES = 1024

INT_RANGE = range(-(2**63), 2**63)
UINT_RANGE = range(2**64)
DATETIME_LENGTH = len("2024-03-02T00:00:00.000000000Z")


class Scalar(Enum):
    """What a single value is."""

    STRING = "string"
    INT = "int"
    UINT = "uint"
    FLOAT = "float"
    BOOL = "bool"
    UUID = "uuid"
    DATETIME = "datetime"
    # of several types, or of none of these: nothing is promised of the values
    ANY = "any"


NUMBERS = frozenset({Scalar.INT, Scalar.UINT, Scalar.FLOAT})


@dataclass(frozen=True, slots=True)
class AttributeType:
    """A scalar type, or an array of it; written ``string`` and ``[]string``."""

    scalar: Scalar
    is_array: bool = False

    def __str__(self) -> str:
        return f"[]{self.scalar.value}" if self.is_array else self.scalar.value

    @property
    def is_number(self) -> bool:
        return self.scalar in NUMBERS


ANY = AttributeType(Scalar.ANY)


def parse_type(text: str) -> AttributeType:
    """Read ``string``, ``[]int`` and so on.

    Raises:
        InvalidRequest: when there is no such type.
    """
    name = text.removeprefix("[]")
    try:
        kind = AttributeType(Scalar(name), is_array=name != text)
        if kind == AttributeType(Scalar.ANY, is_array=True):
            raise ValueError
        return kind
    except ValueError:
        raise InvalidRequest(f"💔 unknown attribute type '{text[:64]}'") from None


@dataclass(frozen=True, slots=True)
class FullText:
    """How an attribute is prepared for full-text search; kept and echoed."""

    tokenizer: str = "word_v4"
    language: str = "english"
    stemming: bool = False
    remove_stopwords: bool = True
    case_sensitive: bool = False
    ascii_folding: bool = False
    max_token_length: int = 39
    k1: float = 1.2
    b: float = 0.75
    k3: float = 8.0


@dataclass(frozen=True, slots=True)
class AttributeSpec:
    """What the schema says of one attribute.

    ``regex``, ``glob`` and ``fuzzy``: it may be matched by such patterns even where it is not
    ``filterable``.
    """

    type: AttributeType
    filterable: bool = True
    full_text: FullText | None = None
    regex: bool = False
    glob: bool = False
    fuzzy: bool = False


@dataclass(frozen=True, slots=True)
class AttributeColumn:
    """One attribute of a batch of documents: a value, or None, for each of them in order."""

    name: str
    values: tuple[JsonValue, ...]

    def only(self, rows: Sequence[int]) -> AttributeColumn:
        """The values in these places alone."""
        return AttributeColumn(self.name, tuple([self.values[row] for row in rows]))


def check_name(name: str, reserved: frozenset[str]) -> None:
    """Refuse attribute names that cannot be stored.

    Raises:
        InvalidRequest: for an empty, reserved or over-long name.
    """
    if not name:
        raise InvalidRequest("💔 attribute names must not be empty")
    if name.startswith("$") or name in reserved:
        raise InvalidRequest(f"💔 attribute name '{name[:MAX_NAME_BYTES]}' is reserved")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise InvalidRequest(
            f"💔 attribute name '{name[:32]}…' is longer than {MAX_NAME_BYTES} bytes"
        )


def infer_type(name: str, values: Sequence[JsonValue]) -> AttributeType | None:
    """The type of a new attribute, or None when all its values are null or empty arrays.

    Raises:
        InvalidRequest: for values of several types, and for objects.
    """
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {list}:
        elements = tuple(chain.from_iterable(v for v in values if isinstance(v, list)))
        scalar = infer_scalar(name, elements, set(map(type, elements)))
        return AttributeType(scalar, is_array=True) if scalar else None
    scalar = infer_scalar(name, values, kinds)
    return AttributeType(scalar) if scalar else None


def infer_scalar(name: str, values: Sequence[object], kinds: set[type]) -> Scalar | None:
    """The scalar type for values of these Python types; None for no values at all."""
    match sorted(kind.__name__ for kind in kinds):
        case []:
            return None
        case ["str"]:
            return Scalar.STRING
        case ["bool"]:
            return Scalar.BOOL
        case ["float"] | ["float", "int"]:
            return Scalar.FLOAT
        case ["int"]:
            fits = all(v in INT_RANGE for v in values if v is not None)
            return Scalar.INT if fits else Scalar.UINT
        case _:
            found = ", ".join(sorted({kind_of(v) for v in values if v is not None}))
            raise InvalidRequest(
                f"💔 attribute '{name}' has values of type {found}: "
                "an attribute holds strings, numbers or booleans, or arrays of one of these"
            )


def fit_values(column: AttributeColumn, wanted: AttributeType) -> AttributeColumn:
    """The column with its values as ``wanted`` stores them.

    Raises:
        InvalidRequest: naming the attribute, its type and the first value that does not fit.
    """
    kinds = set(map(type, column.values)) - {type(None)}
    if kinds - ({list} if wanted.is_array else SCALAR_KINDS[wanted.scalar]):
        misfit = next(v for v in column.values if v is not None and not fits(v, wanted))
        raise mismatch(column.name, wanted, misfit)
    if not wanted.is_array and wanted.scalar not in CONVERSIONS:
        bounds = BOUNDS.get(wanted.scalar)
        if bounds is None or all(v in bounds for v in column.values if v is not None):
            return column
    return AttributeColumn(
        column.name, tuple([fit_value(column.name, v, wanted) for v in column.values])
    )


def fit_value(name: str, value: JsonValue, wanted: AttributeType) -> JsonValue:
    """One value as ``wanted`` stores it; see ``fit_values``."""
    if value is None:
        return None
    if not fits(value, wanted):
        raise mismatch(name, wanted, value)
    convert = CONVERSIONS.get(wanted.scalar)
    if convert is None:
        return value
    try:
        return [convert(str(v)) for v in value] if isinstance(value, list) else convert(str(value))
    except (ValueError, OverflowError):
        raise mismatch(name, wanted, value) from None


def mismatch(name: str, wanted: AttributeType, value: object) -> InvalidRequest:
    return InvalidRequest(
        f"💔 attribute '{name}' has type {wanted}, but a value of type {described(value)} was sent"
    )


def described(value: object) -> str:
    """The type of a value in the words of the schema, as far as the value shows it."""
    if not isinstance(value, list) or not value:
        return kind_of(cast(object, value))
    return f"[]{kind_of(cast(list[object], value)[0])}"


def fits(value: object, wanted: AttributeType) -> bool:
    """Whether a JSON value can be stored as (or compared with) the type."""
    if wanted.is_array:
        return isinstance(value, list) and all(
            fits_scalar(element, wanted.scalar) for element in cast(list[object], value)
        )
    return fits_scalar(value, wanted.scalar)


def fits_scalar(value: object, scalar: Scalar) -> bool:
    if type(value) not in SCALAR_KINDS[scalar]:
        return False
    bounds = BOUNDS.get(scalar)
    return bounds is None or value in bounds


def read_datetime(text: str) -> str:
    """An ISO-8601 time in UTC with nine digits, so that byte order is the order in time."""
    moment = datetime.fromisoformat(text)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    milliseconds = moment.microsecond // 1000
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}000000Z".zfill(DATETIME_LENGTH)


def canonical_uuid(text: str) -> str:
    return str(UUID(text))


CONVERSIONS: dict[Scalar, Callable[[str], str]] = {
    Scalar.UUID: canonical_uuid,
    Scalar.DATETIME: read_datetime,
}
BOUNDS = {Scalar.INT: INT_RANGE, Scalar.UINT: UINT_RANGE}
SCALAR_KINDS: dict[Scalar, set[type]] = {
    Scalar.STRING: {str},
    Scalar.INT: {int},
    Scalar.UINT: {int},
    Scalar.FLOAT: {int, float},
    Scalar.BOOL: {bool},
    Scalar.UUID: {str},
    Scalar.DATETIME: {str},
    Scalar.ANY: {str, int, float, bool, list, dict},
}
