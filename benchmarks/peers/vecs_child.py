"""vecs, in the peers' environment: reads requests from stdin and answers on stdout, JSON by line.

Started by ``benchmarks.peers.vecs``. Needs vecs and numpy only.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from importlib.metadata import version
from time import perf_counter

import numpy as np
import vecs
from sqlalchemy import text

NAME = "benchmark"
BATCH = 1000
OPERATORS = {"Eq": "$eq", "NotEq": "$ne", "Gt": "$gt", "Lt": "$lt"}


class Store:
    """One collection of vecs."""

    def __init__(self, url: str) -> None:
        # vecs makes its schema by itself; one that is somebody's must not be dropped at the end
        self._client = vecs.create_client(url)
        self._collection = None
        self._ef_search = 40

    def hello(self) -> dict:
        return {"version": version("vecs")}

    def load(self, vectors: str, attributes: str) -> dict:
        array = np.load(vectors)
        with open(attributes, encoding="utf8") as file:  # noqa: PTH123
            entries = json.load(file)
        self._collection = self._client.get_or_create_collection(NAME, dimension=array.shape[1])
        seconds = 0.0
        for start in range(0, len(array), BATCH):
            records = [
                (str(start + row + 1), vector, entries[start + row])
                for row, vector in enumerate(array[start : start + BATCH])
            ]
            started = perf_counter()
            self._collection.upsert(records)
            seconds += perf_counter() - started
        started = perf_counter()
        self._collection.create_index(
            measure=vecs.IndexMeasure.cosine_distance, method=vecs.IndexMethod.hnsw
        )
        seconds += perf_counter() - started
        with self._client.Session() as session:
            (count,) = session.execute(text(f'SELECT count(*) FROM vecs."{NAME}"')).one()
        return {"seconds": seconds, "rows": count}

    def tune(self, ef_search: int) -> dict:
        self._ef_search = ef_search
        return {}

    def search(self, vectors: str, k: int, where: list | None, budget: float) -> dict:
        filters = {where[0]: {OPERATORS[where[1]]: where[2]}} if where else None
        ids, taken, give_up = [], [], perf_counter() + budget
        for vector in np.load(vectors):
            started = perf_counter()
            if started > give_up and len(ids) >= 10:
                break
            found = self._collection.query(
                vector, limit=k, filters=filters, ef_search=self._ef_search
            )
            taken.append((perf_counter() - started) * 1000)
            ids.append([int(number) for number in found])
        return {"ids": ids, "milliseconds": taken}

    def close(self) -> dict:
        with self._client.Session() as session, session.begin():
            session.execute(text("DROP SCHEMA vecs CASCADE"))
        self._client.disconnect()
        return {}


def main() -> None:
    """Serve until stdin ends; an error becomes an answer."""
    warnings.simplefilter("ignore")
    # whatever a library prints must not come between the answers
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    store = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if store is None:
                store = Store(sys.argv[1])
            answer = getattr(store, request.pop("do"))(**request)
        except Exception as error:  # noqa: BLE001
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
