"""Sizes of namespaces, remembered for a moment: looking one up is a tenth of a small search."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

REMEMBERED = 10_000
# seconds for which the size of a large namespace is taken as it was
FRESH = 1.0
# a smaller one is counted with every search
LARGE = 1_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes by the namespace's number in the catalog."""

    _known: dict[int, tuple[int, float]] = field(default_factory=dict[int, tuple[int, float]])

    def note(self, namespace_id: int, size: int) -> None:
        """The size as a statement has just seen it."""
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[namespace_id] = (size, time.monotonic())

    def fresh(self, namespace_id: int) -> int | None:
        """The size, if it need not be looked up again."""
        size, seen = self._known.get(namespace_id, (0, 0.0))
        return size if size >= LARGE and time.monotonic() - seen < FRESH else None

    def last(self, namespace_id: int) -> int:
        """The size when it was last looked up; 0 when it never was."""
        return self._known.get(namespace_id, (0, 0.0))[0]
