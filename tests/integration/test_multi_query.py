"""Multi-queries: all answers are of one moment, whatever is written and sealed meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random
from threading import Event
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.config import Config
from service.core.index_settings import IndexSettings
from service.engine import Engine
from service.storage.faults import Stale
from tests.integration.segment_tools import Workshop, workshop

# all documents of the pairs are nearer to the query than any other
PAIRS, OTHERS, DIMENSIONS, READS = 15, 4_000, 4, 40
SETTINGS = IndexSettings(seal_rows=20)
QUERY = [0.0] * DIMENSIONS


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config, SETTINGS) as opened:
        yield opened


@pytest.fixture
def new_client(shop: Workshop, config: Config) -> Callable[[], FlaskClient]:
    return create_app(shop.engine, config).test_client


def post(client: FlaskClient, path: str, body: dict[str, Any]) -> Any:
    answer = client.post(f"/v2/namespaces/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def pair(number: int, state: int) -> list[dict[str, Any]]:
    """Two documents that always have the same state, in attributes and in vectors."""
    near = [0.01 * (number + 1), 0.001 * state, 0.0, 0.0]
    ids = (2 * number, 2 * number + 1)
    return [{"id": i, "pair": number, "side": i % 2, "state": state, "vector": near} for i in ids]


def fill(client: FlaskClient, namespace: str) -> None:
    vectors = 10 + np.random.default_rng(0).random((OTHERS, DIMENSIONS))
    rows = [row for number in range(PAIRS) for row in pair(number, 0)]
    rows += [{"id": 1000 + at, "vector": v} for at, v in enumerate(vectors.round(3).tolist())]
    post(client, namespace, {"upsert_rows": rows, "distance_metric": "euclidean_squared"})


def flip(number: int, turn: int, dice: Random) -> dict[str, Any]:
    """A write that changes both documents of a pair, or takes both away."""
    state, ids = dice.randrange(1, 5), [2 * number, 2 * number + 1]
    if turn % 10 == 9:
        # a change of the schema makes all that processes know old
        return {"upsert_rows": [row | {f"x{turn}": 1} for row in pair(number, state)]}
    match dice.randrange(5):
        case 0:
            return {"patch_rows": [{"id": i, "state": state} for i in ids]}
        case 1:
            matching = ["pair", "Eq", number]
            return {"patch_by_filter": {"filters": matching, "patch": {"state": state}}}
        case 2:
            return {"deletes": ids}
        case _:
            return {"upsert_rows": pair(number, state)}


# what one moment looks like, in several ways
ORDERED = {"rank_by": ["id", "asc"], "filters": ["pair", "NotEq", None], "limit": 100}
QUESTIONS: list[dict[str, Any]] = [
    ORDERED | {"include_attributes": ["state", "pair"]},
    {"rank_by": ["vector", "ANN", QUERY], "limit": 50, "include_attributes": ["state", "pair"]},
    {
        "rank_by": ["vector", "kNN", QUERY],
        "filters": ["side", "Eq", 1],
        "limit": 50,
        "include_attributes": ["state", "pair"],
    },
    {
        "aggregate_by": {"count": ["Count"]},
        "filters": ["pair", "NotEq", None],
        "group_by": ["state"],
    },
    {"aggregate_by": {"sum": ["Sum", "state"]}, "filters": ["side", "Eq", 0]},
    {"rank_by": ["Attribute", "state"], "limit": 100, "include_attributes": ["state", "pair"]},
    {"aggregate_by": {"sum": ["Sum", "state"]}, "filters": ["side", "Eq", 1]},
    ORDERED | {"rank_by": [["side", "desc"], ["id", "asc"]], "include_attributes": ["state"]},
]


def states(rows: list[dict[str, Any]]) -> dict[int, int]:
    return {row["id"]: row["state"] for row in rows if row["id"] < 1000}


def check(results: list[dict[str, Any]]) -> dict[int, int]:
    """That all answers are of one moment; gives the states of the documents at that moment."""
    truth = states(results[0]["rows"])
    sides = [{i // 2: state for i, state in truth.items() if i % 2 == side} for side in (0, 1)]
    assert sides[0] == sides[1]
    odd = {i: state for i, state in truth.items() if i % 2}
    # an index may miss a document, but what it finds is of the same moment
    assert states(results[1]["rows"]).items() <= truth.items()
    assert len(results[1]["rows"]) == 50
    assert states(results[2]["rows"]) == odd
    counted = {group["state"]: group["count"] for group in results[3]["aggregation_groups"]}
    assert counted == Counter(truth.values())
    assert results[4]["aggregations"] == {"sum": sum(sides[0].values())}
    assert states(results[5]["rows"]) == {i: state for i, state in truth.items() if state}
    assert results[6]["aggregations"] == {"sum": sum(sides[1].values())}
    assert states(results[7]["rows"]) == truth
    return truth


@pytest.mark.parametrize("sealed", ["never", "before", "meanwhile"])
def test_a_multi_query_never_sees_half_of_a_write(
    shop: Workshop, new_client: Callable[[], FlaskClient], namespace: str, sealed: str
):
    fill(new_client(), namespace)
    ended = Event()
    if sealed != "never":
        assert shop.seal(namespace)
        single = post(new_client(), f"{namespace}/query", QUESTIONS[1])
        assert single["performance"]["exhaustive_search_count"] == 0

    def write(writer: int) -> int:
        client, dice, turn = new_client(), Random(writer), 0
        while not ended.is_set():
            post(client, namespace, flip(dice.randrange(PAIRS), turn, dice))
            turn += 1
        return turn

    def seal() -> int:
        done = 0
        while not ended.is_set():
            # a change of the schema puts a build off
            with suppress(Stale):
                done += shop.seal(namespace)
        return done

    def read(reader: int) -> list[dict[int, int]]:
        client, dice, seen = new_client(), Random(reader), list[dict[int, int]]()
        order = list(range(len(QUESTIONS)))
        for _ in range(READS):
            dice.shuffle(order)
            body = {"queries": [QUESTIONS[at] for at in order]}
            answered = post(client, f"{namespace}/query", body)["results"]
            seen.append(check([answered[order.index(at)] for at in range(len(order))]))
        return seen

    with ThreadPoolExecutor(6) as threads:
        writing = [threads.submit(write, writer) for writer in range(2)]
        sealing = threads.submit(seal) if sealed == "meanwhile" else None
        try:
            seen = [one for found in threads.map(read, range(2)) for one in found]
        finally:
            ended.set()
        written = [future.result() for future in writing]

    # there was something to see
    assert min(written) > 10
    assert len({tuple(sorted(one.items())) for one in seen}) > READS // 2
    assert sealing is None or sealing.result() > 0


def test_the_moment_is_the_same_for_a_fusion(new_client: Callable[[], FlaskClient], namespace: str):
    client = new_client()
    rows = [row for number in range(PAIRS) for row in pair(number, number % 3)]
    post(client, namespace, {"upsert_rows": rows})
    rankings = [["id", "asc"], ["id", "desc"], ["vector", "ANN", QUERY]]

    queries = [{"rank_by": rank, "limit": 4, "include_attributes": ["state"]} for rank in rankings]
    body = {"queries": queries, "rerank_by": ["RRF"], "limit": 5}
    (answer,) = post(client, f"{namespace}/query", body)["results"]

    # by hand: ranks 1 to 4 from either end, and once more from the front
    scores = {i: 2 / (61 + i) for i in range(4)} | {29 - i: 1 / (61 + i) for i in range(4)}
    best = sorted(scores, key=lambda i: (-scores[i], i))[:5]
    assert [row["id"] for row in answer["rows"]] == best
    assert [row["$dist"] for row in answer["rows"]] == pytest.approx([scores[i] for i in best])
    assert [row["state"] for row in answer["rows"]] == [i // 2 % 3 for i in best]


def test_an_old_cache_never_makes_an_answer_wrong(
    client: FlaskClient, new_client: Callable[[], FlaskClient], namespace: str
):
    other = new_client()
    body = {"queries": [{"rank_by": ["id", "asc"]}, {"aggregate_by": {"n": ["Count"]}}]}
    post(client, namespace, {"upsert_rows": [{"id": 1, "a": 1, "vector": [1, 2]}]})
    post(other, f"{namespace}/query", body)

    client.delete(f"/v2/namespaces/{namespace}")
    gone = other.post(f"/v2/namespaces/{namespace}/query", json=body)
    post(client, namespace, {"upsert_rows": [{"id": "x", "a": "one"}, {"id": "y"}]})
    body["queries"].append({"rank_by": ["a", "desc"], "filters": ["a", "Glob", "o*"]})
    found = post(other, f"{namespace}/query", body)["results"]

    assert gone.status_code == 404
    assert found == [
        {"rows": [{"id": "x"}, {"id": "y"}]},
        {"aggregations": {"n": 2}},
        {"rows": [{"id": "x"}]},
    ]
