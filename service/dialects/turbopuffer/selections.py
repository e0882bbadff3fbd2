"""What v2 queries return of each document (section 8.1)."""

from __future__ import annotations

from service.core.attributes import MAX_ATTRIBUTES, check_name
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.query import AllBut, Computed, Named, Projection, Selection
from service.dialects.turbopuffer.names import ID, TARGET
from service.dialects.turbopuffer.vectors import parse_vector
from service.dialects.turbopuffer.wire import Wire

MAX_COMPUTED = 16


def read_selection(include: Wire, exclude: Wire) -> Selection:
    """What is returned of each document beside its id."""
    if include is not None and exclude is not None:
        raise InvalidRequest("💔 cannot specify both include_attributes and exclude_attributes")
    if exclude is not None:
        return AllBut(read_names("exclude_attributes", exclude))
    match include:
        case None | False | []:
            return Projection()
        case True:
            return AllBut()
        case _:
            return Named(read_names("include_attributes", include))


def read_names(field: str, wire: Wire) -> tuple[str, ...]:
    if not isinstance(wire, list) or not all(isinstance(name, str) for name in wire):
        raise MalformedRequest(f"{TARGET}{field}: expected an array of names")
    names = tuple(dict.fromkeys(str(name) for name in wire))
    if len(names) > MAX_ATTRIBUTES:
        raise InvalidRequest(f"💔 {field} has more than {MAX_ATTRIBUTES} names")
    for name in names:
        check_name(name, frozenset())
    return names


def read_computed(wire: Wire) -> tuple[Computed, ...]:
    """``compute_attributes``: names of distances."""
    if wire is None:
        return ()
    if not isinstance(wire, dict) or len(wire) > MAX_COMPUTED:
        raise MalformedRequest(
            f"{TARGET}compute_attributes: expected a map of up to {MAX_COMPUTED} names"
        )
    return tuple(read_computation(name, function) for name, function in wire.items())


def read_computation(name: str, wire: Wire) -> Computed:
    check_name(name, frozenset({ID}))
    match wire:
        case [str(column), "VectorDist", vector]:
            return Computed(name, column, parse_vector(vector))
        case ["Highlight", *_] | [_, "Highlight", *_]:
            raise InvalidRequest(
                "💔 Highlight needs full-text search, which this server does not have"
            )
        case _:
            raise MalformedRequest(
                f'{TARGET}compute_attributes.{name}: expected [attribute, "VectorDist", vector]'
            )
