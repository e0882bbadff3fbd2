"""Connections and transactions, and the only border between psycopg's errors and ours."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import Connection, Cursor, errors
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from service.compile.fragment import Fragment
from service.core.errors import Conflict, InvalidRequest, StorageFull, TooSlow, Unavailable
from service.storage import adapters
from service.storage.pgvector import Pgvector, find_pgvector
from service.storage.statements import Schemas

Row = tuple[object, ...]

# A custom plan each time: with values bound, a generic plan loses the index (and costs 1000 times
# more when it does). jit never pays for statements of milliseconds.
SESSION_OPTIONS = "-c plan_cache_mode=force_custom_plan -c jit=off"
LOCK_TIMEOUT = "500ms"
MAX_LIFETIME = 1800.0
MAX_VALUES = 65_535


class Stale(Exception):
    """What was known of the namespace is no longer so: read the catalog again and redo."""


class Busy(Unavailable):
    """A deadlock, a serialization failure or a lock not had in time: safe to redo."""


class Contended(Busy):
    """Another writer was at the same documents: redo, and keep the others out this time."""


@dataclass(frozen=True, slots=True)
class Session:
    """A connection for one operation, with the names that its statements need."""

    connection: Connection[Row]
    schemas: Schemas
    pgvector: Pgvector

    def execute(self, fragment: Fragment) -> Cursor[Row]:
        """Run one statement; rows come back in binary.

        Raises:
            InvalidRequest: for more values than a statement can have.
        """
        if len(fragment.values) > MAX_VALUES:
            raise InvalidRequest(f"💔 the filter needs more than {MAX_VALUES} values in SQL")
        cursor = self.connection.cursor(binary=True)
        return cursor.execute(fragment.text.encode(), fragment.values)

    def copy(self, fragment: Fragment, rows: bytes) -> None:
        """Send a stream of rows to a COPY statement."""
        with self.connection.cursor().copy(fragment.text.encode()) as copy:
            copy.write(rows)

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
        self.connection.execute(fragment.text.encode())


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


def translated(error: psycopg.Error) -> Exception:
    """The error in the words of this service; one that is our own fault stays what it is."""
    match error:
        case errors.DeadlockDetected() | errors.SerializationFailure() | errors.UniqueViolation():
            return Contended("the namespace is busy with other writes")
        case errors.LockNotAvailable():
            return Busy("the namespace is busy with other changes")
        case (
            errors.UndefinedTable()
            | errors.UndefinedColumn()
            | errors.UndefinedFunction()
            | errors.DatatypeMismatch()
        ):
            # compiled for a table that was dropped, altered or made anew meanwhile
            return Stale()
        case errors.InternalError_() if "could not open relation" in str(error):
            # the same, met after the name had become a number
            return Stale()
        case errors.IntegrityError():
            name = error.diag.constraint_name
            return Conflict(f"💔 the constraint {name!r} of the table refuses this write")
        case errors.FeatureNotSupported() if "cached plan" in str(error):
            return Stale()
        case errors.QueryCanceled():
            return TooSlow("the database gave the statement up: it took longer than the timeout")
        case errors.DiskFull():
            return StorageFull("the database has no room left")
        case errors.ReadOnlySqlTransaction():
            return Unavailable("the database takes no writes at present")
        case _:
            return translated_class(error)


def translated_class(error: psycopg.Error) -> Exception:
    """By the class of the SQLSTATE, where the single state does not matter."""
    state = error.sqlstate or ""
    if state[:2] in ("08", "53", "57") or (
        not state and isinstance(error, psycopg.OperationalError)
    ):
        return Unavailable("the database cannot be reached at present")
    # psycopg itself refuses a NUL, without a state
    if state[:2] in ("22", "54") or (not state and isinstance(error, psycopg.DataError)):
        return InvalidRequest(
            f"💔 the database refused a value: {error.diag.message_primary or error}"
        )
    return error
