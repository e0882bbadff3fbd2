"""Queries by example, groups, facets and matrices (section 5, rows 19, 20, 25–28, 44 and 47).

A route reads the request, calls the engine and renders what comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from flask import Response

from service.core.attributes import JsonObject
from service.core.permissions import Permission
from service.dialects.vectorai.bodies import read_object
from service.dialects.vectorai.discoveries import parse_discover
from service.dialects.vectorai.envelope import Rendered, answer
from service.dialects.vectorai.explorations import Asked, read_batch
from service.dialects.vectorai.facets import parse_facet, render_facet
from service.dialects.vectorai.groups import (
    AskedGroups,
    parse_query_groups,
    parse_recommend_groups,
    parse_search_groups,
    render_groups,
)
from service.dialects.vectorai.matrices import parse_matrix, render_offsets, render_pairs
from service.dialects.vectorai.queries import parse_query
from service.dialects.vectorai.recommendations import parse_recommend
from service.dialects.vectorai.render_ranked import render_ranked
from service.dialects.vectorai.routing import Route
from service.web.access import check_source, needs
from service.web.context import engine
from service.web.limits import limits

COLLECTION = "/collections/<collection>"
SEARCHES, QUERIES = "searches", "queries"

Parse = Callable[[object, str], Asked]


@needs(Permission.READ)
def query(collection: str) -> Response:
    return explored(collection, parse_query(body(), ""))


@needs(Permission.READ)
def query_batch(collection: str) -> Response:
    """The field of the batch tells whose client asks, and so what its results look like."""
    field, answers = all_explored(collection, parse_query, QUERIES, SEARCHES)
    return answer([{"points": one} for one in answers] if field == SEARCHES else answers)


@needs(Permission.READ)
def recommend(collection: str) -> Response:
    return explored(collection, parse_recommend(body(), ""))


@needs(Permission.READ)
def recommend_batch(collection: str) -> Response:
    return answer(all_explored(collection, parse_recommend, SEARCHES)[1])


@needs(Permission.READ)
def discover(collection: str) -> Response:
    return explored(collection, parse_discover(body(), ""))


@needs(Permission.READ)
def discover_batch(collection: str) -> Response:
    return answer(all_explored(collection, parse_discover, SEARCHES)[1])


@needs(Permission.READ)
def search_groups(collection: str) -> Response:
    return grouped(collection, parse_search_groups(body()))


@needs(Permission.READ)
def query_groups(collection: str) -> Response:
    return grouped(collection, parse_query_groups(body()))


@needs(Permission.READ)
def recommend_groups(collection: str) -> Response:
    return grouped(collection, parse_recommend_groups(body()))


@needs(Permission.READ)
def facet(collection: str) -> Response:
    counts = engine().explorer.count_values(collection, parse_facet(body()))
    return answer(render_facet(counts))


@needs(Permission.READ)
def matrix_pairs(collection: str) -> Response:
    return answer(render_pairs(engine().explorer.measure(collection, parse_matrix(body()))))


@needs(Permission.READ)
def matrix_offsets(collection: str) -> Response:
    return answer(render_offsets(engine().explorer.measure(collection, parse_matrix(body()))))


def body() -> JsonObject:
    return read_object(limits().max_body_bytes)


def check_sources(names: Iterable[str]) -> None:
    """Refuse what would be read from collections that the sender may not read."""
    for name in names:
        check_source(name)


def explored(collection: str, asked: Asked) -> Response:
    check_sources(asked.request.sources)
    (ranked,) = engine().explorer.explore(collection, [asked.request])
    return answer(render_ranked(ranked, asked.shown))


def all_explored(
    collection: str, parse: Parse, *fields: str
) -> tuple[str, Sequence[list[Rendered]]]:
    """The answers to a batch, and the field that it stood in."""
    field, wires = read_batch(body(), *fields)
    asked = [parse(wire, f"{field}[{place}]") for place, wire in enumerate(wires)]
    for one in asked:
        check_sources(one.request.sources)
    found = engine().explorer.explore(collection, [one.request for one in asked])
    return field, [
        render_ranked(ranked, one.shown) for ranked, one in zip(found, asked, strict=True)
    ]


def grouped(collection: str, asked: AskedGroups) -> Response:
    check_sources(asked.request.sources)
    found = engine().explorer.group(collection, asked.request)
    return answer(render_groups(found, asked))


ROUTES: Sequence[Route] = (
    (f"{COLLECTION}/points/query", query, ["POST"]),
    (f"{COLLECTION}/points/query/batch", query_batch, ["POST"]),
    (f"{COLLECTION}/points/query/groups", query_groups, ["POST"]),
    (f"{COLLECTION}/points/search/groups", search_groups, ["POST"]),
    (f"{COLLECTION}/points/recommend", recommend, ["POST"]),
    (f"{COLLECTION}/points/recommend/batch", recommend_batch, ["POST"]),
    (f"{COLLECTION}/points/recommend/groups", recommend_groups, ["POST"]),
    (f"{COLLECTION}/points/discover", discover, ["POST"]),
    (f"{COLLECTION}/points/discover/batch", discover_batch, ["POST"]),
    (f"{COLLECTION}/facet", facet, ["POST"]),
    (f"{COLLECTION}/points/search/matrix/pairs", matrix_pairs, ["POST"]),
    (f"{COLLECTION}/points/search/matrix/offsets", matrix_offsets, ["POST"]),
)
