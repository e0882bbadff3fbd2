"""Scores as SQL: one double precision expression for each node; NULL is a missing score.

Nothing here may fail on any document: an error on one would be an error of every query.
"""

from __future__ import annotations

from functools import singledispatch
from typing import LiteralString

from service.compile.attributes import as_number, as_text
from service.compile.filters import compile_filter
from service.compile.fragment import Fragment, constant, joined, raw
from service.core.attributes import Scalar
from service.core.filters import Attribute
from service.core.scores import (
    Constant,
    Decay,
    Distance,
    Matches,
    Max,
    Product,
    Saturate,
    Score,
    Sum,
    Value,
)

# a stored time, as core.attributes.read_datetime spells it; whether the day exists is not asked
TIME = constant(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z$")


@singledispatch
def compile_score(score: Score) -> Fragment:
    """The expression of a bound score; NULL for documents without one.

    Every value is 0 or between 1e-150 and 1e150, so that a product of two never leaves the range of
    double precision, where PostgreSQL raises an error.
    """
    raise TypeError(score)


@compile_score.register
def _constant(score: Constant) -> Fragment:
    return raw("%s::float8", score.value)


@compile_score.register
def _value(score: Value) -> Fragment:
    kind = score.attribute.type
    if kind is not None and kind.scalar is Scalar.DATETIME:
        return as_milliseconds(score.attribute)
    number = as_number(score.attribute)
    # what is so much smaller is 0, what is so much larger is no value
    return (
        raw("(CASE WHEN abs(") + number + raw(") BETWEEN 1e-100 AND 1e100 THEN ") + number
        + raw("::float8 WHEN abs(") + number + raw(") < 1 THEN 0 END)")
    )  # fmt: skip


def as_milliseconds(attribute: Attribute) -> Fragment:
    """A stored time as milliseconds since 1970; NULL for what is none.

    Added up from its parts: a cast would fail on a day that does not exist.
    """
    text = as_text(attribute)

    def part(start: LiteralString, length: LiteralString) -> Fragment:
        return raw("substr(") + text + raw(", ") + raw(start) + raw(", ") + raw(length) + raw(")")

    moment = (
        raw("'1970-01-01'::timestamp + make_interval(years => ") + part("1", "4")
        + raw("::int - 1970, months => ") + part("6", "2") + raw("::int - 1, days => ")
        + part("9", "2") + raw("::int - 1, hours => ") + part("12", "2")
        + raw("::int, mins => ") + part("15", "2") + raw("::int, secs => ")
        + part("18", "6") + raw("::float8)")
    )  # fmt: skip
    return (
        raw("(CASE WHEN ") + text + raw(" ~ ") + TIME + raw(" THEN extract(epoch FROM ")
        + moment + raw(")::float8 * 1000 END)")
    )  # fmt: skip


@compile_score.register
def _matches(score: Matches) -> Fragment:
    return raw("(CASE WHEN ") + compile_filter(score.condition) + raw(" THEN 1 ELSE 0 END)::float8")


@compile_score.register
def _sum(score: Sum) -> Fragment:
    return bounded(joined(" + ", map(present, score.parts)))


@compile_score.register
def _max(score: Max) -> Fragment:
    return raw("greatest(") + joined(", ", map(present, score.parts)) + raw(")")


@compile_score.register
def _product(score: Product) -> Fragment:
    product, *others = map(compile_score, score.parts)
    for other in others:
        product = bounded(product + raw(" * ") + other)
    return product


@compile_score.register
def _distance(score: Distance) -> Fragment:
    return bounded(raw("abs(") + compile_score(score.part) + raw(" - %s::float8)", score.origin))


@compile_score.register
def _saturate(score: Saturate) -> Fragment:
    return sigmoid(score, raw("0"), raw("-"))


@compile_score.register
def _decay(score: Decay) -> Fragment:
    return sigmoid(score, raw("1"), raw(""))


def present(score: Score) -> Fragment:
    """A part that counts as 0 where it is missing."""
    return raw("coalesce(") + compile_score(score) + raw(", 0)")


def bounded(expression: Fragment) -> Fragment:
    """The value within the bounds of all values; evaluated once."""
    # greatest and least pass over a NULL
    limits = (
        raw("CASE WHEN abs(x) < 1e-150 THEN 0 WHEN x IS NOT NULL")
        + raw(" THEN greatest(-1e150, least(1e150, x)) END")
    )  # fmt: skip
    return of_value(limits, expression)


def sigmoid(score: Saturate | Decay, at_zero: Fragment, sign: Fragment) -> Fragment:
    """``1 / (1 + (x / midpoint)^±exponent)``, by logarithms that stay in bounds."""
    power = raw("%s::float8 * (ln(x) - ln(%s::float8))", score.exponent, score.midpoint)
    limited = raw("greatest(-340, least(340, ") + power + raw("))")
    curve = (
        raw("CASE WHEN x IS NULL THEN NULL WHEN x <= 0 THEN ") + at_zero
        + raw(" ELSE 1 / (1 + exp(") + sign + limited + raw(")) END")
    )  # fmt: skip
    return of_value(curve, compile_score(score.part))


def of_value(function: Fragment, expression: Fragment) -> Fragment:
    """A function of ``x``, which is the value of the expression. The OFFSET keeps PostgreSQL from
    writing the expression wherever x stands."""
    return (
        raw("(SELECT ") + function + raw(" FROM (SELECT ") + expression
        + raw(" AS x OFFSET 0) AS part)")
    )  # fmt: skip
