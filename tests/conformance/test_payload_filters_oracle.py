"""Random filters over random payloads, held against the in-memory mode of qdrant-client."""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient
from qdrant_client import QdrantClient, models

from service.engine import Engine
from tests.conformance.payload_generator import IDS, VECTORS, random_filter, random_payload
from tests.integration.payload_tools import Connection, Points

Wire = Any
# more on demand
COLLECTIONS = int(os.environ.get("VECTABLE_ORACLE_ROUNDS", "10"))
FILTERS, DEPTH = 150, 3
MOST = 10_000


@pytest.fixture
def points(engine: Engine, client: FlaskClient, connection: Connection, namespace: str) -> Points:
    return Points(engine, client, connection, namespace)


def store(points: Points, oracle: QdrantClient, rng: Random) -> None:
    """The same points in both; each has one vector or both."""
    sizes = {name: models.VectorParams(size=2, distance=models.Distance.COSINE) for name in VECTORS}
    oracle.create_collection("points", vectors_config=sizes)
    payloads = {identity: random_payload(rng) for identity in IDS}
    held = {identity: rng.choice([VECTORS, VECTORS[:1], VECTORS[1:]]) for identity in IDS}
    oracle.upsert(
        "points",
        [
            models.PointStruct(
                id=identity,
                vector={name: [1.0, 0.5] for name in held[identity]},
                payload=payloads[identity],
            )
            for identity in IDS
        ],
    )
    schema = {name: {"type": "[2]f32", "ann": True} for name in VECTORS}
    for names in (VECTORS, VECTORS[:1], VECTORS[1:]):
        rows = [{"id": n, **{name: [1.0, 0.5] for name in names}} for n in IDS if held[n] == names]
        points.write(rows, schema=schema)
    points.attach(payloads)


def expected(oracle: QdrantClient, wire: Wire) -> list[Any]:
    condition = models.Filter.model_validate(wire)
    found, _ = oracle.scroll("points", condition, limit=MOST, with_payload=False)
    return sorted(point.id for point in found)


@pytest.mark.parametrize("seed", range(COLLECTIONS))
def test_random_filters_match_the_same_points(points: Points, seed: int):
    rng = Random(seed)
    with_some = 0
    oracle = QdrantClient(":memory:")
    store(points, oracle, rng)

    for _ in range(FILTERS):
        wire = random_filter(rng, DEPTH)
        wanted = expected(oracle, wire)
        with_some += 0 < len(wanted) < len(IDS)
        assert points.matching(wire) == wanted, json.dumps(wire)

    # the filters tell points apart
    assert with_some > FILTERS / 5
