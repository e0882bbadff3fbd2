"""Attributes of which filters of every selectivity can be made, on any data.

Every document has a place in three orders: one that is random (independent of all queries), one by
its distance from a region in which queries are asked (near), and the same from the other end (far).
The first so many per cent of an order match, whatever the kind of filter:

* ``range``: the place itself, an integer;
* ``equality``: a label that only the first so many have;
* ``prefix``, ``infix``: a path whose folders are nested like the shares, ``any/oak/elm/…/17``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.documents import Columns

SHARES = (0.0001, 0.001, 0.01, 0.1, 0.5, 0.99)
INDEPENDENT, NEAR, FAR = "independent", "near", "far"
KINDS = ("equality", "range", "prefix", "infix")
# a folder for each share, the largest outside
FOLDERS = ("any", "oak", "elm", "ash", "fir", "yew")
LABEL = "yes"


@dataclass(frozen=True, slots=True)
class Cell:
    """One filter, or none: as the API takes it, and which documents match."""

    correlation: str
    kind: str
    share: float
    filters: list[object] | None
    matching: np.ndarray


@dataclass(frozen=True, slots=True)
class Orders:
    """The place of every document in the random order and in that by distance, from 0."""

    spread: np.ndarray
    nearness: np.ndarray

    @property
    def by_name(self) -> dict[str, np.ndarray]:
        far = len(self.nearness) - 1 - self.nearness
        return {INDEPENDENT: self.spread, NEAR: self.nearness, FAR: far}

    def columns(self, start: int, stop: int) -> Columns:
        """Attributes of some documents. Far's range is the upper end of near's."""
        found: Columns = {
            "spread": self.spread[start:stop].tolist(),
            "nearness": self.nearness[start:stop].tolist(),
        }
        thresholds = [first(share, len(self.spread)) for share in SHARES]
        for name, order in self.by_name.items():
            places = order[start:stop]
            found |= {path_attribute(name): [path(place, thresholds) for place in places.tolist()]}
            for share, bound in zip(SHARES, thresholds, strict=True):
                labels = np.where(places < bound, LABEL, None).tolist()
                found |= {label_attribute(name, share): labels}
        return found

    def cells(self) -> Iterator[Cell]:
        """Every filter of the table."""
        count = len(self.spread)
        for name, order in self.by_name.items():
            for kind in KINDS:
                for share in SHARES:
                    filters = filter_of(name, kind, share, count)
                    yield Cell(name, kind, share, filters, order < first(share, count))


def orders(to_centre: np.ndarray, seed: int = 5) -> Orders:
    """The orders of documents with these distances from the region."""
    count = len(to_centre)
    nearness = np.empty(count, dtype=np.int64)
    nearness[np.argsort(to_centre, kind="stable")] = np.arange(count)
    return Orders(np.random.default_rng(seed).permutation(count), nearness)


def first(share: float, count: int) -> int:
    """How many documents a share is: at least one."""
    return max(round(share * count), 1)


def filter_of(name: str, kind: str, share: float, count: int) -> list[object]:
    depth = len(SHARES) - SHARES.index(share)
    match kind:
        case "equality":
            return [label_attribute(name, share), "Eq", LABEL]
        case "range" if name == FAR:
            return ["nearness", "Gte", count - first(share, count)]
        case "range":
            return ["spread" if name == INDEPENDENT else "nearness", "Lt", first(share, count)]
        case "prefix":
            return [path_attribute(name), "Glob", "/".join(FOLDERS[:depth]) + "/*"]
        case _:
            return [path_attribute(name), "Glob", f"*{FOLDERS[depth - 1]}*"]


def path(place: int, thresholds: list[int]) -> str:
    depth = sum(place < bound for bound in thresholds)
    return "/".join((*FOLDERS[:depth], str(place)))


def path_attribute(name: str) -> str:
    return f"path_{name[0]}"


def label_attribute(name: str, share: float) -> str:
    return f"{name[0]}{len(SHARES) - SHARES.index(share)}"
