"""turbopuffer's official client, version 0.1.26, unmodified, against a running server.

The checks are the public functions of ``official_client_{writing,reading,namespaces}.py``.
"""

from __future__ import annotations

import json

import pytest

from service.engine import Engine
from tests.conformance.official_clients import FOLDER, checks_in, once, python_with, run, serving

# the client imports typing_extensions without asking for it
PACKAGES = ("turbopuffer==0.1.26", "typing_extensions", "numpy", "pandas")
CHECKS = checks_in(
    "official_client_writing", "official_client_reading", "official_client_namespaces"
)

pytestmark = pytest.mark.registry


@pytest.fixture(scope="module")
def outcomes(
    engine: Engine, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str | None]:
    """How each check went, None for well; ``engine`` has migrated the database."""
    assert engine.missing() is None
    folder = tmp_path_factory.mktemp("official")

    def scenario() -> bytes:
        python = python_with("turbopuffer-0.1.26", *PACKAGES)
        with serving(database_url, folder / "server.log") as server:
            return run([str(python), str(FOLDER / "official_client_scenario.py")], {}, server)

    return json.loads(once(tmp_path_factory, "python-0.1.26", scenario))


@pytest.mark.parametrize("check", CHECKS)
def test_the_client_gets_what_it_expects(check: str, outcomes: dict[str, str | None]) -> None:
    assert outcomes[check] is None, outcomes[check]


def test_every_check_was_run(outcomes: dict[str, str | None]) -> None:
    assert list(outcomes) == CHECKS
