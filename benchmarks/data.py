"""The documents and queries of the benchmarks: random, but the same in every run."""

from __future__ import annotations

import base64
import struct
from dataclasses import dataclass

import numpy as np
import orjson

SECTIONS = ("admin", "devel", "games", "graphics", "mail", "net", "science", "web")
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
COPY_END = struct.pack(">h", -1)
JSONB_VERSION = b"\x01"


@dataclass(frozen=True, slots=True)
class Rows:
    """Documents: ids from 1, unit vectors, and two attributes."""

    vectors: np.ndarray
    first_id: int = 1

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def ids(self) -> list[int]:
        return list(range(self.first_id, self.first_id + len(self)))

    def attributes(self) -> list[dict[str, object]]:
        return [{"section": SECTIONS[i % len(SECTIONS)], "size": i} for i in self.ids]

    def batches(self, size: int) -> list[Rows]:
        starts = range(0, len(self), size)
        return [Rows(self.vectors[at : at + size], self.first_id + at) for at in starts]


def make_vectors(count: int, dimensions: int, seed: int) -> np.ndarray:
    """Random float32 vectors of length 1."""
    vectors = np.random.default_rng(seed).standard_normal((count, dimensions), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def write_body(rows: Rows, *, as_base64: bool) -> bytes:
    """A write in columns, as the API takes it; floats in their shortest decimals."""
    attributes = rows.attributes()
    body = {
        "ids": rows.ids,
        "vectors": encode(rows.vectors) if as_base64 else list(rows.vectors),
        "attributes": {name: [entry[name] for entry in attributes] for name in attributes[0]},
        "distance_metric": "cosine_distance",
    }
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def query_body(vector: np.ndarray, k: int) -> bytes:
    return orjson.dumps(
        {"vector": vector, "top_k": k, "distance_metric": "cosine_distance"},
        option=orjson.OPT_SERIALIZE_NUMPY,
    )


def encode(vectors: np.ndarray) -> list[str]:
    return [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors]


def copy_data(rows: Rows) -> bytes:
    """The rows as COPY (id, attributes, vector) takes them in its binary format."""
    dimensions = rows.vectors.shape[1]
    size = 4 + 4 * dimensions
    numbers = rows.vectors.astype(">f4")
    parts = [COPY_HEADER]
    for number, entry, vector in zip(rows.ids, rows.attributes(), numbers, strict=True):
        text = JSONB_VERSION + orjson.dumps(entry)
        parts += (
            struct.pack(">hiqi", 3, 8, number, len(text)),
            text,
            struct.pack(">iHH", size, dimensions, 0),
            vector.tobytes(),
        )
    return b"".join([*parts, COPY_END])
