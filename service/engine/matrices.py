"""Distances between documents of a sample, computed here: a sample fits into memory."""

from __future__ import annotations

import numpy as np

from service.core.elements import HasVector
from service.core.fusion import place_of
from service.core.matrix import Cell, Matrix, MatrixQuery
from service.core.query import Hit, Projection, Query, Shuffled
from service.core.query_binding import bind_query
from service.core.similarity import smaller_is_better
from service.core.vectors import Metric
from service.engine.exploring import both
from service.engine.moments import Moment

Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def matrix(moment: Moment, query: MatrixQuery) -> Matrix:
    metric = moment.namespace.vector_column(query.column).metric or Metric.COSINE
    hits = sorted(drawn(moment, query), key=lambda hit: place_of(hit.id))
    rows = [np.frombuffer(data(hit, query.column), dtype="<f4") for hit in hits]
    numbers = np.stack(rows).astype(np.float64) if rows else np.empty((0, 1))
    cells: list[Cell] = []
    for row in range(len(hits)):
        cells.extend(nearest(row, scores(row, numbers, metric), metric, query.limit))
    return Matrix(tuple(hit.id for hit in hits), tuple(cells))


def drawn(moment: Moment, query: MatrixQuery) -> tuple[Hit, ...]:
    """Documents that have the vector, with it."""
    condition = both(HasVector(query.column), query.filter)
    asked = Query(Shuffled(), condition, query.sample, Projection((), (query.column,)))
    return moment.search(bind_query(asked, moment.namespace)).hits


def data(hit: Hit, column: str) -> bytes:
    vector = hit.vectors[column]
    assert vector is not None
    return vector.data


def scores(row: int, numbers: Numbers, metric: Metric) -> Numbers:
    """The scores of all documents against one of them, as callers see them."""
    one = numbers[row]
    match metric:
        case Metric.COSINE:
            lengths = np.linalg.norm(numbers, axis=1) * np.linalg.norm(one)
            return np.divide(numbers @ one, lengths, out=np.zeros(len(numbers)), where=lengths > 0)
        case Metric.DOT:
            return numbers @ one
        case Metric.MANHATTAN:
            return np.abs(numbers - one).sum(axis=1)
        case Metric.EUCLIDEAN:
            return np.linalg.norm(numbers - one, axis=1)
        case Metric.EUCLIDEAN_SQUARED:
            return np.square(numbers - one).sum(axis=1)


def nearest(row: int, found: Numbers, metric: Metric, limit: int) -> list[Cell]:
    """The best others; ties in the order of ids."""
    order = np.argsort(found if smaller_is_better(metric) else -found, kind="stable")
    others = [int(place) for place in order if place != row][:limit]
    return [Cell(row, place, float(found[place])) for place in others]
