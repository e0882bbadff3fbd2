"""``aggregate_by`` and ``group_by`` (section 8.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from service.core.aggregation import (
    MAX_FUNCTIONS,
    MAX_GROUPS,
    MAX_KEYS,
    Aggregation,
    Count,
    GroupKey,
    Total,
)
from service.core.attributes import check_name
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import Attribute, Filter
from service.dialects.turbopuffer.names import ID, TARGET
from service.dialects.turbopuffer.wire import Wire, shortened

ONLY_ID = frozenset({ID})


def parse_aggregation(
    functions: Wire, keys: Wire, condition: Filter, limit: int | None
) -> Aggregation:
    """Functions by label, over all documents or by group.

    Raises:
        InvalidRequest: for unknown functions, and a limit where there are no groups.
    """
    if not isinstance(functions, dict):
        raise MalformedRequest(f"{TARGET}aggregate_by: expected a map of labels to functions")
    if not functions:
        raise InvalidRequest("💔 aggregate_by needs at least one function")
    if len(functions) > MAX_FUNCTIONS:
        raise InvalidRequest(f"💔 aggregate_by takes at most {MAX_FUNCTIONS} functions")
    read = {label: parse_function(f) for label, f in cast(Mapping[str, Wire], functions).items()}
    if keys is None:
        if limit is not None:
            raise InvalidRequest(
                "💔 top_k is not supported in aggregation queries without group_by"
            )
        return Aggregation(read, filter=condition)
    groups = parse_keys(keys)
    clash = {key.name for key in groups} & read.keys()
    if clash:
        raise InvalidRequest(f"💔 '{min(clash)}' is both a group key and an aggregate")
    return Aggregation(read, groups, condition, MAX_GROUPS if limit is None else limit)


def parse_function(wire: Wire) -> Count | Total:
    match wire:
        case ["Count"] | ["Count", "id"]:
            return Count()
        case ["Count", str(name)]:
            return Count(attribute(name))
        case ["Sum", str(name)]:
            return Total(attribute(name))
        case [str(function), *_]:
            raise InvalidRequest(
                f'💔 aggregate_by: cannot read {shortened(function)}, expected ["Count"] or '
                '["Sum", attribute]'
            )
        case _:
            raise MalformedRequest(
                f"{TARGET}aggregate_by: data did not match any variant of untagged enum AggregateBy"
            )


def parse_keys(wire: Wire) -> tuple[GroupKey, ...]:
    if not isinstance(wire, list):
        raise MalformedRequest(f"{TARGET}group_by: expected a sequence")
    if not 1 <= len(wire) <= MAX_KEYS:
        raise InvalidRequest(f"💔 group_by takes 1 to {MAX_KEYS} keys")
    keys = tuple(parse_key(key) for key in wire)
    if len({key.name for key in keys}) < len(keys):
        raise InvalidRequest("💔 the keys of group_by have different names")
    return keys


def parse_key(wire: Wire) -> GroupKey:
    match wire:
        case str():
            return GroupKey(wire, attribute(wire))
        case dict() if len(wire) == 1:
            name, function = next(iter(wire.items()))
            match function:
                case ["ForEachUnique", str(exploded)]:
                    return GroupKey(name, attribute(exploded), each_element=True)
                case _:
                    pass
        case _:
            pass
    raise MalformedRequest(
        f"{TARGET}group_by: data did not match any variant of untagged enum GroupBy"
    )


def attribute(name: str) -> Attribute:
    check_name(name, ONLY_ID)
    return Attribute(name)
