"""Searches, look-ups and exports: filters and rankings become one statement, rows become hits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from service.compile.filters import compile_filter
from service.compile.fragment import Fragment, constant, identifier, number, raw
from service.compile.ranking import distance, order_by
from service.core.attributes import JsonValue
from service.core.filters import Filter
from service.core.ids import DocumentId
from service.core.namespace import Namespace, VectorColumn
from service.core.plan import EXACT, Plan, Walk
from service.core.query import ByAttribute, ById, Hit, Nearest, Page, Projection, Query, Result
from service.core.segments import END, START, Segment
from service.core.vectors import Metric, Vector
from service.storage import walking
from service.storage.adapters import load_vector
from service.storage.catalog import check_version, version_of
from service.storage.estimates import SEARCH_BOUND, size_of
from service.storage.faults import Stale
from service.storage.pool import Row, Session
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
        columns=compile_columns(namespace, query.projection),
        join=raw("") if query.projection.is_empty else join_table(session, namespace),
    )


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
    read = HitReader(namespace, query.projection, SEARCH_COLUMNS)
    hits = tuple([read.hit(row, cast(float | None, row[1])) for row in rows])
    result = Result(hits, size if known_size is None else known_size)
    return Found(result, index_version, documents, candidates or 0)


def compile_hits(
    session: Session, namespace: Namespace, query: Query, plan: Plan, segments: Sequence[Segment]
) -> Fragment:
    """The inner query: ids and distances, best first."""
    name, limit = table(session, namespace.table), number(query.limit)
    match query.ranking:
        case Nearest(vector, metric, column_name):
            column = namespace.vector_column(column_name)
            distance = compile_distance(session, column, vector, metric)
            if isinstance(plan, Walk):
                search = walking.Search(
                    session, namespace, column, vector, distance, query.filter, query.limit
                )
                return walking.compile_walk(search, segments, plan)
            return session.schemas.statement(
                "query_nearest",
                table=name,
                column=identifier(column.column),
                distance=distance,
                predicate=compile_filter(query.filter),
                limit=limit,
            )
        case ByAttribute() as ranking:
            order = order_by(ranking)
        case ById(descending):
            order = raw("id DESC") if descending else raw("id")
    predicate = compile_filter(query.filter)
    return session.schemas.statement(
        "query_ordered", table=name, predicate=predicate, order=order, limit=limit
    )


def compile_distance(
    session: Session, column: VectorColumn, vector: Vector, metric: Metric | None
) -> Fragment:
    """The distance by the query's metric, else the namespace's, else cosine."""
    wanted = metric or column.metric or Metric.COSINE
    return distance(column.column, vector, wanted, session.pgvector.schema)


def compile_columns(namespace: Namespace, projection: Projection) -> Fragment:
    """What follows the fixed columns: vectors, then all attributes or those asked for."""
    columns, known = raw(""), {column.name: column.column for column in namespace.vectors}
    for name in projection.vectors:
        # documents of a namespace without vectors have none to return
        stored = known.get(name)
        columns += raw(", document.") + identifier(stored) if stored else raw(", NULL")
    if projection.attributes is None:
        return columns + raw(", document.attributes")
    for name in projection.attributes:
        columns += raw(", document.attributes -> ") + constant(name)
    return columns


def join_table(session: Session, namespace: Namespace) -> Fragment:
    name = table(session, namespace.table)
    return raw("\nLEFT JOIN ") + name + raw(" AS document ON document.id = hit.id")


class HitReader:
    """Turns rows of one projection into hits."""

    def __init__(self, namespace: Namespace, projection: Projection, fixed: int) -> None:
        self._vectors = projection.vectors
        self._names = projection.attributes
        self._fixed = fixed
        self._start = fixed + len(projection.vectors)

    def hit(self, row: Row, distance: float | None) -> Hit:
        # a numeric column also where somebody has just made a bigint one wider
        identity = cast(DocumentId, int(row[0]) if isinstance(row[0], Decimal) else row[0])
        return Hit(identity, distance, self.vectors(row), self.attributes(row))

    def vectors(self, row: Row) -> Mapping[str, Vector | None]:
        return {
            name: load_vector(cast(bytes | None, row[self._fixed + index]))
            for index, name in enumerate(self._vectors)
        }

    def attributes(self, row: Row) -> Mapping[str, JsonValue]:
        if self._names is None:
            return cast(Mapping[str, JsonValue], row[self._start])
        values = cast(tuple[JsonValue, ...], row[self._start :])
        return {
            name: value
            for name, value in zip(self._names, values, strict=True)
            if value is not None
        }


def export(session: Session, namespace: Namespace, after: int, limit: int) -> Page:
    """Documents in write order, with everything they have, from behind a position."""
    projection = Projection(None, tuple(column.name for column in namespace.vectors))
    statement = session.schemas.statement(
        "export_documents",
        table=table(session, namespace.table),
        version=version_of(session, namespace),
        columns=compile_columns(namespace, projection),
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
    read = HitReader(namespace, projection, EXPORT_COLUMNS)
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
    statement = session.schemas.statement(
        "sample_vectors",
        table=table(session, namespace.table),
        column=identifier(namespace.vector_column(column).column),
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
