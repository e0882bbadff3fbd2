"""What the indexer has made of a namespace, and waiting until nothing is left for it to do."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep

import click
import psycopg
from psycopg import sql

from benchmarks.loading import table
from benchmarks.server import SCHEMAS, Target
from service.storage.measuring import WORTH_MEASURING

SEAL_ROWS = int(os.environ.get("VECTABLE_SEAL_ROWS") or 2000)
# seconds without a change: longer than the indexer waits before it merges what is at rest
QUIET = 12.0
PATIENCE = 3600.0
POLL = 0.5


@dataclass(frozen=True, slots=True)
class State:
    """The rows of the indexer's view that belong to one namespace, added up."""

    segments: int
    rows: int
    remainder: int
    superseded_share: float
    sealed_to: int
    tail_rows: int
    bytes: int
    building: str | None
    progress: float | None
    indexes: int
    unready: int
    unmeasured: int

    @property
    def at_rest(self) -> bool:
        return self.building is None and self.unready == 0 and self.unmeasured == 0


@dataclass(frozen=True, slots=True)
class Settled:
    """How long it took until the last change, and what there is now."""

    seconds: float
    state: State


STATE = sql.SQL("""
    SELECT coalesce(sum(segments), 0)::int, coalesce(sum(rows), 0)::bigint,
           coalesce(sum(remainder), 0)::bigint, coalesce(max(superseded_share), 0)::float8,
           coalesce(min(sealed_to), 0)::bigint, coalesce(max(tail_rows), 0)::bigint,
           coalesce(sum(bytes), 0)::bigint, max(building), max(progress)::float8
    FROM {}
    WHERE namespace = %s""").format(sql.Identifier(SCHEMAS.segments, "state"))
INDEXES = sql.SQL("""
    SELECT count(*), count(*) FILTER (WHERE NOT made.ready)
    FROM {} AS made JOIN {} AS namespace ON namespace.id = made.namespace_id
    WHERE namespace.name = %s""").format(
    sql.Identifier(SCHEMAS.catalog, "attribute_indexes"),
    sql.Identifier(SCHEMAS.catalog, "namespaces"),
)


UNMEASURED = sql.SQL("""
    SELECT count(*) FROM {} AS made JOIN {} AS namespace ON namespace.id = made.namespace_id
    WHERE namespace.name = %s AND made.retired_at IS NULL
      AND made.recall IS NULL AND made.rows >= {}""").format(
    sql.Identifier(SCHEMAS.segments, "segments"),
    sql.Identifier(SCHEMAS.catalog, "namespaces"),
    sql.Literal(WORTH_MEASURING),
)


def read_state(connection: psycopg.Connection, namespace: str) -> State:
    segments = connection.execute(STATE, [namespace]).fetchone() or ()
    indexes = connection.execute(INDEXES, [namespace]).fetchone() or ()
    unmeasured = connection.execute(UNMEASURED, [namespace]).fetchone() or ()
    return State(*segments, *indexes, *unmeasured)


def settle(target: Target, namespace: str, patience: float = PATIENCE) -> Settled:
    """Wait until the indexer is done, then vacuum: nothing is to run during a measurement.

    Raises:
        click.ClickException: when it does not come to rest in time; says what it was doing.
    """
    with psycopg.connect(target.database_url, autocommit=True) as connection:
        settled = wait(connection, namespace, patience)
    vacuum(target, namespace)
    return settled


def vacuum(target: Target, namespace: str) -> None:
    """Have PostgreSQL do now what it would do sooner or later."""
    with psycopg.connect(target.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("VACUUM ANALYZE {}").format(table(namespace)))
        with suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute("CHECKPOINT")


def wait(connection: psycopg.Connection, namespace: str, patience: float) -> Settled:
    started = changed = monotonic()
    state = read_state(connection, namespace)
    while not state.at_rest or monotonic() - changed < QUIET or tail(connection, namespace, state):
        if monotonic() - started > patience:
            raise click.ClickException(
                f"{namespace} has not settled after {patience:.0f} s: {state}"
            )
        sleep(POLL)
        before, state = state, read_state(connection, namespace)
        changed = changed if state == before else monotonic()
    return Settled(changed - started, state)


def tail(connection: psycopg.Connection, namespace: str, state: State) -> bool:
    """Whether documents are left to be sealed; the view's figure overstates them."""
    return state.tail_rows >= SEAL_ROWS and count(connection, namespace, state) >= SEAL_ROWS


def count_tail(target: Target, namespace: str) -> int:
    """The rows behind the last segment, counted."""
    with psycopg.connect(target.database_url, autocommit=True) as connection:
        return count(connection, namespace, read_state(connection, namespace))


def count(connection: psycopg.Connection, namespace: str, state: State) -> int:
    statement = sql.SQL("SELECT count(*) FROM {} WHERE seq > %s").format(table(namespace))
    (rows,) = connection.execute(statement, [state.sealed_to]).fetchone() or (0,)
    return int(rows)


def set_ef(target: Target, namespace: str, ef_search: int | None) -> None:
    """Set the namespace's ``ef_search``; None: the service's own choice again."""
    statement = sql.SQL("""
        UPDATE {} SET settings = (settings - 'ef_search') || {},
                      version = nextval({}::regclass)
        WHERE name = %s""").format(
        sql.Identifier(SCHEMAS.catalog, "namespaces"),
        sql.SQL("'{}'::jsonb")
        if ef_search is None
        else sql.SQL("jsonb_build_object('ef_search', {})").format(sql.Literal(ef_search)),
        sql.Literal(f"{SCHEMAS.catalog}.versions"),
    )
    with psycopg.connect(target.database_url, autocommit=True) as connection:
        connection.execute(statement, [namespace])
