"""The files of ``cases/vectorai``: what their cases start from, as requests.

A collection that a case starts from is {"create": body, "points": […]}: both are requests of the
case like its own steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.conformance.case_files import Case, Step, load

# of another kind than the rest
AUTH, BAD_INPUT, CALLS, FILTERS = "auth", "bad_input", "calls", "filters"
OTHERS = {AUTH, BAD_INPUT, CALLS, FILTERS}


def load_cases() -> dict[str, list[Case]]:
    """The cases of every file, each with the steps that make what it starts from."""
    files = load("vectorai/*.json")
    return {name: list(cases_of(files[name])) for name in files if name not in OTHERS}


def load_file(name: str) -> Any:
    return load(f"vectorai/{name}.json")[name]


def load_auth() -> list[Case]:
    """The cases of the auth API."""
    return list(cases_of(load_file(AUTH)))


def load_calls() -> list[Step]:
    """A request to every endpoint that is about a collection or its points."""
    content = load_file(CALLS)
    return [*content["about the collection"], *content["about its points"]]


def cases_of(content: Mapping[str, Any]) -> Iterator[Case]:
    documents = content.get("documents", {})
    for case in content["cases"]:
        given = [step for name in case.get("given", []) for step in steps_for(documents[name])]
        yield {**case, "steps": [*given, *case["steps"]]}


def steps_for(collection: Mapping[str, Any]) -> list[Step]:
    """The requests that make a collection with its points."""
    steps: list[Step] = [{"call": "PUT {ns}", "body": collection["create"], "result": True}]
    if "points" in collection:
        steps.append({"call": "PUT {ns}/points", "body": {"points": collection["points"]}})
    return steps
