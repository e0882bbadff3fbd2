"""Times in free-form JSON as SQL, as ``core/times.py`` reads them."""

from __future__ import annotations

from decimal import Decimal

from service.compile.booleans import all_of
from service.compile.comparisons import OPERATORS
from service.compile.fragment import Fragment, constant, raw
from service.core.bounds import Bounds
from service.core.times import PATTERN

WHOLE = constant(f"^{PATTERN}$")

# p has the pattern's groups, day is the day, unless the month does not have it
SECONDS = raw(
    "CASE WHEN extract(month FROM day) = p[2]::int THEN (day - date '1970-01-01') * 86400.0"
    " + coalesce(p[4]::int, 0) * 3600 + coalesce(p[5]::int, 0) * 60 + coalesce(p[6]::int, 0)"
    " + left('0' || coalesce(p[7], ''), 11)::numeric"
    " - CASE WHEN p[8] ~ '^[+-]' THEN (left(p[8], 1) || '1')::int * (substr(p[8], 2, 2)::int * 3600"
    " + ('0' || substr(replace(p[8], ':', ''), 4))::int * 60) ELSE 0 END END"
)
DAY = raw("make_date(p[1]::int, p[2]::int, 1) + (p[3]::int - 1)")


def is_within(value: Fragment, bounds: Bounds[Decimal]) -> Fragment:
    """Whether a JSON value is the text of a time within the bounds.

    The time is made of its parts: a cast fails on a day that does not exist.
    """
    limits = [raw("seconds") + OPERATORS[order] + raw("%s", one) for order, one in bounds.limits]
    return (
        raw("(SELECT ") + all_of([raw("seconds IS NOT NULL"), *limits]) + raw(" FROM (SELECT ")
        + SECONDS + raw(" AS seconds FROM (SELECT p, ") + DAY
        + raw(" AS day FROM regexp_match(") + value + raw(" #>> '{}', ") + WHOLE
        + raw(") AS p OFFSET 0) AS parts OFFSET 0) AS moment)")
    )  # fmt: skip
