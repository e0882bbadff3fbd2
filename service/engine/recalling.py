"""Recall: the searches that callers get, held against exact ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from service.core.errors import InvalidRequest
from service.core.namespace import Namespace
from service.core.query import DEFAULT_VECTOR, MAX_SAMPLES, Hit, Nearest, Query, Recall
from service.core.segments import Layout
from service.core.vectors import BYTES_PER_NUMBER, Vector
from service.engine.searching import Searcher
from service.storage import reads
from service.storage.pool import Session

# distances of equal vectors may differ in the last digits between plans
TOLERANCE = 1e-9


def recall(
    session: Session,
    namespace: Namespace,
    searcher: Searcher,
    layout: Layout,
    samples: int,
    query: Query,
    vectors: Sequence[Vector],
) -> Recall:
    """Search for ``vectors``, or for ``samples`` drawn from the namespace, in both ways.

    A document counts as found when it is no farther than the last one of the exact answer, so that
    equal distances do not count as misses. A namespace without documents has recall 1.
    """
    column = namespace.vector_column(column_of(namespace, query))
    chosen = cut(vectors, column.dimensions) or reads.sample_vectors(
        session, namespace, column.name, samples
    )
    found: list[tuple[Hit, ...]] = []
    truths: list[tuple[Vector, tuple[Hit, ...]]] = []
    for vector in chosen:
        namespace.check_vector(column, vector)
        asked = replace(query, ranking=Nearest(vector, column=column.name))
        found.append(searcher.search(session, namespace, asked, layout).hits)
        truths.append((vector, reads.search(session, namespace, asked).result.hits))
    if not truths:
        return Recall(1.0, 0.0, 0.0)
    return Recall(
        average=fmean(share(hits, truth) for hits, (_, truth) in zip(found, truths, strict=True)),
        exhaustive_count=fmean(len(truth) for _, truth in truths),
        indexed_count=fmean(len(hits) for hits in found),
        truths=tuple(truths),
    )


def column_of(namespace: Namespace, query: Query) -> str:
    """The vector column to search: the query's, else the default one, else the first."""
    if isinstance(query.ranking, Nearest):
        return query.ranking.column
    names = [column.name for column in namespace.vectors]
    return DEFAULT_VECTOR if DEFAULT_VECTOR in names or not names else names[0]


def cut(vectors: Sequence[Vector], dimensions: int) -> list[Vector]:
    """The vectors; one that holds several, as old clients send them, is taken apart."""
    width = dimensions * BYTES_PER_NUMBER
    if len(vectors) != 1 or len(vectors[0].data) % width:
        return list(vectors)
    data = vectors[0].data
    if len(data) // width > MAX_SAMPLES:
        raise InvalidRequest(f"💔 samples must be between 1 and {MAX_SAMPLES}")
    return [Vector(data[start : start + width]) for start in range(0, len(data), width)]


def share(hits: tuple[Hit, ...], truth: tuple[Hit, ...]) -> float:
    """How much of an exact answer was found, 0 to 1."""
    if not truth:
        return 1.0
    farthest = truth[-1].distance
    if farthest is None:
        raise InvalidRequest("💔 recall needs a ranking by distance")
    near = sum(h.distance is not None and h.distance <= farthest + TOLERANCE for h in hits)
    return near / len(truth)
