"""Grouped search: the best groups, each full, without reading more than it takes.

The search goes deeper until there are as many different groups as are wanted, each time only among
documents that have a value not met before. As what was met before is better than anything found
later, groups come in the order of their best hits. Those that are not full then get a search of
their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from uuid import UUID

from service.core.elements import Element, IsNoneOf, IsValue
from service.core.exploration import Exploration
from service.core.grouping import Gathering, Grouped, GroupId, HitGroup, HitGroups, Records
from service.core.ids import DocumentId
from service.core.query import Hit, Projection
from service.engine.exploring import answer, both, with_documents
from service.engine.moments import Moment, documents
from service.storage import path_values

# hits that the first search is for, for each one that may be returned; and how much deeper each
# search goes than the one before
DEPTH = 4
LEAST = 64
GROWTH = 4
# what stages give is read whole: deeper than any of them
WHOLE = 2**31 - 1


def grouped(moment: Moment, request: Grouped) -> HitGroups:
    found = gathered(moment, request)
    if request.records is None:
        return found
    records = records_of(moment, request.records, [one.id for one in found.groups])
    groups = tuple(replace(one, record=records.get(one.id)) for one in found.groups)
    return replace(found, groups=groups)


def gathered(moment: Moment, request: Grouped) -> HitGroups:
    """Search until the groups are there, then fill them."""
    query = replace(request.widened, projection=Projection(), offset=0)
    gathering = Gathering(request.groups, request.size)
    wanted = WHOLE if query.stages else max(LEAST, DEPTH * request.groups * request.size)
    unfilled: list[GroupId] = []
    asked = query
    while True:
        ranked = answer(moment, replace(asked, limit=wanted))
        is_all = len(ranked.hits) < wanted
        short = gathering.gather(ranked.hits, values_of(moment, request, ranked.hits))
        if not is_all:
            unfilled.extend(short)
        if is_all or gathering.is_complete:
            break
        others = Element(request.path, IsNoneOf(tuple(gathering.hits)))
        asked = replace(query, filter=both(query.filter, others))
        wanted *= GROWTH
    for key in unfilled:
        gathering.hits[key] = fill(moment, request, query, key)
    return whole(moment, request, gathering.ordered(ranked.metric))


def values_of(
    moment: Moment, request: Grouped, hits: Sequence[Hit]
) -> dict[DocumentId, tuple[GroupId, ...]]:
    """The groups of each hit."""
    ids = list(dict.fromkeys(hit.id for hit in hits))
    return path_values.group_ids(moment.session, moment.namespace, request.path, ids)


def fill(moment: Moment, request: Grouped, query: Exploration, key: GroupId) -> list[Hit]:
    """The best hits of one group. Not every document that has its value is in it: one that also has
    something else at the path, which makes no group, is in none."""
    member = Element(request.path, IsValue(key))
    asked = replace(query, filter=both(query.filter, member))
    wanted = request.size
    while True:
        hits = answer(moment, replace(asked, limit=wanted)).hits
        values = values_of(moment, request, hits)
        members = {hit.id: hit for hit in reversed(hits) if key in values.get(hit.id, ())}
        if len(members) >= request.size or len(hits) < wanted:
            return list(reversed(members.values()))[: request.size]
        wanted *= GROWTH


def whole(moment: Moment, request: Grouped, found: HitGroups) -> HitGroups:
    """The groups with what is asked of the documents."""
    hits = list(chain.from_iterable(one.hits for one in found.groups))
    read = iter(with_documents(moment, hits, request.query.projection))
    groups = tuple(HitGroup(one.id, tuple(next(read) for _ in one.hits)) for one in found.groups)
    return HitGroups(groups, found.metric)


def records_of(moment: Moment, records: Records, groups: Sequence[GroupId]) -> dict[GroupId, Hit]:
    """The documents that have the groups' values as their ids."""
    source = moment.other(records.namespace)
    ids = {key: as_id(key) for key in groups}
    wanted = [identity for identity in ids.values() if identity is not None]
    found = documents(moment.session, source, wanted, records.projection)
    return {key: found[i] for key, i in ids.items() if i is not None and i in found}


def as_id(key: GroupId) -> DocumentId | None:
    """The id that a value of an attribute spells, if it does."""
    if isinstance(key, int):
        return key if key >= 0 else None
    try:
        return UUID(key)
    except ValueError:
        return None
