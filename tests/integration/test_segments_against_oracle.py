"""Random histories of writes, seals, merges and losses, and random searches, held against numpy."""

from collections.abc import Iterator
from itertools import pairwise
from random import Random
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from service.config import Config
from service.core.documents import Matching, Write
from service.core.errors import ServiceError
from service.core.filters import (
    EVERYTHING,
    And,
    AnyOf,
    Attribute,
    Compare,
    Equal,
    Filter,
    Glob,
    IdField,
    Missing,
    Not,
    Or,
    Order,
)
from service.core.query import Hit
from service.core.vectors import Metric
from service.engine import Engine
from service.engine.sealing import Sealer
from service.storage.building import Resources
from service.storage.faults import Stale
from tests.integration.segment_tools import (
    SETTINGS,
    Connection,
    Workshop,
    distances,
    nearest,
    recorded,
    segment_tables,
    upsert,
    workshop,
)

HISTORIES, STEPS, SEARCHES = 10, 5, 8
# more than are scanned in any case
BASE, IDS = 5_000, 6_000
LIMITS = [1, 3, 10, 10, 50, 300, 10_000]
RECALL, WALKS = 0.95, 1
N, S, ID = Attribute("n"), Attribute("s"), IdField()
ABSENT = -np.inf

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


class Player:
    """One namespace in the database and in arrays, and the dice for what happens to both.

    Components are multiples of a quarter, so that sums of their squares are exact in float32.
    """

    def __init__(self, shop: Workshop, connection: Connection, name: str, seed: int) -> None:
        self.dice, self.numbers = Random(seed), np.random.default_rng(seed)
        self.shop, self.connection, self.name = shop, connection, name
        self.metric = list(Metric)[seed % len(Metric)]
        self.dimensions = self.dice.choice([3, 6, 12])
        if self.dice.random() < 0.5:
            # segments of a thousand rows at most
            settings = SETTINGS.overridden({"seal_rows": 1_000})
            shop.sealer = Sealer(shop.database, settings, Resources(1, 0))
        # one that asks always, and one that asks now and then and has an old list
        self.engines = [shop.engine, Engine(shop.database, SETTINGS)]
        self.vectors = np.zeros((IDS, self.dimensions), np.float32)
        self.alive = np.zeros(IDS, bool)
        self.n = np.full(IDS, ABSENT)
        self.s = np.full(IDS, "", "U8")
        self.recalls: list[float] = []

    # --- what happens ---------------------------------------------------------------------------

    def some_vectors(self, count: int) -> Any:
        found = self.numbers.integers(-40, 41, (count, self.dimensions)).astype(np.float32) / 4
        found[self.numbers.random(count) < 0.01] = 0
        return found

    def write(self, ids: list[int]) -> None:
        """Upsert: some have no vector, some lack an attribute."""
        vectors = self.some_vectors(len(ids))
        missing = [at for at in range(len(ids)) if self.dice.random() < 0.02]
        n = [self.dice.choice([None, *range(9)]) for _ in ids]
        s = [f"k/{self.dice.randrange(100)}" for _ in ids]
        request = upsert(ids, vectors, self.metric, missing if len(missing) < len(ids) else (),
                         n=n, s=s)  # fmt: skip
        self.shop.engine.write(self.name, request)
        self.alive[ids] = True
        if len(missing) < len(ids):
            self.alive[[ids[at] for at in missing]] = False
        self.vectors[ids] = vectors
        self.n[ids] = [ABSENT if one is None else one for one in n]
        self.s[ids] = s

    def change(self) -> None:
        kind = self.dice.choice(["upsert", "upsert", "delete", "where"])
        if kind == "upsert":
            self.write(self.dice.sample(range(IDS), self.dice.choice([1, 30, 150, 900])))
        elif kind == "delete":
            doomed = self.dice.sample(range(IDS), self.dice.choice([1, 200]))
            self.shop.engine.write(self.name, Write(deletes=tuple(doomed)))
            self.alive[doomed] = False
        else:
            condition, mask = self.tree(2)
            if mask.mean() < 0.2:
                self.shop.engine.write(self.name, Write(delete_where=Matching(condition)))
                self.alive &= ~mask

    def tend(self) -> None:
        """What an indexer may do, or somebody to its tables."""
        kind = self.dice.choice(["seal", "seal", "seal", "merge", "clean", "lose", "drop"])
        if kind == "seal":
            self.shop.seal(self.name)
        elif kind == "merge":
            self.shop.merge(self.name, self.dice.choice([0, 10**9]))
        elif kind == "clean":
            self.connection.execute(
                "UPDATE vectable_segments.segments SET retired_at = '-infinity'"
                " WHERE retired_at IS NOT NULL AND starts_with(table_name, %s)",
                (f"{self.name}:",),
            )
            self.shop.tender.clean()
        elif kind == "lose":
            # of those listed, those replaced, and the sample
            for table in sorted(segment_tables(self.connection, self.name))[:1]:
                self.connection.execute(f'DROP TABLE vectable_segments."{table}"')
        elif self.dice.random() < 0.3:
            self.shop.engine.drop_indexes(self.name)

    # --- what is asked --------------------------------------------------------------------------

    def tree(self, depth: int) -> tuple[Filter, Mask]:
        """A filter, and which ids match it."""
        if depth and self.dice.random() < 0.5:
            parts = [self.tree(depth - 1) for _ in range(self.dice.randint(1, 3))]
            trees, masks = tuple(tree for tree, _ in parts), [mask for _, mask in parts]
            kind = self.dice.choice(["and", "or", "not"])
            if kind == "and":
                return And(trees), np.logical_and.reduce(masks)
            if kind == "or":
                return Or(trees), np.logical_or.reduce(masks)
            return Not(trees[0]), ~masks[0]
        return self.leaf()

    def leaf(self) -> tuple[Filter, Mask]:
        number, word = self.dice.randrange(9), f"k/{self.dice.randrange(100)}"
        identity, some = self.dice.randrange(IDS), self.dice.sample(range(IDS), 40)
        all_ids = np.arange(IDS)
        return self.dice.choice(
            [
                (Equal(N, number), self.n == number),
                (AnyOf(N, (number, 3)), (self.n == number) | (self.n == 3)),
                (Compare(N, Order.GREATER, number), self.n > number),
                # a missing value is below every other
                (Compare(N, Order.LESS_OR_EQUAL, number), self.n <= number),
                (Missing(N), self.n == ABSENT),
                (Equal(S, word), self.s == word),
                (Glob(S, f"{word[:3]}*"), np.char.startswith(self.s, word[:3])),
                (Glob(S, "*7"), np.char.endswith(self.s, "7")),
                (Compare(ID, Order.LESS, identity), all_ids < identity),
                (AnyOf(ID, tuple(some)), np.isin(all_ids, some)),
                (Equal(ID, identity), all_ids == identity),
            ]
        )

    def search(self) -> None:
        condition, mask = (EVERYTHING, np.ones(IDS, bool)) if self.dice.random() < 0.3 else (
            self.tree(2)
        )  # fmt: skip
        vector = self.some_vectors(1)[0]
        limit = self.dice.choice(LIMITS)
        query = nearest(vector, limit, condition)
        matching = np.flatnonzero(mask & self.alive)
        away = distances(vector, self.vectors[matching], self.metric)
        true = dict(zip(matching.tolist(), away.tolist(), strict=True))
        order = np.lexsort((matching, away))[:limit]

        exact = self.shop.exact(self.name, query).result.hits
        self.check(exact, true, limit)
        assert [hit.distance for hit in exact] == near(away[order])
        if self.metric is not Metric.COSINE:
            assert [hit.id for hit in exact] == matching[order].tolist()
        for engine in self.engines[: self.dice.choice([1, 1, 2])]:
            with recorded() as seen:
                planned = engine.query(self.name, query).hits
            self.check(planned, true, limit)
            if planned and any("query_walk" in text for text in seen):
                last = away[order][-1] + abs(away[order][-1]) * 1e-6 + 1e-6
                close = sum(true[int(hit.id)] <= last for hit in planned)
                self.recalls.append(close / len(planned))

    def check(self, hits: tuple[Hit, ...], true: dict[int, float], limit: int) -> None:
        """As many as there can be, each of them a match, at its distance, in order."""
        assert len(hits) == min(limit, len(true))
        assert all(hit.id in true for hit in hits)
        assert [hit.distance for hit in hits] == near([true[int(hit.id)] for hit in hits])
        keys = [(hit.distance, hit.id) for hit in hits]
        assert all(one < two for one, two in pairwise(keys))


def near(values: Any) -> Any:
    return pytest.approx(list(values), rel=1e-5, abs=2e-6)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_searches_of_any_history_find_what_numpy_finds(
    shop: Workshop, connection: Connection, namespace: str, seed: int
):
    player = Player(shop, connection, namespace, seed)
    player.write(list(range(BASE)))
    player.search()
    while shop.seal(namespace):
        pass
    shop.merge(namespace, quiet=False)

    for _ in range(STEPS):
        for _ in range(player.dice.randint(1, 4)):
            player.change()
        for _ in range(SEARCHES):
            player.search()
        try:
            player.tend()
        except (ServiceError, Stale):
            # a lost table, noticed by the indexer: it has another turn later
            shop.tender.clean()
        for _ in range(SEARCHES // 2):
            player.search()

    # an exact search would say nothing of the segments
    assert len(player.recalls) >= WALKS
    assert fmean(player.recalls) >= RECALL
    shop.tender.clean()
    while shop.seal(namespace):
        pass
    shop.settle(namespace, changes=10**9)
    for _ in range(SEARCHES):
        player.search()
    player.shop.engine.delete(namespace)
    assert segment_tables(connection, namespace) == set()
