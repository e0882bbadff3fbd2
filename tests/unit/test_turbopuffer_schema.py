"""Schemas in turbopuffer's requests: types, options, vectors, what is dropped."""

from __future__ import annotations

from typing import Any

import pytest

from service.core.attributes import AttributeSpec, FullText, parse_type
from service.core.documents import SchemaUpdate, VectorSpec
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.ids import IdType
from service.core.vectors import MAX_DIMENSIONS, Metric, Precision
from service.dialects.turbopuffer.attribute_schema import parse_schema, parse_schema_body

FLAT = Metric.EUCLIDEAN_SQUARED


def text(**options: Any) -> AttributeSpec:
    return AttributeSpec(parse_type("string"), **options)


# (entry, what the schema says of the attribute)
ATTRIBUTES: list[tuple[Any, AttributeSpec]] = [
    ("string", text()),
    ("[]uuid", AttributeSpec(parse_type("[]uuid"))),
    ({"type": "int"}, AttributeSpec(parse_type("int"))),
    ({"type": "int", "filterable": False}, AttributeSpec(parse_type("int"), filterable=False)),
    ({"type": "string", "filterable": None, "glob": None}, text()),
    ({"type": "string", "unknown": 1}, text()),
    # what is matched by patterns is not filterable unless it is said to be
    ({"type": "string", "regex": True}, text(filterable=False, regex=True)),
    ({"type": "string", "glob": True}, text(filterable=False, glob=True)),
    ({"type": "string", "fuzzy": True}, text(filterable=False, fuzzy=True)),
    ({"type": "string", "regex": False}, text()),
    ({"type": "string", "regex": True, "filterable": True}, text(regex=True)),
    ({"type": "string", "full_text_search": False}, text()),
    ({"type": "string", "full_text_search": True}, text(filterable=False, full_text=FullText())),
    (
        {"type": "string", "bm25": {"k1": 2, "stemming": True, "language": None, "x": 1}},
        text(filterable=False, full_text=FullText(k1=2, stemming=True)),
    ),
    ({"type": "string", "drop": False}, text()),
]


@pytest.mark.parametrize(("entry", "spec"), ATTRIBUTES, ids=str)
def test_an_attribute_has_a_type_and_options(entry: Any, spec: AttributeSpec):
    assert parse_schema({"a": entry}) == SchemaUpdate({"a": spec})


# (entry, what the schema says of the vector)
VECTORS: list[tuple[Any, VectorSpec]] = [
    ("[2]f32", VectorSpec(2)),
    ("[16000]f16", VectorSpec(16_000, Precision.HALF)),
    ({"type": "[2]f32", "ann": True}, VectorSpec(2)),
    ({"type": "[2]f32", "ann": None}, VectorSpec(2)),
    ({"type": "[2]f32", "ann": {}}, VectorSpec(2)),
    ({"type": "[2]f16", "ann": {"distance_metric": None}}, VectorSpec(2, Precision.HALF)),
    (
        {"type": "[2]f32", "ann": {"distance_metric": "euclidean_squared"}},
        VectorSpec(2, metric=FLAT),
    ),
    ({"type": "[2]f32", "ann": {"late_interaction": False}}, VectorSpec(2)),
]


@pytest.mark.parametrize("name", ["vector", "embedding"])
@pytest.mark.parametrize(("entry", "spec"), VECTORS, ids=str)
def test_a_vector_has_a_length_a_precision_and_a_metric(name: str, entry: Any, spec: VectorSpec):
    assert parse_schema({name: entry}) == SchemaUpdate(vectors={name: spec})


# (schema, update)
WHOLE: list[tuple[Any, SchemaUpdate]] = [
    (None, SchemaUpdate()),
    ({}, SchemaUpdate()),
    ({"id": "uuid"}, SchemaUpdate(id_type=IdType.UUID)),
    ({"id": {"type": "string"}}, SchemaUpdate(id_type=IdType.TEXT)),
    ({"id": "uint"}, SchemaUpdate(id_type=IdType.BIGINT)),
    ({"id": None, "vector": None}, SchemaUpdate()),
    (
        {"a": {"drop": True}, "b": "int", "vector": {"drop": True}},
        SchemaUpdate({"b": AttributeSpec(parse_type("int"))}, dropped=("a", "vector")),
    ),
]


@pytest.mark.parametrize(("wire", "update"), WHOLE, ids=str)
def test_a_schema_is_read_whole(wire: Any, update: SchemaUpdate):
    assert parse_schema(wire) == update


# (schema, error, words)
REFUSED: list[tuple[Any, type[InvalidRequest], str]] = [
    ([], MalformedRequest, "schema: data did not match any variant of untagged enum Attribute"),
    ({"a": 1}, MalformedRequest, "schema.a: data did not match"),
    ({"a": None}, MalformedRequest, "schema.a: data did not match"),
    ({"a": {}}, MalformedRequest, "schema.a: data did not match"),
    ({"a": {"type": "int", "filterable": 1}}, MalformedRequest, "schema.a.filterable: data did"),
    ({"a": {"type": "string", "glob": "x"}}, MalformedRequest, "schema.a.glob: data did not"),
    ({"a": {"drop": 1}}, MalformedRequest, "schema.a.drop: data did not match"),
    ({"a": {"type": "string", "bm25": 1}}, MalformedRequest, "schema.a.full_text_search: data"),
    (
        {"a": {"type": "string", "full_text_search": {"k1": True}}},
        MalformedRequest,
        "schema.a.full_text_search.k1: data did not match",
    ),
    (
        {"a": {"type": "string", "full_text_search": {"tokenizer": "x"}}},
        InvalidRequest,
        "has no such tokenizer: 'x'",
    ),
    ({"a": "text"}, InvalidRequest, "unknown attribute type 'text'"),
    ({"$a": "int"}, InvalidRequest, "attribute name '$a' is reserved"),
    ({"id": "int"}, InvalidRequest, "int is not a valid ID type"),
    ({"id": {"type": 1}}, InvalidRequest, "1 is not a valid ID type"),
    ({"a": {"type": "int", "regex": True}}, InvalidRequest, "regex needs type string or []string"),
    ({"a": {"type": "int", "bm25": True}}, InvalidRequest, "full_text_search needs type string"),
    ({"a": {"type": "string", "embed": "model"}}, InvalidRequest, "does not embed texts"),
    ({"a": {"type": "string", "sparse_knn": {}}}, InvalidRequest, "no sparse vectors"),
    ({"a": "{}f16"}, InvalidRequest, "this server has no sparse vectors"),
    ({"a": "[][2]f32"}, InvalidRequest, "this server has no late-interaction vectors"),
    (
        {"a": {"type": "[2]f32", "ann": {"late_interaction": True}}},
        InvalidRequest,
        "this server has no late interaction",
    ),
    ({"vector": "string"}, InvalidRequest, "unknown vector type 'string'"),
    ({"a": "[0]f32"}, InvalidRequest, "unknown vector type '[0]f32'"),
    ({"a": f"[{MAX_DIMENSIONS + 1}]f32"}, InvalidRequest, "with N from 1 to 16000"),
    ({"a": "[2]f64"}, InvalidRequest, "unknown attribute type '[2]f64'"),
    ({"a": {"type": "[2]f32", "ann": 1}}, MalformedRequest, "schema.a.ann: data did not match"),
    (
        {"a": {"type": "[2]f32", "ann": {"distance_metric": "dot"}}},
        MalformedRequest,
        "unknown variant `dot`",
    ),
    (
        {"vector": {"type": "[2]f32", "ann": False}},
        InvalidRequest,
        "💔 the `vector` attribute must have `ann` set to `true`, eg: ",
    ),
    (
        {"x": {"type": "[2]f32", "ann": False}},
        InvalidRequest,
        "💔 vector attribute 'x' must have ann:true",
    ),
]


@pytest.mark.parametrize(("wire", "error", "words"), REFUSED, ids=lambda case: str(case)[:50])
def test_a_schema_that_cannot_be_is_refused(wire: Any, error: type[InvalidRequest], words: str):
    with pytest.raises(error) as caught:
        parse_schema(wire)

    assert type(caught.value) is error
    assert words in caught.value.message


def test_the_body_of_a_schema_update_is_the_map_itself():
    assert parse_schema_body({"a": "string"}) == SchemaUpdate({"a": text()})
    with pytest.raises(MalformedRequest, match="schema: data did not match"):
        parse_schema_body(None)
    with pytest.raises(MalformedRequest, match=r"schema\.schema: data did not match"):
        parse_schema_body({"schema": {"a": "string"}})
