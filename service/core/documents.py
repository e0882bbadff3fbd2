"""What a write asks for, part by part, and what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from service.core.attributes import AttributeColumn, AttributeSpec, JsonObject, JsonValue
from service.core.errors import InvalidRequest
from service.core.filters import Filter
from service.core.ids import DocumentId, IdType, widen_id_type
from service.core.vectors import MAX_DIMENSIONS, Metric, Precision, VectorBatch

SHOWN_DUPLICATES = 10
# documents that one write may delete or change by a filter (turbopuffer, section 6.2)
MAX_DELETED = 5_000_000
MAX_PATCHED = 500_000

NO_VECTORS: Mapping[str, VectorBatch] = {}

# how the caller's dialect spells vectors: one value of a column for each document
VectorReader = Callable[[Sequence[JsonValue]], VectorBatch | None]


# how the caller's dialect widens the type of ids for new ones
IdWidening = Callable[[IdType, Sequence[DocumentId]], IdType]


def reads_none(_: Sequence[JsonValue]) -> VectorBatch | None:
    """The reader of a dialect whose attributes are never vectors."""
    return None


@dataclass(frozen=True, slots=True)
class Upsert:
    """Documents to insert or to replace whole: one entry per document in every column.

    ``vectors`` are by the name of their vector column. ``objects``, in the place of ``attributes``:
    each document's attributes as they are to be stored, bound to no schema.
    """

    ids: tuple[DocumentId, ...]
    attributes: tuple[AttributeColumn, ...] = ()
    vectors: Mapping[str, VectorBatch] = field(default_factory=lambda: NO_VECTORS)
    objects: tuple[JsonObject, ...] = ()

    def __post_init__(self) -> None:
        check_columns(self.ids, self.attributes)
        for batch in self.vectors.values():
            if batch.count != len(self.ids):
                raise InvalidRequest(f"💔 {batch.count} vectors for {len(self.ids)} ids")
            if batch.dimensions > MAX_DIMENSIONS:
                raise InvalidRequest(
                    f"💔 vectors have at most {MAX_DIMENSIONS} dimensions, got {batch.dimensions}"
                )

    def only(self, rows: Sequence[int]) -> Upsert:
        """The documents in these places alone."""
        return Upsert(
            tuple([self.ids[row] for row in rows]),
            tuple([column.only(rows) for column in self.attributes]),
            {name: batch.only(rows) for name, batch in self.vectors.items()},
            tuple([self.objects[row] for row in rows]) if self.objects else (),
        )


@dataclass(frozen=True, slots=True)
class Patch:
    """Attributes to set in documents that exist; None removes one, those not named stay."""

    ids: tuple[DocumentId, ...]
    attributes: tuple[AttributeColumn, ...]

    def __post_init__(self) -> None:
        check_columns(self.ids, self.attributes)

    def only(self, rows: Sequence[int]) -> Patch:
        """The documents in these places alone."""
        ids = tuple([self.ids[row] for row in rows])
        return Patch(ids, tuple([column.only(rows) for column in self.attributes]))


@dataclass(frozen=True, slots=True)
class Matching:
    """The documents that a filter matches. ``partial``: as many of them as one write may change,
    instead of none when there are more."""

    filter: Filter
    partial: bool = False


@dataclass(frozen=True, slots=True)
class PatchMatching:
    """Attributes to set in all documents that match; the columns have one value."""

    matching: Matching
    attributes: tuple[AttributeColumn, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a document must match, as it is now, to be written, patched or deleted.

    They may compare with what is about to be written (``EqualsNew``, ``ComparesNew``). A document
    that does not exist is always inserted, and never patched or deleted.
    """

    upsert: Filter | None = None
    patch: Filter | None = None
    delete: Filter | None = None

    @property
    def any(self) -> bool:
        return any(one is not None for one in (self.upsert, self.patch, self.delete))


@dataclass(frozen=True, slots=True)
class VectorSpec:
    """What a schema says of a vector column. ``metric`` None: that of the write."""

    dimensions: int
    precision: Precision = Precision.SINGLE
    metric: Metric | None = None


@dataclass(frozen=True, slots=True)
class SchemaUpdate:
    """Options and types given by the caller. ``id_type`` None: as the ids are.

    ``dropped`` are attributes and vector columns to be removed from all documents.
    """

    attributes: Mapping[str, AttributeSpec] = field(default_factory=dict[str, AttributeSpec])
    id_type: IdType | None = None
    vectors: Mapping[str, VectorSpec] = field(default_factory=dict[str, VectorSpec])
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Write:
    """One request: all of it is applied, or nothing. Carried out in the order of the fields.

    ``read_vectors`` reads the attribute columns that the namespace has, or the schema declares, as
    vectors. ``widen`` says which ids may stand beside those that are there. ``create``: None, the
    first documents make the namespace; True, it is made without any; False, it must exist.
    ``with_ids``: the answer is to name the documents. ``disable_backpressure``: also while more is
    waiting for an index than searches should scan.
    """

    delete_where: Matching | None = None
    patch_where: PatchMatching | None = None
    deletes: tuple[DocumentId, ...] | None = None
    patches: tuple[Patch, ...] | None = None
    upsert: Upsert | None = None
    conditions: Conditions = Conditions()
    schema: SchemaUpdate = SchemaUpdate()
    metric: Metric | None = None
    read_vectors: VectorReader = reads_none
    widen: IdWidening = widen_id_type
    create: bool | None = None
    with_ids: bool = False
    disable_backpressure: bool = False

    @property
    def needs_turn(self) -> bool:
        """Whether other writers must wait: its parts have to see the same documents."""
        parts = (
            self.delete_where, self.patch_where,
            self.deletes or None, self.patches or None, self.upsert,
        )  # fmt: skip
        return sum(part is not None for part in parts) > 1 or self.conditions.any

    @property
    def changes_in_place(self) -> bool:
        """Whether it deletes or patches; an upsert alone takes its place when it is numbered."""
        return any((self.delete_where, self.patch_where, self.deletes, self.patches))

    def __post_init__(self) -> None:
        ids = list(self.deletes or ())
        for patch in self.patches or ():
            ids.extend(patch.ids)
        if self.upsert:
            ids.extend(self.upsert.ids)
        if len(set(ids)) != len(ids):
            raise duplicates(ids)


@dataclass(frozen=True, slots=True)
class Affected:
    """How many documents a part of a write touched, and which, if that was asked."""

    count: int = 0
    ids: tuple[DocumentId, ...] = ()

    def __add__(self, other: Affected) -> Affected:
        return Affected(self.count + other.count, self.ids + other.ids)


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did; None for the parts that it did not have.

    ``remaining``: whether more documents match its filters than it may change; None without any.
    ``logical_bytes``: of ids, vectors and attributes as JSON.
    """

    upserted: Affected | None = None
    patched: Affected | None = None
    deleted: Affected | None = None
    remaining: bool | None = None
    logical_bytes: int = 0

    @property
    def affected(self) -> int:
        parts = (self.upserted, self.patched, self.deleted)
        return sum(part.count for part in parts if part is not None)


def check_columns(ids: Sequence[DocumentId], columns: Sequence[AttributeColumn]) -> None:
    """Refuse columns that do not have one value for each document."""
    for column in columns:
        if len(column.values) != len(ids):
            raise InvalidRequest(
                f"💔 attribute '{column.name}' has {len(column.values)} values for {len(ids)} ids"
            )


def duplicates(ids: Sequence[DocumentId]) -> InvalidRequest:
    """The error for a batch that names an id twice."""
    seen: set[DocumentId] = set()
    again = [i for i in ids if i in seen or seen.add(i)]
    shown = ", ".join(str(i) for i in again[:SHOWN_DUPLICATES])
    return InvalidRequest(
        "💔 This upsert contains duplicate document IDs and was not written. "
        "You should ensure that individual upserts do not include duplicate documents. "
        f"The duplicated IDs in this batch were the following: {shown}"
    )
