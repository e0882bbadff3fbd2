"""What the checks of VectorAI's client share. It runs where the client is installed."""

from __future__ import annotations

import importlib
import os
from collections.abc import Awaitable
from typing import Any, cast

# untyped: the client is not installed where this is type checked
vectorai = cast(Any, importlib.import_module("actian_vectorai"))
exceptions = cast(Any, importlib.import_module("actian_vectorai.exceptions"))
RESTTransport = cast(Any, importlib.import_module("actian_vectorai.transport.rest")).RESTTransport

URL = os.environ["VECTORAI_URL"]
KEY = os.environ.get("VECTORAI_KEY")
FLAT = {"vectors": {"size": 4, "distance": "Cosine"}}
QUERY = [0.1, 0.2, 0.3, 0.4]
UUID = "f0e09527-b096-42a8-94e9-ea94d342b925"
POINTS: list[dict[str, Any]] = [
    {"id": 1, "vector": QUERY, "payload": {"category": "A", "value": 10, "tags": ["x", "y"]}},
    {"id": 2, "vector": [0.5, 0.6, 0.7, 0.8], "payload": {"category": "B", "value": 20}},
    {"id": 3, "vector": [0.3, 0.4, 0.5, 0.6], "payload": {"category": "A", "value": 30, "n": None}},
    {"id": UUID, "vector": [0.9, 0.8, 0.7, 0.6], "payload": {"category": "B", "value": 5}},
]
CATEGORY_A = {"must": [{"key": "category", "match": {"value": "A"}}]}


def transport(**options: Any) -> Any:
    """The client's transport, with the key of the tests unless another is given."""
    return RESTTransport(**{"base_url": URL, "api_key": KEY, **options})


async def refusal(call: Awaitable[object], kind: str) -> Any:
    """The error that a call ends with, which has to be of this very class."""
    try:
        await call
    except exceptions.VectorAIError as error:
        if type(error).__name__ != kind:
            raise
        return error
    raise AssertionError("the call was not refused")


async def fill(rest: Any, name: str) -> None:
    """A collection with four points."""
    await rest.collections_create(name, FLAT)
    await rest.points_upsert(name, POINTS)


def ids(points: list[dict[str, Any]]) -> list[object]:
    return [point["id"] for point in points]


async def payloads(rest: Any, name: str, *wanted: object) -> list[object]:
    return [point["payload"] for point in await rest.points_get(name, ids=list(wanted))]
