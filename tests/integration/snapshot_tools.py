"""What tests of snapshots share: a store of each kind, and what is left of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.config import Config
from service.core.attributes import JsonObject
from service.core.documents import Upsert, Write
from service.core.ids import mixable_id_type
from service.core.index_settings import IndexSettings
from service.core.query import Hit
from service.core.vectors import Metric
from service.engine import Engine
from service.engine.access import Access
from service.engine.snapshots import Snapshots
from service.storage.layouts import Layouts
from service.storage.pool import Database
from service.storage.snapshots.database import DatabaseStore
from service.storage.snapshots.directory import DirectoryStore
from service.storage.snapshots.store import Store
from tests.integration.segment_tools import Numbers, batch, opened, value

KINDS = ("directory", "database")
MAX_BYTES = 64 * 1024 * 1024


@dataclass
class Keeping:
    """Snapshots of one kind, as a process of their own would have them."""

    snapshots: Snapshots
    store: Store
    database: Database
    folder: Path

    def left(self, namespace: str) -> tuple[int, int, list[str]]:
        """Rows and chunks of the namespace's snapshots, whole or not, and the folder's files."""
        with self.database.session() as session:
            rows = value(
                session.connection,
                "SELECT count(*) FROM vectable_catalog.snapshots WHERE namespace = %s",
                namespace,
            )
            chunks = value(
                session.connection,
                "SELECT count(*) FROM vectable_catalog.snapshot_chunks c"
                " JOIN vectable_catalog.snapshots s ON s.id = c.snapshot_id WHERE namespace = %s",
                namespace,
            )
        files = sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []
        return rows, chunks, files

    def write_file(self, name: str, data: bytes) -> None:
        """Put other bytes into the file of a snapshot, behind the service's back."""
        if self.store.kind == "directory":
            (self.folder / name).write_bytes(data)
            return
        with self.database.transaction() as session:
            key = value(
                session.connection,
                "SELECT id FROM vectable_catalog.snapshots WHERE name = %s",
                name,
            )
            session.connection.execute(
                "DELETE FROM vectable_catalog.snapshot_chunks WHERE snapshot_id = %s", (key,)
            )
            session.connection.execute(
                "INSERT INTO vectable_catalog.snapshot_chunks VALUES (%s, 0, %s)", (key, data)
            )
            session.connection.execute(
                "UPDATE vectable_catalog.snapshots SET size = %s WHERE id = %s", (len(data), key)
            )


@contextmanager
def keeping(config: Config, kind: str, folder: Path) -> Iterator[Keeping]:
    with opened(config, 8) as database:
        stores: dict[str, Store] = {
            "directory": DirectoryStore(folder),
            "database": DatabaseStore(database),
        }
        access = Access(database, Layouts(IndexSettings()))
        store = stores[kind]
        yield Keeping(Snapshots(access, store, MAX_BYTES), store, database, folder)


def write(
    ids: list[Any],
    numbers: Numbers | None,
    objects: list[JsonObject] | None = None,
    missing: list[int] | None = None,
) -> Write:
    """Points of the API whose payloads are free; those at ``missing`` have no vector."""
    vectors = {} if numbers is None else {"vector": batch(numbers, missing or [])}
    payloads = tuple(objects or [{"n": at} for at in range(len(ids))])
    upsert = Upsert(tuple(ids), (), vectors, payloads)
    return Write(upsert=upsert, metric=Metric.EUCLIDEAN, widen=mixable_id_type)


def documents(engine: Engine, name: str) -> list[Hit]:
    """All documents in write order, whole."""
    hits: list[Hit] = []
    after: int | None = 0
    while after is not None:
        page = engine.export(name, after)
        hits.extend(page.hits)
        after = page.next_position
    return hits


def numbers(count: int, dimensions: int = 4, seed: int = 0) -> Numbers:
    return np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)
