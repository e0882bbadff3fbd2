"""The cases of ``cases/*.json``, below ``/v1/namespaces`` and below ``/v1/vectors``, and across the
versions of the API where both have the same (versions.py); and those of ``cases/v2``."""

from __future__ import annotations

from collections import Counter

import pytest
from flask.testing import FlaskClient

from tests.conformance.case_files import (
    BAD_INPUT,
    COLLECTIONS,
    Case,
    load,
    load_v1,
    load_v2,
    names_for,
    names_for_v2,
    run,
    write,
)
from tests.conformance.versions import Way, shared_cases

CASES = [
    pytest.param(case, id=f"{file}: {case['name']}")
    for file, cases in load_v1().items()
    for case in cases
]
SHARED = [pytest.param(way, id=name) for name, way in shared_cases()]
V2 = [
    pytest.param(case, id=f"v2/{file}: {case['name']}")
    for file, cases in load_v2().items()
    for case in cases
]


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize("case", CASES)
def test_the_service_does_what_the_case_says(
    case: Case, collection: str, client: FlaskClient, namespace: str
) -> None:
    names = names_for(collection, namespace)
    for body in case.get("given", []):
        write(client, body, names)

    run(client, case["steps"], names)


@pytest.mark.parametrize("way", SHARED)
def test_what_one_version_says_holds_in_the_other(
    way: Way, client: FlaskClient, namespace: str
) -> None:
    names = names_for("namespaces", namespace)
    run(client, way.given, names)

    run(client, way.steps, names)


@pytest.mark.parametrize("case", V2)
def test_the_service_does_what_the_case_of_v2_says(
    case: Case, client: FlaskClient, namespace: str
) -> None:
    names = names_for_v2(namespace)
    for body in case["given"]:
        write(client, body, names)

    run(client, case["steps"], names)


@pytest.mark.parametrize(
    "files",
    [load("*.json"), {**load_v2(), **load(f"v2/{BAD_INPUT}.json")}],
    ids=["v1", "v2"],
)
def test_every_case_has_a_name_of_its_own(files: dict[str, list[Case]]) -> None:
    names = Counter(case["name"] for cases in files.values() for case in cases)

    assert [name for name, times in names.items() if times > 1] == []
