"""Distances and orders as SQL."""

from dataclasses import replace

import pytest

from service.compile.ranking import distance, order_by, vector_type
from service.core.attributes import parse_type
from service.core.filters import Attribute
from service.core.query import ByAttribute
from service.core.vectors import Metric, Vector

ZERO = Vector(bytes(8))
NUMBER = (
    "(CASE jsonb_typeof((attributes -> 'n')) WHEN 'number' "
    "THEN (attributes ->> 'n')::varchar(400)::numeric END)"
)

TEXT = "(attributes ->> 'n') COLLATE \"C\""
START = "(attributes ->> 'n')::varchar(256) COLLATE \"C\""

# (metric, SQL)
DISTANCES = [
    (
        Metric.COSINE,
        'coalesce(nullif("vector" OPERATOR("public".<=>) %s::"public"."vector", \'NaN\'), 1)',
    ),
    (Metric.EUCLIDEAN, '"vector" OPERATOR("public".<->) %s::"public"."vector"'),
    (Metric.DOT, '"vector" OPERATOR("public".<#>) %s::"public"."vector"'),
    (Metric.MANHATTAN, '"vector" OPERATOR("public".<+>) %s::"public"."vector"'),
    (
        Metric.EUCLIDEAN_SQUARED,
        '"public"."vector_l2_squared_distance"("vector", %s::"public"."vector")',
    ),
]

# (type, descending, SQL)
ORDERS = [
    ("int", False, f"{NUMBER} NULLS FIRST, id"),
    ("float", True, f"{NUMBER} DESC NULLS LAST, id"),
    ("string", False, f"{START} NULLS FIRST, {TEXT} NULLS FIRST, id"),
    ("datetime", True, f"{START} DESC NULLS LAST, {TEXT} DESC NULLS LAST, id"),
    # missing in every document
    (None, False, f"{START} NULLS FIRST, {TEXT} NULLS FIRST, id"),
]


@pytest.mark.parametrize(("metric", "sql"), DISTANCES)
def test_each_metric_has_its_distance(metric: Metric, sql: str):
    fragment = distance("vector", ZERO, metric, "public")

    assert fragment.text == sql
    assert fragment.values == (ZERO,)


def test_every_metric_is_in_the_table():
    assert {metric for metric, _ in DISTANCES} == set(Metric)


@pytest.mark.parametrize("metric", Metric)
def test_pgvector_is_named_by_the_schema_that_it_was_found_in(metric: Metric):
    text = distance("vector", ZERO, metric, "heroku_ext").text

    assert '"heroku_ext"' in text
    assert "public" not in text


@pytest.mark.parametrize("metric", Metric)
def test_column_names_are_quoted_and_bind_nothing(metric: Metric):
    fragment = distance('vector_100%"s', ZERO, metric, "public")

    assert '"vector_100%%""s"' in fragment.text
    assert fragment.values == (ZERO,)


def test_a_vector_column_is_typed_with_its_length():
    assert vector_type("ext").text == '"ext"."vector"'
    assert vector_type("ext", 768).text == '"ext"."vector"(768)'


@pytest.mark.parametrize(("kind", "descending", "sql"), ORDERS)
def test_an_attribute_orders_by_its_type_and_ties_by_id(
    kind: str | None, descending: bool, sql: str
):
    ranking = ByAttribute(Attribute("n", kind and parse_type(kind)), descending)

    fragment = order_by(ranking)

    assert fragment.text == sql
    assert fragment.values == ()


def test_the_name_of_an_ordering_attribute_is_a_constant():
    ranking = ByAttribute(Attribute("it's 100%", parse_type("string")))

    assert order_by(ranking).text.startswith("(attributes ->> 'it''s 100%%')")
    assert order_by(replace(ranking, descending=True)).values == ()
