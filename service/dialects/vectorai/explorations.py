"""What all queries by example have in common (sections 8 and 12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from service.core.exploration import Aim, Example, Exploration, Lookup
from service.core.ids import kind_of
from service.core.vectors import Vector
from service.dialects.vectorai.bodies import (
    MAX_LIMIT,
    Request,
    an_object,
    load,
    malformed,
    name,
    required_name,
)
from service.dialects.vectorai.ids import parse_id
from service.dialects.vectorai.searches import MAX_BATCH, Common
from service.dialects.vectorai.selections import Shown
from service.dialects.vectorai.vectors import column_name, parse_vector


class LookupRequest(Request):
    """``lookup_from``: where examples that are ids have their vectors."""

    collection = required_name()
    vector = name()


class Exploring(Common):
    """The fields of every query that ranks points by examples."""

    lookup_from = an_object()

    def asked(self, data: Mapping[str, Any], aim: Aim, stages: Sequence[Exploration] = ()) -> Asked:
        """A query of these fields, with an aim of its own."""
        shown = self.shown(data)
        check_depth(data["limit"], data["offset"])
        request = Exploration(
            aim,
            column=column_name(data["using"] or ""),
            filter=self.condition(data),
            limit=data["limit"],
            offset=data["offset"],
            threshold=data["score_threshold"],
            projection=shown.selection,
            lookup=read_lookup(data["lookup_from"]),
            exact=self.is_exact(data),
            stages=tuple(stages),
        )
        return Asked(request, shown)


LOOKUP = LookupRequest()


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and what of each point is shown."""

    request: Exploration
    shown: Shown


def check_depth(limit: int, offset: int) -> None:
    """Refuse to go deeper than the largest limit."""
    if limit + offset > MAX_LIMIT:
        raise malformed("offset", f"limit and offset together are at most {MAX_LIMIT}")


def read_lookup(wire: Mapping[str, object] | None) -> Lookup | None:
    if wire is None:
        return None
    data = load(LOOKUP, wire, "lookup_from")
    vector = data["vector"]
    return Lookup(data["collection"], None if vector is None else column_name(vector))


def parse_example(wire: object, field: str) -> Example:
    """One example: a vector, or the id of a point.

    Raises:
        InvalidRequest: for what is neither.
    """
    match wire:
        case None:
            raise malformed(field, "missing field")
        case list():
            return parse_vector(cast(object, wire), field)
        case dict():
            named = cast(Mapping[str, object], wire)
            return parse_id(named["id"]) if "id" in named else parse_named(named, field)
        case _:
            return parse_id(wire)


def parse_named(wire: Mapping[str, object], field: str) -> Vector:
    """A vector in an object."""
    return parse_vector(wire.get("vector", wire), field)


def parse_examples(wire: object, field: str) -> tuple[Example, ...]:
    """A list of examples; absent is empty."""
    if wire is None:
        return ()
    return tuple(
        parse_example(one, f"{field}[{place}]") for place, one in enumerate(a_list(wire, field))
    )


def a_list(wire: object, field: str) -> Sequence[object]:
    if not isinstance(wire, list):
        raise malformed(field, f"invalid type: {kind_of(wire)}, expected a list")
    return cast(Sequence[object], wire)


def read_batch(body: Mapping[str, object], *fields: str) -> tuple[str, Sequence[object]]:
    """The queries of a batch, and the name of the field that has them.

    Raises:
        MalformedRequest: when none of the fields is there, or there are too many queries.
    """
    field = next((one for one in fields if body.get(one) is not None), fields[0])
    if body.get(field) is None:
        raise malformed(field, "missing field")
    queries = a_list(body[field], field)
    if len(queries) > MAX_BATCH:
        raise malformed(field, f"a batch has at most {MAX_BATCH} queries, got {len(queries)}")
    return field, queries
