"""How a namespace changes with a write: new attributes, a first vector, a metric, a wider id type.

Pure: it compares the write with the namespace and gives both as they are to be stored, or refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.core.attributes import (
    MAX_ATTRIBUTES,
    AttributeColumn,
    AttributeSpec,
    fit_values,
    infer_type,
)
from service.core.documents import SchemaUpdate, Upsert, Write
from service.core.errors import InvalidRequest
from service.core.ids import IdType, coerce_ids, infer_id_type, widen_id_type
from service.core.namespace import Namespace, VectorColumn
from service.core.vectors import Metric, VectorBatch


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a namespace a write can change."""

    id_type: IdType
    vectors: tuple[VectorColumn, ...]
    attributes: Mapping[str, AttributeSpec]


def shape_of(namespace: Namespace) -> Shape:
    return Shape(namespace.id_type, namespace.vectors, namespace.attributes)


def first_shape(write: Write) -> Shape:
    """The shape of a namespace that this write creates, before its columns are looked at."""
    ids = write.upsert.ids if write.upsert else ()
    return Shape(write.schema.id_type or infer_id_type(ids), (), {})


def evolve(shape: Shape, write: Write) -> tuple[Shape, Write]:
    """The shape after the write, and the write with ids and values of the stored types.

    Raises:
        InvalidRequest: when the write contradicts the namespace.
    """
    declared = write.schema.id_type
    if declared and declared.spelled != shape.id_type.spelled:
        raise InvalidRequest(
            "🙅 invalid schema update for attribute 'id': cannot change the id type "
            f"from {shape.id_type.spelled} to {declared.spelled}"
        )
    specs = merge_specs(shape.attributes, write.schema.attributes)
    id_type, upsert = shape.id_type, write.upsert
    if upsert:
        id_type = widen_id_type(id_type, upsert.ids)
        specs, columns = type_columns(specs, upsert.attributes)
        upsert = Upsert(coerce_ids(upsert.ids, id_type), columns, upsert.vectors)
    vectors = evolve_vectors(shape.vectors, write)
    deletes = coerce_ids(write.deletes, id_type)
    return Shape(id_type, vectors, specs), replace(write, upsert=upsert, deletes=deletes)


def evolve_schema(shape: Shape, update: SchemaUpdate) -> Shape:
    """The shape after a change of the schema alone."""
    return evolve(shape, Write(schema=update))[0]


def merge_specs(
    known: Mapping[str, AttributeSpec], update: Mapping[str, AttributeSpec]
) -> Mapping[str, AttributeSpec]:
    """The schema with the update's types and options.

    Raises:
        InvalidRequest: for a change of type, or too many attributes.
    """
    for name, spec in update.items():
        if name in known and known[name].type != spec.type:
            raise InvalidRequest(
                f"🙅 invalid schema update for attribute '{name}': "
                f"cannot change attribute type from {known[name].type} to {spec.type}"
            )
    merged = {**known, **update}
    if len(merged) > MAX_ATTRIBUTES:
        raise InvalidRequest(f"💔 a namespace has at most {MAX_ATTRIBUTES} attributes")
    return merged


def type_columns(
    specs: Mapping[str, AttributeSpec], columns: tuple[AttributeColumn, ...]
) -> tuple[Mapping[str, AttributeSpec], tuple[AttributeColumn, ...]]:
    """The schema with the attributes that the columns bring, and the columns as it stores them."""
    new: dict[str, AttributeSpec] = {}
    fitted: list[AttributeColumn] = []
    for column in columns:
        spec = specs.get(column.name)
        if spec is None:
            inferred = infer_type(column.name, column.values)
            if inferred is None:
                fitted.append(column)
                continue
            spec = new[column.name] = AttributeSpec(inferred)
        fitted.append(fit_values(column, spec.type))
    return (merge_specs(specs, new) if new else specs), tuple(fitted)


def evolve_vectors(vectors: tuple[VectorColumn, ...], write: Write) -> tuple[VectorColumn, ...]:
    """The vector columns after the write: one more, or a metric where there was none."""
    batch = write.upsert.vectors if write.upsert else None
    current = next((column for column in vectors if column.name == write.vector), None)
    if current is None:
        return vectors + first_column(write, batch)
    check_batch(current, write, batch)
    metric = agreed_metric(current.metric, write.metric)
    if metric is current.metric:
        return vectors
    return tuple(replace(c, metric=metric) if c is current else c for c in vectors)


def first_column(write: Write, batch: VectorBatch | None) -> tuple[VectorColumn, ...]:
    dimensions = batch.dimensions if batch else None
    declared = write.schema.dimensions
    if batch and declared not in (None, batch.dimensions):
        raise InvalidRequest(
            f"💔 the schema declares vectors of {declared} dimensions, got {batch.dimensions}"
        )
    length = dimensions or declared
    return (VectorColumn(write.vector, length, write.metric),) if length else ()


def check_batch(current: VectorColumn, write: Write, batch: VectorBatch | None) -> None:
    """Refuse vectors of another length, and documents without one."""
    declared = write.schema.dimensions
    for length in (declared, batch.dimensions if batch else None):
        if length not in (None, current.dimensions):
            raise InvalidRequest(
                f"💔 the vectors have {length} dimensions, "
                f"but those of the namespace have {current.dimensions}"
            )
    if write.upsert and batch is None and write.upsert.ids:
        raise InvalidRequest("💔 this namespace has vectors: every document written needs one")


def agreed_metric(current: Metric | None, given: Metric | None) -> Metric | None:
    """The namespace's metric after a write that gives one, or none.

    Raises:
        InvalidRequest: for a metric other than the one set.
    """
    if current and given and current is not given:
        raise InvalidRequest(
            f"💔 distance metric mismatch, expected {current.spelled}, got {given.spelled}"
        )
    return current or given
