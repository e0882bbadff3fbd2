"""How single vectors and JSON travel between Python and PostgreSQL: always binary.

Nothing is registered for pgvector's types on the way in: a parameter without a type takes the one
of the cast around it. Values of types unknown to psycopg come back as bytes, which is what we want.
Batches of documents do not come this way (``rows.py``).
"""

from __future__ import annotations

import json
import sys

import numpy as np
import orjson
import pgvector
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types.json import set_json_dumps, set_json_loads

from service.core.vectors import Vector

LOWEST, HIGHEST = -(2**63), 2**64
DIGITS = 21


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


def load_json(data: bytes | str) -> object:
    """A stored value; numbers that somebody wrote with SQL may be of any length."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(data, parse_int=read_integer, parse_float=read_float)


def read_integer(digits: str) -> float:
    """An integer of 64 bits, else the nearest number that JSON's readers take."""
    if len(digits) <= DIGITS and LOWEST <= int(digits) < HIGHEST:
        return int(digits)
    return read_float(digits)


def read_float(text: str) -> float:
    """The nearest number of double precision that is finite."""
    return min(max(float(text), -sys.float_info.max), sys.float_info.max)


def register(context: AdaptContext) -> None:
    """Teach a connection our types."""
    context.adapters.register_dumper(Vector, VectorDumper)
    set_json_dumps(orjson.dumps, context)
    set_json_loads(load_json, context)
