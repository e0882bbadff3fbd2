"""What a write asks for: documents in columns, ids to delete, schema changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.core.attributes import AttributeColumn, AttributeSpec
from service.core.errors import InvalidRequest
from service.core.filters import Filter
from service.core.ids import DocumentId, IdType
from service.core.query import DEFAULT_VECTOR
from service.core.vectors import MAX_DIMENSIONS, Metric, VectorBatch

SHOWN_DUPLICATES = 10


@dataclass(frozen=True, slots=True)
class Upsert:
    """Documents to insert or to replace whole: one entry per document in every column."""

    ids: tuple[DocumentId, ...]
    attributes: tuple[AttributeColumn, ...] = ()
    vectors: VectorBatch | None = None

    def __post_init__(self) -> None:
        for column in self.attributes:
            if len(column.values) != len(self.ids):
                raise InvalidRequest(
                    f"💔 attribute '{column.name}' has {len(column.values)} values "
                    f"for {len(self.ids)} ids"
                )
        if self.vectors is not None:
            if self.vectors.count != len(self.ids):
                raise InvalidRequest(f"💔 {self.vectors.count} vectors for {len(self.ids)} ids")
            if self.vectors.dimensions > MAX_DIMENSIONS:
                raise InvalidRequest(
                    f"💔 vectors have at most {MAX_DIMENSIONS} dimensions, "
                    f"got {self.vectors.dimensions}"
                )


@dataclass(frozen=True, slots=True)
class SchemaUpdate:
    """Options and types given by the caller. ``id_type`` None: as the ids are."""

    attributes: Mapping[str, AttributeSpec] = field(default_factory=dict[str, AttributeSpec])
    id_type: IdType | None = None
    dimensions: int | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One request: all of it is applied, or nothing. Carried out in the order of the fields.

    ``disable_backpressure``: also while more is waiting for an index than searches should scan.
    """

    delete_where: Filter | None = None
    deletes: tuple[DocumentId, ...] = ()
    upsert: Upsert | None = None
    schema: SchemaUpdate = SchemaUpdate()
    metric: Metric | None = None
    vector: str = DEFAULT_VECTOR
    disable_backpressure: bool = False

    @property
    def has_several_parts(self) -> bool:
        """Whether more than one statement changes documents."""
        parts = (self.delete_where, self.deletes or None, self.upsert)
        return sum(part is not None for part in parts) > 1

    def __post_init__(self) -> None:
        ids = self.deletes + (self.upsert.ids if self.upsert else ())
        if len(set(ids)) != len(ids):
            raise duplicates(ids)


@dataclass(frozen=True, slots=True)
class Written:
    """How many documents a write touched."""

    upserted: int = 0
    deleted: int = 0

    @property
    def affected(self) -> int:
        return self.upserted + self.deleted


def duplicates(ids: tuple[DocumentId, ...]) -> InvalidRequest:
    """The error for a batch that names an id twice."""
    seen: set[DocumentId] = set()
    again = [i for i in ids if i in seen or seen.add(i)]
    shown = ", ".join(str(i) for i in again[:SHOWN_DUPLICATES])
    return InvalidRequest(
        "💔 This upsert contains duplicate document IDs and was not written. "
        "You should ensure that individual upserts do not include duplicate documents. "
        f"The duplicated IDs in this batch were the following: {shown}"
    )
