"""How vectors and JSON travel between Python and PostgreSQL: always binary, never by the number.

Nothing is registered for pgvector's types on the way in: a parameter without a type takes the one
of the cast around it. Values of types unknown to psycopg come back as bytes, which is what we want.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import orjson
import pgvector
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types.json import set_json_dumps, set_json_loads

from service.core.vectors import Vector, VectorBatch

JSONB_OID = 3802
JSONB_VERSION = b"\x01"
NO_VALUE = -1
# array_send: dimensions, has nulls, element type, length, lower bound
ARRAY_HEADER = struct.Struct(">iiIii")
LENGTH = struct.Struct(">i")


@dataclass(frozen=True, slots=True)
class JsonTexts:
    """JSON documents, already written out, as one ``jsonb[]``."""

    texts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class VectorArray:
    """A batch of vectors as one ``vector[]``; ``oid`` is the type's number in this database."""

    batch: VectorBatch
    oid: int


class BinaryDumper(Dumper):
    format = Format.BINARY
    oid = 0


class VectorDumper(BinaryDumper):
    def dump(self, obj: Vector) -> bytes:
        return pgvector.Vector(np.frombuffer(obj.data, dtype="<f4")).to_binary()


class JsonTextsDumper(BinaryDumper):
    def dump(self, obj: JsonTexts) -> bytes:
        parts = [ARRAY_HEADER.pack(1, 0, JSONB_OID, len(obj.texts), 1)]
        for text in obj.texts:
            parts += (LENGTH.pack(len(text) + 1), JSONB_VERSION, text)
        return b"".join(parts)


class VectorArrayDumper(BinaryDumper):
    def dump(self, obj: VectorArray) -> bytes:
        batch = obj.batch
        present = batch.count - len(batch.missing)
        elements = vector_elements(batch, present)
        header = ARRAY_HEADER.pack(1, bool(batch.missing), obj.oid, batch.count, 1)
        if not batch.missing:
            return header + elements.tobytes()
        rows = iter(elements)
        absent = LENGTH.pack(NO_VALUE)
        return header + b"".join(
            absent if row in batch.missing else next(rows).tobytes() for row in range(batch.count)
        )


def vector_elements(batch: VectorBatch, present: int) -> np.ndarray:
    """The array's elements in one block of memory: length, header, numbers, big-endian."""
    layout = np.dtype(
        [("size", ">i4"), ("dim", ">u2"), ("unused", ">u2"), ("v", ">f4", (batch.dimensions,))]
    )
    elements = np.zeros(present, dtype=layout)
    elements["size"] = layout.itemsize - LENGTH.size
    elements["dim"] = batch.dimensions
    elements["v"] = np.frombuffer(batch.data, dtype="<f4").reshape(present, batch.dimensions)
    return elements


def load_vector(data: bytes | None) -> Vector | None:
    """A vector from what ``vector_send`` wrote."""
    if data is None:
        return None
    return Vector(pgvector.Vector.from_binary(data).to_numpy().astype("<f4").tobytes())


def register(context: AdaptContext) -> None:
    """Teach a connection our types."""
    adapters = context.adapters
    adapters.register_dumper(Vector, VectorDumper)
    adapters.register_dumper(JsonTexts, JsonTextsDumper)
    adapters.register_dumper(VectorArray, VectorArrayDumper)
    set_json_dumps(orjson.dumps, context)
    set_json_loads(orjson.loads, context)
