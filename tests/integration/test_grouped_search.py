"""Groups, facets and matrices against answers computed in plain Python and numpy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast
from uuid import UUID

import numpy as np
import pytest

from service.config import Config
from service.core.documents import SchemaUpdate, Upsert, Write
from service.core.elements import Element, IsValue
from service.core.errors import NamespaceNotFound, UnknownVector
from service.core.exploration import (
    Aim,
    ByPlaces,
    Context,
    ExamplePair,
    Exploration,
    Near,
    Recommendation,
)
from service.core.facets import Facet
from service.core.grouping import Grouped, GroupId, HitGroups, Records
from service.core.ids import IdType
from service.core.likeness import Strategy
from service.core.matrix import MatrixQuery
from service.core.paths import Each, Key, Path
from service.core.query import ByPath, Hit, Ordered, Projection
from service.core.similarity import goodness, score
from service.core.vectors import Metric
from service.engine import Engine, grouping
from tests.integration.exploring_tools import METRICS, explore
from tests.integration.segment_tools import (
    Numbers,
    Workshop,
    batch,
    distances,
    recorded,
    vector,
    vectors,
    workshop,
)

K = Path((Key("k"),))
DEEP = Path((Key("a"), Each(), Key("b")))
Values = Callable[[int], list[GroupId]]

QUERY = vectors(1, seed=42)[0]
ODD = Element(Path((Key("odd"),)), IsValue(True))

# (value under k; how often): skewed, with lists, other types, and none at all
VALUES: list[tuple[Any, int]] = [
    ("common", 200), ("rare", 1), (7, 30), (-3, 5), ("7", 5), ("é", 4), ("", 3),
    (["a", "b"], 20), (["b", 5, "a", "b"], 10), (["c", "a"], 5), (["a", ["d"]], 9),
    (["b", None], 9), ([7, 2.5], 9), ([], 5),
    (None, 10), (2.5, 10), (True, 10), ({"x": 1}, 5), (2**53 + 1, 2),
]  # fmt: skip


def payloads(seed: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    values = [value for value, count in VALUES for _ in range(count)] + [...] * 10
    rng.shuffle(values)
    return [
        ({} if value is ... else {"k": value})
        | {"odd": bool(place % 2), "a": [{"b": place % 3}, {"b": f"s{place % 4}"}, {"c": 1}]}
        for place, value in enumerate(values)
    ]


PAYLOADS = payloads(0)
NUMBERS = vectors(len(PAYLOADS))
MISSING = frozenset(range(0, 40, 4))


def write(
    engine: Engine,
    name: str,
    objects: Sequence[dict[str, Any]],
    numbers: Numbers,
    metric: Metric,
    missing: frozenset[int] = frozenset(),
    ids: Sequence[Any] | None = None,
) -> None:
    held = {"vector": batch(numbers, sorted(missing))}
    given = tuple(range(len(objects)) if ids is None else ids)
    schema = SchemaUpdate(id_type=None if ids is None else IdType.MIXED)
    upsert = Upsert(given, (), held, tuple(objects))
    engine.write(name, Write(upsert=upsert, metric=metric, schema=schema))


@pytest.fixture(scope="module", params=METRICS, ids=lambda metric: metric.value)
def stored(request: pytest.FixtureRequest, engine: Engine) -> tuple[str, Metric]:
    name = f"grouped-{request.param.value}"
    write(engine, name, PAYLOADS, NUMBERS, request.param, MISSING)
    return name, request.param


def groups_of(value: Any) -> list[GroupId]:
    """A value, or a list's different elements, if they are strings and integers; strings first."""
    values = cast(list[Any], value) if isinstance(value, list) else [value]
    if any(type(v) not in (str, int) for v in values):
        return []
    return sorted(set(values), key=lambda v: (isinstance(v, int), v))


def of_k(identity: int) -> list[GroupId]:
    return groups_of(PAYLOADS[identity].get("k", []))


def deep_groups(identity: int) -> list[GroupId]:
    return groups_of([one["b"] for one in PAYLOADS[identity]["a"] if "b" in one])


def grouped(
    ranked: Sequence[int], values: Values, groups: int, size: int
) -> list[tuple[GroupId, list[int]]]:
    """Of the ranked documents the first groups, each with its first members."""
    found: dict[GroupId, list[int]] = {}
    for identity in ranked:
        for value in values(identity):
            found.setdefault(value, []).append(identity)
    return [(key, members[:size]) for key, members in list(found.items())[:groups]]


def ranked(metric: Metric, *, odd: bool = False) -> list[int]:
    order = np.argsort(distances(QUERY, NUMBERS, metric), kind="stable")
    kept = [int(place) for place in order if int(place) not in MISSING]
    return [i for i in kept if PAYLOADS[i]["odd"] or not odd]


def shown(found: HitGroups) -> list[tuple[GroupId, list[Any]]]:
    return [(group.id, [hit.id for hit in group.hits]) for group in found.groups]


def search(engine: Engine, name: str, groups: int, size: int, **more: Any) -> HitGroups:
    path = more.pop("path", K)
    query = Exploration(more.pop("aim", Near(vector(QUERY))), **more)
    return engine.explorer.group(name, Grouped(query, path, groups, size))


@pytest.mark.parametrize(("groups", "size"), [(1, 1), (3, 2), (5, 10), (100, 3), (100, 1000)])
@pytest.mark.parametrize("narrow", [False, True])
def test_groups_are_those_of_the_whole_ranking(
    engine: Engine,
    stored: tuple[str, Metric],
    monkeypatch: pytest.MonkeyPatch,
    groups: int,
    size: int,
    narrow: bool,
):
    name, metric = stored
    if narrow:  # many rounds, each a little deeper
        monkeypatch.setattr(grouping, "LEAST", 1)
        monkeypatch.setattr(grouping, "DEPTH", 0)
        monkeypatch.setattr(grouping, "GROWTH", 2)
    truth = grouped(ranked(metric), of_k, groups, size)

    found = search(engine, name, groups, size)

    assert shown(found) == truth
    best = [goodness(group.hits[0].distance, metric) for group in found.groups]
    assert best == sorted(best, reverse=True)
    assert found.metric is metric


def test_groups_of_nested_values_under_a_filter(engine: Engine, stored: tuple[str, Metric]):
    name, metric = stored
    order = ranked(metric, odd=True)
    truth = grouped(order, deep_groups, 7, 4)

    found = search(engine, name, 7, 4, path=DEEP, filter=ODD)

    assert len(truth) == 5
    assert shown(found) == truth


def test_a_threshold_leaves_groups_unfilled(engine: Engine, stored: tuple[str, Metric]):
    name, metric = stored
    order = ranked(metric)[:15]
    worst = float(distances(QUERY, NUMBERS, metric)[order[-1]])

    found = search(engine, name, 100, 10, threshold=score(worst, metric))

    truth = grouped(order, of_k, 100, 10)
    assert shown(found) == truth


AIMS: list[Aim] = [
    Recommendation((1, 2), (3,), Strategy.BEST_SCORE),
    Recommendation((1, 2), (3,), Strategy.SUM_SCORES),
    Recommendation((1, 2), (3,)),
    Context((ExamplePair(1, 2),)),
    Near(5),
]


@pytest.mark.parametrize("aim", AIMS)
def test_every_ranking_has_groups(engine: Engine, stored: tuple[str, Metric], aim: Aim):
    name, _ = stored
    every = explore(engine, name, aim, 1000)
    ids = [int(str(hit.id)) for hit in every.hits]
    truth = grouped(ids, of_k, 6, 3)

    assert shown(search(engine, name, 6, 3, aim=aim)) == truth


def test_documents_in_an_order_have_groups(engine: Engine, stored: tuple[str, Metric]):
    name, _ = stored
    listed = search(engine, name, 4, 2, aim=Ordered())
    truth = grouped(range(len(PAYLOADS)), of_k, 4, 2)
    assert shown(listed) == truth

    by_value = search(engine, name, 3, 3, aim=ByPath(DEEP))
    order = sorted(range(len(PAYLOADS)), key=lambda i: (i % 3, i))
    truth = grouped(order, of_k, 3, 3)
    assert shown(by_value) == truth


def test_fused_results_have_groups(engine: Engine, stored: tuple[str, Metric]):
    name, _ = stored
    stages = tuple(Exploration(aim, limit=60) for aim in (Near(vector(QUERY)), Near(5)))
    whole = tuple(Exploration(one.aim, limit=60 * 2) for one in stages)
    every = explore(engine, name, ByPlaces(), 1000, stages=whole)
    ids = [int(str(hit.id)) for hit in every.hits]
    truth = grouped(ids, of_k, 5, 2)

    found = search(engine, name, 5, 2, aim=ByPlaces(), stages=stages)

    assert shown(found) == truth
    assert found.metric is None


def test_what_is_asked_of_documents_comes_with_their_groups(
    engine: Engine, stored: tuple[str, Metric]
):
    name, _ = stored
    found = search(engine, name, 3, 2, projection=Projection(None, ("vector",)))

    for group in found.groups:
        for hit in group.hits:
            place = int(str(hit.id))
            assert hit.attributes == PAYLOADS[place]
            assert hit.vectors == {"vector": vector(NUMBERS[place])}


def test_a_key_that_nobody_has_makes_no_groups(engine: Engine, stored: tuple[str, Metric]):
    name, _ = stored

    assert search(engine, name, 3, 2, path=Path((Key("nowhere"),))).groups == ()


def test_groups_are_looked_up_by_the_ids_that_they_spell(engine: Engine, namespace: str):
    known = UUID("9939d0d1-8a8e-4a5b-9c3d-2e1f00112233")
    source = f"{namespace}-source"
    write(engine, source, [{"t": 1}, {"t": 2}], vectors(2), Metric.COSINE, ids=[7, known])
    rows = [{"k": 7}, {"k": str(known)}, {"k": "plain"}, {"k": -1}, {"k": 8}]
    write(engine, namespace, rows, vectors(5), Metric.COSINE)
    query = Exploration(Near(vector(QUERY)))

    found = engine.explorer.group(namespace, Grouped(query, K, 10, 1, Records(source)))

    records = {group.id: group.record for group in found.groups}
    assert records == {
        7: Hit(7, None, {}, {"t": 1}),
        str(known): Hit(known, None, {}, {"t": 2}),
        "plain": None, -1: None, 8: None,
    }  # fmt: skip
    with pytest.raises(NamespaceNotFound):
        engine.explorer.group(namespace, Grouped(query, K, 10, 1, Records("nowhere")))


@pytest.fixture(scope="module")
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


@pytest.fixture(scope="module")
def sealed(shop: Workshop) -> str:
    """A thousand groups, and one that all others are in."""
    name = "grouped-sealed"
    objects = [{"k": ["all", place % 1000]} for place in range(8_000)]
    write(shop.engine, name, objects, vectors(8_000, seed=2), Metric.EUCLIDEAN)
    shop.settle(name)
    explore(shop.engine, name, Near(vector(QUERY)))  # after it the size is known
    return name


def test_full_groups_do_not_take_all_documents(shop: Workshop, sealed: str):
    with recorded() as seen:
        found = search(shop.engine, sealed, 5, 6)

    assert [len(group.hits) for group in found.groups] == [6] * 5
    assert found.groups[0].id == "all"
    searches = [text for text in seen if "query_documents:" in text]
    # one that finds the groups through segments, and one for each that it left unfilled
    assert "query_walk:" in searches[0]
    assert len(searches) <= 6
    assert all("query_walk:" in text or " @> " in text for text in searches)
    members = {group.id: group.hits for group in found.groups[1:]}
    for key, hits in members.items():
        assert all(int(str(hit.id)) % 1000 == key for hit in hits)


def test_many_groups_through_segments_are_different_and_full(shop: Workshop, sealed: str):
    found = search(shop.engine, sealed, 300, 2)

    assert len({group.id for group in found.groups}) == 300
    assert {len(group.hits) for group in found.groups} == {2}
    best = [group.hits[0].distance or 0.0 for group in found.groups]
    assert best == sorted(best)


# Facets


def counted(rows: Sequence[dict[str, Any]]) -> Counter[str]:
    """By type and value: 1 is not "1", and no true either."""
    return Counter(repr(value) for row in rows for value in facet_groups(row.get("k")))


def facet_groups(value: Any) -> list[Any]:
    values = cast(list[Any], value) if isinstance(value, list) else [value]
    return list({repr(v): v for v in values if isinstance(v, str | int)}.values())


@pytest.mark.parametrize("odd", [False, True])
def test_facets_count_documents_by_value(engine: Engine, stored: tuple[str, Metric], odd: bool):
    name, _ = stored
    rows = [row for row in PAYLOADS if row["odd"] or not odd]
    truth = counted(rows)
    facet = Facet(K, ODD, 1000) if odd else Facet(K, limit=1000)

    counts = engine.explorer.count_values(name, facet)

    assert {repr(one.value): one.count for one in counts} == truth
    assert [one.count for one in counts] == sorted(truth.values(), reverse=True)
    few = engine.explorer.count_values(name, Facet(K, facet.filter, 3))
    assert few == counts[:3]


def test_equal_counts_are_in_the_order_of_values(engine: Engine, namespace: str):
    rows: list[dict[str, Any]] = [
        {"k": value} for value in ["b", 10, "a", 9, False, -1, "é", "Z", True, 1.0, 2.5]
    ]
    write(engine, namespace, rows, vectors(len(rows)), Metric.COSINE)

    found = engine.explorer.count_values(namespace, Facet(K, limit=100))

    assert [(one.value, type(one.value)) for one in found] == [
        (False, bool), (True, bool), (-1, int), (9, int), (10, int),
        ("Z", str), ("a", str), ("b", str), ("é", str),
    ]  # fmt: skip
    assert engine.explorer.count_values(namespace, Facet(DEEP)) == ()


def test_facets_of_a_missing_namespace(engine: Engine):
    with pytest.raises(NamespaceNotFound):
        engine.explorer.count_values("nowhere", Facet(K))


# Matrices


def test_a_matrix_has_the_nearest_others_of_each(engine: Engine, stored: tuple[str, Metric]):
    name, metric = stored
    matrix = engine.explorer.measure(name, MatrixQuery(sample=12, limit=4, filter=ODD))

    assert len(set(matrix.ids)) == 12
    assert list(matrix.ids) == sorted(map(int, map(str, matrix.ids)))
    chosen = [int(str(identity)) for identity in matrix.ids]
    assert not set(chosen) & MISSING
    assert all(PAYLOADS[i]["odd"] for i in chosen)
    for row, identity in enumerate(chosen):
        cells = [cell for cell in matrix.cells if cell.row == row]
        far = distances(NUMBERS[identity], NUMBERS[chosen], metric)
        best = sorted((float(far[place]), place) for place in range(12) if place != row)[:4]
        assert [cell.score for cell in cells] == pytest.approx(
            [score(distance, metric) for distance, _ in best], abs=1e-5
        )
        assert row not in {cell.column for cell in cells}


def test_a_matrix_of_few_documents(engine: Engine, stored: tuple[str, Metric], namespace: str):
    name, _ = stored
    rare = Element(K, IsValue("rare"))
    one = engine.explorer.measure(name, MatrixQuery(filter=rare))
    every = engine.explorer.measure(name, MatrixQuery(sample=2000, limit=2000))
    size = len(PAYLOADS) - len(MISSING)

    assert len(one.ids) <= 1
    assert one.cells == ()
    assert (len(every.ids), len(every.cells)) == (size, size * (size - 1))
    with pytest.raises(UnknownVector):
        engine.explorer.measure(name, MatrixQuery(column="other"))
    with pytest.raises(NamespaceNotFound):
        engine.explorer.measure(namespace, MatrixQuery())


def test_different_samples_are_drawn(engine: Engine, stored: tuple[str, Metric]):
    name, _ = stored
    drawn = {engine.explorer.measure(name, MatrixQuery(sample=10)).ids for _ in range(4)}

    assert len(drawn) == 4
