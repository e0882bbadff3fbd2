"""Document ids: their types, how a type is chosen, and what a namespace accepts afterwards.

The type of an id is the type of the table's column, so that a team can join with its own tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from uuid import UUID

from service.core.errors import InvalidRequest

DocumentId = int | str | UUID

BIGINT_END = 2**63
UNSIGNED_END = 2**64
MAX_ID_BYTES = 64
TYPE_NAMES: dict[type, str] = {int: "uint", str: "string", UUID: "uuid"}


class IdType(Enum):
    """The type of a namespace's ids; the value is the catalog's word, the SQL type of the column
    unless said otherwise.

    ``MIXED`` is a column of type ``uuid`` that has integers too: as the UUIDs whose first 64 bits
    are zero, so that they stand before all others, in their order.
    """

    BIGINT = "bigint"
    NUMERIC = "numeric(20,0)"
    UUID = "uuid"
    TEXT = "text"
    MIXED = "mixed"

    @property
    def spelled(self) -> str:
        """The name that callers know: both integer columns hold unsigned integers."""
        return SPELLED.get(self, "uint")


SPELLED = {IdType.UUID: "uuid", IdType.MIXED: "uuid", IdType.TEXT: "string"}


def infer_id_type(ids: Sequence[DocumentId]) -> IdType:
    """The narrowest type that holds all of ``ids``.

    Raises:
        InvalidRequest: for no ids, or integers and strings in one request.
    """
    kinds = {type(value) for value in ids}
    if kinds == {int}:
        return widen_id_type(IdType.BIGINT, ids)
    if kinds == {str}:
        return IdType.TEXT
    if kinds == {UUID}:
        return IdType.UUID
    raise InvalidRequest(
        "💔 ids of one request must all be of one type, unsigned integers or strings"
    )


def widen_id_type(current: IdType, ids: Sequence[DocumentId]) -> IdType:
    """The type needed to hold ``ids`` too: an integer above 2^63-1 widens bigint."""
    if current is IdType.BIGINT and any(isinstance(i, int) and i >= BIGINT_END for i in ids):
        return IdType.NUMERIC
    return current


def mixable_id_type(current: IdType, ids: Sequence[DocumentId]) -> IdType:
    """The type needed to hold ``ids`` too, where integers and UUIDs may stand side by side."""
    kinds = {type(value) for value in ids}
    if current is IdType.UUID and int in kinds:
        return IdType.MIXED
    if current in (IdType.BIGINT, IdType.NUMERIC) and UUID in kinds:
        return IdType.MIXED
    return widen_id_type(current, ids)


def shown_id(value: DocumentId, id_type: IdType) -> DocumentId:
    """An id in the form that callers know: an integer among UUIDs is one again."""
    if id_type is IdType.MIXED and isinstance(value, UUID) and value.int < UNSIGNED_END:
        return value.int
    return value


def coerce_ids(ids: Iterable[DocumentId], id_type: IdType) -> tuple[DocumentId, ...]:
    """The ids as values of ``id_type``: UUIDs are read from any of their spellings.

    Raises:
        InvalidRequest: for an id of another type than the namespace's.
    """
    return tuple([coerce_id(value, id_type) for value in ids])


def coerce_id(value: DocumentId, id_type: IdType) -> DocumentId:
    """One id as a value of ``id_type``; see ``coerce_ids``."""
    match value, id_type:
        case int(), IdType.BIGINT | IdType.NUMERIC:
            return value
        case (str(), IdType.TEXT) | (UUID(), IdType.UUID):
            return value
        case UUID(), IdType.MIXED:
            return value
        case int(), IdType.MIXED:
            return UUID(int=value)
        case str(), IdType.UUID | IdType.MIXED:
            return read_uuid(value)
        case _:
            raise InvalidRequest(
                f"💔 namespace ID type is {id_type.spelled}, "
                f"but you sent {TYPE_NAMES[type(value)]}; "
                "you are not allowed to mix ID types in the same namespace"
            )


def storable(value: object, id_type: IdType) -> bool:
    """Whether a namespace of this id type can hold the id at all."""
    return not (id_type is IdType.BIGINT and isinstance(value, int) and value >= BIGINT_END)


def read_uuid(text: str) -> UUID:
    """A UUID from its hyphenated, plain, braced or ``urn:uuid:`` spelling."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidRequest(
            "💔 namespace ID type is uuid, but a written ID could not be parsed as uuid"
        ) from None


def check_id(value: object) -> DocumentId:
    """An id as it may stand in a request: an integer of 64 bits without sign, or a short string.

    Raises:
        InvalidRequest: for every other value, naming it.
    """
    match value:
        case int() if not isinstance(value, bool) and 0 <= value < UNSIGNED_END:
            return value
        case int() if not isinstance(value, bool):
            raise InvalidRequest(f"💔 id {value} is out of range: integer ids are 0 to 2^64-1")
        case str() if 0 < len(value.encode()) <= MAX_ID_BYTES:
            return value
        case str():
            size = len(value.encode())
            raise InvalidRequest(
                f"💔 string ids are 1 to {MAX_ID_BYTES} bytes long, got one of {size}"
            )
        case UUID():
            return value
        case _:
            raise InvalidRequest(f"💔 {kind_of(value)} is not a valid ID type")


def kind_of(value: object) -> str:
    """What a JSON value is called in messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "string"
        case list() | tuple():
            return "array"
        case _:
            return "object"
