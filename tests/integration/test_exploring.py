"""Queries by example against answers computed by numpy, exactly and through segments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from service.config import Config
from service.core.bounds import Bounds, Order
from service.core.documents import Upsert, Write
from service.core.elements import Element, HasId, InRange, IsValue
from service.core.errors import (
    InvalidRequest,
    NamespaceNotFound,
    NotFound,
    UnknownVector,
    WrongLength,
)
from service.core.exploration import (
    Aim,
    ByPlaces,
    ByScores,
    Context,
    Discovery,
    ExamplePair,
    Exploration,
    Lookup,
    Near,
    Recommendation,
    examples,
)
from service.core.likeness import Strategy
from service.core.paths import Key, Path
from service.core.query import ByPath, Ordered, Projection, Shuffled
from service.core.similarity import ORDER_VALUE, score
from service.core.vectors import Metric
from service.engine import Engine, likening
from tests.integration.exploring_tools import (
    METRICS,
    Condition,
    Documents,
    anything,
    check,
    explore,
    sampled,
    store,
)
from tests.integration.segment_tools import (
    Workshop,
    batch,
    recorded,
    upsert,
    vector,
    vectors,
    workshop,
)

N, TAG = Path((Key("n"),)), Path((Key("tag"),))
FEW = Element(N, InRange(Bounds(((Order.LESS, 10.0),))))
BEST, SUM, AVERAGE = Strategy.BEST_SCORE, Strategy.SUM_SCORES, Strategy.AVERAGE


def few(row: Any) -> bool:
    return row["n"] < 10


OTHERS = [vector(numbers) for numbers in vectors(4, seed=99)]
PAIRS = (ExamplePair(3, 4), ExamplePair(OTHERS[0], 7), ExamplePair(9, OTHERS[1]))

AIMS: dict[str, Aim] = {
    "nearest to a vector": Near(OTHERS[0]),
    "nearest to a document": Near(5),
    "average of one": Recommendation((5,)),
    "average": Recommendation((5, OTHERS[0], 8), (9, OTHERS[1])),
    "best score": Recommendation((5, OTHERS[0], 8), (9, OTHERS[1]), BEST),
    "best score without negatives": Recommendation((5, OTHERS[0]), (), BEST),
    "best score without positives": Recommendation((), (5, OTHERS[0]), BEST),
    "sum of scores": Recommendation((5, OTHERS[0]), (9,), SUM),
    "sum of scores without positives": Recommendation((), (9, 10), SUM),
    "discovery": Discovery(6, PAIRS),
    "discovery without context": Discovery(6),
    "context": Context(PAIRS),
}


@pytest.fixture(scope="module", params=METRICS, ids=lambda metric: metric.value)
def stored(request: pytest.FixtureRequest, engine: Engine) -> tuple[str, Documents]:
    """A namespace with missing vectors, deletes and a vector of zeros."""
    documents = sampled(400, request.param, missing=range(300, 340))
    documents.numbers[50] = 0
    name = f"exploring-{request.param.value}"
    store(engine, name, documents)
    documents.deleted = set(range(100, 130))
    engine.write(name, Write(deletes=tuple(documents.deleted)))
    return name, documents


@pytest.mark.parametrize("aim", AIMS.values(), ids=AIMS)
@pytest.mark.parametrize(("condition", "holds"), [(None, anything), (FEW, few)])
def test_every_aim_has_the_scores_that_numpy_computes(
    engine: Engine,
    stored: tuple[str, Documents],
    aim: Aim,
    condition: Element | None,
    holds: Condition,
):
    name, documents = stored
    more = {} if condition is None else {"filter": condition}
    truth = documents.ranked(aim, holds)

    check(documents, aim, explore(engine, name, aim, 10, **more), truth[:10])
    check(documents, aim, explore(engine, name, aim, 7, offset=5, **more), truth[5:12])
    # all that match, and no more
    check(documents, aim, explore(engine, name, aim, 1000, **more), truth)


def test_several_queries_are_answered_in_their_order(engine: Engine, stored: tuple[str, Documents]):
    name, documents = stored
    requests = [Exploration(aim, limit=5) for aim in AIMS.values()]

    answers = engine.explorer.explore(name, requests)

    for aim, found in zip(AIMS.values(), answers, strict=True):
        check(documents, aim, found, documents.ranked(aim)[:5])
    assert engine.explorer.explore(name, []) == ()


def test_a_threshold_cuts_what_is_worse(engine: Engine, stored: tuple[str, Documents]):
    name, documents = stored
    for aim in (AIMS["nearest to a vector"], AIMS["best score"], AIMS["discovery"]):
        every = explore(engine, name, aim, 50)
        middle = score(every.hits[20].distance, every.metric)
        cut = explore(engine, name, aim, 50, threshold=middle)

        assert cut.hits == every.hits[:21]
        assert documents.metric is every.metric or every.metric is None


@pytest.fixture(scope="module")
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


@pytest.fixture(scope="module", params=METRICS, ids=lambda metric: metric.value)
def sealed(request: pytest.FixtureRequest, shop: Workshop) -> tuple[str, Documents]:
    """A namespace large enough to be walked: segments, a tail, superseded and deleted documents."""
    documents = sampled(6_000, request.param, seed=1, missing=range(5_000, 5_050))
    name = f"exploring-sealed-{request.param.value}"
    store(shop.engine, name, documents)
    shop.settle(name)
    changed = vectors(200, seed=5)
    documents.numbers[:200] = changed
    columns = {key: [row[key] for row in documents.rows[:200]] for key in ("n", "tag")}
    shop.engine.write(name, upsert(list(range(200)), changed, request.param, **columns))
    documents.deleted = set(range(1_000, 1_100))
    shop.engine.write(name, Write(deletes=tuple(documents.deleted)))
    return name, documents


@pytest.mark.parametrize("aim", AIMS.values(), ids=AIMS)
@pytest.mark.parametrize(("condition", "holds"), [(None, anything), (FEW, few)])
def test_through_segments_there_are_as_many_and_nearly_the_same(
    shop: Workshop,
    sealed: tuple[str, Documents],
    monkeypatch: pytest.MonkeyPatch,
    aim: Aim,
    condition: Element | None,
    holds: Condition,
):
    monkeypatch.setattr(likening, "SCANNED", 100)
    name, documents = sealed
    more = {} if condition is None else {"filter": condition}

    found = explore(shop.engine, name, aim, 10, **more)

    truth = documents.ranked(aim, holds)
    scores = dict(truth)
    assert len({hit.id for hit in found.hits}) == 10
    worst = truth[9][1]
    near = [hit for hit in found.hits if scores[int(str(hit.id))] >= worst - 1e-5]
    assert len(near) >= 8
    assert [scores[int(str(hit.id))] for hit in found.hits] == pytest.approx(
        sorted((scores[int(str(hit.id))] for hit in found.hits), reverse=True), abs=1e-5
    )


def test_large_namespaces_are_explored_among_candidates(
    shop: Workshop, sealed: tuple[str, Documents], monkeypatch: pytest.MonkeyPatch
):
    name, _ = sealed
    aim = AIMS["best score"]
    explore(shop.engine, name, aim)  # after it the size is known
    with recorded() as exact:
        explore(shop.engine, name, aim)
    monkeypatch.setattr(likening, "SCANNED", 100)
    monkeypatch.setattr(likening, "AROUND", 20)
    monkeypatch.setattr(likening, "SPARE", 2)
    with recorded() as among:
        explore(shop.engine, name, aim)
    with recorded() as forced:
        explore(shop.engine, name, aim, exact=True)

    assert not any("query_walk:" in text for text in exact)
    # one for each positive example
    assert sum("query_walk:" in text for text in among) >= 3
    assert sum("query_alike:" in text for text in among) == 1
    assert not any("query_walk:" in text for text in forced)


def test_when_candidates_are_too_few_all_documents_are_compared(
    shop: Workshop, sealed: tuple[str, Documents], monkeypatch: pytest.MonkeyPatch
):
    name, documents = sealed
    monkeypatch.setattr(likening, "SCANNED", 100)
    monkeypatch.setattr(likening, "AROUND", 5)
    monkeypatch.setattr(likening, "SPARE", 0)
    aim = Recommendation((5,), (6,), BEST)

    found = explore(shop.engine, name, aim, 40)

    check(documents, aim, found, documents.ranked(aim)[:40])


# What examples are, and where they come from


def test_an_example_must_exist_and_have_a_vector(engine: Engine, stored: tuple[str, Documents]):
    name, _ = stored
    for aim in (Near(77_777), Recommendation((1,), (77_777,)), Context((ExamplePair(1, 77_777),))):
        with pytest.raises(NotFound, match="No point with id 77777 found") as refusal:
            explore(engine, name, aim)
        assert "collection" not in refusal.value.message
    with pytest.raises(NotFound, match="No point with id 100 found"):
        explore(engine, name, Near(100))
    with pytest.raises(InvalidRequest, match="point 310 has no vector ''"):
        explore(engine, name, Near(310))


def test_an_id_of_another_type_is_nobodys(engine: Engine, stored: tuple[str, Documents]):
    name, _ = stored
    with pytest.raises(NotFound, match="No point with id abc found"):
        explore(engine, name, Near("abc"))


def test_examples_have_the_right_length(engine: Engine, stored: tuple[str, Documents]):
    name, _ = stored
    short = vector([1.0, 2.0])
    aims: list[Aim] = [
        Near(short),
        Recommendation((1, short)),
        Recommendation((1,), (short,), BEST),
        Discovery(1, (ExamplePair(1, short),)),
    ]
    for aim in aims:
        with pytest.raises(WrongLength) as refusal:
            explore(engine, name, aim)
        assert (refusal.value.expected, refusal.value.got) == (8, 2)
    with pytest.raises(UnknownVector):
        explore(engine, name, Near(1), column="other")


def test_examples_may_stand_in_another_namespace(engine: Engine, namespace: str):
    documents = sampled(100, Metric.COSINE, seed=3)
    store(engine, namespace, documents)
    store(engine, f"{namespace}-source", sampled(20, Metric.COSINE, seed=4))
    source = sampled(20, Metric.COSINE, seed=4)
    lookup = Lookup(f"{namespace}-source")

    found = explore(engine, namespace, Near(7), 100, lookup=lookup)
    truth = documents.ranked(Near(vector(source.numbers[7])))

    check(documents, Near(7), found, truth)
    # the document of that id here is another one, and a result like any other
    assert 7 in [hit.id for hit in found.hits]
    own = explore(engine, namespace, Near(7), 100, lookup=Lookup(namespace))
    assert 7 not in [hit.id for hit in own.hits]
    with pytest.raises(NotFound, match="No point with id 50 found"):
        explore(engine, namespace, Near(50), lookup=lookup)
    with pytest.raises(NamespaceNotFound):
        explore(engine, namespace, Near(1), lookup=Lookup("nowhere"))
    with pytest.raises(UnknownVector):
        explore(engine, namespace, Near(1), lookup=Lookup(f"{namespace}-source", "title"))


def test_what_is_asked_of_documents_comes_with_them(engine: Engine, stored: tuple[str, Documents]):
    name, documents = stored
    projection = Projection(None, ("vector",))
    for aim in AIMS.values():
        for hit in explore(engine, name, aim, 3, projection=projection).hits:
            place = int(str(hit.id))
            assert hit.attributes == documents.rows[place]
            assert hit.vectors == {"vector": vector(documents.numbers[place])}


# Orders


def test_a_list_is_in_the_order_of_ids(engine: Engine, stored: tuple[str, Documents]):
    name, documents = stored
    found = explore(engine, name, Ordered(), 5, offset=98)

    # also those without a vector
    assert [hit.id for hit in found.hits] == [98, 99, 130, 131, 132]
    assert found.metric is None
    assert documents.deleted >= {100, 129}


def test_a_sample_is_drawn_at_random_from_what_matches(
    engine: Engine, stored: tuple[str, Documents]
):
    name, documents = stored
    drawn = [
        tuple(hit.id for hit in explore(engine, name, Shuffled(), 20, filter=FEW).hits)
        for _ in range(5)
    ]

    matching = {i for i, row in enumerate(documents.rows) if few(row)} - documents.deleted
    assert len(matching) > 20
    assert all(len(set(ids)) == 20 and set(ids) <= matching for ids in drawn)
    assert len(set(drawn)) == 5
    every = explore(engine, name, Shuffled(), 1000, filter=FEW)
    assert {hit.id for hit in every.hits} == matching


def test_numbers_and_times_have_an_order(engine: Engine, namespace: str):
    values: list[Any] = [
        3, 1.5, None, "2024-03-01", "not a time", -2, "2024-03-01T00:00:00.000001Z",
        True, "1969-12-31T23:59:59.5Z",
    ]  # fmt: skip
    for place, value in enumerate(values):
        # one at a time: a schema has one type for all values, and these have many
        write_free(engine, namespace, place, {"k": value} if value is not None else {})
    write_free(engine, namespace, 20, {"k": [7, 2, "x", 7, 2.0]})
    write_free(engine, namespace, 21, {"deep": {"k": 2**60 + 1}})
    path, march = Path((Key("k"),)), 1_709_251_200_000_000.0

    def order(**more: Any) -> list[tuple[Any, Any]]:
        found = explore(engine, namespace, ByPath(path, **more), 50)
        return [(hit.id, hit.computed[ORDER_VALUE]) for hit in found.hits]

    everything = [
        (8, -500_000.0), (5, -2.0), (1, 1.5), (20, 2.0), (0, 3.0), (20, 7.0), (3, march),
        (6, march + 1),
    ]  # fmt: skip
    assert order() == everything
    assert order(descending=True) == everything[::-1]
    assert order(start=2) == everything[3:]
    assert order(start=2, descending=True) == everything[3::-1]
    nested = ByPath(Path((Key("deep"), Key("k"))))
    assert [hit.id for hit in explore(engine, namespace, nested).hits] == [21]
    (hit,) = explore(engine, namespace, nested).hits
    assert (hit.distance, hit.computed) == (None, {ORDER_VALUE: 2**60 + 1})


def write_free(engine: Engine, name: str, identity: int, attributes: dict[str, Any]) -> None:
    numbers = vectors(1, seed=identity)
    held = {"vector": batch(numbers)}
    engine.write(
        name,
        Write(
            upsert=Upsert((identity,), vectors=held, objects=(attributes,)), metric=Metric.COSINE
        ),
    )


# Stages


def stage(aim: Aim, limit: int, **more: Any) -> Exploration:
    return Exploration(aim, limit=limit, **more)


def test_a_query_with_stages_ranks_their_results_only(
    engine: Engine, stored: tuple[str, Documents]
):
    name, documents = stored
    first, second = Near(OTHERS[1]), Near(OTHERS[2])
    stages = (stage(first, 20), stage(second, 15))
    aim = AIMS["discovery"]
    known = {one for one in examples(aim) if isinstance(one, int)}
    candidates: set[int] = set()
    for one, limit in ((first, 20), (second, 15)):
        candidates |= set([i for i, _ in documents.ranked(one) if i not in known][:limit])

    found = explore(engine, name, aim, 100, stages=stages)

    truth = [(i, score) for i, score in documents.ranked(aim) if i in candidates]
    check(documents, aim, found, truth)
    check(documents, aim, explore(engine, name, aim, 5, offset=3, stages=stages), truth[3:8])


def test_the_examples_of_a_query_are_no_results_of_its_stages(
    engine: Engine, stored: tuple[str, Documents]
):
    name, documents = stored
    aim = Recommendation((3, 4), (), BEST)

    found = explore(engine, name, aim, 100, stages=(stage(Near(3), 10),))

    nearest = [i for i, _ in documents.ranked(Near(3)) if i != 4][:10]
    truth = [(i, score) for i, score in documents.ranked(aim) if i in nearest]
    assert len(truth) == 10
    check(documents, aim, found, truth)


def test_the_filter_of_a_query_holds_for_its_stages(engine: Engine, stored: tuple[str, Documents]):
    name, documents = stored
    aim, inner = Near(OTHERS[0]), Near(OTHERS[1])
    tagged = Element(TAG, IsValue("a"))
    nested = (stage(inner, 30, filter=tagged, stages=(stage(Near(OTHERS[2]), 200),)),)

    found = explore(engine, name, aim, 100, filter=FEW, stages=nested)

    def both(row: Any) -> bool:
        return few(row) and row["tag"] == "a"

    truth = documents.ranked(aim, both)
    assert 0 < len(truth) < 30
    check(documents, aim, found, truth)


def test_places_and_scores_are_fused(engine: Engine, stored: tuple[str, Documents]):
    name, documents = stored
    aims = [Near(OTHERS[0]), AIMS["best score"], AIMS["context"]]
    stages = tuple(stage(aim, 30) for aim in aims)
    ranked = [documents.ranked(aim)[:30] for aim in aims]

    places: dict[int, float] = {}
    weights = (1.0, 3.0, 0.5)
    for one, weight in zip(ranked, weights, strict=True):
        for place, (identity, _) in enumerate(one):
            share = 1 / (7 + (place + 1) / weight - 1)
            places[identity] = places.get(identity, 0) + share
    by_places = explore(engine, name, ByPlaces(7, weights), 200, stages=stages)
    found = {hit.id: hit.distance for hit in by_places.hits}
    best = sorted(places.values(), reverse=True)
    assert list(found.values()) == pytest.approx(best, rel=1e-6)

    scores: dict[int, float] = {}
    for aim, one in zip(aims, ranked, strict=True):
        values = np.array([score for _, score in one])
        if aim is aims[0] and documents.metric is Metric.EUCLIDEAN:
            values = -np.sqrt(-values)  # callers see the distance, not its square
        deviation = values.std(ddof=1)
        for (identity, _), value in zip(one, values, strict=True):
            share = (value - values.mean()) / (6 * deviation) + 0.5 if deviation else 0.5
            scores[identity] = scores.get(identity, 0) + float(share)
    by_scores = explore(engine, name, ByScores(), 200, stages=stages)
    best = sorted(scores.values(), reverse=True)
    assert [hit.distance for hit in by_scores.hits] == pytest.approx(best, rel=1e-3, abs=1e-3)
    assert by_scores.metric is None


def test_fused_documents_come_with_what_is_asked(engine: Engine, stored: tuple[str, Documents]):
    name, documents = stored
    stages = (stage(Near(OTHERS[0]), 10), stage(Near(OTHERS[1]), 10))
    every = explore(engine, name, ByPlaces(), 20, stages=stages)
    projection = Projection(("n",))

    some = explore(engine, name, ByPlaces(), 4, offset=0, stages=stages, projection=projection)

    assert [(hit.id, hit.distance) for hit in some.hits] == [
        (hit.id, hit.distance) for hit in every.hits[:4]
    ]
    for hit in some.hits:
        assert hit.attributes == {"n": documents.rows[int(str(hit.id))]["n"]}
    threshold = every.hits[3].distance
    assert len(explore(engine, name, ByPlaces(), 20, threshold=threshold, stages=stages).hits) >= 4
    nothing = (stage(Near(OTHERS[0]), 10, filter=HasId(())),)
    assert explore(engine, name, ByPlaces(), stages=nothing).hits == ()
    assert explore(engine, name, Near(OTHERS[0]), stages=nothing).hits == ()


def test_a_threshold_of_a_stage_holds_there(engine: Engine, stored: tuple[str, Documents]):
    name, _ = stored
    inner = Near(OTHERS[1])
    ten = explore(engine, name, inner, 10)
    worst = score(ten.hits[-1].distance, ten.metric)
    found = explore(engine, name, Near(OTHERS[0]), 50, stages=(stage(inner, 50, threshold=worst),))

    assert {hit.id for hit in found.hits} == {hit.id for hit in ten.hits}
