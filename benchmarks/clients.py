"""Many clients at once, each a process of its own, so that Python does not limit them.

What a client does is a task: it prepares (connections, bodies), calls ``start``, at which all wait
for one another, and works. Clients share the machine's cores with the service and PostgreSQL.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from time import perf_counter
from typing import Protocol

from benchmarks import direct
from benchmarks.client import Client

PREPARE = 120.0
_gate: Barrier | None = None

Start = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Tally:
    """What one client did; moments are of the clock that all processes of a machine share."""

    started: float
    ended: float
    milliseconds: list[float] = field(default_factory=list)
    rows: int = 0
    refused: int = 0  # 429
    failed: int = 0  # any other status but 200


class Task(Protocol):
    """The work of one client."""

    def __call__(self, start: Start) -> Tally: ...


def together(tasks: Sequence[Task], limit: float) -> list[Tally]:
    """Run all tasks at the same time; ``limit`` bounds the seconds behind the start."""
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(len(tasks))
    with ProcessPoolExecutor(
        len(tasks), mp_context=spawn, initializer=_remember, initargs=(gate,)
    ) as pool:
        try:
            jobs = [pool.submit(_run, task) for task in tasks]
            _, unfinished = wait(jobs, PREPARE + limit, FIRST_EXCEPTION)
            raise_first(job.exception() for job in jobs if job.done())
            if unfinished:
                raise TimeoutError(f"{len(unfinished)} clients did not end in time")
            return [job.result() for job in jobs]
        except BaseException:
            for process in list(pool._processes.values()):
                process.terminate()
            raise


def _remember(gate: Barrier) -> None:
    global _gate
    _gate = gate


def _run(task: Task) -> Tally:
    assert _gate is not None
    try:
        return task(_wait)
    except BaseException:
        _gate.abort()  # the others are not to wait for this one
        raise


def _wait() -> float:
    assert _gate is not None
    _gate.wait(PREPARE)
    return perf_counter()


def raise_first(errors: Iterable[BaseException | None]) -> None:
    """Raise what went wrong, rather than that others could not start because of it."""
    raised = [error for error in errors if error]
    for error in sorted(raised, key=lambda error: isinstance(error, BrokenBarrierError)):
        raise error


def duration(tallies: Sequence[Tally]) -> float:
    """From the first start to the last end."""
    return max(tally.ended for tally in tallies) - min(tally.started for tally in tallies)


@dataclass(frozen=True, slots=True)
class Searching:
    """One query after the other over HTTP, for some seconds."""

    host: str
    port: int
    path: str
    bodies: Sequence[bytes]
    seconds: float

    def __call__(self, start: Start) -> Tally:
        taken: list[float] = []
        failed = 0
        with Client(self.host, self.port) as client:
            client.exchange("POST", self.path, self.bodies[0])
            started = now = start()
            while now < started + self.seconds:
                answer = client.exchange("POST", self.path, self._next(len(taken) + failed))
                before, now = now, perf_counter()
                if answer.status == 200:
                    taken.append((now - before) * 1000)
                else:
                    failed += 1
        return Tally(started, now, taken, failed=failed)

    def _next(self, number: int) -> bytes:
        # clients begin at different queries
        return self.bodies[(number + os.getpid()) % len(self.bodies)]


@dataclass(frozen=True, slots=True)
class Executing:
    """The same with the service's statements through psycopg."""

    database_url: str
    statements: Sequence[direct.Statement]
    seconds: float

    def __call__(self, start: Start) -> Tally:
        taken: list[float] = []
        with direct.opened(self.database_url) as session:
            for statement in self.statements[:20]:
                direct.run(session, statement)
            started = now = start()
            while now < started + self.seconds:
                direct.run(session, self.statements[len(taken) % len(self.statements)])
                before, now = now, perf_counter()
                taken.append((now - before) * 1000)
        return Tally(started, now, taken)
