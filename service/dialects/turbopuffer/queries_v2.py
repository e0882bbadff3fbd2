"""Bodies of v2 queries (section 8), and the core values they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from marshmallow import post_load

from service.core.aggregation import Aggregation
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import EVERYTHING, Filter
from service.core.ids import kind_of
from service.core.query import Ordered, Query
from service.dialects.turbopuffer.aggregations import parse_aggregation
from service.dialects.turbopuffer.envelope import (
    DEFAULT_LIMIT,
    Request,
    anything,
    flag,
    read_encoding,
    read_integer,
)
from service.dialects.turbopuffer.filters import parse_filter
from service.dialects.turbopuffer.fusions import Fusion, read_fusion
from service.dialects.turbopuffer.limits_v2 import read_limits, read_offset
from service.dialects.turbopuffer.names import TARGET, parse_metric
from service.dialects.turbopuffer.ranking import parse_rank_by
from service.dialects.turbopuffer.selections import read_computed, read_selection
from service.dialects.turbopuffer.wire import Wire, shortened

MAX_QUERIES = 16

Question = Query | Aggregation


@dataclass(frozen=True, slots=True)
class Single:
    """One question, and how vectors are to be spelled. ``analyze``: explain it by running it."""

    question: Question
    base64: bool
    analyze: bool = False


@dataclass(frozen=True, slots=True)
class Multi:
    """Several questions of one moment. ``fusion`` None: an answer for each."""

    questions: tuple[Question, ...]
    base64: bool
    fusion: Fusion | None


class QueryRequest(Request):
    """``POST /v2/namespaces/:ns/query`` and ``…/explain_query``."""

    rank_by = anything()
    top_k = anything()
    limit = anything()
    offset = anything()
    filters = anything()
    include_attributes = anything()
    exclude_attributes = anything()
    vector_encoding = anything()
    consistency = anything()
    distance_metric = anything()
    aggregate_by = anything()
    group_by = anything()
    compute_attributes = anything()
    queries = anything()
    rerank_by = anything()
    analyze = flag()

    @post_load
    def to_lookup(self, data: dict[str, Any], **_: Any) -> Single | Multi:
        check_consistency(data["consistency"])
        base64 = read_encoding(data["vector_encoding"], "vector_encoding")
        if data["queries"] is not None:
            return read_multi(data, base64)
        if data["rerank_by"] is not None:
            raise InvalidRequest("💔 rerank_by needs queries to combine")
        return Single(read_question(data), base64, data["analyze"] is True)


FIELDS = frozenset(cast(Mapping[str, object], QueryRequest().fields))
# stand at the root of a multi-query, not in its queries
ROOT_ONLY = frozenset({"queries", "rerank_by", "consistency", "vector_encoding", "analyze"})


def read_multi(data: dict[str, Any], base64: bool) -> Multi:
    """The sub-queries, each like a query of its own."""
    wires = data["queries"]
    if not isinstance(wires, list):
        raise MalformedRequest(
            f"{TARGET}queries: invalid type: {kind_of(wires)}, expected a sequence"
        )
    queries = cast(list[Wire], wires)
    if not queries:
        raise InvalidRequest("💔 must send at least one sub-query")
    if len(queries) > MAX_QUERIES:
        raise InvalidRequest(
            "💔 multi-query exceeds per-namespace concurrency budget: "
            f"requires {len(queries)} permits, max is {MAX_QUERIES}"
        )
    questions = tuple(read_part(index, wire) for index, wire in enumerate(queries))
    return Multi(questions, base64, read_fusion(data, questions))


def read_part(index: int, wire: Wire) -> Question:
    if not isinstance(wire, dict):
        raise MalformedRequest(
            f"{TARGET}queries[{index}]: invalid type: {kind_of(wire)}, expected struct Query"
        )
    misplaced = sorted(n for n in ROOT_ONLY if wire.get(n) is not None)
    if misplaced:
        raise InvalidRequest(f"💔 {misplaced[0]} belongs to the root of a multi-query")
    return read_question({**dict.fromkeys(FIELDS), **wire})


def read_question(data: Mapping[str, Any]) -> Question:
    """A search, or an aggregation."""
    condition = EVERYTHING if data["filters"] is None else parse_filter(data["filters"])
    if data["aggregate_by"] is None:
        if data["group_by"] is not None:
            raise InvalidRequest("💔 group_by needs aggregate_by")
        return read_search(data, condition)
    for name in ("rank_by", "include_attributes", "exclude_attributes", "compute_attributes"):
        if data[name] is not None:
            raise InvalidRequest(f"💔 cannot specify both aggregate_by and {name}")
    limit, cap = read_limits(data)
    if cap is not None or data["offset"] not in (None, 0):
        raise InvalidRequest("💔 aggregations take a limit on groups, nothing else")
    return parse_aggregation(data["aggregate_by"], data["group_by"], condition, limit)


def read_search(data: Mapping[str, Any], condition: Filter) -> Query:
    metric, rank_by = parse_metric(data["distance_metric"]), data["rank_by"]
    if rank_by is None and data["filters"] is None:
        raise InvalidRequest("💔 a query needs rank_by or aggregate_by, or filters to look up by")
    # a look-up, as LangChain's store makes it
    ranking = Ordered() if rank_by is None else parse_rank_by(rank_by, metric)
    limit, cap = read_limits(data)
    if cap is not None and not isinstance(ranking, Ordered):
        raise InvalidRequest("💔 `limit.per` is only supported when ranking by an attribute")
    return Query(
        ranking,
        condition,
        DEFAULT_LIMIT if limit is None else limit,
        read_selection(data["include_attributes"], data["exclude_attributes"]),
        read_offset(data["offset"], limit),
        cap,
        read_computed(data["compute_attributes"]),
    )


def check_consistency(wire: Wire) -> None:
    """Every read sees every write that was acknowledged, so any known level is kept."""
    match wire:
        case None:
            return
        case {"level": "strong"}:
            return
        case {"level": "eventual", **rest}:
            staleness = rest.get("max_staleness_seconds")
            if read_integer("consistency.max_staleness_seconds", staleness, 0) < 0:
                raise InvalidRequest("💔 max_staleness_seconds must not be negative")
        case {"level": level} if level is not None:
            raise MalformedRequest(
                f"{TARGET}consistency.level: unknown variant `{shortened(level)}`, "
                "expected `strong` or `eventual`"
            )
        case dict():
            raise MalformedRequest(f"{TARGET}consistency: missing field `level`")
        case str():
            raise MalformedRequest(
                f'{TARGET}consistency: invalid type: string "{shortened(wire)}", '
                "expected struct Consistency"
            )
        case _:
            raise MalformedRequest(
                f"{TARGET}consistency: invalid type: {kind_of(wire)}, expected struct Consistency"
            )
