"""Making a segment: create, fill, index and record, in one transaction.

Whatever ends it half-way leaves nothing. The vectors come through a second connection, a few
thousand in a statement: so the transaction, which may last minutes, holds no lock on the
namespace's table, and the namespace can be dropped meanwhile. That each piece sees a later moment
does no harm: all numbers of the range were visible before, and what is replaced after that has a
number above it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import frexp
from typing import cast

from service.compile.fragment import Fragment, constant, identifier, number, raw
from service.compile.ranking import as_vector
from service.compile.segments import Encoding
from service.core.errors import InvalidRequest, StorageFull
from service.core.index_settings import IndexSettings
from service.core.namespace import Namespace, VectorColumn, short_identifier
from service.core.sealing import Build, build_memory, effort
from service.core.segments import Segment, SegmentKind, kind_for
from service.core.vectors import Metric
from service.storage import catalog, segments
from service.storage.pool import Session
from service.storage.segments import segment_table
from service.storage.tables import id_type, regclass, table

log = logging.getLogger(__name__)

# numbers in the vectors of one statement: some 50 MB
PIECE_NUMBERS = 12_000_000
LEAST_PIECE = 500
# with fewer rows a second process costs more than it saves
PARALLEL_ROWS = 20_000
# below, the first guess is good enough: nearly all of a small segment is looked at
FIRST_EF_SEARCH = 64
# lengths looked at for a scale; vectors of about the length of their dimensions need none
SCALE_ROWS = 200
UNSCALED = range(-6, 9)
MIB = 1024 * 1024
LEAST_MEMORY = 64 * MIB


@dataclass(frozen=True, slots=True)
class Resources:
    """What a build may take: bytes of memory, and processes beside the one that leads."""

    memory: int
    workers: int


@dataclass(frozen=True, slots=True)
class Task:
    """One segment to be made."""

    namespace: Namespace
    column: VectorColumn
    build: Build
    settings: IndexSettings


def build_segment(session: Session, reader: Session, task: Task, resources: Resources) -> Segment:
    """Make the segment in the session's transaction; returns it as recorded.

    Vectors that PostgreSQL refuses to convert make a segment without an index: its documents are
    scanned, which is right, and tried again when it is merged.

    Raises:
        Stale: when the namespace or the list has changed meanwhile.
    """
    session.without_timeout()
    announce(session, task.namespace)
    kind = kind_for(task.column.dimensions)
    try:
        return make(session, reader, task, resources, kind)
    except InvalidRequest as error:
        # ids of a wider type than they were a moment ago are refused too
        catalog.check_version(reader, task.namespace)
        log.warning("%s is scanned, no index holds it: %s", task.namespace.name, error)
        return make(session, reader, task, resources, SegmentKind.EXACT)
    except StorageFull:
        if not resources.workers:
            raise
        # the processes of a parallel build share memory that a container may not have
        return make(session, reader, task, replace(resources, workers=0), kind)


def make(
    session: Session, reader: Session, task: Task, resources: Resources, kind: SegmentKind
) -> Segment:
    metric = task.column.metric or Metric.COSINE
    with session.savepoint():
        documents = segments.file_of(session, task.namespace)
        name = new_name(session, task.namespace)
        factor = scale(reader, task, metric)
        encoding = Encoding(kind, metric, task.column.dimensions, factor, session.pgvector.schema)
        create(session, task, name, encoding)
        rows = 0 if kind is SegmentKind.EXACT else fill(reader, session, task, name, encoding)
        remainder = index(session, task, name, encoding, resources, rows) if rows else 0
        made = Segment(
            name, task.build.low, task.build.high, rows, rows, remainder, kind, metric, factor,
            FIRST_EF_SEARCH, measured=False,
        )  # fmt: skip
        segments.record(session, task.namespace, documents, task.column, made, task.build.replaced)
    return made


def announce(session: Session, namespace: Namespace) -> None:
    """Let the view of segments find this transaction."""
    name = constant(f"vectable build {namespace.id}")
    session.execute(raw("SELECT set_config('application_name', ") + name + raw(", true)"))


def new_name(session: Session, namespace: Namespace) -> str:
    """A name that no segment of the namespace had before."""
    row = session.execute(
        raw("SELECT nextval(")
        + regclass(identifier(session.schemas.catalog, "versions"))
        + raw(")")
    ).fetchone()
    return short_identifier(namespace.table, str(cast(tuple[object, ...], row)[0]))


def create(session: Session, task: Task, name: str, encoding: Encoding) -> None:
    column = f"column {task.column.name}, documents {task.build.low} < seq <= {task.build.high}"
    session.define(
        session.schemas.statement(
            "create_segment",
            segment=segment_table(session, name),
            id_type=id_type(task.namespace.id_type),
            vector_type=encoding.column_type(),
            comment=constant(f"Vectable segment of {task.namespace.name}, {column}"),
        )
    )


def fill(reader: Session, session: Session, task: Task, name: str, encoding: Encoding) -> int:
    """Copy the vectors of the range; returns how many."""
    into = session.schemas.statement("fill_segment", segment=segment_table(session, name))
    rows = 0
    for low, high in pieces(reader, task):
        source = reader.schemas.statement(
            "copy_vectors",
            table=table(reader, task.namespace.table),
            column=identifier(task.column.column),
            stored=encoding.stored(as_stored(reader, task.column)),
            low=number(low),
            high=number(high),
        )
        with reader.unhurried():
            rows += reader.pipe(source, session, into)
    return rows


def pieces(reader: Session, task: Task) -> Iterator[tuple[int, int]]:
    """The range in pieces; numbers without documents, as updates leave them, are stepped over."""
    low = task.build.low
    piece = max(LEAST_PIECE, PIECE_NUMBERS // task.column.dimensions)
    while low < task.build.high:
        statement = reader.schemas.statement(
            "first_number", table=table(reader, task.namespace.table), low=number(low)
        )
        row = cast(tuple[int | None], reader.execute(statement).fetchone())
        if row[0] is None or row[0] > task.build.high:
            return
        high = min(row[0] - 1 + piece, task.build.high)
        yield row[0] - 1, high
        low = high


def index(
    session: Session, task: Task, name: str, encoding: Encoding, resources: Resources, rows: int
) -> int:
    """Build the index; returns how many rows it does not hold."""
    memory = build_memory(rows, task.column.dimensions, task.settings, resources.memory)
    workers = resources.workers if rows >= PARALLEL_ROWS else 0
    session.define(
        session.schemas.statement(
            "index_segment",
            segment=segment_table(session, name),
            index=identifier(short_identifier(name, "hnsw")),
            operator_class=encoding.operator_class(),
            memory=constant(f"{max(memory, LEAST_MEMORY) // 1024}kB"),
            workers=number(workers),
            m=number(task.settings.m),
            ef_construction=number(effort(rows, task.settings)),
        )
    )
    counted = session.execute(
        session.schemas.statement("count_segment", segment=segment_table(session, name))
    ).fetchone()
    remainder = cast(tuple[int, int], counted)[1]
    if remainder:
        session.define(
            session.schemas.statement(
                "index_remainder",
                segment=segment_table(session, name),
                index=identifier(short_identifier(name, "rest")),
            )
        )
    return remainder


def as_stored(session: Session, column: VectorColumn) -> Fragment:
    """The table's vectors as single precision."""
    return as_vector(identifier(column.column), column, session.pgvector.schema)


def scale(reader: Session, task: Task, metric: Metric) -> float:
    """A power of two that brings components to about 1, when they are far from it."""
    if metric is Metric.COSINE:
        return 1.0
    vector_norm = identifier(reader.pgvector.schema, "vector_norm")
    statement = reader.schemas.statement(
        "typical_length",
        table=table(reader, task.namespace.table),
        column=identifier(task.column.column),
        length=vector_norm + raw("(") + as_stored(reader, task.column) + raw(")"),
        low=number(task.build.low),
        high=number(task.build.high),
        rows=number(SCALE_ROWS),
    )
    with reader.unhurried():
        row = reader.execute(statement).fetchone()
    length = cast(float, cast(tuple[object, ...], row)[0] or 1.0)
    exponent = frexp(length / task.column.dimensions**0.5)[1]
    return 1.0 if exponent in UNSCALED else 2.0 ** min(max(-exponent, -100), 100)
