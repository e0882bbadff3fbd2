"""Searches by likeness to examples: exact while that is quick, else among candidates.

No index has the order of such a ranking. But its best documents lie near the positive examples, or
near what several examples have in common, so in a large namespace the nearest to these are found
through segments, and only they are compared with everything. When that leaves less than was asked
for, all documents are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from service.core.binding import bind
from service.core.elements import HasId
from service.core.filters import And
from service.core.ids import DocumentId
from service.core.likeness import Discovered, InContext, Likened, Recommended, Strategy
from service.core.query import Nearest, Query, Result
from service.core.vectors import Metric, Vector
from service.engine.moments import Moment
from service.engine.zones import Numbers, entrances, numbers_of

# so many documents are compared with all examples without further ado
SCANNED = 20_000
# candidates around each positive example, and for each document asked for
AROUND = 300
SPARE = 10
# pairs of a discovery for each of which the candidates around its target double
HALVES = 3


def search(moment: Moment, query: Query, ranking: Likened) -> Result:
    """The answer to a bound query that is ranked by likeness."""
    column = moment.namespace.vector_column(ranking.column)
    probes = probes_of(query, ranking, column.metric or Metric.COSINE)
    if not probes or not all(is_worthwhile(moment, one, len(probes)) for one in probes):
        return moment.search(query)
    ids: dict[DocumentId, None] = {}
    for one in probes:
        ids.update(dict.fromkeys(hit.id for hit in moment.search(one).hits))
    among = bind(HasId(tuple(ids)), moment.namespace)
    found = moment.search(replace(query, filter=And((among, query.filter))))
    # as many as there are wanted, or else all documents are looked at
    return found if len(found.hits) == query.limit else moment.search(query)


def probes_of(query: Query, ranking: Likened, metric: Metric) -> list[Query]:
    """The searches for candidates; none where no vector has the best documents around it."""
    around = max(AROUND, SPARE * query.depth)
    wanted = [(vector, around) for vector in centres(ranking, metric)]
    if isinstance(ranking, Discovered):
        # of the nearest to the target, each pair may leave but half
        wanted.append((ranking.target, around * 2 ** min(len(ranking.pairs), HALVES)))
    return [
        Query(Nearest(vector, column=ranking.column), query.filter, count)
        for vector, count in wanted
    ]


def is_worthwhile(moment: Moment, one: Query, probes: int) -> bool:
    """Whether there are far more documents than candidates, and an index to find these by."""
    expected = moment.searcher.expected(moment.session, moment.namespace, one, moment.layout)
    return expected is not None and expected > max(SCANNED, 2 * probes * one.limit)


def centres(ranking: Likened, metric: Metric) -> tuple[Vector, ...]:
    """The vectors near which the best documents lie."""
    match ranking:
        case Recommended(_, positives, negatives, Strategy.SUM_SCORES):
            centre = common_centre(positives, negatives, metric)
            return positives if centre is None else (centre,)
        case Recommended(_, positives):
            return positives
        case Discovered(_, target, pairs):
            return entrances(target, pairs, metric)
        case InContext(_, pairs):
            positives = tuple(pair.positive for pair in pairs)
            return positives + entrances(positives[0], pairs, metric)


def common_centre(
    positives: Sequence[Vector], negatives: Sequence[Vector], metric: Metric
) -> Vector | None:
    """The vector that orders documents as the sum of their likenesses does, where there is one.

    A sum of products is the product with a sum. A sum of squared distances is as many times the one
    from their mean, and something that is the same for all documents.
    """
    share = len(positives) - len(negatives)
    euclidean = metric in (Metric.EUCLIDEAN, Metric.EUCLIDEAN_SQUARED)
    if metric is Metric.MANHATTAN or (euclidean and share <= 0):
        return None
    target = added(positives, metric) - added(negatives, metric)
    if euclidean:
        target /= share
    return Vector(target.astype("<f4").tobytes()) if target.any() else None


def added(given: Sequence[Vector], metric: Metric) -> Numbers:
    """The sum of vectors; where only directions count, each of length 1."""
    total: Numbers = np.zeros(1)
    for vector in given:
        total = total + numbers_of(vector, metric)
    return total
