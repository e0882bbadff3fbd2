"""Everything that VectorAI's API takes has a case: routes, and the words of filters."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from service.dialects.vectorai.conditions import ASKED, BOUNDS, MATCHES
from service.dialects.vectorai.field_indexes import INDEXES
from service.dialects.vectorai.filters import CLAUSES, CONDITIONS
from service.dialects.vectorai.points import EDITS, POINTS
from service.dialects.vectorai.queries import KINDS
from service.dialects.vectorai.recommendations import STRATEGIES
from tests.conformance.case_files import Step
from tests.conformance.vectorai_cases import FILTERS, load_auth, load_calls, load_cases, load_file
from tests.conformance.vectorai_errors import RULES
from tests.conformance.wire import Wire, is_list, is_object, objects

OWN = re.compile(r"/(collections|aliases|auth|telemetry|metrics|healthz|livez|readyz)\b|/$")
# a name, an id or whatever else stands at the place of a variable
SEGMENT = "[^/?]+"
# what the client knows, and no request can cause: a timeout of the database, other servers' errors,
# more points than a licence allows, a rebuild that is in progress
BEYOND = {"CapacityExceededError", "RebuildInProgressError", "CollectionNotReadyError"}


def all_steps() -> list[Step]:
    cases = [case for cases in load_cases().values() for case in cases]
    return [step for case in [*cases, *load_auth()] for step in case["steps"]]


def steps(status: int | None = None) -> list[Step]:
    return [step for step in all_steps() if step.get("status", 200) == (status or 200)]


def called(step: Step) -> tuple[str, str]:
    """Method and path of a step, whatever the collection is called."""
    method, _, path = step["call"].partition("?")[0].partition(" ")
    return method, path.replace("{ns}", "/collections/x").replace("{all}", "/collections")


def routes(client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Every route of this API, as method and rule. HEAD comes with GET."""
    for rule in client.application.url_map.iter_rules():
        if OWN.match(rule.rule):
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                yield method, rule.rule


def is_call_of(call: tuple[str, str], route: tuple[str, str], fixed: set[str]) -> bool:
    """Whether a call goes to the route: not where another one has the very path."""
    (method, path), (taken, rule) = call, route
    pattern = re.sub(r"<[^>]+>", SEGMENT, rule)
    return (
        method == taken
        and bool(re.fullmatch(pattern, path))
        and ("<" not in rule or path not in fixed)
    )


def uncalled(client: FlaskClient, among: list[Step]) -> set[tuple[str, str]]:
    known = list(routes(client))
    fixed = {rule for _, rule in known if "<" not in rule}
    calls = {called(step) for step in among}
    return {route for route in known if not any(is_call_of(c, route, fixed) for c in calls)}


def test_there_are_routes_to_be_counted(client: FlaskClient) -> None:
    found = set(routes(client))

    assert len(found) > 70
    assert {("PUT", "/collections/<collection>"), ("GET", "/"), ("GET", "/metrics")} <= found


def test_every_route_has_a_case_that_succeeds(client: FlaskClient) -> None:
    apart = {
        # a file in a form, in tests of its own (test_snapshot_routes.py)
        ("POST", "/collections/<collection>/snapshots/upload"),
        # the same as PUT
        ("POST", "/collections/<collection>/snapshots/recover"),
        ("POST", "/collections/<collection>/snapshots/<snapshot>/recover"),
    }

    assert uncalled(client, steps()) == apart


def test_every_route_about_a_collection_is_tried_on_missing_and_closed_ones(
    client: FlaskClient,
) -> None:
    tried = {(m, p) for m, p in uncalled(client, load_calls()) if "<collection>" in p}

    assert {path for _, path in tried if "/snapshots/" not in path} == {
        "/collections/<collection>",  # PUT makes it
        "/collections/<collection>/exists",  # is never missing
    }


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 412])
def test_every_status_has_a_case(status: int) -> None:
    assert steps(status)


def test_every_exception_that_a_request_can_cause_has_a_case() -> None:
    known = {name for status in (400, 401, 403, 404, 409) for name, _ in RULES[status]}
    caused = {step.get("raises", "ValidationError") for step in all_steps() if "status" in step}

    assert known | {"CollectionClosedError"} <= caused | BEYOND


def words(wire: Wire) -> Iterator[str]:
    """All keys in a value, wherever they are."""
    if is_object(wire):
        yield from wire
        wire = list(wire.values())
    if is_list(wire):
        for part in wire:
            yield from words(part)


def test_every_word_of_a_filter_has_a_case() -> None:
    used = {word for row in load_file(FILTERS)["rows"] for word in words(row["filter"])}

    assert {*CLAUSES, *CONDITIONS, *ASKED, *MATCHES, *BOUNDS} - used == set()


def test_every_kind_of_a_query_has_a_case() -> None:
    asked = [step["body"] for step in all_steps() if "/points/query" in step["call"]]
    used = {word for body in asked for word in words(body)}

    assert set(KINDS) - used == set()


def test_every_operation_of_a_batch_has_a_case() -> None:
    batches = [s["body"] for s in steps() if s["call"].partition("?")[0].endswith("points/batch")]
    used = {word for body in batches for part in objects(body["operations"]) for word in part}

    assert {*EDITS, *POINTS} - used == {"delete_points"}  # an older name of delete


def test_every_strategy_and_every_type_of_an_index_has_a_case() -> None:
    bodies = [step["body"] for step in steps() if is_object(step.get("body"))]
    schemas = [body.get("field_schema") for body in bodies]
    types = {schema.get("type") if is_object(schema) else schema for schema in schemas}

    assert set(STRATEGIES) - {body.get("strategy") for body in bodies} == set()
    assert set(INDEXES) - types == set()
