"""Groups of results (section 8.6): which field makes them, how many, how large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.core.exploration import Near
from service.core.grouping import MAX_GROUPS, Grouped, HitGroup, HitGroups, Records
from service.core.vectors import Metric
from service.dialects.vectorai.bodies import (
    Request,
    anything,
    load,
    malformed,
    required_name,
    whole,
)
from service.dialects.vectorai.envelope import Rendered
from service.dialects.vectorai.explorations import Asked, Exploring
from service.dialects.vectorai.keys import parse_path
from service.dialects.vectorai.queries import read_query
from service.dialects.vectorai.recommendations import Examples, recommendation
from service.dialects.vectorai.render import render_record
from service.dialects.vectorai.render_ranked import render_found
from service.dialects.vectorai.searches import read_named
from service.dialects.vectorai.selections import Shown, parse_shown
from service.dialects.vectorai.vectors import parse_vector

MAX_HITS = 100_000


class Grouping(Exploring):
    """The fields of every grouped search; ``limit`` is the number of groups."""

    group_by = required_name()
    limit = whole(10, least=1, most=MAX_GROUPS)
    group_size = whole(1, least=1)
    with_lookup = anything()


class SearchGroups(Grouping):
    """``POST …/points/search/groups``."""

    vector = anything()


class QueryGroups(Grouping):
    """``POST …/points/query/groups``."""

    query = anything()
    prefetch = anything()


class RecommendGroups(Grouping, Examples):
    """``POST …/points/recommend/groups``."""


class WithLookup(Request):
    """``with_lookup``: the collection that has a point for each group."""

    collection = required_name()
    with_payload = anything()
    with_vectors = anything()

    def shown(self, data: Mapping[str, Any]) -> Shown:
        return parse_shown(data["with_payload"], data["with_vectors"])


SEARCH, QUERY_GROUPS, RECOMMEND = SearchGroups(), QueryGroups(), RecommendGroups()
WITH_LOOKUP = WithLookup()


@dataclass(frozen=True, slots=True)
class AskedGroups:
    """Groups, what of each point is shown, and what of the points that the groups are named by."""

    request: Grouped
    shown: Shown
    looked_up: Shown | None


def parse_search_groups(body: object) -> AskedGroups:
    data = load(SEARCH, body)
    wire, column = read_named(data["vector"], data["using"])
    near = Near(parse_vector(wire))
    return grouped(data, SEARCH.asked(data | {"using": column}, near))


def parse_query_groups(body: object) -> AskedGroups:
    data = load(QUERY_GROUPS, body)
    return grouped(data, read_query(data, "", 0))


def parse_recommend_groups(body: object) -> AskedGroups:
    data = load(RECOMMEND, body)
    return grouped(data, RECOMMEND.asked(data, recommendation(data, "")))


def grouped(data: Mapping[str, Any], asked: Asked) -> AskedGroups:
    groups, size = data["limit"], data["group_size"]
    if groups * size > MAX_HITS:
        raise malformed("group_size", f"limit times group_size is at most {MAX_HITS}")
    records, looked_up = read_with_lookup(data["with_lookup"])
    request = Grouped(asked.request, parse_path(data["group_by"]), groups, size, records)
    return AskedGroups(request, asked.shown, looked_up)


def read_with_lookup(wire: object) -> tuple[Records | None, Shown | None]:
    """Where to look the groups up, and what of each point found is shown."""
    match wire:
        case None:
            return None, None
        case str():
            shown = parse_shown(None, None)
            return Records(wire, shown.selection), shown
        case _:
            data = load(WITH_LOOKUP, wire, "with_lookup")
            shown = WITH_LOOKUP.shown(data)
            return Records(data["collection"], shown.selection), shown


def render_groups(found: HitGroups, asked: AskedGroups) -> Rendered:
    groups = [render_group(one, found.metric, asked) for one in found.groups]
    return {"groups": groups}


def render_group(group: HitGroup, metric: Metric | None, asked: AskedGroups) -> Rendered:
    rendered: Rendered = {
        "id": group.id,
        "hits": [render_found(hit, metric, asked.shown) for hit in group.hits],
    }
    if asked.looked_up is not None:
        record = group.record and render_record(group.record, asked.looked_up)
        rendered["lookup"] = record
    return rendered
