"""What several tables have in common: how times and recall are shown."""

from __future__ import annotations

from typing import Any

Figures = dict[str, Any]
MS = ("p50", "p90", "p99")


def times(found: Figures) -> list[str]:
    return [f"{found[p]:.2f}" for p in MS]


def recall(quality: Figures) -> list[str]:
    return [f"{quality['recall']:.4f}", f"{quality['worst']:.2f}", str(quality["short"])]
