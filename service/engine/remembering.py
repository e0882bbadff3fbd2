"""What is remembered for a moment, so that a request does not cost a round trip of its own."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

# seconds after which a value is looked up again; revocations take effect within twice that
FRESH = 1.0
REMEMBERED = 10_000


class Remembered(Generic[K, V]):
    """Values by key, shared by the threads of one process."""

    def __init__(self) -> None:
        self._known: dict[K, tuple[float, V]] = {}

    def get(self, key: K, look_up: Callable[[], V]) -> V:
        """The value as it is, or was a moment ago."""
        # Forgetting replaces this dictionary, so that a value that was on its way when all were
        # forgotten is not found again.
        known = self._known
        now = monotonic()
        entry = known.get(key)
        if entry is not None and now - entry[0] < FRESH:
            return entry[1]
        value = look_up()
        if len(known) >= REMEMBERED:
            known.clear()
        known[key] = (now, value)
        return value

    def forget(self) -> None:
        """Look everything up anew."""
        self._known = {}
