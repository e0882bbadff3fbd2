"""Results in groups of those that have the same value at a path (VectorAI, section 8.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.core.exploration import Exploration
from service.core.ids import DocumentId
from service.core.paths import Path
from service.core.query import Hit, Projection, Selection
from service.core.similarity import goodness
from service.core.vectors import Metric

GroupId = str | int

MAX_GROUPS = 10_000
ALL_ATTRIBUTES = Projection(None)


@dataclass(frozen=True, slots=True)
class Records:
    """With each group the document whose id it is, from a namespace."""

    namespace: str
    projection: Selection = ALL_ATTRIBUTES


@dataclass(frozen=True, slots=True)
class Grouped:
    """The ``groups`` groups with the best hits, and of each the ``size`` best hits.

    A document is in one group for each value at the path; without any it is in none, and neither is
    it when one of them is no string and no integer.
    """

    query: Exploration
    path: Path
    groups: int
    size: int
    records: Records | None = None

    @property
    def sources(self) -> frozenset[str]:
        """The other namespaces that are read for it."""
        records = {self.records.namespace} if self.records else frozenset[str]()
        return self.query.sources | records

    @property
    def widened(self) -> Exploration:
        """The query, whose stages give so many more candidates as there are in a group."""
        return replace(self.query, stages=tuple(widen(one, self.size) for one in self.query.stages))


def widen(stage: Exploration, factor: int) -> Exploration:
    inner = tuple(widen(one, factor) for one in stage.stages)
    return replace(stage, limit=stage.limit * factor, stages=inner)


@dataclass(frozen=True, slots=True)
class HitGroup:
    """One value and the best hits that have it. ``record``: the document of that id elsewhere, if
    that was asked."""

    id: GroupId
    hits: tuple[Hit, ...]
    record: Hit | None = None


@dataclass(frozen=True, slots=True)
class HitGroups:
    """Groups in the order of their best hits. ``metric`` as of ``Ranked``."""

    groups: tuple[HitGroup, ...]
    metric: Metric | None = None


@dataclass(slots=True)
class Gathering:
    """Groups while they are found, in the order of their best hits."""

    count: int
    size: int
    hits: dict[GroupId, list[Hit]] = field(default_factory=dict[GroupId, list[Hit]])

    @property
    def is_complete(self) -> bool:
        """Whether there are as many groups as are wanted, full or not."""
        return len(self.hits) >= self.count

    def gather(
        self, found: Sequence[Hit], values: Mapping[DocumentId, Sequence[GroupId]]
    ) -> tuple[GroupId, ...]:
        """Take the groups that are new among hits, which are all that have such a value as far as
        they go; groups known before keep what they have. Returns those that are not full."""
        before = set(self.hits)
        for hit in found:
            for value in values.get(hit.id, ()):
                if value not in before:
                    self._add(value, hit)
        new = [key for key in self.hits if key not in before]
        return tuple(key for key in new if len(self.hits[key]) < self.size)

    def _add(self, value: GroupId, hit: Hit) -> None:
        if value not in self.hits and self.is_complete:
            return
        kept = self.hits.setdefault(value, [])
        if len(kept) < self.size and all(one.id != hit.id for one in kept):
            kept.append(hit)

    def ordered(self, metric: Metric | None) -> HitGroups:
        """The groups, best first; ``metric`` says what the hits' distances mean."""
        groups = [HitGroup(key, tuple(hits)) for key, hits in self.hits.items() if hits]
        if all(group.hits[0].distance is not None for group in groups):
            groups.sort(key=lambda one: -goodness(one.hits[0].distance, metric))
        return HitGroups(tuple(groups), metric)
