"""The same search through both APIs, and a collection scrolled through page by page.

The answers of both are compared: the same points in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import orjson

from benchmarks.client import Client, connect
from benchmarks.datasets import Plain, generated_plain
from benchmarks.documents import SECTIONS, Collection, plain_columns
from benchmarks.generated import Clustered
from benchmarks.latency import WARM_UP, repeated
from benchmarks.loading import load
from benchmarks.server import Target
from benchmarks.state import settle, vacuum
from benchmarks.timing import Percentiles, in_turns, percentiles
from benchmarks.wire import ids_of, query_body, query_path
from benchmarks.writing import drop_namespace

NAMESPACE, SCROLLED = "dialects", "dialects-scrolled"
SEARCH = f"/collections/{NAMESPACE}/points/search"
SCROLL = f"/collections/{SCROLLED}/points/scroll"
# of all pages, so many at either end
END = 0.05


@dataclass(frozen=True, slots=True)
class Scale:
    rows: int
    dimensions: int
    queries: int
    k: int
    scrolled: int  # points
    page: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as either API spells it: what goes beside the vector and the number of results."""

    name: str
    turbopuffer: dict[str, object]
    vectorai: dict[str, object]


@dataclass(frozen=True, slots=True)
class Row:
    """Both ways to ask; ``different`` answers of how many."""

    name: str
    turbopuffer: Percentiles
    vectorai: Percentiles
    different: int
    compared: int


@dataclass(frozen=True, slots=True)
class Scrolled:
    """Milliseconds of a page: of the first ones, of the last ones, of all."""

    points: int
    page: int
    seconds: float
    first: Percentiles
    last: Percentiles
    every: Percentiles


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    k: int
    rows: list[Row]
    scrolled: Scrolled


def questions(rows: int) -> list[Asked]:
    """Searches of documents with ``plain_columns``: without a filter, and with two of them."""
    section, size = SECTIONS[0], rows // 10
    small: dict[str, object] = {"with_payload": False}
    by_section = {"must": [{"key": "section", "match": {"value": section}}]}
    by_size = {"must": [{"key": "size", "range": {"gte": 0, "lt": size}}]}
    bounds = [["size", "Gte", 0], ["size", "Lt", size]]
    return [
        Asked("no filter", {}, small),
        Asked(
            "no filter, with attributes",
            {"include_attributes": ["section", "size"]},
            {"with_payload": ["section", "size"]},
        ),
        Asked(
            "a string, 1 of 8",
            {"filters": ["section", "Eq", section]},
            small | {"filter": by_section},
        ),
        Asked("a range, 1 of 10", {"filters": ["And", bounds]}, small | {"filter": by_size}),
    ]


def measure(target: Target, scale: Scale) -> Figures:
    data = generated_plain(NAMESPACE, scale.rows, scale.dimensions, scale.queries)
    load(target, data.collection)
    settle(target, NAMESPACE)
    with connect(target) as client:
        rows = [compare(client, data, asked, scale) for asked in questions(scale.rows)]
    drop_namespace(target, NAMESPACE)
    vectors = Clustered(scale.dimensions, scale.scrolled)
    load(target, Collection(SCROLLED, vectors, plain_columns), searched=False)
    vacuum(target, SCROLLED)
    with connect(target) as client:
        scrolled = scroll(client, scale)
    drop_namespace(target, SCROLLED)
    return Figures(data.title, scale.k, rows, scrolled)


def compare(client: Client, data: Plain, asked: Asked, scale: Scale) -> Row:
    """Ask the same both ways, in turns."""
    vectors = data.asking.vectors
    theirs = [turbopuffer_body(vector, scale.k, asked) for vector in vectors]
    ours = [vectorai_body(vector, scale.k, asked) for vector in vectors]
    path = query_path(NAMESPACE)
    different = sum(
        ids_of(client.send("POST", path, one)) != points_of(client.send("POST", SEARCH, other))
        for one, other in zip(theirs, ours, strict=True)
    )
    ways = [
        sending(client, path, repeated(theirs, scale.queries)),
        sending(client, SEARCH, repeated(ours, scale.queries)),
    ]
    for way in ways:
        for act in way[:WARM_UP]:
            act()
    taken = in_turns(*ways)
    return Row(asked.name, *taken, different, len(vectors))


def sending(client: Client, path: str, bodies: Sequence[bytes]) -> list[Callable[[], object]]:
    return [lambda body=body: client.send("POST", path, body) for body in bodies]


def turbopuffer_body(vector: np.ndarray, k: int, asked: Asked) -> bytes:
    body = orjson.loads(query_body(vector, k))
    return orjson.dumps({**body, **asked.turbopuffer})


def vectorai_body(vector: np.ndarray, k: int, asked: Asked) -> bytes:
    body = {"vector": vector, "limit": k, **asked.vectorai}
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def points_of(answer: bytes) -> list[int]:
    return [point["id"] for point in orjson.loads(answer)["result"]]


def scroll(client: Client, scale: Scale) -> Scrolled:
    """Read all points page by page, each from where the last one ended.

    Raises:
        RuntimeError: when points are missing, or come twice.
    """
    taken: list[float] = []
    found, offset, started = 0, None, perf_counter()
    while True:
        body = orjson.dumps({"limit": scale.page, "offset": offset})
        began = perf_counter()
        answer = client.send("POST", SCROLL, body)
        taken.append((perf_counter() - began) * 1000)
        page = orjson.loads(answer)["result"]
        ids = [point["id"] for point in page["points"]]
        if ids != list(range(found + 1, found + 1 + len(ids))):
            raise RuntimeError(f"the page behind {found} points has others than the next")
        found, offset = found + len(ids), page["next_page_offset"]
        if offset is None:
            break
    if found != scale.scrolled:
        raise RuntimeError(f"{found} points were scrolled through, not {scale.scrolled}")
    end = max(1, round(len(taken) * END))
    # the last page may be short
    last = taken[-end - 1 : -1] or taken
    return Scrolled(
        found, scale.page, perf_counter() - started,
        percentiles(taken[:end]), percentiles(last), percentiles(taken),
    )  # fmt: skip
