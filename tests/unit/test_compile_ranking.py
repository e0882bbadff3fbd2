"""Distances and orders as SQL."""

import pytest

from service.compile.ranking import column_type, distance, order_by, vector_type
from service.core.attributes import parse_type
from service.core.filters import Attribute, IdField
from service.core.namespace import VectorColumn
from service.core.query import Key, Ordered
from service.core.vectors import Metric, Precision, Vector

ZERO = Vector(bytes(8))
PLAIN = VectorColumn("vector", 2)
HALF = VectorColumn("title", 768, precision=Precision.HALF)
ID = IdField()
NUMBER = (
    "(CASE jsonb_typeof((attributes -> 'n')) WHEN 'number' "
    "THEN (attributes ->> 'n')::varchar(400)::numeric END)"
)

TEXT = "(attributes ->> 'n') COLLATE \"C\""
START = "(attributes ->> 'n')::varchar(256) COLLATE \"C\""

NUMBERED, WORDED = Attribute("n", parse_type("int")), Attribute("n", parse_type("string"))

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
    fragment = distance(PLAIN, ZERO, metric, "public")

    assert fragment.text == sql
    assert fragment.values == (ZERO,)


def test_every_metric_is_in_the_table():
    assert {metric for metric, _ in DISTANCES} == set(Metric)


@pytest.mark.parametrize("metric", Metric)
def test_pgvector_is_named_by_the_schema_that_it_was_found_in(metric: Metric):
    text = distance(PLAIN, ZERO, metric, "heroku_ext").text

    assert '"heroku_ext"' in text
    assert "public" not in text


@pytest.mark.parametrize("metric", Metric)
def test_column_names_are_quoted_and_bind_nothing(metric: Metric):
    fragment = distance(VectorColumn('100%"s', 2), ZERO, metric, "public")

    assert '"vector_100%%""s"' in fragment.text
    assert fragment.values == (ZERO,)


@pytest.mark.parametrize("metric", Metric)
def test_half_precision_is_widened_before_distances_are_computed(metric: Metric):
    text = distance(HALF, ZERO, metric, "ext").text

    assert '("vector_title"::"ext"."vector")' in text


def test_a_vector_column_is_typed_with_its_length():
    assert vector_type("ext").text == '"ext"."vector"'
    assert column_type(PLAIN, "ext").text == '"ext"."vector"(2)'
    assert column_type(HALF, "ext").text == '"ext"."halfvec"(768)'


@pytest.mark.parametrize(("kind", "descending", "sql"), ORDERS)
def test_an_attribute_orders_by_its_type_and_ties_by_id(
    kind: str | None, descending: bool, sql: str
):
    attribute = Attribute("n", parse_type(kind) if kind else None)

    fragment = order_by(Ordered((Key(attribute, descending),)))

    assert fragment.text == sql
    assert fragment.values == ()


# (keys, SQL): the id is the last key unless it is one already
KEYS = [
    ((), "id"),
    ((Key(ID),), "id"),
    ((Key(ID, descending=True),), "id DESC"),
    ((Key(ID), Key(NUMBERED)), f"id, {NUMBER} NULLS FIRST"),
    ((Key(NUMBERED, True), Key(ID, True)), f"{NUMBER} DESC NULLS LAST, id DESC"),
    (
        (Key(NUMBERED), Key(WORDED, True)),
        f"{NUMBER} NULLS FIRST, {START} DESC NULLS LAST, {TEXT} DESC NULLS LAST, id",
    ),
]


@pytest.mark.parametrize(("keys", "sql"), KEYS, ids=range(len(KEYS)))
def test_keys_order_one_after_the_other(keys: tuple[Key, ...], sql: str):
    assert order_by(Ordered(keys)).text == sql


@pytest.mark.parametrize("descending", [False, True])
def test_the_name_of_an_ordering_attribute_is_a_constant(descending: bool):
    key = Key(Attribute("it's 100%", parse_type("string")), descending)

    fragment = order_by(Ordered((key,)))

    assert fragment.text.startswith("(attributes ->> 'it''s 100%%')")
    assert fragment.values == ()
