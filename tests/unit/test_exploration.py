"""Queries by example, as values: what they may be made of, and what their scores mean."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.core.errors import InvalidRequest
from service.core.exploration import (
    MAX_DEPTH,
    MAX_STAGES,
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
    check_stages,
    examples,
)
from service.core.grouping import Gathering, Grouped, GroupId, Records
from service.core.ids import DocumentId
from service.core.likeness import MAX_EXAMPLES, Strategy
from service.core.paths import Key, Path
from service.core.query import ByPath, Hit, Ordered, Shuffled
from service.core.similarity import Ranked, above, goodness, score
from service.core.vectors import Metric, Vector

V = Vector(bytes(8))
PAIR = ExamplePair(1, V)
PATH = Path((Key("n"),))


def hit(identity: int, distance: float | None) -> Hit:
    return Hit(identity, distance, {}, {})


# (what is made, the message)
REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: Recommendation((), (1,)), "At least one positive vector ID required"),
    (lambda: Recommendation((), (), Strategy.BEST_SCORE), "At least one positive or negative"),
    (lambda: Recommendation((), (), Strategy.SUM_SCORES), "At least one positive or negative"),
    (lambda: Context(()), "at least one pair"),
    (lambda: Exploration(ByPlaces()), "needs prefetches"),
    (lambda: Exploration(ByScores()), "needs prefetches"),
    (lambda: Exploration(ByPlaces(2, (1.0,)), stages=(Exploration(),) * 2), "2 prefetches got 1"),
    (lambda: Exploration(stages=(Exploration(),)), "needs a query"),
    (
        lambda: Exploration(Recommendation((1,) * (MAX_EXAMPLES + 1))),
        f"at most {MAX_EXAMPLES} examples",
    ),
]

# (aim, its examples)
EXAMPLES: list[tuple[Aim, list[object]]] = [
    (Near(7), [7]),
    (Recommendation((1, V), (2,)), [1, V, 2]),
    (Discovery(3, (PAIR, PAIR)), [3, 1, V, 1, V]),
    (Context((PAIR,)), [1, V]),
    (Ordered(), []),
    (ByScores(), []),
]

# (metric, distance, score, how good that is)
SCORES = [
    (Metric.COSINE, 0.25, 0.75, 0.75),
    (Metric.DOT, -3.0, 3.0, 3.0),
    (Metric.EUCLIDEAN, 2.0, 2.0, -2.0),
    (Metric.EUCLIDEAN_SQUARED, 4.0, 4.0, -4.0),
    (Metric.MANHATTAN, 5.0, 5.0, -5.0),
    (None, -0.5, -0.5, -0.5),
    (None, None, 0.0, 0.0),
]

# (metric, distances, threshold, those that pass)
THRESHOLDS: list[tuple[Metric | None, list[float | None], float, list[float | None]]] = [
    (Metric.COSINE, [0.1, 0.5, 0.6], 0.5, [0.1, 0.5]),
    # as near as float32 can tell
    (Metric.COSINE, [0.50000005, 0.51], 0.5, [0.50000005]),
    (Metric.DOT, [-2.0, -1.0, 1.0], 1.0, [-2.0, -1.0]),
    (Metric.EUCLIDEAN, [0.5, 2.0, 2.5], 2.0, [0.5, 2.0]),
    (Metric.MANHATTAN, [1e6, 1e6 + 0.5, 1e6 + 2], 1e6, [1e6, 1e6 + 0.5]),
    (None, [1.5, 0.5, -0.5], 0.5, [1.5, 0.5]),
    # what has no score is not below one
    (None, [None], 0.5, [None]),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_what_cannot_be_answered_is_refused(make: Callable[[], object], message: str):
    with pytest.raises(InvalidRequest, match=message):
        make()


@pytest.mark.parametrize(("aim", "expected"), EXAMPLES)
def test_an_aim_knows_its_examples(aim: Aim, expected: list[object]):
    assert list(examples(aim)) == expected


@pytest.mark.parametrize(("metric", "distance", "seen", "good"), SCORES)
def test_scores_are_as_callers_see_them(
    metric: Metric | None, distance: float | None, seen: float, good: float
):
    assert score(distance, metric) == seen
    assert goodness(distance, metric) == good


@pytest.mark.parametrize(("metric", "distances", "threshold", "kept"), THRESHOLDS)
def test_a_threshold_keeps_what_is_as_good(
    metric: Metric | None,
    distances: list[float | None],
    threshold: float,
    kept: list[float | None],
):
    found = Ranked(tuple(hit(n, d) for n, d in enumerate(distances)), metric)

    assert [one.distance for one in above(found, threshold).hits] == kept
    assert above(found, None) == found


def test_only_what_is_one_statement_is_plain():
    plain = [Exploration(aim) for aim in (Near(V), Ordered(), Shuffled(), ByPath(PATH))]
    others: list[Aim] = [Near(1), Recommendation((V,)), Discovery(V), Context((PAIR,))]
    staged = Exploration(Near(V), stages=(Exploration(),))

    assert all(one.is_plain for one in plain)
    assert not any(one.is_plain for one in [*(Exploration(aim) for aim in others), staged])


def nested(depth: int) -> Exploration:
    inner = Exploration(Near(V))
    for _ in range(depth):
        inner = Exploration(Near(V), stages=(inner,))
    return inner


def test_stages_are_limited_in_depth_and_number():
    check_stages(nested(MAX_DEPTH))
    check_stages(Exploration(Near(V), stages=(Exploration(),) * MAX_STAGES))
    with pytest.raises(InvalidRequest, match="16 deep"):
        check_stages(nested(MAX_DEPTH + 1))
    with pytest.raises(InvalidRequest, match="at most 100 prefetches"):
        check_stages(Exploration(Near(V), stages=(Exploration(),) * (MAX_STAGES + 1)))


def test_a_query_names_the_namespaces_that_it_reads_besides():
    inner = Exploration(Near(1), lookup=Lookup("a"))
    query = Exploration(
        Near(V), lookup=Lookup("b"), stages=(Exploration(Near(V), stages=(inner,)),)
    )

    assert query.sources == {"a", "b"}
    assert Exploration().sources == frozenset()
    assert Grouped(inner, PATH, 1, 1, Records("c")).sources == {"a", "c"}


def test_groups_come_in_the_order_of_their_best_hits_and_are_cut_to_size():
    gathering = Gathering(count=2, size=2)
    found = [hit(n, n / 10) for n in range(1, 7)]
    values: dict[DocumentId, list[GroupId]] = {
        1: ["a"],
        2: ["b", "a"],
        3: ["a", "c"],
        4: [],
        5: ["b"],
        6: ["b"],
    }

    short = gathering.gather(found, values)

    assert gathering.is_complete
    assert short == ()
    groups = gathering.ordered(Metric.EUCLIDEAN).groups
    assert [(one.id, [h.id for h in one.hits]) for one in groups] == [("a", [1, 2]), ("b", [2, 5])]


def test_a_group_met_before_takes_nothing_from_a_later_search():
    gathering = Gathering(count=3, size=2)

    assert gathering.gather([hit(1, 0.1)], {1: ["a"]}) == ("a",)
    # hit 5 has a as well, but hits of a alone were left out of this search: it may not be the next
    assert gathering.gather([hit(5, 0.5), hit(6, 0.6)], {5: ["b", "a"], 6: [7]}) == ("b", 7)
    assert [h.id for h in gathering.hits["a"]] == [1]


def test_a_document_that_comes_twice_is_once_in_its_group():
    gathering = Gathering(count=3, size=3)
    gathering.gather([hit(1, None), hit(1, None), hit(2, None)], {1: ["a"], 2: ["a"]})

    assert [h.id for h in gathering.ordered(None).groups[0].hits] == [1, 2]


def test_groups_are_ordered_by_what_a_search_of_their_own_found():
    gathering = Gathering(count=2, size=1)
    gathering.gather([hit(1, 0.2), hit(2, 0.3)], {1: ["a"], 2: ["b"]})
    gathering.hits["b"] = [hit(3, 0.1)]

    assert [one.id for one in gathering.ordered(Metric.COSINE).groups] == ["b", "a"]
    # a higher score is better, a larger distance is not
    assert [one.id for one in gathering.ordered(None).groups] == ["a", "b"]


def test_stages_give_as_many_more_as_a_group_has():
    inner = Exploration(Near(V), limit=5)
    query = Exploration(ByPlaces(), stages=(Exploration(Near(V), limit=7, stages=(inner,)),))

    (stage,) = Grouped(query, PATH, groups=3, size=4).widened.stages

    assert (stage.limit, stage.stages[0].limit) == (28, 20)
