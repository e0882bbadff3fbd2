"""The case files: what their steps mean, and how one step is sent.

A file is a list of cases. A case has a ``name`` (a sentence about behaviour), ``given`` (bodies
that are written first) and ``steps``. A step has a ``call`` ("POST {ns}/query"), a request
(``body``, ``raw``, ``hex``, ``gzip``, ``send`` for headers, null for one that is not sent) and what
is expected of the answer (checks.py; vectorai_checks.py for VectorAI's API). A step with ``until``
is sent again until its answer has this in it. Files of v2 and of VectorAI's API name the bodies
that their cases start from: {"documents": {name: body}, "cases": […]}.

In every string ``{ns}`` stands for the case's own namespace, below /v1/<collection> in the files of
v1, below /v2/namespaces in those of v2 and below /collections in those of VectorAI's API, ``{v1}``
and ``{v2}`` for it in that version, ``{all}`` for the list of namespaces, ``{namespace}`` for the
name alone, and a name in the ``keep`` of an earlier step for what stands there in its answer. Long
values are generated: ``{"$repeat": ["x", 3]}`` is "xxx", ``{"$list": [0, 3]}`` is [0, 0, 0] and
``{"$count": 3}`` is [0, 1, 2]; ``raw`` may be a list of [text, times].
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conformance import checks
from tests.conformance.wire import is_list, is_object

FOLDER = Path(__file__).parent / "cases"
COLLECTIONS = ("namespaces", "vectors")
BAD_INPUT = "bad_input"
# until a step has what it waits for
PATIENCE, PAUSE = 30.0, 0.02

GENERATORS: dict[str, Callable[[Any], object]] = {
    "$repeat": lambda given: given[0] * given[1],
    "$list": lambda given: [given[0]] * given[1],
    "$count": lambda given: list(range(given)),
}

Names = Mapping[str, str]
Step = Mapping[str, Any]
Case = dict[str, Any]


def load(pattern: str) -> dict[str, Any]:
    """The files that match, by name."""
    files = sorted(FOLDER.glob(pattern))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in files}


def load_v1() -> dict[str, list[Case]]:
    """The cases of v1; bad input is not among them (test_bad_input.py)."""
    return {name: cases for name, cases in load("*.json").items() if name != BAD_INPUT}


def load_v2() -> dict[str, list[Case]]:
    """The cases of v2, with the documents that they name."""
    files = load("v2/*.json")
    return {name: with_documents(files[name]) for name in files if name != BAD_INPUT}


def with_documents(content: dict[str, Any]) -> list[Case]:
    documents = content["documents"]
    return [
        {**case, "given": [documents[name] for name in case.get("given", [])]}
        for case in content["cases"]
    ]


def names_for(collection: str, namespace: str) -> dict[str, str]:
    """What the placeholders of a v1 case stand for."""
    everything = f"/v1/{collection}"
    versions = {"v1": f"{everything}/{namespace}", "v2": f"/v2/namespaces/{namespace}"}
    return {"all": everything, "ns": versions["v1"], "namespace": namespace, **versions}


def names_for_v2(namespace: str) -> dict[str, str]:
    """What the placeholders of a v2 case stand for."""
    names = names_for("namespaces", namespace)
    return {**names, "ns": names["v2"]}


def names_for_collection(namespace: str) -> dict[str, str]:
    """What the placeholders of a case of VectorAI's API stand for."""
    names = names_for("namespaces", namespace)
    return {**names, "all": "/collections", "ns": f"/collections/{namespace}"}


def fill(value: Any, names: Names) -> Any:
    """The value with placeholders replaced and generators run."""
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if is_list(value):
        return [fill(member, names) for member in value]
    if not is_object(value):
        return value
    if len(value) == 1 and (generator := next(iter(value))) in GENERATORS:
        return GENERATORS[generator](fill(value[generator], names))
    return {fill(key, names): fill(member, names) for key, member in value.items()}


def encoded(step: Step, names: Names) -> bytes:
    """The bytes of the step's request body."""
    if "hex" in step:
        return bytes.fromhex(step["hex"])
    if "raw" in step:
        raw = step["raw"]
        parts: list[tuple[str, int]] = [(raw, 1)] if isinstance(raw, str) else raw
        data = "".join(text * times for text, times in parts).encode()
    elif "body" in step:
        data = json.dumps(fill(step["body"], names)).encode()
    else:
        return b""
    return gzip.compress(data) if step.get("gzip") else data


def send(client: FlaskClient, step: Step, names: Names) -> TestResponse:
    """Send one step's request."""
    method, _, path = fill(step["call"], names).partition(" ")
    given = {"Content-Type": "application/json", **fill(step.get("send", {}), names)}
    headers = {name: value for name, value in given.items() if value is not None}
    if step.get("gzip"):
        headers["Content-Encoding"] = "gzip"
    # the test client would put the true length in place of a false one
    length = headers.pop("Content-Length", None)
    return client.open(
        path,
        method=method,
        data=encoded(step, names),
        headers=headers,
        environ_overrides={} if length is None else {"CONTENT_LENGTH": length},
    )


def write(client: FlaskClient, body: object, names: Names) -> None:
    """Write what a case starts from."""
    response = send(client, {"call": "POST {ns}", "body": body}, names)
    assert response.status_code == 200, f"the given documents were refused: {response.text}"


def run(
    client: FlaskClient,
    steps: list[Step],
    names: dict[str, str],
    check: Callable[[Step, TestResponse], None] = checks.check,
) -> None:
    """Send the steps one after the other and check their answers."""
    for step in steps:
        expected = fill(step, names)
        response = awaited(client, step, names) if "until" in step else send(client, step, names)
        check(expected, response)
        for name, path in step.get("keep", {}).items():
            names[name] = str(checks.at(path, response.get_json()))


def awaited(client: FlaskClient, step: Step, names: Names) -> TestResponse:
    """The first answer that has in it what the step waits for, or the last of all."""
    end = time.monotonic() + PATIENCE
    while True:
        response = send(client, step, names)
        if checks.includes(step["until"], response.get_json()) or time.monotonic() > end:
            return response
        time.sleep(PAUSE)
