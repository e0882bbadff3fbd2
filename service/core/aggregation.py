"""Counting and adding up what matches, over all documents or by group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.core.attributes import JsonScalar
from service.core.filters import EVERYTHING, Attribute, Filter

MAX_FUNCTIONS = 64
MAX_KEYS = 16
MAX_GROUPS = 10_000


@dataclass(frozen=True, slots=True)
class Count:
    """The number of documents; with an attribute: of those that have it."""

    attribute: Attribute | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of a number attribute; 0 when no document has it."""

    attribute: Attribute


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What documents are grouped by, under the name it has in the answer.

    ``each_element``: the document is in one group for each different element of an array.
    """

    name: str
    attribute: Attribute
    each_element: bool = False


@dataclass(frozen=True, slots=True)
class Aggregation:
    """Functions of all matching documents, by the names they have in the answer.

    Of the groups the first ``limit`` in the order of their keys are given.
    """

    functions: Mapping[str, Count | Total]
    keys: tuple[GroupKey, ...] = ()
    filter: Filter = EVERYTHING
    limit: int = MAX_GROUPS


@dataclass(frozen=True, slots=True)
class Group:
    """The values of a group's keys, None where documents have none, and of the functions."""

    keys: Mapping[str, JsonScalar | None]
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Aggregates:
    """One group for each combination of keys; without keys one for everything."""

    groups: tuple[Group, ...]
    namespace_size: int
