"""Queries by example, in stages and fused: all of an answer is of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from service.core.elements import HasId
from service.core.exploration import (
    ByPlaces,
    ByScores,
    Context,
    Discovery,
    Exploration,
    Fusion,
    Near,
    Recommendation,
)
from service.core.filters import EVERYTHING, And, Filter, Not
from service.core.fusion import fuse_places, fuse_scores
from service.core.ids import DocumentId
from service.core.likeness import Likened
from service.core.query import ByPath, Hit, Nearest, Query, Selection
from service.core.query_binding import bind_query, bind_selection
from service.core.similarity import ORDER_VALUE, Ranked, above, goodness
from service.engine import likening
from service.engine.exemplifying import Exemplar, exemplar, sources
from service.engine.moments import Moment, documents

# so many documents are read only to be left out
FEW = 64


def answer(moment: Moment, request: Exploration) -> Ranked:
    """What one query finds, not below its threshold, from its offset on."""
    if not request.stages:
        return direct(moment, request)
    found = [answer(moment, stage) for stage in narrowed(moment, request)]
    match request.aim:
        case ByPlaces() | ByScores() as fusion:
            ranked = above(Ranked(fused(fusion, found)), request.threshold)
            hits = ranked.hits[request.offset : request.offset + request.limit]
            return Ranked(with_documents(moment, hits, request.projection))
        case _:
            ids = dict.fromkeys(hit.id for ranked in found for hit in ranked.hits)
            among = both(HasId(tuple(ids)), request.filter)
            return direct(moment, replace(request, filter=among, stages=()))


def narrowed(moment: Moment, request: Exploration) -> list[Exploration]:
    """The stages under the query's own filter as well, and without what is no result of it; theirs
    get that from them."""
    condition = without(request.filter, sources(moment, request))
    return [replace(one, filter=both(condition, one.filter)) for one in request.stages]


def both(one: Filter, other: Filter) -> Filter:
    parts = tuple(part for part in (one, other) if part != EVERYTHING)
    return parts[0] if len(parts) == 1 else And(parts)


def fused(fusion: Fusion, found: Sequence[Ranked]) -> tuple[Hit, ...]:
    """One ranking of several."""
    match fusion:
        case ByPlaces(constant, weights):
            rankings = [ranked.hits for ranked in found]
            return fuse_places(rankings, weights or (1.0,) * len(rankings), constant)
        case ByScores():
            return fuse_scores(
                [(hit, goodness(hit.distance, ranked.metric)) for hit in ranked.hits]
                for ranked in found
            )


def with_documents(moment: Moment, hits: Sequence[Hit], selection: Selection) -> tuple[Hit, ...]:
    """Hits with what is asked of their documents."""
    projection = bind_selection(selection, moment.namespace)
    if projection.is_empty:
        return tuple(hits)
    ids = list(dict.fromkeys(hit.id for hit in hits))
    found = documents(moment.session, moment.namespace, ids, projection)
    return tuple(
        replace(hit, vectors=found[hit.id].vectors, attributes=found[hit.id].attributes)
        for hit in hits
    )


def direct(moment: Moment, request: Exploration) -> Ranked:
    """The answer to a query without stages."""
    chosen = ranking_of(moment, request)
    plain = request.filter == EVERYTHING and isinstance(chosen.ranking, Nearest)
    if plain and chosen.sources and len(chosen.sources) + request.offset <= FEW:
        found = beside_sources(moment, request, chosen)
    else:
        found = under_filter(moment, request, chosen)
    return above(found, request.threshold)


def beside_sources(moment: Moment, request: Exploration, chosen: Exemplar) -> Ranked:
    """A search for a few more, without those that are no results: a filter would make it slower."""
    depth = request.depth + len(chosen.sources)
    asked = Query(chosen.ranking, EVERYTHING, depth, request.projection)
    found = moment.search(bind_query(asked, moment.namespace))
    hits = [hit for hit in found.hits if hit.id not in chosen.sources]
    return Ranked(tuple(hits[request.offset : request.depth]), found.metric)


def under_filter(moment: Moment, request: Exploration, chosen: Exemplar) -> Ranked:
    """A search among what the filter lets pass, except those that are no results."""
    condition = without(request.filter, chosen.sources)
    asked = Query(chosen.ranking, condition, request.limit, request.projection, request.offset)
    query = bind_query(asked, moment.namespace)
    match query.ranking:
        case ByPath():
            return Ranked(tuple(by_value(hit) for hit in moment.search(query).hits))
        case ranking if isinstance(ranking, Likened) and not request.exact:
            return Ranked(likening.search(moment, query, ranking).hits)
        case _:
            found = moment.search(query)
            return Ranked(found.hits, found.metric)


def ranking_of(moment: Moment, request: Exploration) -> Exemplar:
    """What a query without stages is ranked by."""
    match request.aim:
        case Near() | Recommendation() | Discovery() | Context() as aim:
            return exemplar(moment, request, aim)
        case ByPlaces() | ByScores():
            raise AssertionError("a fusion has stages")
        case aim:
            return Exemplar(aim)


def without(condition: Filter, ids: Sequence[DocumentId]) -> Filter:
    return both(condition, Not(HasId(tuple(ids)))) if ids else condition


def by_value(hit: Hit) -> Hit:
    """A hit whose place is a value, which is no score."""
    return replace(hit, distance=None, computed={ORDER_VALUE: hit.distance})
