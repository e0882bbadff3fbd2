"""Aggregations as one statement each; no document leaves the database."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from service.compile.aggregation import compile_elements, compile_functions, compile_keys, order_of
from service.compile.filters import compile_filter
from service.compile.fragment import Fragment, joined, number
from service.core.aggregation import Aggregates, Aggregation, Group
from service.core.attributes import JsonScalar
from service.core.namespace import Namespace
from service.storage.adapters import read_float, read_integer
from service.storage.catalog import version_of
from service.storage.estimates import SEARCH_BOUND, size_of
from service.storage.faults import Stale
from service.storage.pool import Row, Session
from service.storage.tables import table

# version, size, whether there is a group; then keys and functions
FIXED = 3


def aggregate(session: Session, namespace: Namespace, aggregation: Aggregation) -> Aggregates:
    """The groups of a bound aggregation (``core.query_binding``), in the order of their keys.

    Raises:
        Stale: when the namespace is no longer as it was read.
    """
    statement = compile_aggregation(session, namespace, aggregation)
    rows = session.execute(statement).fetchall()
    if not rows or rows[0][0] != namespace.version:
        raise Stale
    size = cast(int, rows[0][1])
    return Aggregates(tuple(read_group(row, aggregation) for row in rows if row[2]), size)


def compile_aggregation(
    session: Session, namespace: Namespace, aggregation: Aggregation
) -> Fragment:
    """The one statement of an aggregation."""
    return session.schemas.statement(
        "aggregate",
        version=version_of(session, namespace),
        size=size_of(session, namespace, SEARCH_BOUND),
        found=compile_groups(session, namespace, aggregation),
    )


def compile_groups(session: Session, namespace: Namespace, aggregation: Aggregation) -> Fragment:
    """The inner query: one row for each group, keys before functions."""
    holes = {
        "table": table(session, namespace.table),
        "functions": compile_functions(aggregation),
        "predicate": compile_filter(aggregation.filter),
    }
    if not aggregation.keys:
        return session.schemas.statement("aggregate_all", **holes)
    places = joined(", ", [number(place + 1) for place in range(len(aggregation.keys))])
    return session.schemas.statement(
        "aggregate_groups",
        keys=compile_keys(aggregation),
        elements=compile_elements(aggregation),
        places=places,
        order=order_of(aggregation),
        limit=number(aggregation.limit),
        **holes,
    )


def read_group(row: Row, aggregation: Aggregation) -> Group:
    values = row[FIXED:]
    keys = cast(tuple[JsonScalar | None, ...], values[: len(aggregation.keys)])
    found = (as_json_number(value) for value in values[len(aggregation.keys) :])
    return Group(
        {key.name: value for key, value in zip(aggregation.keys, keys, strict=True)},
        dict(zip(aggregation.functions, found, strict=True)),
    )


def as_json_number(value: object) -> float:
    """A count, or a sum: an integer where all that was added up are integers of 64 bits."""
    if not isinstance(value, Decimal):
        return cast(int, value)
    if value == value.to_integral_value() and cast(int, value.as_tuple().exponent) >= 0:
        return read_integer(str(int(value)))
    return read_float(str(value))
