"""Random writes, searches, scrolls and counts, held against the in-memory mode of qdrant-client.

What the oracle does otherwise than the specification says is left out: it returns the vectors of
Cosine collections normalised, keeps thresholds strictly, fails for payloads of points that do not
exist, loses nulls when it sets a payload, and takes no ``min_count`` of 0.
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient
from qdrant_client import QdrantClient, models

from tests.conformance import payload_generator
from tests.conformance.payload_generator import random_payload

Wire = Any
# more on demand
ROUNDS = int(os.environ.get("VECTABLE_ORACLE_ROUNDS", "4"))
REQUESTS = 150
SIZE = 4
INTEGERS = range(60)
UUIDS = [f"{n:08x}-0000-4000-8000-00000000000{n % 10}" for n in range(1, 21)]
DISTANCES = ["Cosine", "Dot", "Euclid", "Manhattan"]
KEYS = ["color", "size", "mixed", "tags", "detail", "nobody"]
NAMES = ["color", "size", "new"]
# scores of float32 here and of float64 there
CLOSE = 2e-4


class Both:
    """The same collection here and in the oracle."""

    def __init__(self, client: FlaskClient, name: str, distance: str) -> None:
        self.client, self.name = client, name
        self.oracle = QdrantClient(":memory:")
        parameters = models.VectorParams(size=SIZE, distance=models.Distance(distance))
        self.oracle.create_collection("points", vectors_config=parameters)
        self.call("PUT", "", {"vectors": {"size": SIZE, "distance": distance}})

    def call(self, method: str, path: str, body: Wire) -> Wire:
        answer = self.client.open(f"/collections/{self.name}{path}", method=method, json=body)
        assert answer.status_code == 200, (path, body, answer.get_json())
        return answer.get_json()["result"]

    def write(self, rng: Random) -> None:
        """One random write, in both."""
        match rng.randrange(8):
            case 0 | 1:
                self.upsert(rng)
            case 2:
                ids = some_ids(rng)
                self.call("POST", "/points/delete", {"points": ids})
                self.oracle.delete("points", ids)
            case 3:
                self.set_payload(rng)
            case 4:
                self.overwrite_payload(rng)
            case 5:
                self.delete_keys(rng)
            case 6:
                target, selector = self.target(rng)
                self.call("POST", "/points/payload/clear", target)
                self.oracle.clear_payload("points", selector)
            case _:
                self.set_vectors(rng)

    def upsert(self, rng: Random) -> None:
        points = [
            {"id": one, "vector": vector(rng), "payload": random_payload(rng)}
            for one in some_ids(rng)
        ]
        self.call("PUT", "/points", {"points": points})
        self.oracle.upsert("points", [models.PointStruct.model_validate(p) for p in points])

    def set_payload(self, rng: Random) -> None:
        target, selector = self.target(rng)
        payload = without_nulls(random_payload(rng, 1))
        self.call("POST", "/points/payload", {"payload": payload, **target})
        self.oracle.set_payload("points", payload, selector)

    def overwrite_payload(self, rng: Random) -> None:
        target, selector = self.target(rng)
        payload = without_nulls(random_payload(rng, 1))
        self.call("PUT", "/points/payload", {"payload": payload, **target})
        self.oracle.overwrite_payload("points", payload, selector)

    def delete_keys(self, rng: Random) -> None:
        target, selector = self.target(rng)
        keys = rng.sample(KEYS, rng.randint(1, 3))
        self.call("POST", "/points/payload/delete", {"keys": keys, **target})
        self.oracle.delete_payload("points", keys, selector)

    def set_vectors(self, rng: Random) -> None:
        ids = self.known(rng, 5)
        points = [{"id": one, "vector": vector(rng)} for one in ids]
        self.call("PUT", "/points/vectors", {"points": points})
        if ids:
            self.oracle.update_vectors(
                "points", [models.PointVectors.model_validate(p) for p in points]
            )

    def known(self, rng: Random, most: int) -> list[Wire]:
        ids = [point["id"] for point in self.everything()]
        return rng.sample(ids, min(len(ids), most))

    def target(self, rng: Random) -> tuple[Wire, Wire]:
        """Points by id or by filter, as it is spelled here and for the oracle."""
        if rng.random() < 0.5:
            ids = self.known(rng, 8)
            return {"points": ids}, models.PointIdsList(points=ids)
        wire = random_filter(rng, 1)
        return {"filter": wire}, models.FilterSelector(filter=condition(wire))

    def everything(self) -> list[Wire]:
        """All points here, page by page."""
        found: list[Wire] = []
        position: Wire = None
        while True:
            page = self.call("POST", "/points/scroll", {"limit": 17, "offset": position})
            found.extend(page["points"])
            position = page["next_page_offset"]
            if position is None:
                return found

    def compare_all(self) -> None:
        there, _ = self.oracle.scroll("points", limit=10_000)
        there = sorted(there, key=place)
        found = self.everything()
        assert [p["id"] for p in found] == [p.id for p in there]
        for here, other in zip(found, there, strict=True):
            assert here["payload"] == other.payload, here["id"]

    def read(self, rng: Random) -> None:
        match rng.randrange(4):
            case 0:
                self.count(rng)
            case 1:
                self.scroll(rng)
            case _:
                self.search(rng)

    def count(self, rng: Random) -> None:
        wire = random_filter(rng, 2)
        found = self.call("POST", "/points/count", {"filter": wire, "exact": True})["count"]
        assert found == self.oracle.count("points", condition(wire)).count, json.dumps(wire)

    def scroll(self, rng: Random) -> None:
        wire, limit = random_filter(rng, 1), rng.randint(1, 30)
        found = self.call("POST", "/points/scroll", {"filter": wire, "limit": limit})
        there, _ = self.oracle.scroll("points", condition(wire), limit=10_000)
        there = sorted(there, key=place)
        assert [p["id"] for p in found["points"]] == [p.id for p in there[:limit]]
        assert found["next_page_offset"] == (there[limit].id if len(there) > limit else None)

    def search(self, rng: Random) -> None:
        body = {
            "vector": vector(rng),
            "limit": rng.randint(1, 20),
            "offset": rng.choice([0, 0, 0, 3]),
            "params": {"exact": rng.random() < 0.5},
        }
        if rng.random() < 0.7:
            body["filter"] = random_filter(rng, 1)
        found = self.call("POST", "/points/search", body)
        there = self.oracle.query_points(
            "points",
            query=body["vector"],
            query_filter=condition(body["filter"]) if "filter" in body else None,
            limit=body["limit"],
            offset=body["offset"],
        ).points
        scores = [p.score for p in there]
        close = pytest.approx(scores, rel=CLOSE, abs=CLOSE)
        assert [p["score"] for p in found] == close, json.dumps(body)
        # points of about the same score may change places
        by_id = {p["id"]: p["score"] for p in found}
        for one in there:
            last = abs(one.score - scores[-1]) <= 4 * CLOSE * max(1, abs(one.score))
            assert one.id in by_id or last, json.dumps(body)


def without_nulls(value: Wire) -> Wire:
    """The oracle loses what is null when it sets a payload."""
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [without_nulls(one) for one in value if one is not None]
    return value


def some_ids(rng: Random) -> list[Wire]:
    return rng.sample([*INTEGERS, *UUIDS], rng.randint(1, 12))


def random_filter(rng: Random, depth: int) -> Wire:
    """A filter that both take."""
    while True:
        wire = payload_generator.random_filter(rng, depth)
        if '"min_count": 0' not in json.dumps(wire):
            return wire


def condition(wire: Wire) -> models.Filter:
    return models.Filter.model_validate(wire)


def vector(rng: Random) -> list[float]:
    return [rng.uniform(-1, 1) for _ in range(SIZE)]


def place(point: Any) -> tuple[bool, Any]:
    """Integers, then UUIDs."""
    return isinstance(point.id, str), point.id


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_random_writes_and_reads(
    client: FlaskClient, namespace: str, distance: str, seed: int
) -> None:
    rng = Random(f"{seed} {distance}")
    both = Both(client, namespace, distance)
    both.upsert(rng)
    for number in range(REQUESTS):
        if rng.random() < 0.3:
            both.write(rng)
        else:
            both.read(rng)
        if number % 25 == 0:
            both.compare_all()
    both.compare_all()
