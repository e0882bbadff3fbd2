"""Bodies of the v1 API (sections 6.1, 7 and 9.5): what is read, and the core values it becomes.

Every field may be null, which is the same as absent; unknown fields are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import post_load

from service.core.attributes import MAX_ATTRIBUTES, check_name
from service.core.documents import Matching, Write
from service.core.errors import InvalidRequest
from service.core.filters import EVERYTHING
from service.core.query import DEFAULT_VECTOR, MAX_SAMPLES, Nearest, Ordered, Projection, Query
from service.core.vectors import Vector
from service.dialects.turbopuffer.attribute_schema import parse_schema
from service.dialects.turbopuffer.documents import Batch, parse_columns, parse_rows
from service.dialects.turbopuffer.envelope import (
    Copy,
    Request,
    anything,
    flag,
    not_alone,
    read_encoding,
    read_integer,
    read_limit,
    read_source,
)
from service.dialects.turbopuffer.filters import parse_filter
from service.dialects.turbopuffer.names import parse_metric
from service.dialects.turbopuffer.ranking import parse_rank_by, parse_ranking
from service.dialects.turbopuffer.vectors import parse_vector, read_numbers
from service.dialects.turbopuffer.wire import Wire

DEFAULT_SAMPLES = 20
OPERATIONS = ("ids", "upserts", "delete_by_filter", "copy_from_namespace", "schema")


@dataclass(frozen=True, slots=True)
class Lookup:
    """A query, and how its vectors are to be spelled."""

    query: Query
    base64: bool


class WriteRequest(Request):
    """``POST /v1/namespaces/:ns``."""

    ids = anything()
    vectors = anything()
    attributes = anything()
    upserts = anything()
    delete_by_filter = anything()
    copy_from_namespace = anything()
    distance_metric = anything()
    schema = anything()
    encryption = anything()
    disable_backpressure = flag()

    @post_load
    def to_write(self, data: dict[str, Any], **_: Any) -> Write | Copy:
        if data["encryption"] is not None:
            raise InvalidRequest("💔 CMEK is not currently enabled in this cluster")
        asked = [name for name in OPERATIONS if data[name] is not None]
        if data["copy_from_namespace"] is not None:
            return read_copy(data["copy_from_namespace"], asked)
        if not asked:
            raise InvalidRequest(f"💔 a write needs one of: {', '.join(OPERATIONS)}")
        return read_write(data)


def read_copy(source: Wire, asked: list[str]) -> Copy:
    """A copy, which nothing else may stand beside."""
    if asked != ["copy_from_namespace"]:
        raise not_alone("copy_from_namespace")
    return Copy(read_source(source, "copy_from_namespace"))


def read_write(data: dict[str, Any]) -> Write:
    batch = read_batch(data)
    condition = data["delete_by_filter"]
    return Write(
        delete_where=None if condition is None else Matching(parse_filter(condition)),
        deletes=batch.deletes or None,
        upsert=batch.upsert,
        schema=parse_schema(data["schema"]),
        metric=parse_metric(data["distance_metric"]),
        disable_backpressure=data["disable_backpressure"] is True,
    )


def read_batch(data: dict[str, Any]) -> Batch:
    if data["upserts"] is None:
        return Batch(None, ()) if data["ids"] is None else parse_columns(
            data["ids"], data["vectors"], data["attributes"]
        )  # fmt: skip
    if data["ids"] is not None:
        raise InvalidRequest("💔 cannot specify both ids and upserts")
    return parse_rows(data["upserts"])


class QueryRequest(Request):
    """``POST /v1/namespaces/:ns/query``."""

    vector = anything()
    distance_metric = anything()
    top_k = anything()
    include_vectors = flag()
    include_attributes = anything()
    filters = anything()
    rank_by = anything()
    vector_encoding_format = anything()

    @post_load
    def to_lookup(self, data: dict[str, Any], **_: Any) -> Lookup:
        projection = Projection(
            read_projection(data["include_attributes"]),
            (DEFAULT_VECTOR,) if data["include_vectors"] else (),
        )
        metric = parse_metric(data["distance_metric"])
        query = Query(
            ranking=parse_ranking(data["vector"], data["rank_by"], metric),
            filter=EVERYTHING if data["filters"] is None else parse_filter(data["filters"]),
            limit=read_limit(data["top_k"]),
            projection=projection,
        )
        return Lookup(
            query, read_encoding(data["vector_encoding_format"], "vector_encoding_format")
        )


@dataclass(frozen=True, slots=True)
class RecallTest:
    """How recall is to be measured: on given vectors, or on samples."""

    samples: int
    query: Query
    vectors: tuple[Vector, ...]
    with_truth: bool


class RecallRequest(Request):
    """``POST /v1/namespaces/:ns/_debug/recall``; a GET has ``num`` and ``top_k`` in its URL."""

    num = anything()
    top_k = anything()
    filters = anything()
    queries = anything()
    rank_by = anything()
    include_ground_truth = flag()

    @post_load
    def to_test(self, data: dict[str, Any], **_: Any) -> RecallTest:
        ranking = read_tested(data["rank_by"], data["num"])
        samples = read_integer("num", data["num"], DEFAULT_SAMPLES)
        if not 1 <= samples <= MAX_SAMPLES:
            raise InvalidRequest(f"💔 samples must be between 1 and {MAX_SAMPLES}")
        vectors = read_queries(data["queries"])
        column = DEFAULT_VECTOR
        if ranking is not None:
            vectors, column = (ranking.vector,), ranking.column
        query = Query(
            ranking or Ordered(),
            filter=EVERYTHING if data["filters"] is None else parse_filter(data["filters"]),
            limit=read_limit(data["top_k"]),
            projection=Projection((), (column,) if data["include_ground_truth"] else ()),
        )
        return RecallTest(samples, query, vectors, data["include_ground_truth"])


def read_tested(wire: Wire, num: Wire) -> Nearest | None:
    """The one search by a vector to be tested, if it is given."""
    if wire is None:
        return None
    if num not in (None, 1):
        raise InvalidRequest("💔 rank_by and num cannot be specified together")
    ranking = parse_rank_by(wire, None)
    if not isinstance(ranking, Nearest):
        raise InvalidRequest("💔 recall is measured of rankings by a vector")
    return ranking


def read_queries(wire: Wire) -> tuple[Vector, ...]:
    """Query vectors: an array of vectors, or all of them in one flat array of numbers."""
    match wire:
        case None | []:
            return ()
        case [int() | float(), *_]:
            # their length is the namespace's: the engine cuts them
            return (Vector(read_numbers([wire]).tobytes()),)
        case [*vectors] if len(vectors) > MAX_SAMPLES:
            raise InvalidRequest(f"💔 samples must be between 1 and {MAX_SAMPLES}")
        case [*vectors]:
            return tuple(parse_vector(vector) for vector in vectors)
        case _:
            raise InvalidRequest("💔 queries must be an array of vectors")


def read_projection(wire: Wire) -> tuple[str, ...] | None:
    """The attributes asked for; None for all of them."""
    match wire:
        case None | False:
            return ()
        case True:
            return None
        case [*names] if all(isinstance(name, str) for name in names):
            chosen = tuple(dict.fromkeys(str(name) for name in names))
            if len(chosen) > MAX_ATTRIBUTES:
                raise InvalidRequest(f"💔 include_attributes has more than {MAX_ATTRIBUTES} names")
            for name in chosen:
                check_name(name, frozenset())
            return chosen
        case _:
            raise InvalidRequest("💔 include_attributes must be a boolean or an array of names")
