"""The values at a path as rows: what documents are grouped, counted and ordered by."""

from __future__ import annotations

from service.compile.fragment import Fragment, raw
from service.compile.paths import rows_of, values_at
from service.compile.times import DAY, SECONDS, WHOLE
from service.core.paths import Path
from service.core.query import ByPath

# values are returned in double precision, which ends there; a number with more digits than that
# behind its point is cut to something that it can hold
LARGEST = raw("1e308")


def group_ids(path: Path) -> Fragment:
    """A query of one document's different strings and integers, in a column ``value``; of none for
    a document that has anything else at the path."""
    (rows, value), (_, end) = values_at(path), rows_of(path)
    return (
        raw("SELECT DISTINCT value FROM (SELECT ") + value + raw(" AS value, bool_and(")
        + is_discrete(value, raw("")) + raw(") OVER () AS fits FROM ") + rows + raw(" WHERE ")
        + end.value + raw(" IS NOT NULL) AS found WHERE fits")
    )  # fmt: skip


def facet_values(path: Path) -> Fragment:
    """A query of one document's different strings, integers and booleans, in a column ``value``."""
    rows, value = values_at(path)
    return (
        raw("SELECT DISTINCT ") + value + raw(" AS value FROM ") + rows + raw(" WHERE ")
        + is_discrete(value, raw("WHEN 'boolean' THEN true "))
    )  # fmt: skip


def is_discrete(value: Fragment, more: Fragment) -> Fragment:
    # JSONB spells a number as it was written: without a point it is an integer
    return (
        raw("CASE jsonb_typeof(") + value + raw(") WHEN 'string' THEN true ") + more
        + raw("WHEN 'number' THEN strpos(") + value + raw(" #>> '{}', '.') = 0 ELSE false END")
    )  # fmt: skip


def numbers_at(path: Path) -> Fragment:
    """A query of one document's different numbers and times, in a column ``number``; NULL for all
    else."""
    rows, value = values_at(path)
    return (
        raw("SELECT DISTINCT CASE jsonb_typeof(") + value
        + raw(") WHEN 'number' THEN greatest(-") + LARGEST
        + raw(", least(") + LARGEST + raw(", (") + value
        + raw(" #>> '{}')::varchar(320)::numeric)) WHEN 'string' THEN ") + microseconds(value)
        + raw(" END AS number FROM ") + rows
    )  # fmt: skip


def microseconds(value: Fragment) -> Fragment:
    """The time that a JSON string spells, since 1970; NULL when it is none."""
    return (
        raw("(SELECT floor(1000000 * (") + SECONDS + raw(")) FROM (SELECT p, ") + DAY
        + raw(" AS day FROM regexp_match(") + value + raw(" #>> '{}', ") + WHOLE
        + raw(") AS p OFFSET 0) AS parts)")
    )  # fmt: skip


def not_before(ranking: ByPath) -> Fragment:
    """The condition that a number does not come before the one to start from."""
    if ranking.start is None:
        return raw("true")
    order = raw(" <= ") if ranking.descending else raw(" >= ")
    return raw("each.number") + order + raw("%s", ranking.start)
