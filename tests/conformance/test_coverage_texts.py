"""The texts of errors that official clients match on, or that the live service is known by, have a
case each. What needs full-text search is not among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from tests.conformance.covered import all_steps

TARGET = "Failed to deserialize the JSON body into the target type: "
TEXTS = {
    "🤷 namespace '{namespace}' was not found": 404,
    "💔 CMEK is not currently enabled in this cluster": 400,
    "Malformed Cloud KMS crypto key: mykey": 400,
    f"{TARGET}upsert_rows: invalid type: map, expected a sequence": 422,
    'invalid type: string "eventual", expected struct Consistency': 422,
    "unknown variant `nonexistentvalue`, expected `strong` or `eventual`": 422,
    "filter error in key `tags`: type mismatch, ContainsAny expects []string, but got": 400,
    "filter error in key `tags`: type mismatch, Contains expects string, but got": 400,
    "filter error in key `tags`: type mismatch, NotContainsAny expects []string, but got": 400,
    "filter error in key `tags`: type mismatch, NotContains expects string, but got": 400,
    "filter error in key `n`: Eq needs `filterable: true`": 400,
    "💔 cannot specify both include_attributes and exclude_attributes": 400,
    '💔 attribute "x" not found in schema, cannot be part of `include_attributes`. '
    "consider passing `include_attributes=True`": 400,
    "💔 rank_by cannot be empty": 400,
    "💔 top_k must be between 1 and 10000": 400,
    "💔 top_k is not supported in aggregation queries without group_by": 400,
    "💔 `limit.per` is only supported when ranking by an attribute": 400,
    "💔 must send at least one sub-query": 400,
    "💔 multi-query exceeds per-namespace concurrency budget: requires 17 permits, max is 16": 400,
    "💔 the `vector` attribute must have `ann` set to `true`, eg: ": 400,
    "💔 vector attribute 'x' must have ann:true": 400,
    "💔 distance metric mismatch, expected cosine_distance, got euclidean_squared": 400,
    "💔 Vector provided for namespace without vector attribute": 400,
    "💔 patching vectors is currently unsupported": 400,
    "💔 namespace ID type is uuid, but a written ID could not be parsed as uuid": 400,
    "💔 namespace ID type is string, but you sent uint; "
    "you are not allowed to mix ID types in the same namespace": 400,
    "💔 int is not a valid ID type": 400,
    "💔 This upsert contains duplicate document IDs and was not written. "
    "You should ensure that individual upserts do not include duplicate documents. "
    "The duplicated IDs in this batch were the following: 1": 400,
    "💔 copy_from_namespace cannot be used with other write request fields": 400,
    "💔 Page size must be in range 1..=1000, was 0": 400,
    "💔 samples must be between 1 and 200": 400,
    "💔 rank_by and num cannot be specified together": 400,
    "💔 replicas must be greater than 0": 400,
    "filter error in key `id`: type mismatch, In expects uuid or []uuid, but got": 400,
    "🙅 invalid schema update for attribute 'title': "
    "cannot change attribute type from string to int": 400,
    "Invalid URL: Namespace contains invalid characters, must be [A-Za-z0-9-_.]": 400,
    "is too long, limit is currently 128 characters": 400,
    f"{TARGET}upsert_rows[1]: missing field `id`": 422,
    f"{TARGET}upsert_rows[0].id: data did not match any variant of untagged enum Id": 422,
    f"{TARGET}deletes: data did not match any variant of untagged enum IdVec": 422,
    f"{TARGET}distance_metric: unknown variant `bad`, expected one of ": 422,
    f"{TARGET}consistency.level: unknown variant ": 422,
    f"{TARGET}vector_encoding: unknown variant `x`, expected `float` or `base64`": 422,
    f"{TARGET}rank_by: data did not match any variant of enum a valid variant of RankInput": 422,
    f"{TARGET}limit: data did not match any variant of untagged enum LimitInput": 422,
    f"{TARGET}schema.x: data did not match any variant of untagged enum AttributeSchemaInput": 422,
    f"{TARGET}filters: data did not match any variant of untagged enum FiltersInput": 422,
    "Failed to parse the request body as JSON: ": 400,
    "💔 namespace '{namespace}' is read-only": 403,
}


@cache
def expected_texts() -> frozenset[tuple[str, object]]:
    """What the cases expect of errors, and their statuses."""
    return frozenset(
        (text, step.get("status", 200)) for step in all_steps() for text in texts_of(step)
    )


def texts_of(step: Mapping[str, Any]) -> Iterator[str]:
    """Whole messages, and what patterns of messages are about."""
    for key in ("error", "plain"):
        if key in step:
            yield step[key]
    if "error_like" in step:
        yield re.sub(r"\\(.)", r"\1", step["error_like"])


@pytest.mark.parametrize(("text", "status"), TEXTS.items())
def test_every_text_has_a_case_with_its_status(text: str, status: int) -> None:
    statuses = {found for expected, found in expected_texts() if text in expected}

    assert statuses == {status}
