"""Random queries by example, held against the in-memory mode of qdrant-client."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from qdrant_client import QdrantClient, models

from tests.conformance.exploring_generator import Generator, Space
from tests.conformance.payload_generator import IDS, random_payload

Wire = Any
# more on demand
ROUNDS = int(os.environ.get("VECTABLE_ORACLE_ROUNDS", "1"))
QUERIES, GROUPS, FACETS, ORDERS = 160, 60, 20, 20
RELATIVE, ABSOLUTE = 1e-4, 2e-5
# two documents that are not told apart in single precision
NEAR = 1e-4

# the vectors of each collection: None for the only ones
SHAPES: dict[str, dict[str | None, tuple[int, str]]] = {
    "cosine": {None: (6, "Cosine")},
    "dot": {None: (5, "Dot")},
    "euclid": {None: (6, "Euclid")},
    "manhattan": {None: (4, "Manhattan")},
    "named": {"front": (4, "Cosine"), "back": (6, "Euclid")},
}


@dataclass
class Both:
    """The same collection in this service and in the oracle."""

    client: FlaskClient
    name: str
    oracle: QdrantClient
    generator: Generator

    def ask(self, path: str, body: Wire) -> Wire:
        answer = self.client.post(f"/collections/{self.name}/{path}", json=body)
        assert answer.status_code == 200, f"{answer.text} for {json.dumps(body)}"
        return answer.get_json()["result"]

    def put(self, path: str, body: Wire) -> None:
        answer = self.client.put(f"/collections/{self.name}{path}", json=body)
        assert answer.status_code == 200, answer.text


def identities(rng: Random) -> list[Any]:
    """Integers, and UUIDs among them."""
    return [*IDS, *(str(UUID(int=rng.getrandbits(128))) for _ in range(40))]


def config_of(shape: dict[str | None, tuple[int, str]]) -> Wire:
    named = {name: {"size": size, "distance": kind} for name, (size, kind) in shape.items()}
    return named.get(None, named)


def params_of(shape: dict[str | None, tuple[int, str]]) -> Any:
    """The same for the oracle."""
    named = {
        name: models.VectorParams(size=size, distance=models.Distance(kind))
        for name, (size, kind) in shape.items()
    }
    return named.get(None, named)


@pytest.fixture(params=[(shape, n) for shape in SHAPES for n in range(ROUNDS)], ids=str)
def both(request: pytest.FixtureRequest, client: FlaskClient, namespace: str) -> Both:
    kind, number = request.param
    shape, rng = SHAPES[kind], Random(f"{kind} {number}")
    oracle, ids = QdrantClient(":memory:"), identities(rng)
    spaces = [
        Space(
            name, size, ids if name is None else [i for i in ids if rng.random() < 0.8],
            distance in ("Euclid", "Manhattan"),
        )
        for name, (size, distance) in shape.items()
    ]  # fmt: skip
    made = Both(client, namespace, oracle, Generator(rng, spaces))
    points = [{"id": i, "vector": vector_of(made, i), "payload": random_payload(rng)} for i in ids]
    made.put("", {"vectors": config_of(shape)})
    made.put("/points", {"points": points})
    oracle.create_collection("points", vectors_config=params_of(shape))
    oracle.upsert("points", [models.PointStruct.model_validate(point) for point in points])
    return made


def vector_of(both: Both, identity: Any) -> Wire:
    """A point's vector, or those of its vectors that it has."""
    generator = both.generator
    named = {s.name: generator.vector(s) for s in generator.spaces if identity in s.ids}
    return named.get(None, named)


def same(
    found: Sequence[tuple[Any, float]], wanted: Sequence[tuple[Any, float]], body: Wire
) -> None:
    """The same scores in the same order; of the first and last ones that are equal, any."""
    told = json.dumps(body)
    assert len(found) == len(wanted), told
    for (_, score), (_, truth) in zip(found, wanted, strict=True):
        assert score == pytest.approx(truth, rel=RELATIVE, abs=ABSOLUTE), told
    scores = dict(found)
    ends = (wanted[0][1], wanted[-1][1]) if wanted else ()
    for identity, truth in wanted:
        if identity in scores:
            assert scores[identity] == pytest.approx(truth, rel=RELATIVE, abs=ABSOLUTE), told
        else:
            assert any(abs(truth - end) < NEAR for end in ends), f"{identity} is missing: {told}"


def scored(points: Sequence[Wire]) -> list[tuple[Any, float]]:
    return [(point["id"], point["score"]) for point in points]


def asked(oracle: QdrantClient, body: Wire) -> list[tuple[Any, float]]:
    request = models.QueryRequest.model_validate(body)
    found = oracle.query_points(
        "points",
        query=request.query,
        using=request.using,
        prefetch=request.prefetch,
        query_filter=request.filter,
        limit=request.limit or 10,
        offset=request.offset,
        score_threshold=request.score_threshold,
        with_payload=False,
    )
    return [(point.id, point.score) for point in found.points]


# the routes of their own that some queries have
ROUTES = {"recommend": "points/recommend", "discover": "points/discover"}


def through_its_route(both: Both, body: Wire) -> list[tuple[Any, float]] | None:
    """The answer to a query by the route that is for its kind alone, when there is one."""
    query: Wire = body.get("query")
    kind = next((name for name in ROUTES if isinstance(query, dict) and name in query), None)
    if kind is None or "prefetch" in body:
        return None
    plain = {name: value for name, value in body.items() if name != "query"}
    return scored(both.ask(ROUTES[kind], plain | query[kind]))


def test_random_queries_have_the_same_results(both: Both):
    with_some = 0
    for _ in range(QUERIES):
        body = both.generator.query()
        wanted = asked(both.oracle, body)
        with_some += bool(wanted)

        found = scored(both.ask("points/query", body))

        if "query" in body:
            same(found, wanted, body)
        else:  # a list in the order of ids, whose scores say nothing
            assert [identity for identity, _ in found] == [identity for identity, _ in wanted]
        again = through_its_route(both, body)
        assert again is None or again == found
    assert with_some > QUERIES / 2


def test_random_groups_have_the_same_hits(both: Both):
    for _ in range(GROUPS):
        body = both.generator.grouped()
        request = models.QueryGroupsRequest.model_validate(body)
        wanted = both.oracle.query_points_groups(
            "points",
            group_by=body["group_by"],
            query=request.query,
            using=request.using,
            query_filter=request.filter,
            limit=body["limit"],
            group_size=body["group_size"],
            with_payload=False,
        ).groups

        found = both.ask("points/query/groups", body)["groups"]

        # the groups as if they were points, with the scores of their best hits
        same(
            [(group["id"], group["hits"][0]["score"]) for group in found],
            [(group.id, group.hits[0].score) for group in wanted],
            body,
        )
        hits = {group["id"]: scored(group["hits"]) for group in found}
        for group in wanted:
            if group.id in hits:
                same(hits[group.id], [(hit.id, hit.score) for hit in group.hits], body)


def test_random_facets_have_the_same_counts(both: Both):
    for _ in range(FACETS):
        body = both.generator.facet()
        condition = body.get("filter")
        wanted = both.oracle.facet(
            "points",
            key=body["key"],
            facet_filter=condition and models.Filter.model_validate(condition),
            limit=body["limit"],
            exact=True,
        )

        found = both.ask("facet", body)["hits"]

        counts = {typed(hit["value"]): hit["count"] for hit in found}
        assert counts == {typed(hit.value): hit.count for hit in wanted.hits}, json.dumps(body)


def typed(value: Any) -> tuple[str, Any]:
    """1 is no true."""
    return type(value).__name__, value


def test_random_orders_have_the_same_values(both: Both):
    for _ in range(ORDERS):
        body = both.generator.ordered()
        condition = body.get("filter")
        wanted, _ = both.oracle.scroll(
            "points",
            condition and models.Filter.model_validate(condition),
            limit=body["limit"],
            order_by=models.OrderBy.model_validate(body["order_by"]),
            with_payload=False,
        )

        found = both.ask("points/query", {**body, "query": {"order_by": body["order_by"]}})

        # a point comes once for each of its values; of those with the last value any may come
        values = [(point["order_value"], point["id"]) for point in found]
        truth = [(one.order_value, one.id) for one in wanted]
        assert [value for value, _ in values] == [value for value, _ in truth], json.dumps(body)
        last = truth[-1][0] if truth else 0
        assert inner(values, last) == inner(truth, last), json.dumps(body)


def inner(values: Sequence[tuple[Any, Any]], last: Any) -> set[tuple[Any, Any]]:
    return {pair for pair in values if pair[0] != last}


def test_a_matrix_is_between_points_of_the_collection(both: Both):
    space = both.generator.space()
    using = {} if space.name is None else {"using": space.name}
    pairs = both.ask("points/search/matrix/pairs", {"sample": 20, "limit": 3, **using})["pairs"]

    assert len(pairs) == 60
    for pair in pairs[:10]:
        body = {"query": pair["a"], "filter": {"must": {"has_id": [pair["b"]]}}, **using}
        same([(pair["b"], pair["score"])], asked(both.oracle, body), body)
