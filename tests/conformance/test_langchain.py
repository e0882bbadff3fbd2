"""LangChain's vector store for turbopuffer, unmodified, against a running server.

The checks are the public functions of ``official_langchain.py``.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

import pytest

from service.engine import Engine
from tests.conformance.official_clients import PythonClient, Report, Reports

# the newest client that the store takes
CLIENT = PythonClient("1.21.0", ("official_langchain",), ("langchain-turbopuffer==0.2.0",))
CHECKS = CLIENT.checks()

pytestmark = pytest.mark.registry


@pytest.fixture(scope="module")
def report(
    engine: Engine, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Report]:
    """How each check went; ``engine`` has migrated the database."""
    assert engine.missing() is None
    with closing(Reports({"langchain": CLIENT}, database_url, tmp_path_factory)) as reports:
        yield reports.of("langchain")


@pytest.mark.parametrize("check", CHECKS)
def test_the_store_gets_what_it_expects(check: str, report: Report) -> None:
    outcome = report.outcomes[check]

    assert outcome is None, outcome


def test_every_check_was_run(report: Report) -> None:
    assert sorted(report.outcomes) == sorted(CHECKS)
