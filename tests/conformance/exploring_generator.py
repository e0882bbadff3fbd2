"""Random bodies of queries by example, groups and facets, from one seeded generator.

What the oracle, the in-memory mode of qdrant-client, does otherwise than the specification is left
out:

* a target without a context, whose scores it brings between 0 and 1 (section 12: a plain search);
* thresholds on scores of examples under Euclid and Manhattan, where it keeps the worse ones;
* distribution-based fusion under Euclid and Manhattan, where it prefers the larger distance;
* ``context`` in a prefetch: many points have the same score, and which of them go on is open;
* filters of a query and of its prefetch that both have alternatives: it makes all of these
  alternatives of each other, where each filter has to hold;
* groups and facets of booleans, which are numbers to Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.conformance.payload_generator import random_filter

Wire = Any

GROUP_KEYS = ["color", "size", "tags", "detail.color", "parts[].color"]
FACET_KEYS = ["color", "tags", "detail.color", "parts[].color"]
FILTER_DEPTH = 2
# a limit that no ranking reaches
EVERYTHING = 1_000


@dataclass(frozen=True, slots=True)
class Space:
    """One kind of vectors that the points have: their name (None: the only ones), how long they
    are, which points have them, and whether callers see distances."""

    name: str | None
    size: int
    ids: Sequence[Any]
    distances: bool


@dataclass(frozen=True, slots=True)
class Generator:
    """Queries to points with vectors of these kinds."""

    rng: Random
    spaces: Sequence[Space]

    def query(self) -> dict[str, Wire]:
        """A universal query."""
        match self.rng.randrange(10):
            case 0:
                return self.fused()
            case 1:
                return self.staged()
            case 2:
                return self.page(self.filtered({}))
            case _:
                return self.page(self.ranked(self.space()))

    def grouped(self) -> dict[str, Wire]:
        """A grouped query."""
        body = self.ranked(self.space()) | {
            "group_by": self.rng.choice(GROUP_KEYS),
            "limit": self.rng.choice([1, 2, 3, 5, 20]),
            "group_size": self.rng.choice([1, 2, 3, 10]),
        }
        body.pop("score_threshold", None)
        return body

    def facet(self) -> dict[str, Wire]:
        return self.filtered({"key": self.rng.choice(FACET_KEYS), "limit": EVERYTHING})

    def ordered(self) -> dict[str, Wire]:
        """A scroll in an order."""
        direction = self.rng.choice(["asc", "desc"])
        order: dict[str, Wire] = {"key": self.rng.choice(["size", "detail.size"])}
        if self.rng.random() < 0.7:
            order["direction"] = direction
        if self.rng.random() < 0.5:
            order["start_from"] = self.rng.choice([0, 1, 2.5, -3])
        return self.filtered({"order_by": order, "limit": self.rng.choice([5, 20, EVERYTHING])})

    def space(self) -> Space:
        return self.rng.choice(self.spaces)

    def ranked(self, space: Space, *, ties: bool = True) -> dict[str, Wire]:
        """A query by one kind of vectors, with a filter or without."""
        query, plain = self.aim(space, ties=ties)
        body: dict[str, Wire] = {"query": query}
        if space.name is not None:
            body["using"] = space.name
        if (plain or not space.distances) and self.rng.random() < 0.2:
            body["score_threshold"] = self.threshold(space, plain=plain)
        return self.filtered(body)

    def aim(self, space: Space, *, ties: bool) -> tuple[Wire, bool]:
        """What is asked, and whether it is a search for the nearest."""
        match self.rng.randrange(8 if ties else 7):
            case 0:
                return self.vector(space), True
            case 1:
                return self.rng.choice(space.ids), True
            case 2:
                return {"nearest": self.example(space)}, True
            case 3:
                return {"recommend": self.examples(space, least=1)}, True
            case 4:
                strategy = {"strategy": "best_score"}
                return {"recommend": self.examples(space, least=0) | strategy}, False
            case 5:
                strategy = {"strategy": "sum_scores"}
                return {"recommend": self.examples(space, least=0) | strategy}, False
            case 6:
                target = {"target": self.example(space), "context": self.pairs(space)}
                return {"discover": target}, False
            case _:
                return {"context": self.pairs(space)}, False

    def examples(self, space: Space, least: int) -> dict[str, Wire]:
        """Positives and negatives; at least one of them."""
        positive = [self.example(space) for _ in range(self.rng.randrange(least, 4))]
        fewest = 0 if positive else 1
        negative = [self.example(space) for _ in range(self.rng.randrange(fewest, 3))]
        return {"positive": positive, "negative": negative}

    def pairs(self, space: Space) -> list[Wire]:
        return [
            {"positive": self.example(space), "negative": self.example(space)}
            for _ in range(self.rng.choice([1, 2, 2, 3]))
        ]

    def example(self, space: Space) -> Wire:
        return self.vector(space) if self.rng.random() < 0.5 else self.rng.choice(space.ids)

    def vector(self, space: Space) -> list[float]:
        return [round(self.rng.gauss(0, 1), 3) for _ in range(space.size)]

    def threshold(self, space: Space, *, plain: bool) -> float:
        if plain and space.distances:
            return self.rng.uniform(1, 6)
        return self.rng.uniform(-0.5, 1)

    def filtered(self, body: dict[str, Wire]) -> dict[str, Wire]:
        if self.rng.random() < 0.5:
            return body
        return body | {"filter": random_filter(self.rng, FILTER_DEPTH)}

    def strictly(self, body: dict[str, Wire]) -> None:
        """The filter in a form that others can be put beside."""
        if "filter" in body:
            body["filter"] = {"must": [body["filter"]]}

    def page(self, body: dict[str, Wire]) -> dict[str, Wire]:
        """Some results, from the first one on or from a later one."""
        page = body | {"limit": self.rng.choice([1, 3, 10, 50, EVERYTHING])}
        return page | {"offset": self.rng.randrange(20)} if self.rng.random() < 0.3 else page

    def stage(self, spaces: Sequence[Space], depth: int = 1) -> dict[str, Wire]:
        """A prefetch, which may have one of its own."""
        body = self.ranked(self.rng.choice(spaces), ties=False)
        self.strictly(body)
        if self.rng.random() < 0.7:
            body["limit"] = self.rng.choice([3, 10, 30])
        if depth and self.rng.random() < 0.2:
            body["prefetch"] = self.stage(spaces, depth - 1)
        return body

    def staged(self) -> dict[str, Wire]:
        """A query that ranks the results of others."""
        stages = [self.stage(self.spaces) for _ in range(self.rng.choice([1, 2, 3]))]
        body = self.ranked(self.space()) | {"prefetch": stages}
        self.strictly(body)
        return self.page(body)

    def fused(self) -> dict[str, Wire]:
        """A fusion."""
        similar = [space for space in self.spaces if not space.distances]
        by_scores = bool(similar) and self.rng.random() < 0.3
        spaces = similar if by_scores else self.spaces
        stages = [self.stage(spaces) for _ in range(self.rng.choice([1, 2, 3]))]
        query: Wire = {"fusion": "dbsf" if by_scores else "rrf"}
        if not by_scores and self.rng.random() < 0.5:
            query = {"rrf": {"k": self.rng.choice([1, 2, 60])}}
        return self.page({"query": query, "prefetch": stages})
