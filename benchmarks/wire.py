"""Documents and queries as bytes: for HTTP as JSON, for PostgreSQL as binary COPY."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence

import numpy as np
import orjson

from benchmarks.documents import Batch

METRIC = "cosine_distance"
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
COPY_END = struct.pack(">h", -1)
JSONB_VERSION = b"\x01"


def write_body(
    batch: Batch, *, as_base64: bool, unbounded: bool = False, metric: str | None = METRIC
) -> bytes:
    """A write in columns, as the API takes it; floats in their shortest decimals.

    ``unbounded``: not to be refused for the number of rows that wait for an index. ``metric`` None:
    none is given, and the vectors are not indexed.
    """
    body: dict[str, object] = {
        "ids": batch.ids,
        "vectors": encode(batch.vectors) if as_base64 else list(batch.vectors),
        "attributes": batch.columns,
        "distance_metric": metric,
    }
    if unbounded:
        body["disable_backpressure"] = True
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def encode(vectors: np.ndarray) -> list[str]:
    return [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors]


def query_body(vector: np.ndarray, k: int, filters: Sequence[object] | None = None) -> bytes:
    body: dict[str, object] = {"vector": vector, "top_k": k, "distance_metric": METRIC}
    if filters is not None:
        body["filters"] = filters
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def ids_of(answer: bytes) -> list[int]:
    """The ids of a query's answer, best first."""
    return [row["id"] for row in orjson.loads(answer)]


def namespace_path(namespace: str) -> str:
    return f"/v1/namespaces/{namespace}"


def query_path(namespace: str) -> str:
    return f"/v1/namespaces/{namespace}/query"


def copy_data(batch: Batch) -> bytes:
    """The rows as COPY (id, attributes, vector) takes them in its binary format."""
    dimensions = batch.vectors.shape[1]
    size = 4 + 4 * dimensions
    parts = [COPY_HEADER]
    numbers = batch.vectors.astype(">f4")
    for row, (number, vector) in enumerate(zip(batch.ids, numbers, strict=True)):
        text = JSONB_VERSION + attributes_text(batch, row)
        parts += (
            struct.pack(">hiqi", 3, 8, number, len(text)),
            text,
            struct.pack(">iHH", size, dimensions, 0),
            vector.tobytes(),
        )
    return b"".join([*parts, COPY_END])


def attributes_text(batch: Batch, row: int) -> bytes:
    """The attributes of one document as JSON; those that are null are left out."""
    entries = {name: values[row] for name, values in batch.columns.items()}
    return orjson.dumps({name: value for name, value in entries.items() if value is not None})
