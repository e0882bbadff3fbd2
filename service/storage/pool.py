"""Connections and transactions: the border that psycopg's errors cross only as ours."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolTimeout

from service.compile.fragment import Fragment
from service.core.errors import InvalidRequest, Unavailable
from service.storage import adapters
from service.storage.faults import translated
from service.storage.pgvector import Pgvector, find_pgvector
from service.storage.statements import Schemas

Row = tuple[object, ...]

# jit never pays for statements of milliseconds
SESSION_OPTIONS = "-c jit=off"
LOCK_TIMEOUT = "500ms"
MAX_LIFETIME = 1800.0
MAX_VALUES = 65_535


@dataclass(frozen=True, slots=True)
class Session:
    """A connection for one operation, with the names that its statements need."""

    connection: Connection[Row]
    schemas: Schemas
    pgvector: Pgvector

    def execute(self, fragment: Fragment, *, prepare: bool | None = False) -> Cursor[Row]:
        """Run one statement; rows come back in binary.

        It is planned for its values, because a plan for any values loses an index sooner or later,
        and then takes a thousand times as long. ``prepare`` is for statements whose plan no value
        can change, which are parsed and planned once: at once, or when they come again (None).

        Raises:
            InvalidRequest: for more values than a statement can have.
        """
        if len(fragment.values) > MAX_VALUES:
            raise InvalidRequest(f"💔 the filter needs more than {MAX_VALUES} values in SQL")
        cursor = self.connection.cursor(binary=True)
        try:
            return cursor.execute(fragment.text.encode(), fragment.values, prepare=prepare)
        except psycopg.errors.FeatureNotSupported:
            # the table was made anew with columns of other types: what was prepared for the old
            # one would fail for ever (in a transaction, psycopg forgets it with the rollback)
            if self.connection.info.transaction_status is TransactionStatus.IDLE:
                self.connection.execute("DEALLOCATE ALL")
            raise

    def copy(self, fragment: Fragment, rows: bytes) -> None:
        """Send a stream of rows to a COPY statement."""
        with self.connection.cursor().copy(fragment.unbound.encode()) as copy:
            copy.write(rows)

    def pipe(self, source: Fragment, target: Session, into: Fragment) -> int:
        """Send what a COPY statement gives to one of another session; returns the rows."""
        receiving = target.connection.cursor()
        with (
            self.connection.cursor().copy(source.unbound.encode()) as giving,
            receiving.copy(into.unbound.encode()) as taking,
        ):
            for block in giving:
                taking.write(block)
        return receiving.rowcount

    @contextmanager
    def unhurried(self) -> Generator[None]:
        """A transaction in which statements may take as long as they need."""
        with self.savepoint():
            self.without_timeout()
            yield

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """A part of a transaction that may fail alone; its errors are ours already inside."""
        try:
            with self.connection.transaction():
                yield
        except psycopg.Error as error:
            raise translated(error) from error

    @contextmanager
    def snapshot(self) -> Generator[None]:
        """Everything inside sees the database at one moment."""
        with self.connection.transaction():
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield

    def without_timeout(self) -> None:
        """Let the statements of this transaction take as long as they need."""
        self.connection.execute("SET LOCAL statement_timeout = 0")

    def define(self, fragment: Fragment) -> None:
        """Run DDL: without values, with a short wait for its lock; may be several statements."""
        self.connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        self.connection.execute(fragment.unbound.encode())


class Database:
    """The pool. Opened after the fork, by the process that uses it."""

    def __init__(self, pool: ConnectionPool[Connection[Row]], schemas: Schemas) -> None:
        self._pool = pool
        self._pgvector: Pgvector | None = None
        self.schemas = schemas

    @contextmanager
    def session(self) -> Generator[Session]:
        """A connection without a transaction around it: every statement stands for itself.

        Raises:
            Unavailable: when no connection is free in time, or the server is gone.
        """
        try:
            with self._pool.connection() as connection:
                yield Session(connection, self.schemas, self._known_pgvector(connection))
        except PoolTimeout as error:
            raise Unavailable("the database is too busy or cannot be reached") from error
        except psycopg.Error as error:
            raise translated(error) from error

    @contextmanager
    def transaction(self) -> Generator[Session]:
        """A session inside a transaction: committed at the end, rolled back on any error."""
        with self.session() as session, session.connection.transaction():
            yield session

    def close(self) -> None:
        self._pool.close()

    def _known_pgvector(self, connection: Connection[Row]) -> Pgvector:
        if self._pgvector is None:
            self._pgvector = find_pgvector(connection)
        return self._pgvector


def open_database(
    url: str, schema: str, *, connections: int, wait: float, statement_timeout: float
) -> Database:
    """A pool of up to ``connections``; ``wait`` and ``statement_timeout`` are in seconds."""
    options = f"{SESSION_OPTIONS} -c statement_timeout={round(statement_timeout * 1000)}"
    given = conninfo_to_dict(url).get("options")
    pool = ConnectionPool[Connection[Row]](
        url,
        min_size=1,
        max_size=connections,
        timeout=wait,
        max_lifetime=MAX_LIFETIME,
        kwargs={
            "autocommit": True,
            "client_encoding": "utf8",
            "application_name": "vectable",
            "options": f"{given} {options}" if given else options,
        },
        configure=adapters.register,
        open=True,
    )
    return Database(pool, Schemas(schema))
