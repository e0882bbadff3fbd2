"""How single vectors and JSON travel between Python and PostgreSQL: always binary.

Nothing is registered for pgvector's types on the way in: a parameter without a type takes the one
of the cast around it. Values of types unknown to psycopg come back as bytes, which is what we want.
Batches of documents do not come this way (``rows.py``).
"""

from __future__ import annotations

import numpy as np
import orjson
import pgvector
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types.json import set_json_dumps, set_json_loads

from service.core.vectors import Vector


class VectorDumper(Dumper):
    format = Format.BINARY
    oid = 0

    def dump(self, obj: Vector) -> bytes:
        return pgvector.Vector(np.frombuffer(obj.data, dtype="<f4")).to_binary()


def load_vector(data: bytes | None) -> Vector | None:
    """A vector from what ``vector_send`` wrote."""
    if data is None:
        return None
    return Vector(pgvector.Vector.from_binary(data).to_numpy().astype("<f4").tobytes())


def register(context: AdaptContext) -> None:
    """Teach a connection our types."""
    context.adapters.register_dumper(Vector, VectorDumper)
    set_json_dumps(orjson.dumps, context)
    set_json_loads(orjson.loads, context)
