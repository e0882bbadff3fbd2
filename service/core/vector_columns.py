"""The vector columns of a namespace: which columns of a write are vectors, and how they evolve."""

from __future__ import annotations

from dataclasses import replace

from service.core.documents import NO_VECTORS, Upsert, VectorSpec, Write
from service.core.errors import InvalidRequest, WrongLength
from service.core.namespace import VectorColumn
from service.core.query import DEFAULT_VECTOR
from service.core.vectors import Metric, VectorBatch

MAX_VECTOR_COLUMNS = 8

Columns = tuple[VectorColumn, ...]


def read_vector_columns(upsert: Upsert, known: Columns, write: Write) -> Upsert:
    """The documents with those attribute columns read as vectors that are vectors.

    That is: what the namespace has as a vector, what the schema declares as one, and what is called
    ``vector``.
    """
    names = {DEFAULT_VECTOR, *write.schema.vectors, *(column.name for column in known)}
    read: dict[str, VectorBatch] = dict(upsert.vectors)
    given = bool(read)
    for column in upsert.attributes:
        if column.name in names:
            given = True
            batch = write.read_vectors(column.values)
            if batch is not None:
                read[column.name] = batch
    if known and upsert.ids and not given:
        raise InvalidRequest("💔 this namespace has vectors: every document written needs one")
    rest = tuple(column for column in upsert.attributes if column.name not in names)
    return Upsert(upsert.ids, rest, read, upsert.objects)


def evolve_vectors(known: Columns, write: Write, upsert: Upsert | None) -> Columns:
    """The vector columns after the write: more of them, or a metric where there was none.

    Raises:
        InvalidRequest: for vectors of another length, precision or metric.
    """
    batches = upsert.vectors if upsert else NO_VECTORS
    columns: list[VectorColumn] = []
    for column in known:
        declared, batch = write.schema.vectors.get(column.name), batches.get(column.name)
        check_same(column, declared, batch)
        touched = declared is not None or batch is not None or len(known) == 1
        given = (declared and declared.metric) or (write.metric if touched else None)
        metric = agreed_metric(column.metric, given) or write.metric
        columns.append(column if metric is column.metric else replace(column, metric=metric))
    present = {column.name for column in known}
    added = [n for n in dict.fromkeys([*write.schema.vectors, *batches]) if n not in present]
    columns.extend(new_column(name, write, batches.get(name)) for name in added)
    if len(columns) > MAX_VECTOR_COLUMNS:
        raise InvalidRequest(f"💔 a namespace has at most {MAX_VECTOR_COLUMNS} vector attributes")
    return known if tuple(columns) == known else tuple(columns)


def new_column(name: str, write: Write, batch: VectorBatch | None) -> VectorColumn:
    """A column as the schema declares it, else as long as the first vectors are."""
    declared = write.schema.vectors.get(name)
    if declared is None:
        assert batch is not None
        declared = VectorSpec(batch.dimensions)
    elif batch and declared.dimensions != batch.dimensions:
        raise InvalidRequest(
            f"💔 the schema declares vectors of {declared.dimensions} dimensions, "
            f"got {batch.dimensions}"
        )
    metric = declared.metric or write.metric
    return VectorColumn(name, declared.dimensions, metric, declared.precision)


def check_same(
    column: VectorColumn, declared: VectorSpec | None, batch: VectorBatch | None
) -> None:
    """Refuse vectors of another length or precision than the column's."""
    for length in (declared and declared.dimensions, batch and batch.dimensions):
        if length not in (None, column.dimensions):
            message = f"💔 the vectors have {length} dimensions, "
            message += f"but those of the namespace have {column.dimensions}"
            raise WrongLength(message, column.name, column.dimensions, length)
    if declared and declared.precision is not column.precision:
        raise InvalidRequest(
            f"🙅 invalid schema update for attribute '{column.name}': cannot change attribute type "
            f"from {column.kind} to [{declared.dimensions}]{declared.precision.value}"
        )


def agreed_metric(current: Metric | None, given: Metric | None) -> Metric | None:
    """The column's metric after a write that gives one, or none.

    Raises:
        InvalidRequest: for a metric other than the one set.
    """
    if current and given and current is not given:
        raise InvalidRequest(
            f"💔 distance metric mismatch, expected {current.spelled}, got {given.spelled}"
        )
    return current or given
