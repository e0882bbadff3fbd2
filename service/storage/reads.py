"""Searches, look-ups and exports: filters and rankings become one statement, rows become hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from service.compile.filters import compile_filter
from service.compile.fragment import Fragment, identifier, joined, number, raw
from service.compile.likeness import compile_likeness
from service.compile.path_values import not_before, numbers_at
from service.compile.ranking import as_vector, comparable, distance, order_by
from service.compile.scores import compile_score
from service.core.filters import Filter
from service.core.likeness import Discovered, InContext, Likened, Recommended
from service.core.namespace import Namespace, VectorColumn
from service.core.plan import EXACT, Plan, Walk
from service.core.query import (
    ByPath,
    Cap,
    Nearest,
    Ordered,
    Page,
    Projection,
    Query,
    Ranking,
    Result,
    Scored,
    Selection,
    Shuffled,
)
from service.core.segments import END, START, Segment
from service.core.vectors import Metric, Vector
from service.storage import walking
from service.storage.adapters import load_vector
from service.storage.aggregates import as_json_number
from service.storage.catalog import check_version, version_of
from service.storage.estimates import SEARCH_BOUND, size_of
from service.storage.faults import Stale
from service.storage.pool import Row, Session
from service.storage.projections import HitReader, compile_columns, join_table
from service.storage.segments import file_number
from service.storage.tables import table

# of a search: id, distance, version, index version, file, candidates, size; of an export: id, seq,
# version, last; then what the projection asks for
SEARCH_COLUMNS = 7
EXPORT_COLUMNS = 4
# attributes of one page of an export, as stored: mostly compressed, several times more as JSON
PAGE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """An answer, the number of the list of segments that was valid, the number of the table's file,
    and how many candidates the segments gave."""

    result: Result
    index_version: int
    documents: int
    candidates: int


def search(
    session: Session,
    namespace: Namespace,
    query: Query,
    plan: Plan = EXACT,
    segments: Sequence[Segment] = (),
) -> Found:
    """The best documents for a bound query (``core.binding``), and the namespace's size.

    By ``plan``: through ``segments``, or by a scan of all that matches.

    Raises:
        Stale: when the namespace is no longer as it was read, or a segment is gone.
    """
    return run(session, namespace, query, compile_search(session, namespace, query, plan, segments))


def compile_search(
    session: Session,
    namespace: Namespace,
    query: Query,
    plan: Plan,
    segments: Sequence[Segment],
    known_size: int | None = None,
) -> Fragment:
    """The one statement of a search; it looks the namespace's size up unless that is known."""
    return session.schemas.statement(
        "query_documents",
        hits=compile_hits(session, namespace, query, plan, segments),
        namespace=raw("%s", namespace.name),
        documents_file=file_number(session, namespace),
        size=raw("NULL::bigint") if known_size else size_of(session, namespace, SEARCH_BOUND),
        columns=compile_columns(session, namespace, concrete(query.projection), query.computed),
        join=join_table(session, namespace) if reads_documents(query) else raw(""),
        offset=raw(" OFFSET ") + number(query.offset) if query.offset else raw(""),
    )


def concrete(selection: Selection) -> Projection:
    """The projection of a bound query."""
    assert isinstance(selection, Projection)
    return selection


def reads_documents(query: Query) -> bool:
    """Whether more of the documents is asked for than their ids."""
    return bool(query.computed) or not concrete(query.projection).is_empty


def run(
    session: Session,
    namespace: Namespace,
    query: Query,
    statement: Fragment,
    known_size: int | None = None,
    *,
    prepare: bool | None = False,
) -> Found:
    """Execute the statement of a search; ``prepare`` as in ``Session.execute``.

    Raises:
        Stale: as ``search``.
    """
    rows = session.execute(statement, prepare=prepare).fetchall()
    if not rows or rows[0][2] != namespace.version:
        raise Stale
    _, _, _, index_version, documents, candidates, size = cast(Any, rows[0][:SEARCH_COLUMNS])
    if rows[0][0] is None:  # the one row of an answer without hits
        rows = []
    read = HitReader(namespace.id_type, concrete(query.projection), query.computed, SEARCH_COLUMNS)
    if isinstance(query.ranking, ByPath):
        hits = tuple([read.hit(row, as_json_number(row[1])) for row in rows])
    else:
        hits = tuple([read.hit(row, cast(float | None, row[1])) for row in rows])
    size = size if known_size is None else known_size
    result = Result(hits, size, metric=metric_of(namespace, query.ranking))
    return Found(result, index_version, documents, candidates or 0)


def compile_hits(
    session: Session, namespace: Namespace, query: Query, plan: Plan, segments: Sequence[Segment]
) -> Fragment:
    """The inner query: ids and distances, best first."""
    match query.ranking:
        case Nearest() as ranking:
            return compile_nearest(session, namespace, query, ranking, plan, segments)
        case Scored(score):
            name, holes = "query_scored", {"score": compile_score(score)}
        case Ordered() as ranking if query.cap:
            name, holes = "query_capped", {"order": order_by(ranking), **cap_holes(query.cap)}
        case Ordered() as ranking:
            name, holes = "query_ordered", {"order": order_by(ranking)}
        case Recommended() | Discovered() | InContext() as ranking:
            name, holes = "query_alike", alike_holes(session, namespace, ranking)
        case ByPath() as ranking:
            name, holes = "query_by_path", path_holes(ranking)
        case Shuffled():
            name, holes = "query_shuffled", dict[str, Fragment]()
    return session.schemas.statement(
        name,
        table=table(session, namespace.table),
        predicate=compile_filter(query.filter),
        limit=number(query.depth),
        **holes,
    )


def cap_holes(cap: Cap) -> dict[str, Fragment]:
    keys = [key for attribute in cap.attributes for key in comparable(attribute)]
    return {"keys": joined(", ", keys), "cap": number(cap.limit)}


def alike_holes(session: Session, namespace: Namespace, ranking: Likened) -> dict[str, Fragment]:
    column = namespace.vector_column(ranking.column)
    comparison = compile_likeness(ranking, column, session.pgvector.schema)
    return {
        "column": identifier(column.column),
        "compared": comparison.columns,
        "score": comparison.score,
    }


def path_holes(ranking: ByPath) -> dict[str, Fragment]:
    return {
        "values": numbers_at(ranking.path),
        "start": not_before(ranking),
        "direction": raw(" DESC") if ranking.descending else raw(""),
    }


def compile_nearest(
    session: Session,
    namespace: Namespace,
    query: Query,
    ranking: Nearest,
    plan: Plan,
    segments: Sequence[Segment],
) -> Fragment:
    """The nearest documents, through segments or by an exact scan."""
    column = namespace.vector_column(ranking.column)
    distance = compile_distance(session, column, ranking.vector, ranking.metric)
    if isinstance(plan, Walk):
        search = walking.Search(
            session, namespace, column, ranking.vector, distance, query.filter, query.depth
        )
        return walking.compile_walk(search, segments, plan)
    return session.schemas.statement(
        "query_nearest",
        table=table(session, namespace.table),
        column=identifier(column.column),
        distance=distance,
        predicate=compile_filter(query.filter),
        limit=number(query.depth),
    )


def metric_of(namespace: Namespace, ranking: Ranking) -> Metric | None:
    """What a ranking by distance measures; None for all others."""
    if not isinstance(ranking, Nearest):
        return None
    return ranking.metric or namespace.vector_column(ranking.column).metric or Metric.COSINE


def compile_distance(
    session: Session, column: VectorColumn, vector: Vector, metric: Metric | None
) -> Fragment:
    """The distance by the query's metric, else the namespace's, else cosine."""
    wanted = metric or column.metric or Metric.COSINE
    return distance(column, vector, wanted, session.pgvector.schema)


def export(session: Session, namespace: Namespace, after: int, limit: int) -> Page:
    """Documents in write order, with everything they have, from behind a position."""
    projection = Projection(None, tuple(column.name for column in namespace.vectors))
    statement = session.schemas.statement(
        "export_documents",
        table=table(session, namespace.table),
        version=version_of(session, namespace),
        columns=compile_columns(session, namespace, projection),
        position=raw("%s", after),
        limit=number(limit),
        # one more is looked at, only to know whether there is a next page
        probe=number(limit + 1),
        budget=number(PAGE_BYTES),
    )
    rows = session.execute(statement).fetchall()
    if not rows:  # a statement of its own may have to say that the namespace is gone
        check_version(session, namespace)
        return Page((), None)
    if rows[0][2] != namespace.version:
        raise Stale
    read = HitReader(namespace.id_type, projection, (), EXPORT_COLUMNS)
    position = cast(int, rows[-1][1]) if rows[-1][1] != rows[0][3] else None
    return Page(tuple([read.hit(row, None) for row in rows]), position)


def sample_vectors(
    session: Session,
    namespace: Namespace,
    column: str,
    count: int,
    numbers: tuple[int, int] = (START, END),
) -> list[Vector]:
    """Up to ``count`` vectors of documents with ``low < seq <= high``, drawn at random; one may
    come twice."""
    found = namespace.vector_column(column)
    statement = session.schemas.statement(
        "sample_vectors",
        table=table(session, namespace.table),
        column=identifier(found.column),
        vector=as_vector(identifier("document", found.column), found, session.pgvector.schema),
        count=number(count),
        low=number(numbers[0]),
        high=number(numbers[1]),
    )
    loaded = (load_vector(cast(bytes, row[0])) for row in session.execute(statement))
    return [vector for vector in loaded if vector is not None]


def count_matches(session: Session, namespace: Namespace, condition: Filter, bound: int) -> int:
    """How many documents match a bound filter, counted up to ``bound``."""
    statement = session.schemas.statement(
        "count_documents",
        table=table(session, namespace.table),
        predicate=compile_filter(condition),
        bound=number(bound),
    )
    return cast(int, cast(Row, session.execute(statement).fetchone())[0])
