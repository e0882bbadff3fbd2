"""The values at a path as SQL: what documents are grouped, counted and ordered by."""

from __future__ import annotations

from decimal import Decimal

import pytest

from service.compile.fragment import Fragment
from service.compile.path_values import facet_values, group_ids, not_before, numbers_at
from service.core.paths import Each, Key, Path
from service.core.query import ByPath

K, DEEP = Path((Key("k"),)), Path((Key("a%"), Each(), Key("b")))
VALUE = "element_1.value"
ROWS = (
    "jsonb_array_elements(CASE jsonb_typeof((attributes -> 'k')) WHEN 'array' THEN"
    " (attributes -> 'k') ELSE jsonb_build_array((attributes -> 'k')) END) AS element_1 (value)"
)


def test_groups_are_the_different_values_unless_one_makes_no_group():
    assert group_ids(K) == Fragment(
        f"SELECT DISTINCT value FROM (SELECT {VALUE} AS value,"
        f" bool_and(CASE jsonb_typeof({VALUE}) WHEN 'string' THEN true"
        f" WHEN 'number' THEN strpos({VALUE} #>> '{{}}', '.') = 0 ELSE false END) OVER () AS fits"
        f" FROM {ROWS} WHERE (attributes -> 'k') IS NOT NULL) AS found WHERE fits"
    )


def test_facets_have_booleans_too():
    text = facet_values(K).text

    assert "WHEN 'string' THEN true WHEN 'boolean' THEN true WHEN 'number'" in text


def test_elements_on_the_way_are_rows():
    text = group_ids(DEEP).text

    assert "(attributes -> 'a%%')" in text
    assert " AS element_1 (value) CROSS JOIN jsonb_array_elements(" in text
    assert "(SELECT element_2.value AS value" in text


def test_numbers_are_within_double_precision_and_times_are_microseconds():
    text = numbers_at(K).text

    assert (
        "greatest(-1e308, least(1e308, (element_1.value #>> '{}')::varchar(320)::numeric))" in text
    )
    assert "WHEN 'string' THEN (SELECT floor(1000000 * (CASE WHEN extract(month FROM day)" in text
    assert text.endswith(f" END AS number FROM {ROWS}")


@pytest.mark.parametrize(
    ("ranking", "condition"),
    [
        (ByPath(K), Fragment("true")),
        (ByPath(K, False, Decimal(3)), Fragment("each.number >= %s", (Decimal(3),))),
        (ByPath(K, True, Decimal(3)), Fragment("each.number <= %s", (Decimal(3),))),
    ],
)
def test_an_order_starts_from_a_value(ranking: ByPath, condition: Fragment):
    assert not_before(ranking) == condition
