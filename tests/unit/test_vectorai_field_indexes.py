"""Declared keys of payloads: which indexes they really have."""

from __future__ import annotations

import pytest

from service.core.indexing import MEMBERSHIP, AttributeIndex, IndexKind
from service.dialects.vectorai.field_indexes import indexes_of, read_schemas

SIZE = AttributeIndex(IndexKind.NUMBER, "size")


@pytest.mark.parametrize(
    ("key", "kind", "indexes"),
    [
        ("color", "keyword", (MEMBERSHIP,)),
        ("size", "integer", (MEMBERSHIP, SIZE)),
        ("size", "float", (SIZE,)),
        ("a.size", "integer", (MEMBERSHIP,)),
        ("a[].size", "float", ()),
        ('"a.size"', "float", (AttributeIndex(IndexKind.NUMBER, "a.size"),)),
        ("place", "geo", ()),
    ],
)
def test_a_path_into_an_attribute_has_no_btree(
    key: str, kind: str, indexes: tuple[AttributeIndex, ...]
):
    assert indexes_of(read_schemas({key: kind})) == indexes
