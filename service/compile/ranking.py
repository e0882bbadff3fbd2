"""Distances and orders as SQL."""

from __future__ import annotations

from service.compile.attributes import as_number, as_start, as_text
from service.compile.fragment import Fragment, identifier, joined, number, raw
from service.core.query import ByAttribute
from service.core.vectors import Metric, Vector


def vector_type(schema: str, dimensions: int | None = None) -> Fragment:
    """pgvector's ``vector``, in the schema in which the extension was found."""
    name = identifier(schema, "vector")
    return name if dimensions is None else name + raw("(") + number(dimensions) + raw(")")


def operator(schema: str, symbol: Fragment) -> Fragment:
    """An operator by its schema: the search path of the connection is not ours to rely on."""
    return raw(" OPERATOR(") + identifier(schema) + raw(".") + symbol + raw(") ")


COSINE = raw("<=>")
OPERATORS = {
    Metric.EUCLIDEAN: raw("<->"),
    Metric.MANHATTAN: raw("<+>"),
    # pgvector's is the negative inner product
    Metric.DOT: raw("<#>"),
}


def distance(column: str, vector: Vector, metric: Metric, schema: str) -> Fragment:
    """The distance of a column's vectors from ``vector``, as the metric defines it.

    The cosine of a zero vector is NaN in pgvector; here its distance is 1 on every path.
    """
    stored, operand = identifier(column), raw("%s::", vector) + vector_type(schema)
    match metric:
        case Metric.COSINE:
            between = stored + operator(schema, COSINE) + operand
            return raw("coalesce(nullif(") + between + raw(", 'NaN'), 1)")
        case Metric.EUCLIDEAN_SQUARED:
            # not the square of a root: 2.0 stays 2.0
            function = identifier(schema, "vector_l2_squared_distance")
            return function + raw("(") + stored + raw(", ") + operand + raw(")")
        case _:
            return stored + operator(schema, OPERATORS[metric]) + operand


def order_by(ranking: ByAttribute) -> Fragment:
    """The ORDER BY list for an attribute: missing values first, or last when descending."""
    attribute = ranking.attribute
    numeric = attribute.type is not None and attribute.type.is_number
    # of a string first the part that an index has, then all of it
    whole = as_text(attribute) + raw(' COLLATE "C"')
    keys = [as_number(attribute)] if numeric else [as_start(attribute), whole]
    direction = raw(" DESC NULLS LAST") if ranking.descending else raw(" NULLS FIRST")
    return joined(", ", [*(key + direction for key in keys), raw("id")])
