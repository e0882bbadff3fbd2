"""How a namespace changes with a write: new attributes, vector columns, a metric, a wider id type.

Pure: it compares the write with the namespace and gives both as they are to be stored, or refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.core.attributes import (
    MAX_ATTRIBUTES,
    AttributeColumn,
    AttributeSpec,
    JsonValue,
    fit_values,
    infer_type,
)
from service.core.documents import Patch, PatchMatching, SchemaUpdate, Upsert, Write
from service.core.errors import InvalidRequest
from service.core.free_form import record_types
from service.core.ids import IdType, coerce_ids, infer_id_type
from service.core.namespace import Namespace, VectorColumn
from service.core.vector_columns import evolve_vectors, read_vector_columns

Specs = Mapping[str, AttributeSpec]


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a namespace a write can change."""

    id_type: IdType
    vectors: tuple[VectorColumn, ...]
    attributes: Specs


def shape_of(namespace: Namespace) -> Shape:
    return Shape(namespace.id_type, namespace.vectors, namespace.attributes)


def first_shape(write: Write) -> Shape:
    """The shape of a namespace that this write creates, before its columns are looked at.

    Raises:
        InvalidRequest: when neither documents nor the schema tell the type of ids.
    """
    ids = write.upsert.ids if write.upsert else ()
    if not ids and write.schema.id_type is None:
        raise InvalidRequest("💔 an empty namespace needs the type of `id` in its schema")
    return Shape(write.schema.id_type or infer_id_type(ids), (), {})


def evolve(shape: Shape, write: Write) -> tuple[Shape, Write]:
    """The shape after the write, and the write with ids and values of the stored types.

    What the write drops is gone already (``without``).

    Raises:
        InvalidRequest: when the write contradicts the namespace.
    """
    check_id_type(shape, write.schema)
    upsert = write.upsert and read_vector_columns(write.upsert, shape.vectors, write)
    vectors = evolve_vectors(shape.vectors, write, upsert)
    specs = merge_specs(shape.attributes, write.schema.attributes)
    id_type = shape.id_type
    if upsert:
        id_type = write.widen(id_type, upsert.ids)
        specs, columns = type_columns(specs, upsert.attributes)
        ids = coerce_ids(upsert.ids, id_type)
        upsert = Upsert(ids, columns, upsert.vectors, upsert.objects)
    names = frozenset(column.name for column in vectors)
    if upsert:
        specs = record_types(specs, upsert.objects, names)
    # all rows together tell the type of a new attribute, as they do in an upsert
    specs, _ = type_patch(specs, gathered_new(specs, write.patches or ()), names)
    patches: list[Patch] = []
    for patch in write.patches or ():
        specs, columns = type_patch(specs, patch.attributes, names)
        patches.append(Patch(coerce_ids(patch.ids, id_type), columns))
    patch_where = write.patch_where
    if patch_where:
        specs, columns = type_patch(specs, patch_where.attributes, names)
        patch_where = PatchMatching(patch_where.matching, columns)
    check_names(specs, vectors, shape)
    fitted = replace(
        write,
        upsert=upsert,
        deletes=None if write.deletes is None else coerce_ids(write.deletes, id_type),
        patches=None if write.patches is None else tuple(patches),
        patch_where=patch_where,
    )
    return Shape(id_type, vectors, specs), fitted


def check_id_type(shape: Shape, update: SchemaUpdate) -> None:
    """Refuse another type of ids than the namespace has."""
    declared = update.id_type
    if declared and declared.spelled != shape.id_type.spelled:
        raise InvalidRequest(
            "🙅 invalid schema update for attribute 'id': cannot change attribute type "
            f"from {shape.id_type.spelled} to {declared.spelled}"
        )


def without(shape: Shape, dropped: tuple[str, ...]) -> Shape:
    """The shape after attributes and vector columns are dropped; unknown names change nothing."""
    if not dropped:
        return shape
    vectors = tuple(column for column in shape.vectors if column.name not in dropped)
    kept = {name: spec for name, spec in shape.attributes.items() if name not in dropped}
    return Shape(shape.id_type, vectors, kept)


def check_names(specs: Specs, vectors: tuple[VectorColumn, ...], before: Shape) -> None:
    """Refuse a name that would be both an attribute and a vector."""
    for column in vectors:
        if column.name in specs:
            kinds = [str(specs[column.name].type), column.kind]
            known, wanted = kinds if column.name in before.attributes else reversed(kinds)
            raise InvalidRequest(
                f"🙅 invalid schema update for attribute '{column.name}': "
                f"cannot change attribute type from {known} to {wanted}"
            )


def gathered_new(specs: Specs, patches: Sequence[Patch]) -> tuple[AttributeColumn, ...]:
    """All values that the patches have for each attribute that is new."""
    values: dict[str, list[JsonValue]] = {}
    for patch in patches:
        for column in patch.attributes:
            if column.name in specs:
                continue
            values.setdefault(column.name, []).extend(column.values)
    return tuple(AttributeColumn(name, tuple(found)) for name, found in values.items())


def type_patch(
    specs: Specs, columns: tuple[AttributeColumn, ...], vectors: frozenset[str]
) -> tuple[Specs, tuple[AttributeColumn, ...]]:
    """``type_columns`` for a patch, which has no vectors."""
    for column in columns:
        if column.name in vectors:
            raise InvalidRequest("💔 patching vectors is currently unsupported")
    return type_columns(specs, columns)


def merge_specs(known: Specs, update: Specs) -> Specs:
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
    specs: Specs, columns: tuple[AttributeColumn, ...]
) -> tuple[Specs, tuple[AttributeColumn, ...]]:
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
