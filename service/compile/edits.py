"""Changes of attributes as SQL: what a document has afterwards, from what it has now."""

from __future__ import annotations

from psycopg.types.json import Jsonb

from service.compile.fragment import Fragment, constant, number, raw
from service.core.edits import AttributeChange, Merge, Remove, Replace
from service.core.errors import InvalidRequest
from service.core.paths import Each, Item, Key, Path, Step

ATTRIBUTES = raw("attributes")


def compile_change(change: AttributeChange) -> Fragment:
    """The attributes of a row of the table after the change."""
    match change:
        case Replace(values):
            return raw("%s::jsonb", Jsonb(values))
        case Merge(values, inside):
            steps = inside.steps if inside else ()
            return merged(ATTRIBUTES, steps, raw("%s::jsonb", Jsonb(values)))
        case Remove(paths):
            return without(paths)


def merged(value: Fragment, steps: tuple[Step, ...], values: Fragment) -> Fragment:
    """An object with ``values`` merged into the object at the path."""
    held = raw("(CASE jsonb_typeof(") + value + raw(") WHEN 'object' THEN ") + value
    held += raw(" ELSE '{}' END)")
    match steps:
        case ():
            return held + raw(" || ") + values
        case (Key(name), *rest):
            part = merged(member(value, name), tuple(rest), values)
            return (
                held
                + raw(" || jsonb_build_object(")
                + constant(name)
                + raw("::text, ")
                + part
                + raw(")")
            )
        case _:
            raise InvalidRequest("attributes are set inside objects: a key has names only")


def without(paths: tuple[Path, ...]) -> Fragment:
    """The attributes with nothing at the paths."""
    names = [name for path in paths if (name := path.name) is not None]
    left = raw("attributes - %s::text[]", names) if names else ATTRIBUTES
    for place, path in enumerate(path for path in paths if path.name is None):
        # each in a query of its own, or the text would double with every path
        value = raw("part_") + number(place) + raw(".value")
        taken = removed(value, path.steps, 0)
        left = (
            raw("(SELECT ") + taken + raw(" FROM (SELECT ") + left
            + raw(" AS value OFFSET 0) AS part_") + number(place) + raw(")")
        )  # fmt: skip
    return left


def removed(value: Fragment, steps: tuple[Step, ...], depth: int) -> Fragment:
    """A value without what is at the path; as it was where the path leads nowhere."""
    match steps:
        case (Key(name),):
            return when(value, "object", value + raw(" - ") + constant(name) + raw("::text"), value)
        case (Item(index),):
            return when(value, "array", value + raw(" - ") + number(index), value)
        case (Each(),):
            return when(value, "array", raw("'[]'"), value)
        case (Key(name), *rest):
            part = removed(member(value, name), tuple(rest), depth + 1)
            changed = (
                raw("CASE WHEN ") + value + raw(" ? ") + constant(name) + raw(" THEN ") + value
                + raw(" || jsonb_build_object(") + constant(name) + raw("::text, ") + part
                + raw(") ELSE ") + value + raw(" END")
            )  # fmt: skip
            return when(value, "object", changed, value)
        case (Item(index), *rest):
            return when(value, "array", each(value, tuple(rest), depth, index), value)
        case (_, *rest):
            return when(value, "array", each(value, tuple(rest), depth, None), value)
        case _:
            return value


def each(value: Fragment, rest: tuple[Step, ...], depth: int, only: int | None) -> Fragment:
    """An array with something removed from all its elements, or from one of them."""
    name = raw("element_") + number(depth)
    part = removed(name + raw(".value"), rest, depth + 1)
    if only is not None:
        part = (
            raw("CASE ") + name + raw(".place WHEN ") + number(only + 1) + raw(" THEN ") + part
            + raw(" ELSE ") + name + raw(".value END")
        )  # fmt: skip
    return (
        raw("(SELECT coalesce(jsonb_agg(") + part + raw(" ORDER BY ") + name
        + raw(".place), '[]') FROM jsonb_array_elements(") + value
        + raw(") WITH ORDINALITY AS ") + name + raw(" (value, place))")
    )  # fmt: skip


def member(value: Fragment, name: str) -> Fragment:
    return raw("(") + value + raw(" -> ") + constant(name) + raw(")")


def when(value: Fragment, kind: str, then: Fragment, otherwise: Fragment) -> Fragment:
    """One of two values, by the JSON type of a third."""
    return (
        raw("(CASE jsonb_typeof(") + value + raw(") WHEN ") + constant(kind) + raw(" THEN ") + then
        + raw(" ELSE ") + otherwise + raw(" END)")
    )  # fmt: skip
