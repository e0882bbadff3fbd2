"""Clients that write: a list of batches as fast as it goes, or batches without end at a pace."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter, sleep

import numpy as np
import orjson

from benchmarks.client import Client, connect
from benchmarks.clients import Start, Tally
from benchmarks.documents import Batch, Collection, plain_columns
from benchmarks.generated import Clustered
from benchmarks.server import Target
from benchmarks.wire import namespace_path, write_body

LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class SendingAll:
    """Writes generated documents; all bodies are encoded before the start."""

    host: str
    port: int
    namespace: str
    vectors: Clustered
    first_id: int
    batch: int
    as_base64: bool

    def __call__(self, start: Start) -> Tally:
        source = Collection(self.namespace, self.vectors, plain_columns, self.first_id)
        bodies = [write_body(part, as_base64=self.as_base64) for part in source.batches(self.batch)]
        with Client(self.host, self.port) as client:
            started = start()
            for body in bodies:
                client.send("POST", namespace_path(self.namespace), body)
        return Tally(started, perf_counter(), rows=self.vectors.count)


@dataclass(frozen=True, slots=True)
class Streaming:
    """Writes new documents for some seconds, at ``rate`` rows a second or as fast as it goes.

    Vectors come from a supply that is encoded before the start and used over and over; ids are new.
    After a 429 the client waits as long as it is told to and sends the batch again.
    """

    host: str
    port: int
    namespace: str
    supply: Clustered
    first_id: int
    batch: int
    rate: float | None
    seconds: float

    def __call__(self, start: Start) -> Tally:
        rests = self._encode()
        rows = refused = failed = 0
        with Client(self.host, self.port) as client:
            started = now = start()
            while now < started + self.seconds:
                body = self._body(rests[rows // self.batch % len(rests)], rows)
                answer = client.exchange("POST", namespace_path(self.namespace), body)
                if answer.status == 200:
                    rows += self.batch
                elif answer.status == 429:
                    refused += 1
                    sleep(min(answer.retry_after or 1.0, LONGEST_PAUSE))
                else:
                    failed += 1
                    sleep(0.1)
                if self.rate:
                    sleep(max(started + rows / self.rate - perf_counter(), 0))
                now = perf_counter()
        return Tally(started, now, rows=rows, refused=refused, failed=failed)

    def _encode(self) -> list[bytes]:
        """Bodies without their ids: everything behind ``{"ids":[…],``."""
        batches = Collection(self.namespace, self.supply, plain_columns).batches(self.batch)
        bodies = (write_body(part, as_base64=True) for part in batches if len(part) == self.batch)
        return [body[body.index(b"]") + 2 :] for body in bodies]

    def _body(self, rest: bytes, rows: int) -> bytes:
        start = self.first_id + rows
        ids = orjson.dumps(np.arange(start, start + self.batch), option=orjson.OPT_SERIALIZE_NUMPY)
        return b'{"ids":' + ids + b"," + rest


def make_namespace(target: Target, namespace: str, dimensions: int) -> None:
    """A namespace with a single document, whose id no other has."""
    one = Batch(10**15, Clustered(dimensions, 1).all(), plain_columns(0, 1))
    with connect(target) as client:
        client.send("POST", namespace_path(namespace), write_body(one, as_base64=True))


def drop_namespace(target: Target, namespace: str) -> None:
    """Drop it when it is there."""
    with connect(target) as client:
        answer = client.exchange("DELETE", namespace_path(namespace))
        if answer.status not in (200, 404):
            raise RuntimeError(f"DELETE {namespace}: {answer.status} {answer.body[:200]!r}")
