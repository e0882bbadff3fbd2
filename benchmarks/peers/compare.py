"""The service beside its peers: the same data, the same queries, the same k, in one run.

Recall is made equal: a peer gets the smallest ``ef_search`` with which it recalls as much as the
service does, or ``ENOUGH``, whichever is less; when none suffices, the one that recalls most.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import psycopg

from benchmarks import handwritten
from benchmarks.attributes import Cell
from benchmarks.datasets import Asking, Plain
from benchmarks.filters import Scale as AskScale
from benchmarks.filters import ask
from benchmarks.loading import load
from benchmarks.peers import chroma, vecs
from benchmarks.peers.base import Missing, Peer, Where
from benchmarks.server import Target
from benchmarks.state import settle
from benchmarks.timing import Percentiles, percentiles
from benchmarks.truth import Quality, judge
from benchmarks.writing import drop_namespace

EFS = (10, 20, 40, 60, 80, 100, 150, 200, 300, 400, 600, 1000)
ENOUGH = 0.99
TRIED = 50  # queries for each setting that is tried
TRY_BUDGET, BUDGET = 6.0, 20.0
OURS = "Vectable"
EVERYTHING = "unfiltered"


@dataclass(frozen=True, slots=True)
class Question:
    """A filter, or none, with what matches."""

    name: str
    where: Where | None
    matching: np.ndarray

    @property
    def cell(self) -> Cell:
        where = self.where
        spelled = [where.attribute, where.operator, where.value] if where else None
        return Cell("real", self.name, float(self.matching.mean()), spelled, self.matching)


@dataclass(frozen=True, slots=True)
class Answered:
    """One store's answers to one question; ``ef_search`` None: its own choice."""

    question: str
    matching: int
    ef_search: int | None
    quality: Quality
    times: Percentiles


@dataclass(frozen=True, slots=True)
class Store:
    """One store; ``missing`` says why there are no figures."""

    name: str
    version: str
    way: str
    rows_per_second: float
    answers: list[Answered]
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    k: int
    enough: float
    stores: list[Store]


def questions(documents: list[dict[str, object]] | None, count: int) -> list[Question]:
    """No filter, and on the Debian documents four."""
    found = [Question(EVERYTHING, None, np.ones(count, dtype=bool))]
    if documents is None:
        return found
    sections = np.array([document["section"] for document in documents])
    sizes = np.array([document["size"] for document in documents])
    large, small = (int(np.quantile(sizes, share)) for share in (0.9947, 0.2736))
    return [
        *found,
        Question("section Eq", Where("section", "Eq", "haskell"), sections == "haskell"),
        Question("section NotEq", Where("section", "NotEq", "libs"), sections != "libs"),
        Question("size Gt", Where("size", "Gt", large), sizes > large),
        Question("size Lt", Where("size", "Lt", small), sizes < small),
    ]


def measure(target: Target, data: Plain, asked: list[Question], k: int) -> Figures:
    """Ours first; its recall is what the peers are tuned to."""
    ours = measure_ours(target, data, asked, k)
    goals = [min(answer.quality.recall, ENOUGH) for answer in ours.answers]
    stores = [ours]
    for name, opened in openers(target):
        try:
            with opened as peer:
                stores.append(measure_peer(peer, data, asked, goals, k))
        except (Missing, RuntimeError, OSError, psycopg.Error) as reason:
            # a peer that fails is not to cost the figures of the others
            stores.append(Store(name, "", "", 0.0, [], str(reason)))
    drop_namespace(target, data.collection.namespace)
    return Figures(data.title, k, ENOUGH, stores)


def openers(target: Target) -> Iterator[tuple[str, AbstractContextManager[Peer]]]:
    yield "Chroma", chroma.serving()
    yield "by hand", handwritten.opened(target.database_url)
    yield "vecs", vecs.opened(target.database_url)


def measure_ours(target: Target, data: Plain, asked: list[Question], k: int) -> Store:
    namespace = data.collection.namespace
    loaded = load(target, data.collection)
    settle(target, namespace)
    for _ in range(2):  # the first time, filters ask for indexes
        answers = [answer_ours(target, data, question, k) for question in asked]
        settle(target, namespace)
    return Store(OURS, "", "HTTP", loaded.rows_per_second, answers)


def answer_ours(target: Target, data: Plain, question: Question, k: int) -> Answered:
    scale = AskScale(k, 1, BUDGET)
    namespace = data.collection.namespace
    row = ask(target, namespace, question.name, question.cell, data.asking, scale)
    return Answered(question.name, row.matching, None, row.quality, row.http)


def measure_peer(
    peer: Peer, data: Plain, asked: list[Question], goals: list[float], k: int
) -> Store:
    seconds = peer.load(data.collection)
    answers = [
        tuned(peer, data.asking, question, goal, k)
        for question, goal in zip(asked, goals, strict=True)
    ]
    rate = data.collection.vectors.count / seconds
    return Store(peer.name, peer.version, peer.way, rate, answers)


def tuned(peer: Peer, asking: Asking, question: Question, goal: float, k: int) -> Answered:
    """The answers at the smallest setting that recalls enough."""
    recalls: dict[int, float] = {}
    tried = Asking(asking.vectors[:TRIED], asking.distances[:TRIED])
    for ef_search in EFS:
        peer.tune(ef_search)
        quality, _ = search(peer, tried, question, k, TRY_BUDGET)
        recalls[ef_search] = quality.recall
        if quality.recall >= goal:
            break
    # the smallest among equals
    best = max(recalls, key=lambda ef_search: (recalls[ef_search], -ef_search))
    peer.tune(best)
    quality, times = search(peer, asking, question, k, BUDGET)
    return Answered(question.name, int(question.matching.sum()), best, quality, times)


def search(
    peer: Peer, asking: Asking, question: Question, k: int, budget: float
) -> tuple[Quality, Percentiles]:
    found = peer.search(asking.vectors, k, question.where, budget)
    quality = judge(found.ids, asking.distances, k, question.matching)
    return quality, percentiles(found.milliseconds)
