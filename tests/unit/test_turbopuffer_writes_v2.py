"""Bodies of turbopuffer's v2 writes become core values."""

from __future__ import annotations

import struct
from base64 import b64encode
from typing import Any, cast

import pytest
from marshmallow import ValidationError

from service.core.attributes import AttributeColumn
from service.core.documents import (
    Conditions,
    Matching,
    Patch,
    PatchMatching,
    SchemaUpdate,
    Upsert,
    VectorSpec,
    Write,
)
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import And, Attribute, ComparesNew, Equal, IdField, Missing, Order
from service.core.ids import IdType
from service.core.vectors import Metric, VectorBatch
from service.dialects.turbopuffer.documents import MAX_ROWS
from service.dialects.turbopuffer.writes_v2 import Copy, CopyRequest, WriteRequest

TARGET = "Failed to deserialize the JSON body into the target type: "
FOUR = struct.pack("<4f", 1, 2, 3, 4)
A, ID = Attribute("a"), IdField()
FILTER: Any = ["a", "Eq", 1]
ONE: Any = {"upsert_rows": [{"id": 1}]}
GCP_KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k"


def load(**body: Any) -> Any:
    return cast(Any, WriteRequest().load(body))


def columns(**values: list[Any]) -> tuple[AttributeColumn, ...]:
    return tuple(AttributeColumn(name, tuple(given)) for name, given in values.items())


def upserted(**body: Any) -> Upsert | None:
    write = load(**body)
    assert isinstance(write, Write)
    return write.upsert


# (body, documents)
UPSERTS: list[tuple[dict[str, Any], Upsert]] = [
    ({"upsert_rows": []}, Upsert(())),
    ({"upsert_rows": [{"id": 1}]}, Upsert((1,))),
    (
        {"upsert_rows": [{"id": "x", "a": 1, "vector": [1, 2]}, {"b": None, "id": "y"}]},
        Upsert(("x", "y"), columns(a=[1, None], vector=[[1, 2], None], b=[None, None])),
    ),
    ({"upsert_columns": {"id": []}}, Upsert(())),
    (
        {"upsert_columns": {"id": [1, 2], "a": ["x", None], "b": None}},
        Upsert((1, 2), columns(a=["x", None])),
    ),
    # rows first, and null for what the other shape does not have
    (
        {"upsert_columns": {"id": [2], "b": [7]}, "upsert_rows": [{"id": 1, "a": "x"}]},
        Upsert((1, 2), columns(a=["x", None], b=[None, 7])),
    ),
]


@pytest.mark.parametrize(("body", "documents"), UPSERTS, ids=lambda case: str(case)[:60])
def test_documents_are_rows_or_columns(body: dict[str, Any], documents: Upsert):
    assert upserted(**body) == documents


def test_one_string_of_base64_is_shared_out_where_a_vector_is_known_to_be():
    text = b64encode(FOUR).decode()
    given = {"id": [1, 2], "vector": text, "v": text}

    write = load(upsert_columns=given, schema={"v": "[2]f32"})

    assert write.upsert
    for column in write.upsert.attributes:
        assert write.read_vectors(column.values) == VectorBatch(2, FOUR)


def test_one_string_is_no_column_of_anything_else():
    with pytest.raises(MalformedRequest, match=r"upsert_columns\.v: invalid type: string"):
        load(upsert_columns={"id": [1], "v": "AAAA"})


# (body, patches)
PATCHES: list[tuple[dict[str, Any], tuple[Patch, ...]]] = [
    ({"patch_rows": []}, ()),
    ({"patch_rows": [{"id": 1}]}, (Patch((1,), ()),)),
    # a null clears, what is not named stays: rows that name the same attributes go together
    (
        {"patch_rows": [{"id": 1, "a": 5}, {"id": 2, "b": None}, {"a": None, "id": 3}]},
        (Patch((1, 3), columns(a=[5, None])), Patch((2,), columns(b=[None]))),
    ),
    (
        {"patch_columns": {"id": [1, 2], "a": [None, 5], "b": None}},
        (Patch((1, 2), columns(a=[None, 5])),),
    ),
    (
        {"patch_columns": {"id": [2], "a": [5]}, "patch_rows": [{"id": 1, "a": 4}]},
        (Patch((1,), columns(a=[4])), Patch((2,), columns(a=[5]))),
    ),
]


@pytest.mark.parametrize(("body", "patches"), PATCHES, ids=lambda case: str(case)[:60])
def test_patches_set_what_they_name(body: dict[str, Any], patches: tuple[Patch, ...]):
    assert load(**body).patches == patches


def test_a_write_carries_all_its_parts():
    write = load(
        upsert_rows=[{"id": 1}], patch_rows=[{"id": 2, "a": 1}], deletes=[3],
        upsert_condition=["id", "Eq", None], patch_condition={"a": ["Eq", 1]},
        delete_condition=["a", "Lt", {"$ref_new": "b"}],
        delete_by_filter=FILTER, delete_by_filter_allow_partial=True,
        patch_by_filter={"filters": FILTER, "patch": {"a": None, "b": [1]}},
        patch_by_filter_allow_partial=True, return_affected_ids=True,
        distance_metric="cosine_distance", schema={"id": "uint", "v": "[2]f32"},
        create_namespace=True, disable_backpressure=True,
        encryption={"mode": "default"}, sharding={"num_shards": 4},
    )  # fmt: skip

    matching = Matching(Equal(A, 1), partial=True)
    assert write == Write(
        delete_where=matching,
        patch_where=PatchMatching(matching, columns(a=[None], b=[[1]])),
        deletes=(3,),
        patches=(Patch((2,), columns(a=[1])),),
        upsert=Upsert((1,)),
        conditions=Conditions(
            Missing(ID), And((Equal(A, 1),)), ComparesNew(A, Order.LESS, Attribute("b"))
        ),
        schema=SchemaUpdate({}, IdType.BIGINT, {"v": VectorSpec(2)}),
        metric=Metric.COSINE,
        read_vectors=write.read_vectors,
        create=True,
        with_ids=True,
        disable_backpressure=True,
    )


def test_null_is_the_same_as_absent_and_unknown_fields_are_ignored():
    nulls: dict[str, Any] = dict.fromkeys(cast(Any, WriteRequest().fields))

    assert load(**nulls | ONE, distances=[None], new=1) == load(**ONE)
    assert load(**ONE).create is None


# (field and its value, whether the write has that part)
PARTS: list[tuple[dict[str, Any], str]] = [
    ({"deletes": []}, "deletes"),
    ({"patch_rows": []}, "patches"),
    ({"upsert_rows": []}, "upsert"),
    ({"delete_by_filter": FILTER}, "delete_where"),
    ({"patch_by_filter": {"filters": FILTER, "patch": {}}}, "patch_where"),
]


@pytest.mark.parametrize(("body", "part"), PARTS, ids=str)
def test_a_part_that_is_asked_for_is_there_though_it_is_empty(body: dict[str, Any], part: str):
    write = load(**body)

    given = [name for _, name in PARTS if getattr(write, name) is not None]
    assert given == [part]


# (body, words): well-formed, and still not to be written
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "💔 a write needs one of: upsert_rows, upsert_columns"),
    ({"upsert_condition": FILTER}, "a write needs one of"),
    ({"upsert_rows": [{"id": 1}, {"id": 1}]}, "The duplicated IDs in this batch were the"),
    ({"upsert_rows": [{"id": 1}], "deletes": [1]}, "duplicate document IDs"),
    ({"upsert_rows": [{"id": 1}], "patch_rows": [{"id": 1}]}, "duplicate document IDs"),
    ({"patch_rows": [{"id": 1, "a": 1}, {"id": 1, "b": 1}]}, "duplicate document IDs"),
    ({"upsert_rows": [{"id": -1}]}, "-1"),
    ({"upsert_rows": [{"id": "x" * 65}]}, "64"),
    ({"upsert_rows": [{"id": 1, "$dist": 1}]}, "attribute name '$dist' is reserved"),
    ({"upsert_columns": {"id": [1], "": [1]}}, "must not be empty"),
    ({"patch_by_filter": {"filters": FILTER, "patch": {"id": 1}}}, "'id' is reserved"),
    ({"upsert_columns": {"id": [1, 2], "a": [1]}}, "upsert_columns.a has 1 values for 2 ids"),
    ({"upsert_columns": {"id": [1, 2], "vector": "AAAAAA=="}}, "cannot be shared out among 2 ids"),
    ({"upsert_rows": [{"id": n} for n in range(MAX_ROWS + 1)]}, f"at most {MAX_ROWS} documents"),
    ({"deletes": list(range(MAX_ROWS + 1))}, f"at most {MAX_ROWS} documents"),
    ({"delete_by_filter": ["a", "Eq", {"$ref_new": "a"}]}, "$ref_new has a meaning only in"),
    ({"encryption": {"cmek": {"key_name": "mykey"}}}, "Malformed Cloud KMS crypto key: mykey"),
    (
        {"encryption": {"mode": "customer-managed", "key_name": "mykey"}},
        "Malformed Cloud KMS crypto key: mykey",
    ),
    (
        {"encryption": {"mode": "customer-managed", "key_name": GCP_KEY}},
        "💔 CMEK is not currently enabled in this cluster",
    ),
]


@pytest.mark.parametrize(("body", "words"), REFUSED, ids=lambda case: str(case)[:60])
def test_a_write_that_makes_no_sense_is_refused(body: dict[str, Any], words: str):
    with pytest.raises(InvalidRequest) as caught:
        load(**body)

    assert type(caught.value) is InvalidRequest
    assert words in caught.value.message


# (body, words): 422
MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"upsert_rows": {"id": 1}}, "upsert_rows: invalid type: map, expected a sequence"),
    ({"upsert_rows": [1]}, "upsert_rows[0]: invalid type: int, expected a map"),
    ({"upsert_rows": [{"id": 1}, {"a": 1}]}, "upsert_rows[1]: missing field `id`"),
    ({"upsert_rows": [{"id": None}]}, "upsert_rows[0]: missing field `id`"),
    (
        {"upsert_rows": [{"id": 1.5}]},
        "upsert_rows[0].id: data did not match any variant of untagged enum Id",
    ),
    ({"upsert_rows": [{"id": True}]}, "upsert_rows[0].id: data did not match"),
    ({"patch_rows": {}}, "patch_rows: invalid type: map, expected a sequence"),
    ({"upsert_columns": []}, "upsert_columns: invalid type: array, expected a map"),
    ({"upsert_columns": {"a": [1]}}, "upsert_columns: missing field `id`"),
    ({"upsert_columns": {"id": 1}}, "upsert_columns.id: invalid type: int, expected a sequence"),
    ({"upsert_columns": {"id": [1], "a": 1}}, "upsert_columns.a: invalid type: int, expected a"),
    ({"patch_columns": {"id": [1], "vector": "AAAA"}}, "patch_columns.vector: invalid type: str"),
    ({"deletes": 1}, "deletes: data did not match any variant of untagged enum IdVec"),
    ({"deletes": [None]}, "deletes: data did not match any variant of untagged enum Id"),
    ({"delete_by_filter": "a"}, "filters: data did not match any variant of untagged enum Filters"),
    ({"patch_by_filter": []}, "patch_by_filter: invalid type: array, expected struct PatchByF"),
    ({"patch_by_filter": {"patch": {}}}, "patch_by_filter: missing field `filters`"),
    ({"patch_by_filter": {"filters": FILTER}}, "patch_by_filter: missing field `patch`"),
    (
        {"patch_by_filter": {"filters": FILTER, "patch": []}},
        "patch_by_filter.patch: invalid type: array, expected a map",
    ),
    ({"distance_metric": "bad"}, "distance_metric: unknown variant `bad`, expected one of"),
    ({"schema": {"a": 1}}, "schema.a: data did not match any variant of untagged enum Attribute"),
    ({"encryption": {"mode": "other"}}, "encryption: data did not match any variant"),
    ({"encryption": "default"}, "encryption: data did not match any variant"),
    ({"sharding": {}}, "sharding: missing field `num_shards`"),
    ({"copy_from_namespace": 1}, "copy_from_namespace: expected the name of a namespace"),
    ({"branch_from_namespace": {}}, "branch_from_namespace: expected the name of a namespace"),
]


@pytest.mark.parametrize(("body", "words"), MALFORMED, ids=lambda case: str(case)[:60])
def test_a_write_of_the_wrong_shape_is_told_what_was_expected(body: dict[str, Any], words: str):
    given = body if {"copy_from_namespace", "branch_from_namespace"} & set(body) else ONE | body

    with pytest.raises(MalformedRequest) as caught:
        load(**given)

    assert caught.value.message.startswith(TARGET)
    assert words in caught.value.message


FLAGS = [
    "delete_by_filter_allow_partial", "patch_by_filter_allow_partial", "return_affected_ids",
    "create_namespace", "disable_backpressure",
]  # fmt: skip


@pytest.mark.parametrize("field", FLAGS)
def test_a_flag_is_a_boolean(field: str):
    with pytest.raises(ValidationError, match=field):
        load(**ONE, **{field: 1})


@pytest.mark.parametrize("field", ["copy_from_namespace", "branch_from_namespace"])
@pytest.mark.parametrize(
    "beside",
    [
        {},
        {"create_namespace": True, "encryption": {"mode": "default"}},
        {"upsert_rows": None, "return_affected_ids": False, "disable_backpressure": True},
    ],
    ids=str,
)
def test_a_copy_names_its_source_and_may_say_how_it_is_made(field: str, beside: dict[str, Any]):
    assert load(**{field: "src"}, **beside) == Copy("src")
    nested = {"source_namespace": "src", "source_region": "aws-us-east-1"}
    assert load(**{field: nested}, **beside) == Copy("src")


# (body, words)
NO_COPIES: list[tuple[dict[str, Any], str]] = [
    (ONE, "💔 copy_from_namespace cannot be used with other write request fields"),
    ({"deletes": []}, "copy_from_namespace cannot be used with other"),
    ({"schema": {}}, "copy_from_namespace cannot be used with other"),
    ({"branch_from_namespace": "other"}, "copy_from_namespace cannot be used with other"),
    ({"copy_from_namespace": "a/b"}, "is no namespace name: invalid characters"),
    (
        {
            "copy_from_namespace": {
                "source_namespace": "src",
                "dest_encryption": {"mode": "customer-managed", "key_name": "k"},
            }
        },
        "Malformed Cloud KMS crypto key: k",
    ),
]


@pytest.mark.parametrize(("body", "words"), NO_COPIES, ids=lambda case: str(case)[:60])
def test_a_copy_that_cannot_be_is_refused(body: dict[str, Any], words: str):
    with pytest.raises(InvalidRequest, match=words):
        load(**{"copy_from_namespace": "src"} | body)


def test_a_copy_on_its_own_names_its_source():
    wire = {"copy_from_namespace": {"source_namespace": "src"}, "new": 1}

    assert CopyRequest().load(wire) == Copy("src")
    with pytest.raises(MalformedRequest, match="expected the name of a namespace"):
        CopyRequest().load({})
