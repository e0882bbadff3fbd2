"""Snapshots of a collection, at rest and while four clients write into it, and their recovery.

What is recovered is verified: at rest by every document and by exact searches against the
collection itself, under writers by groups of documents that one write made together.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from time import perf_counter, sleep
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson
import psycopg
from psycopg import sql

from benchmarks import generated
from benchmarks.client import Client
from benchmarks.clients import Start, Tally, duration, together
from benchmarks.datasets import title
from benchmarks.documents import Batch, Collection, plain_columns
from benchmarks.generated import Clustered
from benchmarks.loading import load, table
from benchmarks.server import Target
from benchmarks.state import settle
from benchmarks.wire import namespace_path, write_body
from benchmarks.writing import drop_namespace

NAMESPACE, RECOVERED = "snapshots", "snapshots-recovered"
WRITERS = 4
# documents of one write: a snapshot has all of them with the same stamp
GROUP = 20
SUPPLY = 2_000
MB = 1_000_000
# seconds: from the start of the writers to that of the snapshot, and for one of either
HEAD_START = 2.0
PATIENCE = 3600.0

COUNT = sql.SQL("SELECT count(*) FROM {table}")
STAMPED = sql.SQL("SELECT count(*) FROM {table} WHERE attributes ? 'stamp'")
TORN = sql.SQL("""
    SELECT count(*) FROM (
        SELECT FROM {table} GROUP BY id / {group}
        HAVING count(*) <> {group} OR count(DISTINCT coalesce(attributes ->> 'stamp', '')) <> 1
    ) AS torn""")
DIFFERENT = sql.SQL("""
    SELECT count(*) FROM {table} AS one FULL JOIN {other} AS other USING (id)
    WHERE one.attributes IS DISTINCT FROM other.attributes
       OR one.vector IS DISTINCT FROM other.vector""")


class Patient(Client):
    """A client that waits as long as it takes."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)

    def checksum(self, path: str) -> str:
        """The SHA-256 of what is downloaded, which is not kept."""
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        digest = sha256()
        while piece := response.read(2**20):
            digest.update(piece)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Scale:
    rows: int
    dimensions: int
    queries: int  # exact ones
    k: int


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on a whole snapshot; ``rows_per_second`` of those who wrote meanwhile."""

    name: str
    seconds: float
    megabytes: float
    rows_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """How many documents and answers were compared, and how many were not the same; how many
    documents had been rewritten, and how many writes were there in part."""

    documents: int
    different: int
    queries: int
    different_answers: int
    stamped: int
    torn: int


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    writers: int
    steps: list[Step]
    verified: Verified


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Replaces groups of documents, each in one write with a stamp of its own, for some seconds."""

    host: str
    port: int
    number: int
    rows: int
    dimensions: int
    seconds: float

    def __call__(self, start: Start) -> Tally:
        supply = Clustered(self.dimensions, SUPPLY, generated.WRITES + self.number).all()
        dice, rows = Random(self.number), 0
        with Client(self.host, self.port) as client:
            started = now = start()
            while now < started + self.seconds:
                client.send("POST", namespace_path(NAMESPACE), self.body(supply, dice, rows))
                rows += GROUP
                now = perf_counter()
        return Tally(started, now, rows=rows)

    def body(self, supply: np.ndarray, dice: Random, written: int) -> bytes:
        first = GROUP * dice.randrange(self.rows // GROUP)
        at = dice.randrange(SUPPLY - GROUP)
        columns = {"stamp": [self.number * 10**9 + written] * GROUP}
        batch = Batch(first, supply[at : at + GROUP], columns)
        return write_body(batch, as_base64=True, unbounded=True)


@dataclass(frozen=True, slots=True)
class Snapshotting:
    """Makes one snapshot, a while after the others began to write."""

    host: str
    port: int

    def __call__(self, start: Start) -> Tally:
        with Patient(self.host, self.port) as client:
            start()
            sleep(HEAD_START)
            began = perf_counter()
            client.send("POST", path())
        return Tally(began, perf_counter())


def measure(target: Target, scale: Scale) -> Figures:
    vectors = Clustered(scale.dimensions, scale.rows)
    load(target, Collection(NAMESPACE, vectors, plain_columns, first_id=0))
    settle(target, NAMESPACE)
    with Patient(target.host, target.port) as client:
        at_rest = step("made at rest", client, lambda: client.send("POST", path()))
        steps = [at_rest, *recovered(client, "at rest")]
        different = count(target, DIFFERENT, other=table(NAMESPACE))
        answers = different_answers(client, scale)
        drop_namespace(target, RECOVERED)  # or the indexer would be at work on it
    steps.append(under_writers(target, scale, at_rest.seconds))
    with Patient(target.host, target.port) as client:
        steps += recovered(client, "under writers")
        found = [count(target, one) for one in (COUNT, STAMPED, TORN)]
        for one in listed(client):
            client.send("DELETE", path(one["name"]))
    for name in (NAMESPACE, RECOVERED):
        drop_namespace(target, name)
    documents, stamped, torn = found
    if not stamped:
        raise RuntimeError("nothing was written before the snapshot: it shows nothing")
    verified = Verified(documents, different, scale.queries, answers, stamped, torn)
    return Figures(title(vectors, "generated"), WRITERS, steps, verified)


def step(name: str, client: Client, act: Callable[[], object]) -> Step:
    """An operation on the last snapshot of the list, which it may be that makes it."""
    started = perf_counter()
    act()
    return Step(name, perf_counter() - started, listed(client)[-1]["size"] / MB)


def recovered(client: Patient, when: str) -> list[Step]:
    """Download the last snapshot, and recover it under another name."""
    made = listed(client)[-1]

    def download() -> None:
        if client.checksum(f"{path(made['name'])}/download") != made["checksum"]:
            raise RuntimeError(f"the download of {made['name']} is not what was made")

    there = f"/collections/{RECOVERED}/snapshots/{quote(made['name'])}/recover"
    return [
        step(f"downloaded, {when}", client, download),
        step(f"recovered, {when}", client, lambda: client.send("PUT", there, b"{}")),
    ]


def under_writers(target: Target, scale: Scale, at_rest: float) -> Step:
    """A snapshot while others write: they go on for several times as long as one took at rest."""
    seconds = HEAD_START + 5 + 8 * at_rest
    host, port = target.host, target.port
    tallies = together(
        [
            Snapshotting(host, port),
            *[
                Rewriting(host, port, number, scale.rows, scale.dimensions, seconds)
                for number in range(WRITERS)
            ],
        ],
        seconds + PATIENCE,
    )
    made, *written = tallies
    if made.ended > min(one.ended for one in written):
        raise RuntimeError("the writers ended before the snapshot was made")
    rate = sum(one.rows for one in written) / duration(written)
    # a connection of its own: the server closes one that has waited for so long
    with Patient(host, port) as client:
        size = listed(client)[-1]["size"] / MB
    return Step(f"made under {WRITERS} writers", made.ended - made.started, size, rate)


def different_answers(client: Client, scale: Scale) -> int:
    """How many exact searches the recovered collection answers otherwise."""
    asked = Clustered(scale.dimensions, scale.queries, generated.QUERIES).all()
    different = 0
    for vector in asked:
        request = {"vector": vector, "limit": scale.k, "params": {"exact": True}}
        body = orjson.dumps(request, option=orjson.OPT_SERIALIZE_NUMPY)
        found = [
            orjson.loads(client.send("POST", f"/collections/{name}/points/search", body))["result"]
            for name in (NAMESPACE, RECOVERED)
        ]
        different += found[0] != found[1] or len(found[0]) != scale.k
    return different


def path(snapshot: str = "") -> str:
    return f"/collections/{NAMESPACE}/snapshots{f'/{quote(snapshot)}' if snapshot else ''}"


def listed(client: Client) -> list[dict[str, Any]]:
    """The snapshots, the oldest first."""
    return orjson.loads(client.send("GET", path()))["result"]


def count(target: Target, statement: sql.SQL, **names: sql.Identifier) -> int:
    """What a statement counts in the recovered collection."""
    holes = {"table": table(RECOVERED), "group": sql.Literal(GROUP), **names}
    with psycopg.connect(target.database_url, autocommit=True) as connection:
        (found,) = connection.execute(statement.format(**holes)).fetchone() or (0,)
    return int(found)
