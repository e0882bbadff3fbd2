"""What the cases of both versions use: their requests, as test_coverage*.py count them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from tests.conformance.case_files import load, load_v1, load_v2
from tests.conformance.wire import Wire, is_object, objects

Steps = Sequence[dict[str, Any]]

SUCCESS = (200, 202)
# a namespace that stands beside the case's own, and an operation whatever its token
BESIDE, TOKEN = re.compile(r"(?<=\})-\w+"), re.compile(r"(?<=/operations/).+")


@cache
def all_steps() -> tuple[dict[str, Any], ...]:
    """All requests of all cases."""
    return tuple(generated())


def generated() -> Iterator[dict[str, Any]]:
    """The requests with ``{v1}`` or ``{v2}`` in the place of ``{ns}``."""
    for own, files in (("{v1}", load_v1()), ("{v2}", load_v2())):
        for case in (case for cases in files.values() for case in cases):
            given = [{"call": "POST {ns}", "body": body} for body in case.get("given", [])]
            for step in [*given, *case["steps"]]:
                call = step["call"].replace("{ns}", own)
                yield {**step, "call": call.replace("/v1/vectors/{namespace}", "{v1}")}


def steps() -> Steps:
    """The requests that are to succeed."""
    return [step for step in all_steps() if step.get("status", 200) in SUCCESS]


def refused() -> Steps:
    """The requests that are to fail."""
    return [step for step in all_steps() if step.get("status", 200) not in SUCCESS]


def call_of(step: Mapping[str, Any]) -> str:
    """The call without parameters, whichever namespace or operation it names."""
    return TOKEN.sub("<token>", BESIDE.sub("", step["call"].partition("?")[0]))


def bodies(call: str, among: Steps | None = None) -> list[dict[str, Any]]:
    """The bodies that are sent with this call, of requests that are to succeed unless said."""
    return [
        step["body"]
        for step in (steps() if among is None else among)
        if call_of(step) == call and isinstance(step.get("body"), dict)
    ]


def queries_of_v2(among: Steps | None = None) -> list[dict[str, Any]]:
    """Single queries, and those inside of several."""
    found = bodies("POST {v2}/query", among)
    return found + [part for body in found for part in objects(body.get("queries"))]


def schemas(among: Steps | None = None) -> list[dict[str, Any]]:
    """The schemas that are sent to namespaces, alone or within writes."""
    sent = steps() if among is None else among
    writes = [body for call in ("POST {v1}", "POST {v2}") for body in bodies(call, sent)]
    return objects([body.get("schema") for body in writes] + bodies("POST {v1}/schema", sent))


def filter_rows() -> list[tuple[str, Wire]]:
    """The filters of ``cases/filters``, with the name of the documents that they are for."""
    files = load("filters/*.json")
    return [(name, row["turbopuffer"]) for name in files for row in files[name]["rows"]]


def leaves_of(wire: Wire) -> Iterator[tuple[str, str, Wire]]:
    """The conditions of a filter in either form, each as attribute, operator and operand."""
    match wire:
        case ["And" | "Or", [*parts]]:
            for part in parts:
                yield from leaves_of(part)
        case ["Not", part]:
            yield from leaves_of(part)
        case [str(attribute), str(operator), operand, *_]:
            yield attribute, operator, operand
        case _ if is_object(wire):
            for attribute, condition in wire.items():
                for single in [condition] if isinstance(condition[0], str) else condition:
                    yield attribute, *single
        case _:
            return


def groups_of(wire: Wire) -> Iterator[str]:
    """The names of groups in a filter."""
    match wire:
        case ["And" | "Or" as name, [*parts]]:
            yield name
            for part in parts:
                yield from groups_of(part)
        case ["Not", part]:
            yield "Not"
            yield from groups_of(part)
        case _:
            return
