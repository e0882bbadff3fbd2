"""The cases of ``cases/vectorai``: VectorAI's API, endpoint by endpoint.

Those of ``auth.json`` have a schema of their own: they switch authentication on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.conformance import vectorai_checks
from tests.conformance.case_files import Case, names_for_collection, run
from tests.conformance.vectorai_cases import load_auth, load_cases
from tests.guarded import Guarded, guarded_schema

FILES = {**load_cases(), "auth": load_auth()}
CASES = [
    pytest.param(case, id=f"{file}: {case['name']}")
    for file, cases in load_cases().items()
    for case in cases
]
AUTH = [pytest.param(case, id=case["name"]) for case in load_auth()]


@pytest.fixture(scope="module")
def guarded(database_url: str) -> Iterator[Guarded]:
    with guarded_schema(database_url) as guarded:
        yield guarded


@pytest.mark.parametrize("case", CASES)
def test_the_service_does_what_the_case_says(
    case: Case, client: FlaskClient, namespace: str
) -> None:
    run(client, case["steps"], names_for_collection(namespace), vectorai_checks.check)


@pytest.mark.parametrize("case", AUTH)
def test_the_auth_api_does_what_the_case_says(case: Case, guarded: Guarded, namespace: str) -> None:
    guarded.reset()
    client = guarded.app().test_client()

    run(client, case["steps"], names_for_collection(namespace), vectorai_checks.check)


def test_every_case_has_a_name_of_its_own() -> None:
    names = Counter(case["name"] for cases in FILES.values() for case in cases)

    assert [name for name, times in names.items() if times > 1] == []
