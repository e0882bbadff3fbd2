"""vecs on the same PostgreSQL, in a process of the peers' environment: it needs an old pgvector."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import orjson
import psycopg

from benchmarks.documents import Collection
from benchmarks.peers.base import BATCH, FILTERED, Found, Missing, Where, known_attributes, program
from benchmarks.server import stop

# the script's folder is not to be searched: it has a module called vecs too
ISOLATED = ("-I",)
CHILD = Path(__file__).with_name("vecs_child.py")


class Vecs:
    """Speaks with the process that holds the collection."""

    name = "vecs"
    way = "psycopg2, SQLAlchemy"

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self.version = str(self._call("hello")["version"])

    def load(self, collection: Collection) -> float:
        vectors, attributes = self._folder / "vectors.npy", self._folder / "attributes.json"
        np.save(vectors, np.concatenate(list(collection.vectors.chunks())))
        entries = [
            entry
            for batch in collection.batches(BATCH)
            for entry in known_attributes(batch.columns, FILTERED)
        ]
        attributes.write_bytes(orjson.dumps(entries))
        loaded = self._call("load", vectors=str(vectors), attributes=str(attributes))
        if loaded["rows"] != collection.vectors.count:
            raise RuntimeError(f"vecs has {loaded['rows']} rows, not {collection.vectors.count}")
        return loaded["seconds"]

    def tune(self, ef_search: int) -> None:
        self._call("tune", ef_search=ef_search)

    def search(self, vectors: np.ndarray, k: int, where: Where | None, budget: float) -> Found:
        file = self._folder / "queries.npy"
        np.save(file, vectors)
        spelled = [where.attribute, where.operator, where.value] if where else None
        found = self._call("search", vectors=str(file), k=k, where=spelled, budget=budget)
        return Found(found["ids"], found["milliseconds"])

    def close(self) -> None:
        self._call("close")

    def _call(self, what: str, **arguments: object):
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(orjson.dumps({"do": what, **arguments}).decode() + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        answer = orjson.loads(line) if line else {"error": "it ended"}
        if "error" in answer:
            raise Missing(f"{what}: {answer['error']}")
        return answer


@contextmanager
def opened(database_url: str) -> Iterator[Vecs]:
    """The collection in schema ``vecs``, which is dropped at the end.

    Raises:
        Missing: when vecs is not installed or does not work here.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        if (connection.execute("SELECT to_regnamespace('vecs')").fetchone() or (None,))[0]:
            raise Missing("the database has a schema vecs already")
    url = database_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    with (
        tempfile.TemporaryDirectory(prefix="vecs-") as folder,
        subprocess.Popen(
            [program("python"), *ISOLATED, CHILD, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            peer = Vecs(process, Path(folder))
            yield peer
            peer.close()
        finally:
            stop(process)
