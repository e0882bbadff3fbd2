"""Examples: the ids among them become the vectors that those documents have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.core.errors import InvalidRequest, NotFound
from service.core.exploration import (
    Aim,
    Context,
    Discovery,
    Example,
    ExamplePair,
    Exemplified,
    Exploration,
    Near,
    Recommendation,
    examples,
)
from service.core.ids import DocumentId
from service.core.likeness import Discovered, InContext, Pair, Recommended, Strategy
from service.core.namespace import Namespace, VectorColumn
from service.core.query import DEFAULT_VECTOR, Nearest, Projection, Ranking
from service.core.vectors import Metric, Vector
from service.engine.moments import Moment, documents
from service.storage.pool import Session

Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A ranking by vectors, and the documents that they came from, which are no results."""

    ranking: Ranking
    sources: tuple[DocumentId, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """The vectors of examples that are ids. ``metric``: by which they are compared where they
    stand."""

    vectors: Mapping[DocumentId, Vector]
    metric: Metric

    def vector(self, example: Example) -> Vector:
        return example if isinstance(example, Vector) else self.vectors[example]

    def all(self, given: Sequence[Example]) -> tuple[Vector, ...]:
        return tuple(self.vector(example) for example in given)

    def pairs(self, given: Sequence[ExamplePair]) -> tuple[Pair, ...]:
        return tuple(Pair(self.vector(p.positive), self.vector(p.negative)) for p in given)

    def mean(self, given: Sequence[Example]) -> Numbers:
        """The mean of examples. Where only directions count, those of documents have length 1:
        a long vector says no more than a short one. Vectors of the caller's are taken as given."""
        rows = [self._numbers(example) for example in given]
        return np.mean(np.stack(rows), axis=0)

    def _numbers(self, example: Example) -> Numbers:
        numbers = np.frombuffer(self.vector(example).data, dtype="<f4").astype(np.float64)
        length = float(np.linalg.norm(numbers))
        if isinstance(example, Vector) or self.metric is not Metric.COSINE or not length:
            return numbers
        return numbers / length


def exemplar(moment: Moment, request: Exploration, aim: Exemplified) -> Exemplar:
    """The ranking that a query by examples stands for.

    Raises:
        NotFound: for an example that is the id of no document.
        InvalidRequest: for one without a vector, or with one of another length.
    """
    source, column = place(moment, request)
    vectors = find_vectors(moment.session, source, column, ids_among(aim))
    known = Known(vectors, column.metric or Metric.COSINE)
    check_lengths(moment.namespace, request, known.all(tuple(examples(aim))))
    return Exemplar(ranked(aim, request, known), sources(moment, request))


def ids_among(aim: Aim) -> tuple[DocumentId, ...]:
    """The different examples that are ids."""
    return tuple(dict.fromkeys(e for e in examples(aim) if not isinstance(e, Vector)))


def sources(moment: Moment, request: Exploration) -> tuple[DocumentId, ...]:
    """The documents of the namespace itself that are examples, and so no results."""
    if request.lookup and moment.other(request.lookup.namespace).id != moment.namespace.id:
        return ()
    return ids_among(request.aim)


def place(moment: Moment, request: Exploration) -> tuple[Namespace, VectorColumn]:
    """Where examples that are ids have their vectors."""
    if request.lookup is None:
        return moment.namespace, moment.namespace.vector_column(request.column)
    source = moment.other(request.lookup.namespace)
    return source, source.vector_column(request.lookup.column or request.column)


def find_vectors(
    session: Session, source: Namespace, column: VectorColumn, ids: Sequence[DocumentId]
) -> dict[DocumentId, Vector]:
    """The vectors of documents, each of which must have one."""
    found = documents(session, source, ids, Projection((), (column.name,)))
    vectors: dict[DocumentId, Vector] = {}
    for identity in ids:
        if identity not in found:
            raise NotFound(f"Not found: No point with id {identity} found")
        vector = found[identity].vectors[column.name]
        if vector is None:
            name = "" if column.name == DEFAULT_VECTOR else column.name
            raise InvalidRequest(f"Wrong input: point {identity} has no vector '{name}'")
        vectors[identity] = vector
    return vectors


def check_lengths(namespace: Namespace, request: Exploration, vectors: Sequence[Vector]) -> None:
    column = namespace.vector_column(request.column)
    for vector in vectors:
        namespace.check_vector(column, vector)


def ranked(aim: Exemplified, request: Exploration, known: Known) -> Ranking:
    """The ranking by vectors."""
    match aim:
        case Near(example) | Discovery(example, ()):
            return Nearest(known.vector(example), None, request.column, request.exact)
        case Recommendation(positives, negatives, Strategy.AVERAGE):
            target = average(known, positives, negatives)
            return Nearest(target, None, request.column, request.exact)
        case Recommendation(positives, negatives, strategy):
            given = known.all(positives), known.all(negatives)
            return Recommended(request.column, *given, strategy)
        case Discovery(target, pairs):
            return Discovered(request.column, known.vector(target), known.pairs(pairs))
        case Context(pairs):
            return InContext(request.column, known.pairs(pairs))


def average(known: Known, positives: Sequence[Example], negatives: Sequence[Example]) -> Vector:
    """The mean of the positives, as far beyond it as the mean of the negatives is before it."""
    target = known.mean(positives)
    if negatives:
        target = target + target - known.mean(negatives)
    return Vector(target.astype("<f4").tobytes())
