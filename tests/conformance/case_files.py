"""The case files: what their steps mean, and how one step is sent.

A file is a list of cases. A case has a ``name`` (a sentence about behaviour), ``given`` (bodies
that are written first) and ``steps``. A step has a ``call`` ("POST {ns}/query"), a request
(``body``, ``raw``, ``hex``, ``gzip``, ``send`` for headers) and what is expected of the answer
(checks.py).

In every string ``{all}`` stands for /v1/<collection>, ``{ns}`` for the case's own namespace below
it, ``{namespace}`` for the name alone, and a name in the ``keep`` of an earlier step for what that
step kept. Long values are generated: ``{"$repeat": ["x", 3]}`` is "xxx", ``{"$list": [0, 3]}`` is
[0, 0, 0] and ``{"$count": 3}`` is [0, 1, 2]; ``raw`` may be a list of [text, times].
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

FOLDER = Path(__file__).parent / "cases"
COLLECTIONS = ("namespaces", "vectors")

GENERATORS: dict[str, Callable[[Any], object]] = {
    "$repeat": lambda given: given[0] * given[1],
    "$list": lambda given: [given[0]] * given[1],
    "$count": lambda given: list(range(given)),
}


def load(pattern: str) -> dict[str, Any]:
    """The files that match, by name."""
    files = sorted(FOLDER.glob(pattern))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in files}


def names_for(collection: str, namespace: str) -> dict[str, str]:
    """What the placeholders of a case stand for."""
    everything = f"/v1/{collection}"
    return {"all": everything, "ns": f"{everything}/{namespace}", "namespace": namespace}


def fill(value: Any, names: Mapping[str, str]) -> Any:
    """The value with placeholders replaced and generators run."""
    match value:
        case str():
            for name, text in names.items():
                value = value.replace(f"{{{name}}}", text)
            return value
        case list():
            return [fill(member, names) for member in value]
        case dict() if len(value) == 1 and (generator := next(iter(value))) in GENERATORS:
            return GENERATORS[generator](fill(value[generator], names))
        case dict():
            return {fill(key, names): fill(member, names) for key, member in value.items()}
        case _:
            return value


def encoded(step: Mapping[str, Any], names: Mapping[str, str]) -> bytes:
    """The bytes of the step's request body."""
    if "hex" in step:
        return bytes.fromhex(step["hex"])
    if "raw" in step:
        parts = [[step["raw"], 1]] if isinstance(step["raw"], str) else step["raw"]
        data = "".join(text * times for text, times in parts).encode()
    elif "body" in step:
        data = json.dumps(fill(step["body"], names)).encode()
    else:
        return b""
    return gzip.compress(data) if step.get("gzip") else data


def send(client: FlaskClient, step: Mapping[str, Any], names: Mapping[str, str]) -> TestResponse:
    """Send one step's request."""
    method, _, path = fill(step["call"], names).partition(" ")
    headers = {"Content-Type": "application/json", **step.get("send", {})}
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


def write(client: FlaskClient, body: object, names: Mapping[str, str]) -> None:
    """Write what a case starts from."""
    response = send(client, {"call": "POST {ns}", "body": body}, names)
    assert response.status_code == 200, f"the given documents were refused: {response.text}"
