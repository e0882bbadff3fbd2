"""Searches, look-ups and exports: filters and rankings become one statement, rows become hits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from service.compile.filters import compile_filter
from service.compile.fragment import Fragment, constant, identifier, number, raw
from service.compile.ranking import distance, order_by
from service.core.attributes import JsonValue
from service.core.filters import Filter
from service.core.ids import DocumentId
from service.core.namespace import Namespace, VectorColumn
from service.core.query import ByAttribute, ById, Hit, Nearest, Page, Projection, Query, Result
from service.core.vectors import Metric, Vector
from service.storage.adapters import load_vector
from service.storage.catalog import version_of
from service.storage.estimates import SEARCH_BOUND, size_of
from service.storage.faults import Stale
from service.storage.pool import Row, Session
from service.storage.tables import table

# id, distance (or seq), version, size (or last); then what the projection asks for
FIXED_COLUMNS = 4
# attributes of one page of an export, as stored: mostly compressed, several times more as JSON
PAGE_BYTES = 16 * 1024 * 1024


def search(session: Session, namespace: Namespace, query: Query) -> Result:
    """The best documents for a bound query (``core.binding``), and the namespace's size.

    Raises:
        Stale: when the namespace is no longer as it was read.
    """
    statement = session.schemas.statement(
        "query_documents",
        hits=compile_hits(session, namespace, query),
        version=version_of(session, namespace),
        size=size_of(session, namespace, SEARCH_BOUND),
        columns=compile_columns(namespace, query.projection),
        join=raw("") if query.projection.is_empty else join_table(session, namespace),
    )
    rows = session.execute(statement).fetchall()
    size = check_state(session, namespace, rows)
    read = HitReader(namespace, query.projection)
    return Result(tuple([read.hit(row, cast(float | None, row[1])) for row in rows]), size)


def search_exactly(session: Session, namespace: Namespace, query: Query) -> Result:
    """The answer by a scan of all that matches: the truth that searches are held against.

    Without index segments it is the path of every search.
    """
    return search(session, namespace, query)


def compile_hits(session: Session, namespace: Namespace, query: Query) -> Fragment:
    """The inner query: ids and distances, best first."""
    name, predicate = table(session, namespace.table), compile_filter(query.filter)
    limit = number(query.limit)
    match query.ranking:
        case Nearest(vector, metric, column_name):
            column = namespace.vector_column(column_name)
            return session.schemas.statement(
                "query_nearest",
                table=name,
                column=identifier(column.column),
                distance=compile_distance(session, column, vector, metric),
                predicate=predicate,
                limit=limit,
            )
        case ByAttribute() as ranking:
            order = order_by(ranking)
        case ById(descending):
            order = raw("id DESC") if descending else raw("id")
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
    return raw(" JOIN ") + table(session, namespace.table) + raw(" AS document USING (id)")


class HitReader:
    """Turns rows of one projection into hits."""

    def __init__(self, namespace: Namespace, projection: Projection) -> None:
        self._vectors = projection.vectors
        self._names = projection.attributes
        self._start = FIXED_COLUMNS + len(projection.vectors)

    def hit(self, row: Row, distance: float | None) -> Hit:
        # a numeric column also where somebody has just made a bigint one wider
        identity = cast(DocumentId, int(row[0]) if isinstance(row[0], Decimal) else row[0])
        return Hit(identity, distance, self.vectors(row), self.attributes(row))

    def vectors(self, row: Row) -> Mapping[str, Vector | None]:
        return {
            name: load_vector(cast(bytes | None, row[FIXED_COLUMNS + index]))
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


def check_state(session: Session, namespace: Namespace, rows: list[Row]) -> int:
    """The size (or the last position) that the rows carry, after a look at their version.

    An answer without rows carries neither, so both are asked for. Versions only grow: one that is
    still the same was so when the statement ran.
    """
    if rows:
        version, size = rows[0][2], rows[0][3]
    else:
        state = session.schemas.statement(
            "namespace_state",
            version=version_of(session, namespace),
            size=size_of(session, namespace, SEARCH_BOUND),
        )
        version, size = cast(Row, session.execute(state).fetchone())
    if version != namespace.version:
        raise Stale
    return cast(int, size)


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
    last = check_state(session, namespace, rows)
    read = HitReader(namespace, projection)
    position = cast(int, rows[-1][1]) if rows and rows[-1][1] != last else None
    return Page(tuple([read.hit(row, None) for row in rows]), position)


def sample_vectors(session: Session, namespace: Namespace, column: str, count: int) -> list[Vector]:
    """Up to ``count`` vectors of the namespace, drawn at random; one may come twice."""
    statement = session.schemas.statement(
        "sample_vectors",
        table=table(session, namespace.table),
        column=identifier(namespace.vector_column(column).column),
        count=number(count),
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
