"""Bodies of searches, scrolls, counts and look-ups (sections 7.3, 8.1 and 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import post_load

from service.core.aggregation import Aggregation, Count
from service.core.attributes import JsonAny
from service.core.elements import FromId, HasId
from service.core.filters import EVERYTHING, And, Filter
from service.core.ids import DocumentId
from service.core.query import Nearest, Ordered, Query
from service.dialects.vectorai.bodies import (
    MAX_LIMIT,
    Flag,
    Request,
    an_object,
    anything,
    flag,
    load,
    malformed,
    name,
    number,
    whole,
)
from service.dialects.vectorai.filters import parse_filter
from service.dialects.vectorai.ids import parse_cursor, parse_ids
from service.dialects.vectorai.orders import parse_order
from service.dialects.vectorai.selections import Shown, parse_shown
from service.dialects.vectorai.vectors import column_name, parse_vector

MAX_BATCH = 100
COUNT = "count"


@dataclass(frozen=True, slots=True)
class Search:
    """One search, and how its points are shown."""

    query: Query
    threshold: float | None
    shown: Shown


@dataclass(frozen=True, slots=True)
class Lookup:
    """Points by their ids. ``spelled`` are the ids as they were sent."""

    query: Query
    ids: tuple[DocumentId, ...]
    spelled: tuple[JsonAny, ...]
    shown: Shown


@dataclass(frozen=True, slots=True)
class Scroll:
    """A page of at most ``limit`` points; what the query finds beyond is on the next one."""

    query: Query
    limit: int
    shown: Shown


class Parameters(Request):
    """``params`` of a search. The width of the walk is measured for each segment: ``hnsw_ef`` and
    its like are taken and not needed."""

    exact = flag()
    indexed_only = flag()


class Common(Request):
    """What all searches have."""

    filter = anything()
    params = an_object()
    limit = whole(10, least=1)
    offset = whole(0)
    score_threshold = number()
    with_payload = anything()
    with_vector = anything()
    with_vectors = anything()
    using = name()

    def shown(self, data: Mapping[str, Any], *, payload: bool = True) -> Shown:
        vector = data["with_vector"] if data["with_vector"] is not None else data["with_vectors"]
        return parse_shown(data["with_payload"], vector, payload_default=payload)

    def condition(self, data: Mapping[str, Any]) -> Filter:
        return EVERYTHING if data["filter"] is None else parse_filter(data["filter"])

    def is_exact(self, data: Mapping[str, Any]) -> bool:
        return bool(data["params"]) and load(Parameters(), data["params"], "params")["exact"]


class SearchRequest(Common):
    """``POST …/points/search`` (section 8.1)."""

    vector = anything()

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Search:
        vector, column = read_named(data["vector"], data["using"])
        shown = self.shown(data)
        query = Query(
            ranking=Nearest(parse_vector(vector), column=column, exact=self.is_exact(data)),
            filter=self.condition(data),
            limit=data["limit"],
            projection=shown.selection,
            offset=data["offset"],
        )
        check_depth(query)
        return Search(query, data["score_threshold"], shown)


def read_named(wire: JsonAny, using: str | None) -> tuple[JsonAny, str]:
    """A vector to search by, and the column to search."""
    match wire:
        case None:
            raise malformed("vector", "missing field")
        case {"name": str(given), "vector": vector}:
            return vector, column_name(given)
        case _:
            return wire, column_name(using or "")


def check_depth(query: Query) -> None:
    """Refuse to go deeper than the largest limit."""
    if query.depth > MAX_LIMIT:
        raise malformed("offset", f"limit and offset together are at most {MAX_LIMIT}")


def parse_batch(body: Mapping[str, JsonAny], field: str, schema: Request) -> list[Any]:
    """Several searches of one request."""
    wire = body.get(field)
    if not isinstance(wire, list):
        raise malformed(field, "missing field, expected a list")
    searches = wire
    if len(searches) > MAX_BATCH:
        raise malformed(field, f"at most {MAX_BATCH} in one request")
    return [load(schema, one, f"{field}[{row}]") for row, one in enumerate(searches)]


class LookupRequest(Common):
    """``POST …/points`` (section 7.3): vectors are shown unless they are declined."""

    ids = anything()

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Lookup:
        ids = parse_ids(data["ids"], "ids")
        if len(ids) > MAX_LIMIT:
            raise malformed("ids", f"at most {MAX_LIMIT} in one request")
        if data["with_vector"] is None and data["with_vectors"] is None:
            data["with_vector"] = True
        return lookup(ids, tuple(data["ids"]), self.shown(data))


def lookup(ids: tuple[DocumentId, ...], spelled: tuple[JsonAny, ...], shown: Shown) -> Lookup:
    """The points with these ids."""
    query = Query(Ordered(), HasId(ids), max(1, len(ids)), shown.selection)
    return Lookup(query, ids, spelled, shown)


class ScrollRequest(Common):
    """``POST …/points/scroll`` (section 9.1), in the order of ids or by a key."""

    limit = whole(100, least=1, most=MAX_LIMIT - 1)
    offset = anything()
    order_by = anything()

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Scroll:
        shown, condition, limit = self.shown(data), self.condition(data), data["limit"]
        if data["order_by"] is not None:
            if data["offset"] is not None:
                raise malformed("offset", "cannot be used with order_by")
            order = parse_order(data["order_by"])
            return Scroll(Query(order, condition, limit, shown.selection), limit, shown)
        if data["offset"] is not None:
            condition = And((FromId(parse_cursor(data["offset"])), condition))
        # one more tells where the next page begins
        return Scroll(Query(Ordered(), condition, limit + 1, shown.selection), limit, shown)


class CountRequest(Request):
    """``POST …/points/count`` (section 9.2): always exact."""

    filter = anything()
    exact = Flag(load_default=True)

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Aggregation:
        condition = EVERYTHING if data["filter"] is None else parse_filter(data["filter"])
        return Aggregation({COUNT: Count()}, filter=condition)
