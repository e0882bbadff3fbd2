"""What is returned of each document: the columns of a statement, and how rows become hits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

from service.compile.fragment import Fragment, constant, identifier, joined, raw
from service.compile.ranking import as_vector, distance
from service.core.attributes import JsonValue
from service.core.ids import DocumentId, IdType, shown_id
from service.core.namespace import Namespace, VectorColumn
from service.core.query import Computed, Hit, Projection
from service.core.vectors import Metric, Vector
from service.storage.adapters import load_vector
from service.storage.pool import Row, Session
from service.storage.tables import table


def compile_columns(
    session: Session,
    namespace: Namespace,
    projection: Projection,
    computed: Sequence[Computed] = (),
) -> Fragment:
    """What follows the fixed columns: vectors, computed values, then all attributes or those asked
    for."""
    known = {column.name: column for column in namespace.vectors}
    columns = raw("")
    for name in projection.vectors:
        columns += raw(", ") + stored_vector(session, known.get(name))
    for one in computed:
        column = namespace.vector_column(one.column)
        metric = column.metric or Metric.COSINE
        between = distance(column, one.vector, metric, session.pgvector.schema)
        # without a vector there is no distance, not even the largest
        has_none = identifier("document", column.column) + raw(" IS NULL")
        columns += raw(", CASE WHEN ") + has_none + raw(" THEN NULL ELSE ") + between + raw(" END")
    return columns + attribute_columns(projection)


def stored_vector(session: Session, column: VectorColumn | None) -> Fragment:
    """A document's vector; documents of a namespace without such vectors have none to return."""
    if column is None:
        return raw("NULL")
    stored = identifier("document", column.column)
    return as_vector(stored, column, session.pgvector.schema)


def attribute_columns(projection: Projection) -> Fragment:
    """All attributes in one column, or those asked for in one each."""
    if projection.attributes is None:
        every = raw(", document.attributes")
        without = list(projection.without)
        return every + raw(" - %s::text[]", without) if without else every
    named = [raw(", document.attributes -> ") + constant(name) for name in projection.attributes]
    return joined("", named)


def join_table(session: Session, namespace: Namespace) -> Fragment:
    name = table(session, namespace.table)
    return raw("\nLEFT JOIN ") + name + raw(" AS document ON document.id = hit.id")


def read_id(value: object, id_type: IdType) -> DocumentId:
    """An id as PostgreSQL gives it, in the form that callers know."""
    return shown_id(stored_id(value), id_type)


def stored_id(value: object) -> DocumentId:
    """An id as the column has it; from a numeric one also where somebody has just made a bigint
    wider."""
    return cast(DocumentId, int(value) if isinstance(value, Decimal) else value)


class HitReader:
    """Turns rows of one projection into hits."""

    def __init__(
        self, id_type: IdType, projection: Projection, computed: Sequence[Computed], fixed: int
    ) -> None:
        self._id_type = id_type
        self._vectors = projection.vectors
        self._names = projection.attributes
        self._computed = tuple(one.name for one in computed)
        self._fixed = fixed
        self._start = fixed + len(projection.vectors) + len(computed)

    def hit(self, row: Row, distance: float | None) -> Hit:
        return Hit(
            read_id(row[0], self._id_type),
            distance,
            self.vectors(row),
            self.attributes(row),
            self.computed(row),
        )

    def vectors(self, row: Row) -> Mapping[str, Vector | None]:
        return {
            name: load_vector(cast(bytes | None, row[self._fixed + index]))
            for index, name in enumerate(self._vectors)
        }

    def computed(self, row: Row) -> Mapping[str, float | None]:
        values = cast(
            tuple[float | None, ...], row[self._start - len(self._computed) : self._start]
        )
        return dict(zip(self._computed, values, strict=True))

    def attributes(self, row: Row) -> Mapping[str, JsonValue]:
        if self._names is None:
            return cast(Mapping[str, JsonValue], row[self._start])
        values = cast(tuple[JsonValue, ...], row[self._start :])
        return {
            name: value
            for name, value in zip(self._names, values, strict=True)
            if value is not None
        }
