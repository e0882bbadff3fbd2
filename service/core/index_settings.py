"""How a namespace is indexed: settings with defaults, some of them its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

# lowest and highest value of each setting; pgvector's own limits for the first three
BOUNDS: Mapping[str, tuple[float, float]] = {
    "m": (2, 100),
    "ef_construction": (4, 1000),
    "ef_search": (1, 1000),
    "recall_target": (0.5, 1.0),
    "seal_rows": (100, 1_000_000),
    "max_unindexed": (1_000, 1_000_000_000),
}


# dimensions of a vector that is read about as fast as any shorter one
SHORT = 400


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """``m``, ``ef_construction`` and ``ef_search`` are those of HNSW.

    ``ef_search`` 0 takes what a sample showed to reach ``recall_target`` when the segment was made.
    The tail becomes a segment at ``seal_rows`` documents, sooner where vectors are long; above
    ``max_unindexed`` writes wait.
    """

    m: int = 16
    ef_construction: int = 128
    ef_search: int = 0
    recall_target: float = 0.95
    seal_rows: int = 2_000
    max_unindexed: int = 100_000

    def overridden(self, own: Mapping[str, object]) -> IndexSettings:
        """With what the namespace has of its own; a value that makes no sense is passed over."""
        chosen: dict[str, float] = {}
        for known in fields(self):
            value = own.get(known.name)
            low, high = BOUNDS[known.name]
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if low <= value <= high:
                chosen[known.name] = value if known.name == "recall_target" else int(value)
        if chosen.get("ef_construction", self.ef_construction) < 2 * chosen.get("m", self.m):
            chosen["ef_construction"] = int(2 * chosen.get("m", self.m))
        return replace(self, **chosen)

    def sealed_at(self, dimensions: int) -> int:
        """Documents without a segment from which on one is made: well below where writes wait, and
        so few that scanning them takes about as long whatever the length of their vectors."""
        rows = min(self.seal_rows, self.max_unindexed // 2)
        return max(1, min(rows, rows * SHORT // max(dimensions, 1)))
