"""What the checks of the generated clients share. It runs where a client is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import turbopuffer as _turbopuffer  # pyright: ignore[reportMissingImports]

# untyped: several versions of the client run the same checks
tpuf = cast(Any, _turbopuffer)

COSINE, SQUARED = "cosine_distance", "euclidean_squared"
BY_ID = ("id", "asc")

# what fails once is a failure
OPTIONS: dict[str, Any] = {"max_retries": 0, "timeout": 30}
client = tpuf.Turbopuffer(**OPTIONS)


def refusal(call: Callable[..., object], *arguments: object, **named: object) -> Any:
    """The error that a call ends with."""
    try:
        call(*arguments, **named)
    except tpuf.APIStatusError as error:
        return error
    raise AssertionError("the call was not refused")


def reason(error: Any) -> str:
    """The server's own words."""
    assert error.body["status"] == "error", error.body
    return error.body["error"]


def ids(answer: Any) -> list[object]:
    return [row.id for row in answer.rows]


def plain(row: Any) -> dict[str, Any]:
    """A row, or another part of an answer, as it was sent."""
    return row.to_dict()


def stored(ns: Any) -> list[dict[str, Any]]:
    """All documents as they are, in the order of their ids."""
    answer = ns.query(rank_by=BY_ID, top_k=1000, include_attributes=True)
    return [plain(row) for row in answer.rows]


def near(rows: Iterable[Any], expected: Iterable[tuple[object, float]]) -> None:
    """Fail unless the rows have these ids and distances, in this order."""
    found = [(row.id, row["$dist"]) for row in rows]
    wanted = list(expected)
    assert [identity for identity, _ in found] == [identity for identity, _ in wanted], found
    for (_, distance), (_, right) in zip(found, wanted, strict=True):
        assert abs(distance - right) < 1e-6, found
