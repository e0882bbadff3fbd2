"""Chroma's own server over HTTP, with the same client that asks the service.

Its Python client is not used: bodies are encoded before the clock starts, here as there, so that
server is compared with server. (That is faster than what users of its client have.)
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, perf_counter, sleep

import numpy as np
import orjson

from benchmarks.client import Client
from benchmarks.documents import Batch, Collection
from benchmarks.peers.base import BATCH, FILTERED, Found, Missing, Where, known_attributes, program
from benchmarks.server import stop
from benchmarks.timing import ask_all

COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
OPERATORS = {"Eq": "$eq", "NotEq": "$ne", "Gt": "$gt", "Lt": "$lt"}
START = 30.0


class Chroma:
    """One collection of a server: cosine distance, all else as it comes."""

    name = "Chroma"
    way = "HTTP"

    def __init__(self, client: Client, version: str) -> None:
        self.version = version
        self._client = client
        self._path = ""

    def load(self, collection: Collection) -> float:
        bodies = [add_body(batch) for batch in collection.batches(BATCH)]
        made = self._send(
            "POST",
            COLLECTIONS,
            {"name": collection.namespace, "configuration": {"hnsw": {"space": "cosine"}}},
        )
        self._path = f"{COLLECTIONS}/{made['id']}"
        started = perf_counter()
        for body in bodies:
            self._client.send("POST", f"{self._path}/add", body)
        seconds = perf_counter() - started
        if (count := self._send("GET", f"{self._path}/count")) != collection.vectors.count:
            raise RuntimeError(f"Chroma has {count} rows, not {collection.vectors.count}")
        return seconds

    def tune(self, ef_search: int) -> None:
        self._send("PUT", self._path, {"new_configuration": {"hnsw": {"ef_search": ef_search}}})

    def search(self, vectors: np.ndarray, k: int, where: Where | None, budget: float) -> Found:
        bodies = [query_body(vector, k, where) for vector in vectors]
        path = f"{self._path}/query"
        asked = ask_all(
            lambda body: self._client.send("POST", path, body), bodies, rounds=1, budget=budget
        )
        ids = [[int(text) for text in orjson.loads(body)["ids"][0]] for body in asked.answers]
        return Found(ids, asked.milliseconds)

    def _send(self, method: str, path: str, body: object = None):
        data = None if body is None else orjson.dumps(body)
        return orjson.loads(self._client.send(method, path, data))


def add_body(batch: Batch) -> bytes:
    return orjson.dumps(
        {
            "ids": [str(number) for number in batch.ids],
            "embeddings": list(batch.vectors),
            "metadatas": known_attributes(batch.columns, FILTERED),
        },
        option=orjson.OPT_SERIALIZE_NUMPY,
    )


def query_body(vector: np.ndarray, k: int, where: Where | None) -> bytes:
    body: dict[str, object] = {
        "query_embeddings": [vector],
        "n_results": k,
        "include": ["distances"],
    }
    if where is not None:
        body["where"] = {where.attribute: {OPERATORS[where.operator]: where.value}}
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


@contextmanager
def serving() -> Iterator[Chroma]:
    """``chroma run`` in a process and a temporary folder of its own, on a free port.

    Raises:
        Missing: when it is not installed or does not start.
    """
    command, version = program("chroma"), installed_version()
    with (
        tempfile.TemporaryDirectory(prefix="chroma-", ignore_cleanup_errors=True) as folder,
        subprocess.Popen(
            [command, "run", "--path", folder, "--host", "127.0.0.1", "--port", str(free_port())],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process,
    ):
        try:
            with connected(int(process.args[-1])) as client:
                yield Chroma(client, version)
        finally:
            stop(process)


@contextmanager
def connected(port: int) -> Iterator[Client]:
    give_up = monotonic() + START
    while True:
        try:
            with Client("127.0.0.1", port) as client:
                client.send("GET", "/api/v2/heartbeat")
                break
        except (OSError, RuntimeError) as error:
            if monotonic() > give_up:
                raise Missing(f"its server did not start within {START:.0f} s") from error
            sleep(0.2)
    with Client("127.0.0.1", port) as client:
        yield client


def installed_version() -> str:
    script = "from importlib.metadata import version; print(version('chromadb'))"
    return subprocess.run(
        [program("python"), "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
