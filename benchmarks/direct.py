"""The service's own statements without the service: the only module that knows its insides.

Statements are not written here: the service's ``search`` runs once for every query on a session
that notes what is sent, on a connection of the service's own pool, so text, values, session options
and prepared statements are those of the service.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from benchmarks.server import SCHEMAS
from service.compile.fragment import Fragment
from service.core.index_settings import IndexSettings
from service.core.query import Nearest, Query
from service.core.query_binding import bind_query
from service.core.vectors import Metric, Vector
from service.engine.searching import Searcher
from service.storage import catalog
from service.storage.layouts import Layouts
from service.storage.pool import Row, Session, open_database

# What one search sends; opaque to all other modules, and fit for a trip to another process.
Statement = Fragment


@dataclass(frozen=True, slots=True)
class Recorder(Session):
    """A session that notes its statements."""

    sent: list[Fragment] = field(default_factory=list)

    def execute(self, fragment: Fragment, *, prepare: bool = False) -> object:
        self.sent.append(fragment)
        return Session.execute(self, fragment, prepare=prepare)


class Unheard:
    """An advisor that asks for nothing: these queries have no filter."""

    def ask(self, *_: object) -> None:
        """Forget it."""


@contextmanager
def opened(database_url: str) -> Iterator[Session]:
    """A session as the service has it, on a connection of this process."""
    database = open_database(
        database_url, SCHEMAS.documents, connections=1, wait=10, statement_timeout=60
    )
    try:
        with database.session() as session:
            yield session
    finally:
        database.close()


def record(session: Session, name: str, vectors: np.ndarray, k: int) -> list[Statement]:
    """What the service sends for each query."""
    namespace = catalog.find(session, name)
    recorder = Recorder(session.connection, session.schemas, session.pgvector)
    searcher = Searcher(Layouts(IndexSettings()), Unheard())
    queries = [
        bind_query(
            Query(Nearest(Vector(v.astype("<f4").tobytes()), Metric.COSINE), limit=k), namespace
        )
        for v in vectors
    ]
    # the first search also asks for the list of segments
    searcher.search(recorder, namespace, queries[0])
    recorder.sent.clear()
    for query in queries:
        searcher.search(recorder, namespace, query)
    if len(recorder.sent) != len(vectors):
        raise RuntimeError("a search is no longer one statement: compare it in another way")
    return recorder.sent


def run(session: Session, statement: Statement) -> list[Row]:
    """Execute it as the service does, and take all its rows."""
    return session.execute(statement, prepare=True).fetchall()
