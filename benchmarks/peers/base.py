"""What a peer has to do to be compared."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from benchmarks.documents import Collection

ROOT = Path(__file__).resolve().parent.parent.parent
# the environment of the peers, apart from the project's: their requirements exclude each other
ENVIRONMENT = Path(os.environ.get("VECTABLE_BENCHMARK_PEERS") or ROOT / ".venv" / "bench")
BATCH = 1000


class Missing(Exception):
    """A peer cannot take part; the message says why."""


@dataclass(frozen=True, slots=True)
class Where:
    """A filter that every peer knows in some spelling: Eq, NotEq, Gt or Lt."""

    attribute: str
    operator: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Found:
    """Ids for each query, and the milliseconds that each took."""

    ids: list[list[int]]
    milliseconds: list[float]


class Peer(Protocol):
    """A store that is loaded once and searched with several settings of ``ef_search``."""

    name: str
    version: str
    way: str  # how it is reached

    def load(self, collection: Collection) -> float:
        """Write and index everything; the seconds without the making of the data."""
        ...

    def tune(self, ef_search: int) -> None: ...

    def search(self, vectors: np.ndarray, k: int, where: Where | None, budget: float) -> Found:
        """Ask one after the other; what ``budget`` seconds do not suffice for is left out."""
        ...


def program(name: str) -> Path:
    """A program of the peers' environment.

    Raises:
        Missing: when it is not installed.
    """
    found = ENVIRONMENT / "bin" / name
    if not found.exists():
        raise Missing(f"not installed ({name}; make bench-full installs it)")
    return found


def known_attributes(columns: dict[str, list[object]], names: Sequence[str]) -> list[dict]:
    """Rows of the attributes that are filtered on: what every peer can store."""
    return [
        dict(zip(names, values, strict=True))
        for values in zip(*(columns[name] for name in names), strict=True)
    ]


FILTERED = ("section", "size")
