"""The zone of a context: where candidates are looked for."""

from __future__ import annotations

import numpy as np
import pytest

from service.core.likeness import Pair
from service.core.vectors import Metric, Vector
from service.engine.likening import common_centre
from service.engine.zones import DEPTHS, entrances


def vector(*numbers: float) -> Vector:
    return Vector(np.asarray(numbers, dtype="<f4").tobytes())


def numbers(given: Vector) -> list[float]:
    return np.frombuffer(given.data, "<f4").tolist()


def likeness(metric: Metric, places: np.ndarray, example: Vector) -> np.ndarray:
    point = np.array(numbers(example))
    match metric:
        case Metric.COSINE:
            return places @ point / np.linalg.norm(places, axis=1) / np.linalg.norm(point)
        case Metric.DOT:
            return places @ point
        case _:
            return -np.square(places - point).sum(axis=1)


def test_the_entrance_is_the_nearest_point_beyond_all_borders():
    right = Pair(vector(2, 0), vector(0, 0))
    above = Pair(vector(0, 4), vector(0, 0))

    nearest, *inside = entrances(vector(-3, -1), (right, above), Metric.EUCLIDEAN)

    assert numbers(nearest) == pytest.approx([1, 2], abs=1e-5)
    assert len(inside) == len(DEPTHS) - 1
    assert all(x > 1 and y > 2 for x, y in map(numbers, inside))


def test_a_target_within_the_zone_stays_where_it_is():
    pair = Pair(vector(2, 0), vector(0, 0))

    assert numbers(entrances(vector(5, 5), (pair,), Metric.EUCLIDEAN)[0]) == [5, 5]
    assert numbers(entrances(vector(5, 5), (pair,), Metric.DOT)[0]) == [5, 5]
    found = numbers(entrances(vector(5, 5), (pair,), Metric.COSINE)[0])
    assert found == pytest.approx([0.5**0.5] * 2)


def test_pairs_of_equal_vectors_cut_nothing():
    same = Pair(vector(1, 1), vector(1, 1))

    assert entrances(vector(5, 5), (same,), Metric.EUCLIDEAN) == ()


def test_pairs_that_contradict_each_other_lead_somewhere():
    pairs = (Pair(vector(1, 0), vector(0, 0)), Pair(vector(0, 0), vector(1, 0)))

    for one in entrances(vector(3, 3), pairs, Metric.EUCLIDEAN):
        assert np.isfinite(numbers(one)).all()


@pytest.mark.parametrize("metric", [Metric.COSINE, Metric.DOT, Metric.EUCLIDEAN])
def test_a_centre_orders_as_the_sum_does(metric: Metric):
    rng = np.random.default_rng(0)
    places = rng.standard_normal((100, 4))
    positives = [vector(*rng.standard_normal(4)) for _ in range(3)]
    negatives = [vector(*rng.standard_normal(4))]
    total = sum(likeness(metric, places, one) for one in positives)
    total = total - likeness(metric, places, negatives[0])

    centre = common_centre(positives, negatives, metric)

    assert centre is not None
    assert np.argsort(-likeness(metric, places, centre)).tolist() == np.argsort(-total).tolist()


def test_there_is_not_always_a_centre():
    one, other = vector(1, 2), vector(3, 4)

    assert common_centre([one], [], Metric.MANHATTAN) is None
    # as many against as for: a direction, and no place
    assert common_centre([one], [other], Metric.EUCLIDEAN) is None
    assert common_centre([one], [one], Metric.DOT) is None
