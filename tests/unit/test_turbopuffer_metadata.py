"""Metadata of namespaces: what may be changed, and the two shapes in which it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from service.core.attributes import AttributeSpec, FullText, parse_type
from service.core.errors import InvalidRequest
from service.core.ids import IdType
from service.core.metadata import UNCHANGED, Backlog, Metadata, MetadataUpdate, Pinning
from service.core.namespace import Namespace, VectorColumn
from service.core.vectors import Metric, Precision
from service.dialects.turbopuffer.metadata import (
    DEFAULT_ENCRYPTION,
    MAX_REPLICAS,
    SSE,
    MetadataRequest,
    render_metadata,
)
from service.dialects.turbopuffer.schema_rendering import render_schema, render_schema_v2

# (body, change)
METADATA: list[tuple[dict[str, Any], MetadataUpdate]] = [
    ({}, MetadataUpdate(UNCHANGED, None)),
    ({"pinning": None}, MetadataUpdate(None, None)),
    ({"pinning": False}, MetadataUpdate(None, None)),
    ({"pinning": True}, MetadataUpdate(Pinning(1))),
    ({"pinning": {}}, MetadataUpdate(Pinning(1))),
    ({"pinning": {"replicas": 3}, "read_only": True}, MetadataUpdate(Pinning(3), True)),
    ({"read_only": False}, MetadataUpdate(UNCHANGED, False)),
    ({"read_only": None}, MetadataUpdate(UNCHANGED, None)),
]


@pytest.mark.parametrize(("body", "update"), METADATA, ids=str)
def test_metadata_changes_where_it_is_named(body: dict[str, Any], update: MetadataUpdate):
    assert MetadataRequest().load(body) == update


@pytest.mark.parametrize(
    ("pinning", "words"),
    [
        ({"replicas": 0}, "💔 replicas must be greater than 0"),
        ({"replicas": MAX_REPLICAS + 1}, "replicas must be at most"),
        ({"replicas": True}, r"pinning\.replicas: invalid type: bool, expected usize"),
        ({"replicas": "1"}, r"pinning\.replicas: invalid type: string"),
        ("yes", "pinning: data did not match any variant"),
    ],
)
def test_a_pinning_that_cannot_be_is_refused(pinning: Any, words: str):
    with pytest.raises(InvalidRequest, match=words):
        MetadataRequest().load({"pinning": pinning})


NOON = datetime(2026, 11, 21, 12, 0, 0, 250_999, UTC)
SPECS = {
    "title": AttributeSpec(parse_type("string"), filterable=False, full_text=FullText()),
    "private": AttributeSpec(parse_type("bool")),
    "name": AttributeSpec(parse_type("[]string"), filterable=False, regex=True, fuzzy=True),
}
COLUMNS = (
    VectorColumn("vector", 2, Metric.EUCLIDEAN_SQUARED, Precision.HALF),
    VectorColumn("other", 3),
)
BOOKS = Namespace("books", "books", IdType.NUMERIC, COLUMNS, SPECS, 1, NOON)
TEXT = {
    "tokenizer": "word_v4", "language": "english", "stemming": False, "remove_stopwords": True,
    "case_sensitive": False, "ascii_folding": False, "max_token_length": 39, "k1": 1.2, "b": 0.75,
    "k3": 8.0,
}  # fmt: skip


def test_every_entry_of_a_schema_has_the_same_keys():
    nothing: dict[str, Any] = {"filterable": None, "full_text_search": None}

    assert render_schema(BOOKS) == {
        "id": {"type": "uint", **nothing},
        "title": {"type": "string", "filterable": False, "full_text_search": TEXT},
        "private": {"type": "bool", "filterable": True, "full_text_search": None},
        "name": {
            "type": "[]string", "filterable": False, "regex": True, "fuzzy": True,
            "full_text_search": None,
        },
        "vector": {"type": "[2]f16", "ann": True, **nothing},
        "other": {"type": "[3]f32", "ann": True, **nothing},
    }  # fmt: skip


def test_the_schema_in_metadata_has_only_what_is_set():
    assert render_schema_v2(BOOKS) == {
        "id": {"type": "uint"},
        "title": {"type": "string", "filterable": False, "full_text_search": TEXT},
        "private": {"type": "bool", "filterable": True},
        "name": {"type": "[]string", "filterable": False, "regex": True, "fuzzy": True},
        "vector": {"type": "[2]f16", "ann": {"distance_metric": "euclidean_squared"}},
        # searched by it as long as no write names a metric
        "other": {"type": "[3]f32", "ann": {"distance_metric": "cosine_distance"}},
    }


def test_metadata_has_the_documented_keys_and_no_others():
    later = NOON.astimezone(timezone(timedelta(hours=2)))

    rendered = render_metadata(Metadata(BOOKS, later, NOON, 0, 0, None, None), DEFAULT_ENCRYPTION)

    assert rendered == {
        "schema": render_schema_v2(BOOKS),
        "approx_logical_bytes": 0,
        "approx_row_count": 0,
        "created_at": "2026-11-21T12:00:00.250Z",
        "updated_at": "2026-11-21T12:00:00.250Z",
        "last_write_at": "2026-11-21T12:00:00.250Z",
        "encryption": {"mode": "default"},
        "index": {"status": "up-to-date"},
    }


def test_what_is_set_or_unfinished_is_told():
    books = Namespace("b", "b", IdType.TEXT, (), {}, 1, NOON, read_only=True)

    rendered = render_metadata(Metadata(books, NOON, NOON, 7, 90, Pinning(3), Backlog(5, 60)), SSE)

    assert rendered["approx_row_count"] == 7
    assert rendered["approx_logical_bytes"] == 90
    assert rendered["encryption"] == {"sse": True}
    assert rendered["pinning"] == {"replicas": 3}
    assert rendered["read_only"] is True
    assert rendered["index"] == {
        "status": "updating", "unindexed_bytes": 60, "unindexed_rows": 5,
    }  # fmt: skip
