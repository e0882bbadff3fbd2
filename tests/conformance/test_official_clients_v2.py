"""turbopuffer's official clients since 0.5.0, unmodified, against a running server.

The current client for Python and the last one of the major version before run all checks, the first
ones of their kind run a few; the current client for TypeScript has checks of its own. Checks are
the public functions of ``official_client_v2_*.py`` and of ``official_client_ts``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Generator
from contextlib import closing

import pytest

from service.engine import Engine
from tests.conformance.official_clients import Client, PythonClient, Reports, TypescriptClient

WIRE = tuple(
    f"official_client_v2_{part}"
    for part in (
        "writing", "conditions", "reading", "filters", "scores", "aggregating", "namespaces",
        "transport", "async",
    )
)  # fmt: skip
SMOKE, LATER = "official_client_v2_smoke", "official_client_v2_smoke_later"
CLIENTS: dict[str, Client] = {
    "python-3.1.0": PythonClient("3.1.0", (*WIRE, "official_client_v2_telemetry")),
    "python-2.14.0": PythonClient("2.14.0", WIRE),
    "python-1.0.0": PythonClient("1.0.0", (SMOKE, LATER)),
    # the first one asks for a region even where the address is given
    "python-0.5.0": PythonClient("0.5.0", (SMOKE,), settings={"TURBOPUFFER_REGION": "none"}),
    "typescript-2.8.0": TypescriptClient("2.8.0"),
}
CHECKS = [(name, check) for name, client in CLIENTS.items() for check in client.checks()]
# what every method takes beside its own parameters
COMMON = {"self", "namespace", "extra_headers", "extra_query", "extra_body", "timeout"}

pytestmark = pytest.mark.registry


@pytest.fixture(scope="module")
def reports(
    engine: Engine, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Reports]:
    """The clients' reports on a running server; ``engine`` has migrated the database."""
    assert engine.missing() is None
    with closing(Reports(CLIENTS, database_url, tmp_path_factory)) as reports:
        yield reports


@pytest.mark.parametrize(("name", "check"), CHECKS)
def test_the_client_gets_what_it_expects(name: str, check: str, reports: Reports) -> None:
    outcome = reports.of(name).outcomes[check]

    assert outcome is None, outcome


@pytest.mark.parametrize("name", CLIENTS)
def test_every_check_was_run(name: str, reports: Reports) -> None:
    assert sorted(reports.of(name).outcomes) == sorted(CLIENTS[name].checks())


def test_every_method_and_parameter_of_the_python_client_is_used(reports: Reports) -> None:
    methods = reports.of("python-3.1.0").methods
    called, words = python_words(CLIENTS["python-3.1.0"].source())
    parameters = {name for taken in methods.values() for name in taken} - COMMON

    assert methods.keys() - called == set()
    assert parameters - words == set()


def test_every_method_of_the_typescript_client_is_used(reports: Reports) -> None:
    methods = reports.of("typescript-2.8.0").methods
    called = set(re.findall(r"\.(\w+)\(", CLIENTS["typescript-2.8.0"].source()))

    assert {*methods} - called == {"constructor"}


def python_words(source: str) -> tuple[set[str], set[str]]:
    """The attributes that a source names, and the arguments and keys that it gives."""
    attributes: set[str] = set()
    words: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name):
                attributes.add(name)
            case ast.keyword(arg=str(name)) | ast.Constant(value=str(name)):
                words.add(name)
            case _:
                pass
    return attributes, words
