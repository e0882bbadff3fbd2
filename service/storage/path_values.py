"""The values at a path: those of some documents, and those of all by their number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from service.compile import path_values
from service.compile.filters import compile_filter
from service.compile.fragment import number
from service.core.binding import bind
from service.core.elements import HasId
from service.core.facets import Facet, FacetCount, FacetValue
from service.core.grouping import GroupId
from service.core.ids import DocumentId
from service.core.namespace import Namespace
from service.core.paths import Path
from service.storage.catalog import version_of
from service.storage.estimates import SEARCH_BOUND, size_of
from service.storage.faults import Stale
from service.storage.pool import Session
from service.storage.projections import read_id
from service.storage.tables import table


def group_ids(
    session: Session, namespace: Namespace, path: Path, ids: Sequence[DocumentId]
) -> dict[DocumentId, tuple[GroupId, ...]]:
    """The groups that documents are in; those that are in none are left out."""
    if not ids:
        return {}
    statement = session.schemas.statement(
        "find_group_ids",
        table=table(session, namespace.table),
        values=path_values.group_ids(path),
        predicate=compile_filter(bind(HasId(tuple(ids)), namespace)),
    )
    found: dict[DocumentId, tuple[GroupId, ...]] = {}
    for stored, value in session.execute(statement):
        identity = read_id(stored, namespace.id_type)
        found[identity] = (*found.get(identity, ()), cast(GroupId, value))
    return found


def count(session: Session, namespace: Namespace, facet: Facet) -> tuple[FacetCount, ...]:
    """How many documents have which value, for a bound facet.

    Raises:
        Stale: when the namespace is no longer as it was read.
    """
    statement = session.schemas.statement(
        "aggregate",
        version=version_of(session, namespace),
        size=size_of(session, namespace, SEARCH_BOUND),
        found=session.schemas.statement(
            "count_values",
            table=table(session, namespace.table),
            values=path_values.facet_values(facet.path),
            predicate=compile_filter(facet.filter),
            limit=number(facet.limit),
        ),
    )
    rows = session.execute(statement).fetchall()
    if not rows or rows[0][0] != namespace.version:
        raise Stale
    return tuple(
        FacetCount(cast(FacetValue, value), cast(int, documents))
        for _, _, place, value, documents in rows
        if place
    )
