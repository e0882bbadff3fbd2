"""A namespace: its name, the names derived from it, and what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from service.core.attributes import AttributeSpec, JsonAny
from service.core.errors import (
    Closed,
    Forbidden,
    InvalidAddress,
    UnknownVector,
    WrongLength,
)
from service.core.ids import IdType
from service.core.query import DEFAULT_VECTOR
from service.core.vectors import Metric, Precision, Vector

MAX_NAME_LENGTH = 128
MAX_IDENTIFIER_BYTES = 50
HASH_DIGITS = 16

NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class VectorColumn:
    """One vector column: the API's name of it, its length, and its metric once a write gave one."""

    name: str
    dimensions: int
    metric: Metric | None = None
    precision: Precision = Precision.SINGLE

    @property
    def kind(self) -> str:
        """The type as schemas write it: ``[3]f32``."""
        return f"[{self.dimensions}]{self.precision.value}"

    @property
    def column(self) -> str:
        """The column's name in the table."""
        if self.name == DEFAULT_VECTOR:
            return self.name
        return short_identifier(f"{DEFAULT_VECTOR}_{self.name}")


@dataclass(frozen=True, slots=True)
class Namespace:
    """One row of the catalog. ``version`` changes with every change of the others.

    ``settings`` are its own index settings, as they stand in the catalog
    (``core/index_settings.py``). ``config`` is what its owner said of it and nothing here depends
    on. ``closed``: its documents are neither read nor written until it is opened.
    """

    name: str
    table: str
    id_type: IdType
    vectors: tuple[VectorColumn, ...]
    attributes: Mapping[str, AttributeSpec]
    version: int
    created_at: datetime
    id: int = 0
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    read_only: bool = False
    config: Mapping[str, JsonAny] = field(default_factory=dict[str, JsonAny])
    closed: bool = False

    def vector_column(self, name: str) -> VectorColumn:
        """The vector column of this name.

        Raises:
            UnknownVector: when the namespace has none.
        """
        for column in self.vectors:
            if column.name == name:
                return column
        if self.vectors:
            raise UnknownVector(
                f"💔 '{name}' is no vector attribute of namespace '{self.name}'", name
            )
        raise UnknownVector("💔 Vector provided for namespace without vector attribute", name)

    def check_vector(self, column: VectorColumn, vector: Vector) -> None:
        """Refuse a query vector of the wrong length."""
        if vector.dimensions != column.dimensions:
            message = f"💔 the vector has {vector.dimensions} dimensions, "
            message += f"but those of namespace '{self.name}' have {column.dimensions}"
            raise WrongLength(message, column.name, column.dimensions, vector.dimensions)

    def check_writable(self) -> None:
        """Refuse a change of documents or schema while the namespace is read-only.

        Raises:
            Forbidden: always then; its owner may lift it with PATCH …/metadata.
        """
        if self.read_only:
            raise Forbidden(f"💔 namespace '{self.name}' is read-only")

    def check_open(self) -> None:
        """Refuse all use of the documents while the namespace is closed.

        Raises:
            Closed: always then.
        """
        if self.closed:
            raise Closed(self.name)

    @property
    def dimensions(self) -> int:
        """Numbers in the default vector; 0 when the namespace has none."""
        return next((c.dimensions for c in self.vectors if c.name == DEFAULT_VECTOR), 0)


@dataclass(frozen=True, slots=True)
class NamespacePage:
    """A part of the list of names; ``next_position`` None: it was the last."""

    names: tuple[str, ...]
    next_position: str | None


def check_namespace_name(name: str) -> None:
    """Refuse names outside ``[A-Za-z0-9-_.]{1,128}`` (turbopuffer, section 4).

    Raises:
        InvalidAddress: the name stands in the URL.
    """
    if not NAME.fullmatch(name):
        raise InvalidAddress(
            "Invalid URL: Namespace contains invalid characters, must be [A-Za-z0-9-_.]"
        )
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidAddress(
            f"Invalid URL: Namespace `{name}` is too long, limit is currently "
            f"{MAX_NAME_LENGTH} characters"
        )


def short_identifier(name: str, suffix: str = "") -> str:
    """``name:suffix`` as an SQL identifier of at most 50 bytes, or ``name`` alone without a suffix.

    What is too long becomes its start and a hash. Every derived name contains a colon, which no
    namespace may, so a namespace never collides with another one's index. PostgreSQL would cut at
    63 bytes in silence; distributed engines add to names, hence 50.
    """
    full = f"{name}:{suffix}" if suffix else name
    if len(full.encode()) <= MAX_IDENTIFIER_BYTES:
        return full
    digest = sha256(name.encode()).hexdigest()[:HASH_DIGITS]
    tail = f":{digest}:{suffix}" if suffix else f":{digest}"
    # a character that would be cut in two is left out
    start = name.encode()[: MAX_IDENTIFIER_BYTES - len(tail)].decode(errors="ignore")
    return start + tail
