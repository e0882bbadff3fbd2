"""Everything that the API takes has a case: operators, routes, parameters of URLs and bodies."""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import parse_qsl

import pytest
from flask.testing import FlaskClient

from service.core.attributes import Scalar, infer_type
from service.dialects.turbopuffer import queries_v2, requests_v1, writes_v2
from service.dialects.turbopuffer.envelope import Request
from service.dialects.turbopuffer.filters import LEAVES, REFERENCES, TEXT_OPERATORS
from service.dialects.turbopuffer.metadata import MetadataRequest
from tests.conformance.case_files import COLLECTIONS, load
from tests.conformance.covered import (
    bodies,
    call_of,
    filter_rows,
    groups_of,
    leaves_of,
    queries_of_v2,
    refused,
    steps,
)
from tests.conformance.wire import objects

# free-form values come from the other API: test_both_dialects.py filters by them
SCALARS = tuple(scalar.value for scalar in Scalar if scalar is not Scalar.ANY)
ARRAYS = tuple(f"[]{scalar}" for scalar in SCALARS)
TEXTS = ("string", "[]string")
# which types an operator means something for
TYPES = {
    **dict.fromkeys(("Eq", "NotEq", "In", "NotIn"), (*SCALARS, *ARRAYS)),
    **dict.fromkeys(("Lt", "Lte", "Gt", "Gte"), SCALARS),
    **dict.fromkeys(("Contains", "NotContains", "ContainsAny", "NotContainsAny"), ARRAYS),
    **dict.fromkeys(("AnyLt", "AnyLte", "AnyGt", "AnyGte"), ARRAYS),
    **dict.fromkeys(("Glob", "NotGlob", "IGlob", "NotIGlob", "Regex"), TEXTS),
}

# what clients send beside the fields that are read
IGNORED = {"POST {v1}": {"distances"}, "POST {v1}/query": {"consistency"}}
# fields that no request to this route may use
REFUSED = {"POST {v1}": {"encryption"}, "POST {v2}/explain_query": {"queries", "rerank_by"}}
URL_PARAMETERS = {
    "GET {all}": {"prefix", "cursor", "page_size", "?cursor", "?page_size"},
    "GET {v1}": {"cursor", "?cursor"},
    "GET {v1}/_debug/recall": {"num", "top_k"},
    "POST {v2}/explain_query": {"analyze"},
}
BODIES: dict[str, type[Request]] = {
    "POST {v1}": requests_v1.WriteRequest,
    "POST {v1}/query": requests_v1.QueryRequest,
    "POST {v1}/_debug/recall": requests_v1.RecallRequest,
    "PATCH {v1}/metadata": MetadataRequest,
    "POST {v2}": writes_v2.WriteRequest,
    "POST {v2}/query": queries_v2.QueryRequest,
    "POST {v2}/explain_query": queries_v2.QueryRequest,
    "POST {v2}/async": writes_v2.CopyRequest,
    "PATCH {v2}/metadata": MetadataRequest,
}


def test_every_operator_has_a_case_on_every_type_that_it_means_something_for() -> None:
    types = types_of_attributes()
    used = {
        (operator, types.get((documents, attribute)))
        for documents, wire in filter_rows()
        for attribute, operator, _ in leaves_of(wire)
    }

    assert set(LEAVES) == set(TYPES)
    assert {(op, kind) for op, kinds in TYPES.items() for kind in kinds} - used == set()


def types_of_attributes() -> dict[tuple[str, str], str]:
    """The types of the attributes of all filter cases, declared or inferred."""
    types: dict[tuple[str, str], str] = {}
    for name, content in load("filters/*.json").items():
        for body in content["documents"]:
            for attribute, values in body["attributes"].items():
                types[name, attribute] = str(infer_type(attribute, values))
            for attribute, entry in body.get("schema", {}).items():
                types[name, attribute] = entry if isinstance(entry, str) else entry["type"]
    return types


def test_every_group_has_a_case() -> None:
    used = {name for _, wire in filter_rows() for name in groups_of(wire)}

    assert used == {"And", "Or", "Not"}


@pytest.mark.parametrize("what", ["ids", "null"])
def test_every_operator_has_a_case_on(what: str) -> None:
    def concerned(attribute: str, operand: object) -> bool:
        if what == "ids":
            return attribute == "id"
        return operand is None or (isinstance(operand, list) and None in operand)

    accepted = {op for _, w in filter_rows() for a, op, o in leaves_of(w) if concerned(a, o)}
    others = {op for a, op, o in refused_leaves() if concerned(a, o)}

    assert set(LEAVES) - accepted - others == set()


def refused_leaves() -> list[tuple[str, str, object]]:
    filters = [query.get("filters") for query in queries_of_v2(refused())]
    return [leaf for wire in filters for leaf in leaves_of(wire)]


def test_every_operator_of_full_text_search_has_a_case() -> None:
    assert TEXT_OPERATORS - {operator for _, operator, _ in refused_leaves()} == set()


def test_every_operator_that_takes_new_values_has_a_case() -> None:
    conditions = [
        body.get(f"{part}_condition")
        for body in bodies("POST {v2}")
        for part in ("upsert", "patch", "delete")
    ]
    leaves = [leaf for wire in conditions for leaf in leaves_of(wire)]
    used = {op for _, op, operand in leaves if isinstance(operand, dict) and "$ref_new" in operand}

    assert set(REFERENCES) - used == set()


def test_every_route_has_a_case(client: FlaskClient) -> None:
    used = {call_of(step) for step in steps()}
    routes = {
        f"{method} {rule.rule}"
        for rule in client.application.url_map.iter_rules()
        if re.match(r"/v[12]/", rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS"}
    }
    # Flask answers HEAD wherever it answers GET; turbopuffer has it for v1's namespaces alone
    expected = {
        spelled(route)
        for route in routes
        if not route.startswith("HEAD") or re.fullmatch(r"HEAD /v1/\w+/<namespace>", route)
    }

    assert expected - used == set()
    assert {route for route in routes if route.startswith("POST")} >= {
        f"POST /v1/{collection}/<namespace>" for collection in COLLECTIONS
    }


def spelled(route: str) -> str:
    """A route of the application as cases call it."""
    method, _, path = route.partition(" ")
    short = re.sub(rf"^/v1/({'|'.join(COLLECTIONS)})/?", "{all}/", path).rstrip("/")
    for version, prefix in (("v1", "{all}"), ("v2", "/v2/namespaces")):
        short = short.replace(f"{prefix}/<namespace>", f"{{{version}}}")
    return f"{method} {short}"


def test_the_bare_address_has_a_case() -> None:
    assert "HEAD /" in {call_of(step) for step in steps()}


def test_every_kind_of_body_is_counted_here() -> None:
    assert set(BODIES.values()) == set(Request.__subclasses__())


def test_every_parameter_of_a_body_has_a_case() -> None:
    missing = {
        (call, name)
        for call, schema in BODIES.items()
        for name in {*names_of(schema), *IGNORED.get(call, ())} - REFUSED.get(call, set())
        if not any(body.get(name) is not None for body in bodies(call))
    }

    assert missing == set()


def names_of(schema: type[Request]) -> set[str]:
    return set(cast("dict[str, object]", schema().fields))


def test_every_parameter_of_a_query_has_a_case_among_several() -> None:
    parts = [part for body in bodies("POST {v2}/query") for part in objects(body.get("queries"))]
    used = {name for part in parts for name in part}

    assert queries_v2.FIELDS - queries_v2.ROOT_ONLY - used == set()


def test_what_belongs_to_the_root_of_several_queries_has_a_case_inside() -> None:
    several = bodies("POST {v2}/query", refused())
    misplaced = {n for body in several for part in objects(body.get("queries")) for n in part}

    assert queries_v2.ROOT_ONLY - misplaced == set()


def test_every_parameter_of_a_url_has_a_case() -> None:
    used = {
        (call_of(step), name)
        for step in steps()
        for name, _ in parse_qsl(step["call"].partition("?")[2])
    }

    wanted = {(call, name) for call, names in URL_PARAMETERS.items() for name in names}

    assert wanted - used == set()
