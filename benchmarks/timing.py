"""Times of single requests, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

TURN = 20


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds."""

    p50: float
    p90: float
    p99: float
    count: int


def percentiles(milliseconds: Sequence[float] | np.ndarray) -> Percentiles:
    p50, p90, p99 = np.percentile(milliseconds, (50, 90, 99))
    return Percentiles(float(p50), float(p90), float(p99), len(milliseconds))


def timed(act: Callable[[], object]) -> float:
    """Milliseconds."""
    started = perf_counter()
    act()
    return (perf_counter() - started) * 1000


def in_turns(
    ours: Sequence[Callable[[], object]], plain: Sequence[Callable[[], object]]
) -> tuple[Percentiles, Percentiles]:
    """Percentiles of two ways to do the same things, in turns of a few queries.

    Which way is first changes with each turn. Within a turn the queries follow each other at once,
    as those of one client do.
    """
    ways = (ours, plain)
    taken: tuple[list[float], list[float]] = ([], [])
    for turn, start in enumerate(range(0, len(ours), TURN)):
        for which in (0, 1) if turn % 2 else (1, 0):
            taken[which].extend(timed(act) for act in ways[which][start : start + TURN])
    return percentiles(taken[0]), percentiles(taken[1])


@dataclass(frozen=True, slots=True)
class Asked:
    """One client's questions: the answers of the first round, and the times of all."""

    answers: list[bytes]
    milliseconds: list[float]


def ask_all(
    ask: Callable[[bytes], bytes], bodies: Sequence[bytes], *, rounds: int, budget: float
) -> Asked:
    """Ask everything ``rounds`` times over, one after the other, within ``budget`` seconds.

    The first ten questions are asked even when the time is over.
    """
    give_up = perf_counter() + budget
    answers: list[bytes] = []
    taken: list[float] = []
    for turn in range(rounds):
        for number, body in enumerate(bodies):
            started = perf_counter()
            if started > give_up and (turn or number >= 10):
                return Asked(answers, taken)
            answer = ask(body)
            taken.append((perf_counter() - started) * 1000)
            if not turn:
                answers.append(answer)
    return Asked(answers, taken)
