"""How a namespace changes with a write."""

from typing import Any
from uuid import UUID

import pytest

from service.core.attributes import AttributeColumn, AttributeSpec, parse_type
from service.core.documents import (
    Matching,
    Patch,
    PatchMatching,
    SchemaUpdate,
    Upsert,
    VectorSpec,
    Write,
)
from service.core.errors import InvalidRequest
from service.core.evolution import Shape, evolve, first_shape, without
from service.core.filters import EVERYTHING
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
    batches = rest.pop("vectors", {})
    return Write(upsert=Upsert(ids or tuple(range(count)), columns, batches), **rest)


def vectors(count: int, dimensions: int) -> dict[str, VectorBatch]:
    return {"vector": VectorBatch(dimensions, bytes(4 * count * dimensions))}


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
        evolve(shape, Write(schema=SchemaUpdate({"title": spec("int")})))

    assert caught.value.message == (
        "🙅 invalid schema update for attribute 'title': "
        "cannot change attribute type from string to int"
    )


def test_options_change_and_other_attributes_stay():
    shape = Shape(IdType.BIGINT, (), {"a": spec("string"), "b": spec("int")})

    changed, _ = evolve(shape, Write(schema=SchemaUpdate({"a": spec("string", filterable=False)})))

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
def test_the_metric_is_unset_until_a_write_gives_one(
    current: Metric | None, given: Metric | None, after: Metric | None
):
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
    declared = SchemaUpdate(vectors={"vector": VectorSpec(3)})

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
def test_an_integer_beyond_bigint_widens_the_id(
    before: IdType, ids: tuple[Any, ...], after: IdType
):
    changed, _ = evolve(Shape(before, (), {}), write(ids=ids))

    assert changed.id_type is after


def test_a_delete_does_not_widen_the_id():
    assert evolve(EMPTY, Write(deletes=(2**63,)))[0].id_type is IdType.BIGINT


def test_the_id_type_does_not_change_otherwise():
    with pytest.raises(InvalidRequest, match="from uint to string"):
        evolve(EMPTY, Write(schema=SchemaUpdate(id_type=IdType.TEXT)))


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


def patched(*columns: AttributeColumn) -> list[Write]:
    """Writes that set the same attributes, by id and by filter."""
    ids = tuple(range(len(columns[0].values)))
    matching = Matching(EVERYTHING)
    return [
        Write(patches=(Patch(ids, columns),)),
        Write(patch_where=PatchMatching(matching, columns)),
    ]


def test_a_patch_brings_attributes_like_an_upsert():
    for request in patched(column("a", 1)):
        assert types_after(EMPTY, request) == {"a": "int"}
    for request in patched(column("a", None)):
        assert types_after(EMPTY, request) == {}


def test_the_values_of_a_patch_become_those_of_the_schema():
    shape = Shape(IdType.BIGINT, (), {"at": spec("datetime")})
    stored = (column("at", "2024-03-02T00:00:00.000000000Z"),)

    by_id, by_filter = (evolve(shape, w)[1] for w in patched(column("at", "2024-03-02")))

    assert by_id.patches == (Patch((0,), stored),)
    assert by_filter.patch_where == PatchMatching(Matching(EVERYTHING), stored)


def test_a_patch_of_another_type_is_refused():
    for request in patched(column("a", "x")):
        with pytest.raises(InvalidRequest, match="'a' has type int"):
            evolve(Shape(IdType.BIGINT, (), {"a": spec("int")}), request)


def test_patches_and_an_upsert_of_one_write_agree_about_a_new_attribute():
    upsert = Upsert((1,), (column("a", 1),))

    with pytest.raises(InvalidRequest, match=r"'a' has type int, but .* string"):
        evolve(EMPTY, Write(upsert=upsert, patches=(Patch((2,), (column("a", "x"),)),)))
    with pytest.raises(InvalidRequest, match="'a' has values of type int, string"):
        evolve(
            EMPTY,
            Write(patches=(Patch((1,), (column("a", 1),)), Patch((2,), (column("a", "x"),)))),
        )


KEY = "6f9619ff-8b86-d011-b42d-00c04fc964ff"


def test_ids_of_every_part_get_the_type_of_the_column():
    shape, key = Shape(IdType.UUID, (), {}), UUID(KEY)
    others = UUID(int=1), UUID(int=2)

    _, fitted = evolve(
        shape,
        Write(
            upsert=Upsert((KEY.upper(),)),
            deletes=(others[0].hex,),
            patches=(Patch((f"{{{others[1]}}}",), ()),),
        ),
    )

    assert fitted.upsert
    assert fitted.patches
    assert (fitted.upsert.ids, fitted.deletes, fitted.patches[0].ids) == (
        (key,),
        (others[0],),
        (others[1],),
    )


def test_two_spellings_of_an_id_are_one_document_in_all_parts_of_a_write():
    with pytest.raises(InvalidRequest, match="duplicate document IDs"):
        evolve(Shape(IdType.UUID, (), {}), Write(upsert=Upsert((KEY,)), deletes=(KEY.upper(),)))


def test_parts_that_are_empty_stay_and_parts_that_are_missing_stay_missing():
    _, empty = evolve(EMPTY, Write(deletes=(), patches=()))
    _, missing = evolve(EMPTY, Write())

    assert (empty.deletes, empty.patches) == ((), ())
    assert (missing.deletes, missing.patches, missing.upsert) == (None, None, None)


def test_an_attribute_that_is_dropped_may_come_back_with_another_type():
    shape = Shape(IdType.BIGINT, (), {"a": spec("int"), "b": spec("int")})

    dropped = without(shape, ("a", "unknown"))
    again, _ = evolve(without(shape, ("a",)), write(column("a", "x")))

    assert dropped.attributes == {"b": spec("int")}
    assert again.attributes == {"a": spec("string"), "b": spec("int")}


def test_a_namespace_without_documents_needs_the_type_of_its_ids():
    declared = SchemaUpdate(id_type=IdType.TEXT)

    assert first_shape(Write(schema=declared, create=True)) == Shape(IdType.TEXT, (), {})
    for request in (Write(create=True), Write(upsert=Upsert(()), create=True)):
        with pytest.raises(InvalidRequest, match="needs the type of `id` in its schema"):
            first_shape(request)
