"""Statements as a DBA is shown them: numbered parameters, their values, the plan in words."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from service.core.plan import EXACT, Plan, Situation, Walk
from service.core.segments import Segment, SegmentKind
from service.core.vectors import Metric, Vector
from service.engine.describing import Explanation, describe
from service.storage.explaining import SHOWN_CHARACTERS, Explained, numbered, shown

# (text as psycopg takes it, as psql does)
TEXTS = [
    ("SELECT 1", "SELECT 1"),
    ("a = %s AND b = %s", "a = $1 AND b = $2"),
    ("%s::vector, %s::text[]", "$1::vector, $2::text[]"),
    ("a LIKE 'x%%' AND b = %s", "a LIKE 'x%' AND b = $1"),
    ("(attributes ->> '100%%s') = %s", "(attributes ->> '100%s') = $1"),
    ("'%%%s'", "'%$1'"),
    ("'%%%%'", "'%%'"),
    (", ".join(["%s"] * 11), ", ".join(f"${n}" for n in range(1, 12))),
]


@pytest.mark.parametrize(("text", "as_psql"), TEXTS)
def test_parameters_are_numbered_and_percent_signs_as_they_were(text: str, as_psql: str):
    assert numbered(text) == as_psql


# (value, what is shown)
VALUES: list[tuple[object, str]] = [
    (7, "7"),
    ("it's", '"it\'s"'),
    (None, "None"),
    ([1, 2], "[1, 2]"),
    (Vector(bytes(12)), "a vector of 3 dimensions"),
    (Jsonb({"a": [True]}), "{'a': [True]}"),
    ("x" * 500, "'" + "x" * (SHOWN_CHARACTERS - 1) + "…"),
]


@pytest.mark.parametrize(("value", "text"), VALUES, ids=lambda value: str(value)[:20])
def test_a_value_is_shown_short(value: object, text: str):
    assert shown(value) == text


EXPLAINED = Explained("SELECT $1", ("7",), ("Result", "  Output: 7"))
SEGMENT = Segment("s", 0, 100, 90, 80, 0, SegmentKind.HALFVEC, Metric.COSINE)
KNOWN = Situation(10, (SEGMENT,), 5)
FILTERED = Situation(10, (SEGMENT,), -1, matches=3.4, served=True)


def test_an_explanation_has_the_statement_its_values_and_the_plan():
    text = describe(Explanation(EXACT, None, EXPLAINED))

    sections = text.split("\n\n")
    assert [section.splitlines()[0] for section in sections] == [
        "-- plan", "-- statement", "-- values", "-- PostgreSQL's plan",
    ]  # fmt: skip
    assert sections[1:] == [
        "-- statement\nSELECT $1",
        "-- values\n  $1 = 7",
        "-- PostgreSQL's plan\nResult\n  Output: 7",
    ]


def test_a_statement_without_values_has_no_section_for_them():
    text = describe(Explanation(EXACT, None, Explained("SELECT 1", (), ())))

    assert "-- values" not in text


WALK = Walk(30, 400, 20, otherwise=EXACT)
WIDER = Walk(30, 400, 20, otherwise=Walk(60, 800, 20))
# (plan, what it was chosen from, words)
PLANS: list[tuple[Plan | None, Situation | None, list[str]]] = [
    (None, None, ["aggregate: one statement over all documents that match"]),
    (EXACT, None, ["exact: no segment stands for documents in this order"]),
    (EXACT, KNOWN, ["exact: reading every document that matches is the cheapest way"]),
    (
        EXACT,
        KNOWN,
        ["1 segments of 80 documents, about 5 documents without one, 10 wanted; no filter"],
    ),
    (
        EXACT,
        FILTERED,
        ["about 0 documents without one", "about 3 match the filter, found by an index"],
    ),
    (WALK, KNOWN, ["until 30 candidates match, or 400 were looked at", "fewer than 20 candidates"]),
    (WALK, KNOWN, ["too few hits: a scan follows"]),
    (WIDER, KNOWN, ["too few hits: a wider walk, then a scan follows"]),
]


@pytest.mark.parametrize(("plan", "situation", "words"), PLANS, ids=range(len(PLANS)))
def test_a_plan_is_told_in_words(plan: Plan | None, situation: Situation | None, words: list[str]):
    text = describe(Explanation(plan, situation, EXPLAINED))

    assert [part for part in words if part not in text] == []


def test_a_filter_that_no_index_serves_is_said_to_be_scanned():
    scanned = Situation(10, (SEGMENT,), 5, matches=3.4, served=False)

    assert "no index finds them" in describe(Explanation(EXACT, scanned, EXPLAINED))
