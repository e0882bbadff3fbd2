"""Distances and orders as SQL."""

from __future__ import annotations

from service.compile.attributes import as_number, as_start, as_text
from service.compile.fragment import Fragment, identifier, joined, number, raw
from service.core.filters import Attribute, IdField
from service.core.namespace import VectorColumn
from service.core.query import Key, Ordered
from service.core.vectors import Metric, Precision, Vector


def vector_type(schema: str) -> Fragment:
    """pgvector's ``vector``, in the schema in which the extension was found."""
    return identifier(schema, "vector")


def column_type(column: VectorColumn, schema: str) -> Fragment:
    """The type of a vector column in a namespace's table."""
    name = "vector" if column.precision is Precision.SINGLE else "halfvec"
    return identifier(schema, name) + raw("(") + number(column.dimensions) + raw(")")


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


def as_vector(stored: Fragment, column: VectorColumn, schema: str) -> Fragment:
    """What a namespace's table stores in a column as a ``vector``, whatever its precision."""
    if column.precision is Precision.SINGLE:
        return stored
    return raw("(") + stored + raw("::") + vector_type(schema) + raw(")")


def distance(column: VectorColumn, vector: Vector, metric: Metric, schema: str) -> Fragment:
    """The distance of a column's vectors from ``vector``, as the metric defines it.

    The cosine of a zero vector is NaN in pgvector; here its distance is 1 on every path.
    """
    stored = as_vector(identifier(column.column), column, schema)
    operand = raw("%s::", vector) + vector_type(schema)
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


def order_by(ranking: Ordered) -> Fragment:
    """The ORDER BY list: missing values first, or last when descending; ties by id."""
    keys = [part for key in ranking.keys for part in order_of(key)]
    by_id = any(isinstance(key.field, IdField) for key in ranking.keys)
    return joined(", ", keys if by_id else [*keys, raw("id")])


def order_of(key: Key) -> list[Fragment]:
    """What one key orders by: of a string first the part that an index has, then all of it."""
    if isinstance(key.field, IdField):
        return [raw("id DESC") if key.descending else raw("id")]
    direction = raw(" DESC NULLS LAST") if key.descending else raw(" NULLS FIRST")
    return [expression + direction for expression in comparable(key.field)]


def comparable(attribute: Attribute) -> list[Fragment]:
    """An attribute as expressions whose order, one after the other, is its order."""
    if attribute.type is not None and attribute.type.is_number:
        return [as_number(attribute)]
    return [as_start(attribute), as_text(attribute) + raw(' COLLATE "C"')]
