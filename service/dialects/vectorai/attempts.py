"""Attempts at the administrator's password: after some failures there are pauses between them."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from threading import Lock
from time import monotonic

from service.core.errors import TooManyRequests

FREE = 5
# seconds: the first pause, each of the following is twice as long; the longest
FIRST_PAUSE = 10
LONGEST_PAUSE = 900
# addresses that are remembered; the oldest are forgotten first
REMEMBERED = 1_000


class Attempts:
    """Failures in a row by the address that they came from, in one process."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        # failures, and until when the next attempt has to wait
        self._failures: dict[str, tuple[int, float]] = {}

    def begin(self, address: str) -> None:
        """Count an attempt; it counts as failed until ``succeed`` is called.

        So those that are made at the same time are counted, too.

        Raises:
            TooManyRequests: when there were too many before it.
        """
        with self._lock:
            now = self._clock()
            failures, until = self._failures.pop(address, (0, now))
            if now < until:
                self._failures[address] = (failures, until)
                raise TooManyRequests("too many failed attempts", ceil(until - now))
            failures += 1
            self._failures[address] = (failures, now + pause_after(failures))
            if len(self._failures) > REMEMBERED:
                del self._failures[next(iter(self._failures))]

    def succeed(self, address: str) -> None:
        """The password was right: what was counted is forgotten."""
        with self._lock:
            self._failures.pop(address, None)


def pause_after(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    if failures < FREE:
        return 0.0
    # beyond the twentieth the longest pause has long been reached
    return float(min(FIRST_PAUSE * 2 ** min(failures - FREE, 20), LONGEST_PAUSE))
