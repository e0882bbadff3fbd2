"""Binding what a search asks to a namespace: fields get their types, names what they stand for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from service.core.aggregation import Aggregation, Count, GroupKey, Total
from service.core.attributes import AttributeType, Scalar, read_datetime
from service.core.binding import bind, check_no_vector
from service.core.errors import InvalidRequest
from service.core.filters import Attribute, Field, IdField
from service.core.likeness import Discovered, InContext, Likened, Recommended, vectors_of
from service.core.namespace import Namespace
from service.core.query import (
    AllBut,
    ByPath,
    Cap,
    Computed,
    Key,
    Named,
    Nearest,
    Ordered,
    Projection,
    Query,
    Ranking,
    Scored,
    Selection,
    Shuffled,
)
from service.core.scores import Distance, Matches, Score, Value, transformed

ID = "id"


def bind_query(query: Query, namespace: Namespace) -> Query:
    """The query with its filter, ranking and projection typed by the namespace's schema.

    Raises:
        InvalidRequest: for what the schema does not allow or does not have.
    """
    return replace(
        query,
        filter=bind(query.filter, namespace),
        ranking=bind_ranking(query.ranking, namespace),
        projection=bind_selection(query.projection, namespace),
        cap=query.cap and bind_cap(query.cap, namespace),
        computed=tuple(check_computed(one, namespace) for one in query.computed),
    )


def bind_ranking(ranking: Ranking, namespace: Namespace) -> Ranking:
    """The ranking with its attributes typed, or its vector checked.

    Raises:
        InvalidRequest: for a vector of another length, or an order by an array.
    """
    match ranking:
        case Nearest(vector, _, column):
            namespace.check_vector(namespace.vector_column(column), vector)
            return ranking
        case Ordered(keys):
            return Ordered(tuple(replace(k, field=ordered_field(k, namespace)) for k in keys))
        case Scored(score):
            return Scored(bind_score(score, namespace))
        case Recommended() | Discovered() | InContext():
            return check_examples(ranking, namespace)
        case ByPath() | Shuffled():
            return ranking


def check_examples(ranking: Likened, namespace: Namespace) -> Likened:
    """The ranking, all of whose examples are as long as the column's vectors."""
    column = namespace.vector_column(ranking.column)
    for vector in vectors_of(ranking):
        namespace.check_vector(column, vector)
    return ranking


def ordered_field(key: Key, namespace: Namespace) -> Field:
    """A field that has an order."""
    if isinstance(key.field, IdField):
        return key.field
    field = typed(key.field, namespace)
    if field.type and field.type.is_array:
        raise InvalidRequest(
            f"💔 cannot order by attribute '{field.name}': it has type {field.type}"
        )
    return field


def typed(attribute: Attribute, namespace: Namespace) -> Attribute:
    """The attribute with the type that the schema gives it, if it does."""
    check_no_vector(attribute, namespace)
    spec = namespace.attributes.get(attribute.name)
    return Attribute(attribute.name, spec and spec.type)


def bind_score(score: Score, namespace: Namespace) -> Score:
    """The expression with typed attributes and bound filters; origins of time as numbers."""

    def bound(node: Score) -> Score:
        match node:
            case Value(attribute):
                return Value(scored_attribute(attribute, namespace))
            case Matches(condition):
                return Matches(bind(condition, namespace))
            case Distance(part, origin):
                return Distance(part, bind_origin(part, origin))
            case _:
                return node

    return transformed(score, bound)


def scored_attribute(attribute: Attribute, namespace: Namespace) -> Attribute:
    field = typed(attribute, namespace)
    if field.type and not is_scored(field.type):
        raise InvalidRequest(
            f"💔 rank_by takes the value of a number or a datetime, but attribute '{field.name}' "
            f"has type {field.type}"
        )
    return field


def is_scored(kind: AttributeType) -> bool:
    return not kind.is_array and (kind.is_number or kind.scalar is Scalar.DATETIME)


def bind_origin(part: Score, origin: float | str) -> float:
    """The origin as a number: of a time, the milliseconds since 1970."""
    of_time = isinstance(part, Value) and part.attribute.type == AttributeType(Scalar.DATETIME)
    if isinstance(origin, str) == of_time or (isinstance(part, Value) and not part.attribute.type):
        return milliseconds(origin) if isinstance(origin, str) else origin
    raise InvalidRequest(
        "💔 the origin of Dist is a time for a datetime attribute, and a number for all others"
    )


def milliseconds(text: str) -> float:
    """A time of ISO 8601 as milliseconds since 1970."""
    try:
        moment = datetime.fromisoformat(f"{read_datetime(text)[:23]}+00:00")
    except (ValueError, OverflowError):
        raise InvalidRequest(f"💔 the origin of Dist is no time: '{text[:64]}'") from None
    return moment.timestamp() * 1000


def bind_selection(selection: Selection, namespace: Namespace) -> Projection:
    """What is returned, as attributes and vectors.

    Raises:
        InvalidRequest: for a name that the schema does not have (turbopuffer, section 3.2).
    """
    vectors = [column.name for column in namespace.vectors]
    match selection:
        case Projection():
            return selection
        case AllBut(names):
            kept = tuple(name for name in vectors if name not in names)
            return Projection(None, kept, tuple(n for n in names if n not in (*vectors, ID)))
        case Named(names):
            for name in names:
                check_known(name, namespace)
            return Projection(
                tuple(name for name in names if name in namespace.attributes),
                tuple(name for name in names if name in vectors),
            )


def check_known(name: str, namespace: Namespace) -> None:
    vectors = (column.name for column in namespace.vectors)
    if name != ID and name not in namespace.attributes and name not in vectors:
        raise InvalidRequest(
            f'💔 attribute "{name}" not found in schema, cannot be part of `include_attributes`. '
            "consider passing `include_attributes=True` to return all attributes"
        )


def bind_cap(cap: Cap, namespace: Namespace) -> Cap:
    return Cap(tuple(typed(attribute, namespace) for attribute in cap.attributes), cap.limit)


def check_computed(computed: Computed, namespace: Namespace) -> Computed:
    namespace.check_vector(namespace.vector_column(computed.column), computed.vector)
    if computed.name in namespace.attributes:
        raise InvalidRequest(f"💔 compute_attributes: '{computed.name}' is a stored attribute")
    return computed


def bind_aggregation(aggregation: Aggregation, namespace: Namespace) -> Aggregation:
    """The aggregation with typed attributes.

    Raises:
        InvalidRequest: for a sum of what is no number, groups by what has no single value.
    """
    functions = {n: bind_function(f, namespace) for n, f in aggregation.functions.items()}
    keys = tuple(bind_key(key, namespace) for key in aggregation.keys)
    condition = bind(aggregation.filter, namespace)
    return replace(aggregation, functions=functions, keys=keys, filter=condition)


def bind_function(function: Count | Total, namespace: Namespace) -> Count | Total:
    if function.attribute is None:
        return function
    field = typed(function.attribute, namespace)
    summable = field.type is None or (field.type.is_number and not field.type.is_array)
    if isinstance(function, Total) and not summable:
        raise InvalidRequest(
            f"💔 Sum needs a number, but attribute '{field.name}' has type {field.type}"
        )
    return replace(function, attribute=field)


def bind_key(key: GroupKey, namespace: Namespace) -> GroupKey:
    field = typed(key.attribute, namespace)
    if field.type and field.type.is_array is not key.each_element:
        needed = "an array" if key.each_element else "a single value: use ForEachUnique"
        raise InvalidRequest(
            f"💔 group_by needs {needed}, but attribute '{field.name}' has type {field.type}"
        )
    return replace(key, attribute=field)
