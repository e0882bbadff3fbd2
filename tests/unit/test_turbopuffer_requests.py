"""Bodies of turbopuffer's v1 API become core values."""

import struct
import sys
from typing import Any, cast

import pytest
from marshmallow import ValidationError

from service.core.attributes import AttributeColumn, AttributeSpec, FullText, parse_type
from service.core.documents import Matching, SchemaUpdate, Upsert, VectorSpec, Write
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import EVERYTHING, Attribute, Equal, IdField
from service.core.ids import IdType
from service.core.query import Key, Nearest, Ordered, Projection, Query
from service.core.vectors import Metric, Vector, VectorBatch
from service.dialects.turbopuffer.requests_v1 import (
    Copy,
    Lookup,
    QueryRequest,
    RecallRequest,
    RecallTest,
    WriteRequest,
)
from service.dialects.turbopuffer.routes_v1 import read_digits
from service.engine.recalling import cut

TWO = struct.pack("<2f", 1, 2)
FOUR = struct.pack("<4f", 1, 2, 3, 4)


def write(**body: Any) -> Any:
    return cast(Any, WriteRequest().load(body))


def query(**body: Any) -> Lookup:
    return cast(Lookup, QueryRequest().load(body))


def load_recall(body: dict[str, Any]) -> RecallTest:
    return cast(RecallTest, RecallRequest().load(body))


def test_columns_become_an_upsert():
    request = write(ids=[1, 2], vectors=[[1, 2], [3, 4]], attributes={"a": ["x", None]})

    columns = (AttributeColumn("a", ("x", None)),)
    assert request == Write(upsert=Upsert((1, 2), columns, {"vector": VectorBatch(2, FOUR)}))


def test_rows_become_the_same_upsert_as_columns():
    rows = [
        {"id": 1, "vector": [1, 2], "attributes": {"a": "x"}},
        {"id": 2, "vector": [3, 4], "attributes": {"b": 1}},
    ]

    assert write(upserts=rows) == write(
        ids=[1, 2], vectors=[[1, 2], [3, 4]], attributes={"a": ["x", None], "b": [None, 1]}
    )


def test_a_null_vector_deletes_its_id():
    request = write(ids=[1, 2, 3], vectors=[None, [1, 2], None], attributes={"a": [7, 8, 9]})

    columns = (AttributeColumn("a", (8,)),)
    batch = {"vector": VectorBatch(2, TWO)}
    assert request == Write(deletes=(1, 3), upsert=Upsert((2,), columns, batch))
    assert write(ids=[1], vectors=[None]) == Write(deletes=(1,))
    assert write(upserts=[{"id": 1, "vector": None}]) == Write(deletes=(1,))


def test_null_is_the_same_as_absent_and_unknown_fields_are_ignored():
    request = write(
        ids=[1], vectors=None, attributes=None, upserts=None, schema=None, distance_metric=None,
        encryption=None, delete_by_filter=None, copy_from_namespace=None, distances=[None], new=1,
    )  # fmt: skip

    assert request == Write(upsert=Upsert((1,)))


def test_a_write_carries_metric_schema_and_filter():
    request = write(
        delete_by_filter=["a", "Eq", 1],
        distance_metric="euclidean_squared",
        schema={
            "a": "int",
            "id": "uuid",
            "vector": "[2]f32",
            "t": {"type": "string", "bm25": True},
        },
    )

    specs = {
        "a": AttributeSpec(parse_type("int")),
        "t": AttributeSpec(parse_type("string"), filterable=False, full_text=FullText()),
    }
    assert request == Write(
        delete_where=Matching(Equal(Attribute("a"), 1)),
        metric=Metric.EUCLIDEAN_SQUARED,
        schema=SchemaUpdate(specs, IdType.UUID, {"vector": VectorSpec(2)}),
    )


def test_a_copy_stands_alone():
    assert write(copy_from_namespace="src") == Copy("src")
    with pytest.raises(InvalidRequest, match="copy_from_namespace cannot be used with other"):
        write(copy_from_namespace="src", ids=[1])
    with pytest.raises(InvalidRequest, match="is no namespace name"):
        write(copy_from_namespace="a/b")


ROW = {"id": 1, "vector": [1]}

# (body, error, words)
REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({}, InvalidRequest, "needs one of: ids, upserts"),
    ({"vectors": [[1]]}, InvalidRequest, "needs one of"),
    ({"ids": [1], "upserts": []}, InvalidRequest, "both ids and upserts"),
    ({"ids": 1}, MalformedRequest, "ids: invalid type: int, expected a sequence"),
    ({"ids": [1, 1]}, InvalidRequest, "duplicate"),
    ({"ids": [True]}, InvalidRequest, "bool is not a valid ID type"),
    ({"ids": [1], "vectors": [[1], [2]]}, InvalidRequest, "2 vectors for 1 ids"),
    ({"ids": [1], "vectors": {}}, MalformedRequest, "vectors: invalid type"),
    ({"ids": [1], "vectors": [["x"]]}, InvalidRequest, "array of numbers"),
    ({"ids": [1], "attributes": []}, MalformedRequest, "attributes: invalid type: array"),
    ({"ids": [1], "attributes": {"a": "x"}}, MalformedRequest, "attributes.a: invalid type"),
    ({"ids": [1], "attributes": {"a": []}}, InvalidRequest, "'a' has 0 values for 1 ids"),
    ({"ids": [1], "attributes": {"id": [1]}}, InvalidRequest, "'id' is reserved"),
    ({"upserts": ROW}, MalformedRequest, "upserts: invalid type: map, expected a sequence"),
    ({"upserts": [1]}, MalformedRequest, r"upserts\[0\]: invalid type: int, expected a map"),
    ({"upserts": [ROW, {"vector": [1]}]}, MalformedRequest, r"upserts\[1\]: missing field `id`"),
    ({"upserts": [ROW | {"attributes": [1]}]}, MalformedRequest, "attributes: invalid type: array"),
    ({"ids": [1], "distance_metric": "dot"}, MalformedRequest, "unknown variant `dot`"),
    ({"schema": []}, MalformedRequest, "schema: data did not match"),
    ({"schema": {"a": 1}}, MalformedRequest, "schema.a: data did not match"),
    ({"schema": {"a": "text"}}, InvalidRequest, "unknown attribute type 'text'"),
    ({"schema": {"id": "int"}}, InvalidRequest, "int is not a valid ID type"),
    ({"schema": {"vector": "[0]f32"}}, InvalidRequest, "unknown vector type"),
    ({"delete_by_filter": 1}, InvalidRequest, "cannot read filter"),
    ({"ids": [1], "encryption": {"cmek": {}}}, InvalidRequest, "CMEK is not currently enabled"),
]


@pytest.mark.parametrize(("body", "error", "words"), REFUSED, ids=lambda case: str(case)[:50])
def test_a_write_of_the_wrong_shape_is_refused(
    body: dict[str, Any], error: type[Exception], words: str
):
    with pytest.raises(error, match=words):
        write(**body)


def test_an_empty_query_is_the_first_ten_by_id():
    assert query() == Lookup(Query(Ordered(), EVERYTHING, 10, Projection()), base64=False)
    assert query(vector=None, top_k=None, filters=None, include_attributes=None) == query()


def test_a_query_carries_everything_it_asks_for():
    lookup = query(
        vector=[1, 2], distance_metric="cosine_distance", top_k=3, include_vectors=True,
        include_attributes=["b", "a", "b"], filters=["a", "Eq", 1], vector_encoding_format="base64",
    )  # fmt: skip

    ranking, projection = Nearest(Vector(TWO), Metric.COSINE), Projection(("b", "a"), ("vector",))
    assert lookup == Lookup(Query(ranking, Equal(Attribute("a"), 1), 3, projection), base64=True)


def test_a_query_may_be_ordered_by_an_attribute_or_the_id():
    assert query(rank_by=["a", "desc"]).query.ranking == Ordered((Key(Attribute("a"), True),))
    assert query(rank_by=["id", "desc"]).query.ranking == Ordered((Key(IdField(), True),))
    assert query(include_attributes=True).query.projection == Projection(None)


# (body, error, words)
UNASKABLE: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"top_k": 0}, InvalidRequest, "top_k must be between 1 and 10000"),
    ({"top_k": 10_001}, InvalidRequest, "top_k must be between 1 and 10000"),
    ({"top_k": 1.5}, MalformedRequest, "top_k: invalid type: float"),
    ({"top_k": True}, MalformedRequest, "top_k: invalid type: bool"),
    ({"top_k": "1"}, MalformedRequest, "top_k: invalid type: string"),
    ({"include_attributes": "a"}, InvalidRequest, "include_attributes must be"),
    ({"include_attributes": ["a" + str(n) for n in range(1025)]}, InvalidRequest, "1024 names"),
    ({"include_vectors": "yes"}, ValidationError, "include_vectors"),
    ({"vector_encoding_format": "hex"}, MalformedRequest, "unknown variant `hex`"),
    ({"vector": [1], "rank_by": ["a", "asc"]}, InvalidRequest, "both vector and rank_by"),
    ({"rank_by": []}, InvalidRequest, "rank_by cannot be empty"),
    ({"rank_by": ["a", "up"]}, MalformedRequest, "rank_by: data did not match"),
    ({"rank_by": ["a", "BM25", "x"]}, InvalidRequest, "full-text search"),
]


@pytest.mark.parametrize(("body", "error", "words"), UNASKABLE, ids=lambda case: str(case)[:50])
def test_a_query_of_the_wrong_shape_is_refused(
    body: dict[str, Any], error: type[Exception], words: str
):
    with pytest.raises(error, match=words):
        query(**body)


def test_recall_takes_its_queries_in_rows():
    test = load_recall({"queries": [[1, 2], [3, 4]]})

    assert test.vectors == (Vector(FOUR[:8]), Vector(FOUR[8:]))


def test_flat_queries_of_recall_are_one_vector_that_the_engine_cuts():
    test = load_recall({"queries": [1, 2, 3, 4]})

    assert test.vectors == (Vector(FOUR),)
    assert cut(test.vectors, 2) == [Vector(FOUR[:8]), Vector(FOUR[8:])]


@pytest.mark.parametrize("num", [0, 201])
def test_recall_samples_are_bounded(num: int):
    with pytest.raises(InvalidRequest, match="samples must be between 1 and 200"):
        load_recall({"num": num})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("0005", 5),
        ("200", 200),
        ("1" + "0" * 5000, sys.maxsize),
        ("-1", None),
        ("٣", None),
    ],
)
def test_numbers_of_the_url_are_digits_and_never_overflow(text: str, number: int | None):
    assert read_digits(text) == number
