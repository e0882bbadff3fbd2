"""Queries as VectorAI asks them (sections 8.3, 12): by example, in stages, fused.

Examples are vectors, or ids of documents that have them; which vectors those are, the engine finds
out in the snapshot that it answers from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from service.core.errors import InvalidRequest
from service.core.filters import EVERYTHING, Filter
from service.core.ids import DocumentId
from service.core.likeness import Strategy, check_examples
from service.core.query import DEFAULT_VECTOR, ByPath, Ordered, Projection, Selection, Shuffled
from service.core.vectors import Vector

Example = DocumentId | Vector

FUSION_CONSTANT = 2
BY_ID = Ordered()
IDS_ALONE = Projection()
MAX_DEPTH = 16
MAX_STAGES = 100


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest to an example."""

    example: Example


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Like the positives and unlike the negatives."""

    positives: tuple[Example, ...]
    negatives: tuple[Example, ...] = ()
    strategy: Strategy = Strategy.AVERAGE

    def __post_init__(self) -> None:
        if self.strategy is Strategy.AVERAGE and not self.positives:
            raise InvalidRequest("At least one positive vector ID required with this strategy")
        if not self.positives and not self.negatives:
            raise InvalidRequest(
                "At least one positive or negative vector ID required with this strategy"
            )


@dataclass(frozen=True, slots=True)
class ExamplePair:
    """A positive example against a negative one."""

    positive: Example
    negative: Example


@dataclass(frozen=True, slots=True)
class Discovery:
    """The nearest to a target in a context of pairs; without pairs simply the nearest."""

    target: Example
    pairs: tuple[ExamplePair, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """Where all pairs' positives are nearer than their negatives."""

    pairs: tuple[ExamplePair, ...]

    def __post_init__(self) -> None:
        if not self.pairs:
            raise InvalidRequest("a context needs at least one pair of examples, or a target")


@dataclass(frozen=True, slots=True)
class ByPlaces:
    """Reciprocal rank fusion of the stages before; ``weights`` None: all the same."""

    constant: float = FUSION_CONSTANT
    weights: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class ByScores:
    """Distribution-based score fusion of the stages before."""


Fusion = ByPlaces | ByScores
Exemplified = Near | Recommendation | Discovery | Context
Plain = Ordered | Shuffled | ByPath
Aim = Exemplified | Plain | Fusion


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where the examples that are ids stand: a namespace, and the vector column there (None: that
    which is searched)."""

    namespace: str
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Exploration:
    """One query. With ``stages`` their results are its candidates, and nothing else is.

    ``filter`` holds for the stages as well. ``threshold``: the worst score to be returned.
    """

    aim: Aim = BY_ID
    column: str = DEFAULT_VECTOR
    filter: Filter = EVERYTHING
    limit: int = 10
    offset: int = 0
    threshold: float | None = None
    projection: Selection = IDS_ALONE
    lookup: Lookup | None = None
    exact: bool = False
    stages: tuple[Exploration, ...] = ()

    def __post_init__(self) -> None:
        check_examples(sum(1 for _ in examples(self.aim)))
        match self.aim:
            case ByPlaces() | ByScores() if not self.stages:
                raise InvalidRequest("a fusion needs prefetches to fuse")
            case ByPlaces(_, weights) if weights and len(weights) != len(self.stages):
                raise InvalidRequest(
                    f"a fusion of {len(self.stages)} prefetches got {len(weights)} weights"
                )
            case Ordered(()) if self.stages:
                raise InvalidRequest("a query with prefetches needs a query to rank their results")
            case _:
                pass

    @property
    def depth(self) -> int:
        """How many documents have to be found, best first."""
        return self.limit + self.offset

    @property
    def sources(self) -> frozenset[str]:
        """The other namespaces that are read for it."""
        own = {self.lookup.namespace} if self.lookup else set[str]()
        return frozenset(own).union(*(stage.sources for stage in self.stages))

    @property
    def is_plain(self) -> bool:
        """Whether it is one search that needs nothing looked up."""
        if isinstance(self.aim, Near):
            return isinstance(self.aim.example, Vector) and not self.stages
        return isinstance(self.aim, Plain) and not self.stages


def examples(aim: Aim) -> Iterator[Example]:
    """All examples of an aim."""
    match aim:
        case Near(example):
            yield example
        case Recommendation(positives, negatives):
            yield from (*positives, *negatives)
        case Discovery(target, pairs):
            yield target
            yield from sides(pairs)
        case Context(pairs):
            yield from sides(pairs)
        case _:
            return


def sides(pairs: tuple[ExamplePair, ...]) -> Iterator[Example]:
    for pair in pairs:
        yield pair.positive
        yield pair.negative


def check_stages(exploration: Exploration) -> None:
    """Refuse queries of too many stages.

    Raises:
        InvalidRequest: naming the limit.
    """
    if depth_of(exploration) > MAX_DEPTH:
        raise InvalidRequest(f"prefetches are nested at most {MAX_DEPTH} deep")
    if stages_of(exploration) > MAX_STAGES:
        raise InvalidRequest(f"a query has at most {MAX_STAGES} prefetches")


def depth_of(exploration: Exploration) -> int:
    return max((1 + depth_of(stage) for stage in exploration.stages), default=0)


def stages_of(exploration: Exploration) -> int:
    return sum(1 + stages_of(stage) for stage in exploration.stages)
