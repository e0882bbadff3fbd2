"""Everything that the v1 API takes has a case: operators, routes, parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from flask.testing import FlaskClient

from service.dialects.turbopuffer.filters import LEAVES
from service.dialects.turbopuffer.requests_v1 import QueryRequest, RecallRequest, WriteRequest
from tests.conformance.case_files import COLLECTIONS, load

# what clients send beside the fields that are read
IGNORED = {"POST {ns}": {"distances"}, "POST {ns}/query": {"consistency"}}
# fields that no request may use
REFUSED = {"POST {ns}": {"encryption"}}
URL_PARAMETERS = {
    "GET {all}": {"prefix", "cursor", "page_size", "?cursor", "?page_size"},
    "GET {ns}": {"cursor", "?cursor"},
    "GET {ns}/_debug/recall": {"num", "top_k"},
}
BODIES = {
    "POST {ns}": WriteRequest,
    "POST {ns}/query": QueryRequest,
    "POST {ns}/_debug/recall": RecallRequest,
}


def steps() -> Iterator[dict[str, Any]]:
    """All requests of all cases that are to succeed."""
    for file, cases in load("*.json").items():
        if file == "bad_input":
            continue
        for case in cases:
            yield from ({"call": "POST {ns}", "body": body} for body in case.get("given", []))
            yield from (step for step in case["steps"] if step.get("status", 200) in (200, 202))


def call_of(step: dict[str, Any]) -> str:
    """The call without parameters, whichever namespace it names."""
    return re.sub(r"\?.*|(?<=\})-\w+", "", step["call"])


def operators_in(wire: object) -> Iterator[str]:
    """Every operator of a filter, in either form."""
    match wire:
        case [str(name), [*parts]]:
            yield name
            for part in parts:
                yield from operators_in(part)
        case [str(), str(operator), _]:
            yield operator
        case dict():
            yield from (str(condition[0]) for condition in wire.values())
        case _:
            return


def test_every_operator_has_a_case() -> None:
    rows = [row for content in load("filters/*.json").values() for row in content["rows"]]

    used = {operator for row in rows for operator in operators_in(row["turbopuffer"])}

    assert {*LEAVES, "And", "Or"} - used == set()


def test_every_operator_has_a_case_on_ids_and_on_null() -> None:
    rows = [row for content in load("filters/*.json").values() for row in content["rows"]]
    leaves = [row["turbopuffer"] for row in rows if len(row["turbopuffer"]) == 3]
    comparable = {name for name in LEAVES if "Glob" not in name and "In" not in name}

    assert set(LEAVES) - {leaf[1] for leaf in leaves if leaf[0] == "id"} == set()
    assert comparable - {leaf[1] for leaf in leaves if leaf[2] is None} == set()


def test_every_route_has_a_case(client: FlaskClient) -> None:
    used = {call_of(step) for step in steps()}
    routes = {
        f"{method} {rule.rule}"
        for rule in client.application.url_map.iter_rules()
        if rule.rule.startswith("/v1/")
        for method in (rule.methods or set()) - {"OPTIONS"}
    }
    # Flask answers HEAD wherever it answers GET; turbopuffer has it for namespaces alone
    expected = {
        spelled(route)
        for route in routes
        if not route.startswith("HEAD") or route.endswith("<namespace>")
    }

    assert expected - used == set()
    assert {route for route in routes if route.startswith("POST")} >= {
        f"POST /v1/{collection}/<namespace>" for collection in COLLECTIONS
    }


def spelled(route: str) -> str:
    """A route of the application as cases call it."""
    method, _, path = route.partition(" ")
    short = re.sub(rf"^/v1/({'|'.join(COLLECTIONS)})/?", "{all}/", path).rstrip("/")
    return f"{method} {short.replace('{all}/<namespace>', '{ns}')}"


def test_the_bare_address_has_a_case() -> None:
    assert "HEAD /" in {call_of(step) for step in steps()}


def test_every_parameter_of_a_body_has_a_case() -> None:
    missing = {
        (call, name)
        for call, schema in BODIES.items()
        for name in {*schema().fields, *IGNORED.get(call, ())} - REFUSED.get(call, set())
        if not any(call_of(step) == call and given(step, name) for step in steps())
    }

    assert missing == set()


def given(step: dict[str, Any], name: str) -> bool:
    return isinstance(step.get("body"), dict) and step["body"].get(name) is not None


def test_every_parameter_of_a_url_has_a_case() -> None:
    used = {
        (call_of(step), name)
        for step in steps()
        for name, _ in parse_qsl(step["call"].partition("?")[2])
    }

    wanted = {(call, name) for call, names in URL_PARAMETERS.items() for name in names}

    assert wanted - used == set()
