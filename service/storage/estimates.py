"""How large things are, without counting them all."""

from __future__ import annotations

from typing import cast

from service.compile.filters import compile_filter
from service.compile.fragment import Fragment, number, raw
from service.core.filters import Filter, without_vectors
from service.core.namespace import Namespace
from service.core.segments import Sample
from service.storage.pool import Session
from service.storage.segments import segment_table
from service.storage.statements import fill
from service.storage.tables import regclass, table

# counted exactly with every search, for a header
SEARCH_BOUND = 200
# counted exactly where the size is what is asked for
DESCRIBE_BOUND = 100_000

# Above the bound the estimate is PostgreSQL's own: rows per page at the last ANALYZE times the
# pages of today. A table never analysed is as large as its span of write numbers, which updates
# overstate.
SIZE = """(
    SELECT CASE WHEN probe.n <= {bound} THEN probe.n ELSE greatest(probe.n, (
        SELECT CASE
            WHEN c.reltuples > 0 AND c.relpages > 0 THEN
                (c.reltuples / c.relpages * pg_relation_size(c.oid)
                    / current_setting('block_size')::integer)::bigint
            ELSE (SELECT max(seq) - min(seq) + 1 FROM {table})
        END
        FROM pg_class c WHERE c.oid = {regclass}
    )) END
    FROM (SELECT count(*) AS n FROM (SELECT FROM {table} LIMIT {probe}) AS few) AS probe
)"""


def size_of(session: Session, namespace: Namespace, bound: int) -> Fragment:
    """A sub-select of the number of documents: exact up to ``bound``, an estimate above."""
    return fill(
        SIZE,
        table=table(session, namespace.table),
        regclass=regclass(table(session, namespace.table)),
        bound=number(bound),
        probe=number(bound + 1),
    )


def share_in_sample(session: Session, sample: Sample, condition: Filter) -> float:
    """The share of a sample's documents that match a bound filter.

    Within a sixth of the truth where one document in a hundred matches; 0 where one in a few
    thousand does.
    """
    statement = session.schemas.statement(
        "count_in_sample",
        sample=segment_table(session, sample.table),
        predicate=compile_filter(without_vectors(condition)),
    )
    row = session.execute(statement).fetchone()
    return cast(int, cast(tuple[object, ...], row)[0]) / max(sample.rows, 1)


def count(session: Session, namespace: Namespace) -> int:
    """Documents of the namespace: exact up to 100,000."""
    row = session.execute(raw("SELECT ") + size_of(session, namespace, DESCRIBE_BOUND)).fetchone()
    return cast(int, cast(tuple[object, ...], row)[0])
