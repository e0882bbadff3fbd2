"""How a namespace changes with a write."""

from typing import Any

import pytest

from service.core.attributes import AttributeColumn, AttributeSpec, parse_type
from service.core.documents import SchemaUpdate, Upsert, Write
from service.core.errors import InvalidRequest
from service.core.evolution import Shape, evolve, evolve_schema, first_shape
from service.core.ids import IdType
from service.core.namespace import VectorColumn
from service.core.vectors import Metric, VectorBatch

EMPTY = Shape(IdType.BIGINT, (), {})
FLAT = Shape(IdType.BIGINT, (VectorColumn("vector", 2),), {})
COSINE = Shape(IdType.BIGINT, (VectorColumn("vector", 2, Metric.COSINE),), {})


def column(name: str, *values: Any) -> AttributeColumn:
    return AttributeColumn(name, values)


def write(*columns: AttributeColumn, ids: tuple[Any, ...] | None = None, **rest: Any) -> Write:
    count = len(columns[0].values) if columns else 1
    batch = rest.pop("vectors", None)
    return Write(upsert=Upsert(ids or tuple(range(count)), columns, batch), **rest)


def vectors(count: int, dimensions: int) -> VectorBatch:
    return VectorBatch(dimensions, bytes(4 * count * dimensions))


def spec(text: str, **options: Any) -> AttributeSpec:
    return AttributeSpec(parse_type(text), **options)


def types_after(shape: Shape, request: Write) -> dict[str, str]:
    return {name: str(spec.type) for name, spec in evolve(shape, request)[0].attributes.items()}


# (values, the type they give a new attribute); more of them in test_attributes.py
INFERRED = [
    (("a", None), "string"),
    ((2**63,), "uint"),
    (([1], [2.5]), "[]float"),
]


@pytest.mark.parametrize(("values", "kind"), INFERRED)
def test_a_new_attribute_gets_the_type_of_its_values(values: tuple[Any, ...], kind: str):
    assert types_after(EMPTY, write(column("a", *values))) == {"a": kind}


@pytest.mark.parametrize("values", [(None,), ([],), (None, [])])
def test_an_attribute_without_values_stays_out_of_the_schema(values: tuple[Any, ...]):
    assert types_after(EMPTY, write(column("a", *values))) == {}


def test_a_declared_type_wins_over_the_inferred_one():
    declared = SchemaUpdate({"a": spec("float")})

    assert types_after(EMPTY, write(column("a", 1), schema=declared)) == {"a": "float"}


def test_a_type_never_changes():
    shape = Shape(IdType.BIGINT, (), {"title": spec("string")})

    with pytest.raises(InvalidRequest) as caught:
        evolve_schema(shape, SchemaUpdate({"title": spec("int")}))

    assert caught.value.message == (
        "🙅 invalid schema update for attribute 'title': "
        "cannot change attribute type from string to int"
    )


def test_options_change_and_other_attributes_stay():
    shape = Shape(IdType.BIGINT, (), {"a": spec("string"), "b": spec("int")})

    changed = evolve_schema(shape, SchemaUpdate({"a": spec("string", filterable=False)}))

    assert changed.attributes == {"a": spec("string", filterable=False), "b": spec("int")}


def test_a_namespace_has_a_bounded_number_of_attributes():
    full = Shape(IdType.BIGINT, (), {f"a{n}": spec("int") for n in range(1024)})

    assert len(types_after(full, write(column("a7", 1)))) == 1024
    with pytest.raises(InvalidRequest, match="1024 attributes"):
        evolve(full, write(column("one more", 1)))


# (metric so far, metric given, metric after)
METRICS = [
    (None, None, None),
    (None, Metric.EUCLIDEAN, Metric.EUCLIDEAN),
    (Metric.COSINE, None, Metric.COSINE),
    (Metric.COSINE, Metric.COSINE, Metric.COSINE),
]


@pytest.mark.parametrize(("current", "given", "after"), METRICS)
def test_the_metric_is_unset_until_a_write_gives_one(current, given, after):
    shape = Shape(IdType.BIGINT, (VectorColumn("vector", 2, current),), {})

    changed, _ = evolve(shape, write(vectors=vectors(1, 2), metric=given))

    assert changed.vectors == (VectorColumn("vector", 2, after),)


def test_the_first_vectors_make_the_column():
    changed, _ = evolve(EMPTY, write(vectors=vectors(1, 3), metric=Metric.COSINE))

    assert changed.vectors == (VectorColumn("vector", 3, Metric.COSINE),)


def test_another_metric_is_refused_with_both_names():
    with pytest.raises(InvalidRequest) as caught:
        evolve(COSINE, write(vectors=vectors(1, 2), metric=Metric.EUCLIDEAN_SQUARED))

    assert caught.value.message == (
        "💔 distance metric mismatch, expected cosine_distance, got euclidean_squared"
    )


@pytest.mark.parametrize("dimensions", [1, 3])
def test_vectors_of_another_length_are_refused(dimensions: int):
    with pytest.raises(InvalidRequest, match=f"have {dimensions} dimensions.* have 2"):
        evolve(FLAT, write(vectors=vectors(1, dimensions)))


def test_a_declared_length_other_than_that_of_the_vectors_is_refused():
    declared = SchemaUpdate(dimensions=3)

    with pytest.raises(InvalidRequest, match="declares vectors of 3 dimensions, got 2"):
        evolve(EMPTY, write(vectors=vectors(1, 2), schema=declared))
    with pytest.raises(InvalidRequest, match="3 dimensions"):
        evolve(FLAT, write(vectors=vectors(1, 2), schema=declared))


def test_a_document_without_a_vector_is_refused_where_there_are_vectors():
    with pytest.raises(InvalidRequest, match="every document written needs one"):
        evolve(FLAT, write())


# (id type, ids, id type after)
WIDENED = [
    (IdType.BIGINT, (2**63 - 1,), IdType.BIGINT),
    (IdType.BIGINT, (1, 2**63), IdType.NUMERIC),
    (IdType.NUMERIC, (1,), IdType.NUMERIC),
    (IdType.TEXT, ("9" * 20,), IdType.TEXT),
]


@pytest.mark.parametrize(("before", "ids", "after"), WIDENED)
def test_an_integer_beyond_bigint_widens_the_id(before, ids, after):
    changed, _ = evolve(Shape(before, (), {}), write(ids=ids))

    assert changed.id_type is after


def test_a_delete_does_not_widen_the_id():
    assert evolve(EMPTY, Write(deletes=(2**63,)))[0].id_type is IdType.BIGINT


def test_the_id_type_does_not_change_otherwise():
    with pytest.raises(InvalidRequest, match="from uint to string"):
        evolve_schema(EMPTY, SchemaUpdate(id_type=IdType.TEXT))


def test_a_first_write_takes_the_declared_id_type():
    declared = SchemaUpdate(id_type=IdType.UUID)

    assert first_shape(write(ids=("x",), schema=declared)).id_type is IdType.UUID
    assert first_shape(write(ids=("x",))).id_type is IdType.TEXT
    assert first_shape(write(ids=(2**63,))).id_type is IdType.NUMERIC


def test_a_write_of_what_is_known_changes_nothing():
    shape = Shape(IdType.BIGINT, COSINE.vectors, {"a": spec("int")})

    assert evolve(shape, write(column("a", 1), vectors=vectors(1, 2)))[0] == shape


def test_an_id_type_declared_again_may_have_been_widened_meanwhile() -> None:
    widened = Shape(IdType.NUMERIC, (), {})

    shape, _ = evolve(widened, Write(schema=SchemaUpdate(id_type=IdType.BIGINT)))

    assert shape.id_type is IdType.NUMERIC
