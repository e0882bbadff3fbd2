"""Indexes on attributes: searches use them and find the same, and builds survive what happens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from service.compile.filters import compile_filter
from service.config import Config
from service.core.attributes import parse_type
from service.core.errors import Unavailable
from service.core.filters import (
    And,
    AnyOf,
    Attribute,
    Compare,
    Equal,
    Filter,
    Glob,
    IdField,
    Not,
    Or,
    Order,
)
from service.core.indexing import MEMBERSHIP, AttributeIndex, IndexKind, is_served
from service.engine import Engine
from service.processes import wait_until
from service.storage import attribute_builds, attribute_indexes
from service.storage.attribute_builds import build
from service.storage.attribute_indexes import MAX_BTREES, Wanted, index_name
from service.storage.faults import Busy, Stale
from service.storage.pool import Database, open_database

Connection = psycopg.Connection[tuple[Any, ...]]

ROWS = 20_000
ODD = 'it\'s "100%s" größe; --'
ID = IdField()
S, ODD_TEXT = Attribute("s", parse_type("string")), Attribute(ODD, parse_type("string"))
N = Attribute("n", parse_type("float"))
TAGS, DONE = Attribute("tags", parse_type("[]string")), Attribute("done", parse_type("bool"))
ON_S, ON_ODD = AttributeIndex(IndexKind.TEXT, "s"), AttributeIndex(IndexKind.TEXT, ODD)
ON_N, ON_DONE = AttributeIndex(IndexKind.NUMBER, "n"), AttributeIndex(IndexKind.TEXT, "done")
ALL = frozenset({MEMBERSHIP, ON_S, ON_N, ON_ODD, ON_DONE})
MANY = tuple(f"key/{number}" for number in range(300))

# s is "key/<i>", n is i / 2, tags are ["t<i mod 1000>", "all"]; every 1000th has none of them
FILTERS: dict[str, tuple[Filter, AttributeIndex]] = {
    "equal": (Equal(S, "key/77"), MEMBERSHIP),
    "equal number": (Equal(N, 38.5), MEMBERSHIP),
    "equal odd name": (Equal(ODD_TEXT, "7"), MEMBERSHIP),
    "equal array": (Equal(TAGS, ("t77", "all")), MEMBERSHIP),
    "any of few": (AnyOf(S, ("key/1", "key/2", "no")), MEMBERSHIP),
    "any of many": (AnyOf(S, (*MANY, "x" * 300)), ON_S),
    "any of many numbers": (AnyOf(N, tuple(number / 4 for number in range(300))), ON_N),
    "any of an array": (AnyOf(TAGS, ("t5", "t6")), MEMBERSHIP),
    "greater": (Compare(N, Order.GREATER, 9_990), ON_N),
    "less, or missing": (Compare(N, Order.LESS, 10), ON_N),
    "text greater": (Compare(S, Order.GREATER, "key/9990"), ON_S),
    "text less, or missing": (Compare(S, Order.LESS_OR_EQUAL, "key/10"), ON_S),
    "long text": (Compare(S, Order.GREATER_OR_EQUAL, "key/9990" + "x" * 500), ON_S),
    "odd name": (Compare(ODD_TEXT, Order.GREATER, "998"), ON_ODD),
    "boolean": (Compare(DONE, Order.LESS, True), ON_DONE),
    "range": (And((Compare(N, Order.GREATER, 10), Compare(N, Order.LESS_OR_EQUAL, 11.5))), ON_N),
    "prefix": (Glob(S, "key/123*"), ON_S),
    "prefix and class": (Glob(S, "key/[1]23[0-4]"), ON_S),
    "no wildcard": (Glob(S, "key/5"), ON_S),
    "several prefixes": (Glob(S, "key/{12,13}4?"), ON_S),
    "or": (Or((Equal(S, "key/7"), Compare(N, Order.GREATER, 9_999), Glob(S, "key/88*"))), ON_N),
    "and": (And((Equal(S, "key/7"), Glob(S, "*7"), Not(Equal(TAGS, ("a",))))), MEMBERSHIP),
}
BY_ID: dict[str, Filter] = {
    "equal": Equal(ID, "id 7"),
    "any of": AnyOf(ID, ("id 7", "id 8")),
    "greater": Compare(ID, Order.GREATER, "id 9998"),
    "prefix": Glob(ID, "id 123*"),
}


@pytest.fixture(scope="module")
def database(engine: Engine, config: Config, database_url: str) -> Iterator[Database]:
    database = open_database(
        database_url, config.schema, connections=4, wait=5.0, statement_timeout=44.0
    )
    yield database
    database.close()


@pytest.fixture(scope="module")
def make(client: FlaskClient, database_url: str) -> Callable[[str, str], Wanted]:
    """Makes a namespace of SQL's rows; returns what stands for a wish on its table."""

    def made(name: str, rows: str) -> Wanted:
        body = {"ids": ["first"], "vectors": [[1.0]], "attributes": {"s": ["first"]}}
        assert client.post(f"/v1/vectors/{name}", json=body).status_code == 200
        with psycopg.connect(database_url) as connection:
            connection.execute(f'INSERT INTO vectable."{name}" (id, attributes) {rows}')
            row = connection.execute(
                "SELECT id FROM vectable_catalog.namespaces WHERE name = %s", (name,)
            ).fetchone()
        assert row
        return Wanted(row[0], name, MEMBERSHIP)

    return made


@pytest.fixture(scope="module")
def documents(make: Callable[[str, str], Wanted]) -> Wanted:
    odd = ODD.replace("'", "''")
    return make(
        "indexed-documents",
        f"""SELECT 'id ' || i, CASE WHEN i % 1000 = 0 THEN '{{}}' ELSE jsonb_build_object(
                's', 'key/' || i, 'n', i / 2.0, 'tags', jsonb_build_array('t' || i % 1000, 'all'),
                'done', i % 500 <> 1, '{odd}', (i % 1000)::text) END
            FROM generate_series(1, {ROWS}) AS i""",
    )


@pytest.fixture(scope="module")
def before(documents: Wanted, database_url: str) -> dict[str, set[str]]:
    """What the filters find without indexes."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        return {name: found(connection, documents, f) for name, (f, _) in FILTERS.items()}


@pytest.fixture(scope="module")
def indexed(documents: Wanted, before: dict[str, set[str]], database: Database) -> Wanted:
    with database.session() as session:
        attribute_indexes.ask(session, documents.namespace_id, ALL)
        wanted = [one for one in attribute_indexes.work(session) if one.table == documents.table]
        assert {one.index for one in wanted} == ALL
        assert all(build(session, one) for one in wanted)
    return documents


@pytest.fixture
def small(make: Callable[[str, str], Wanted], namespace: str) -> Wanted:
    rows = "SELECT 'id ' || i, jsonb_build_object('n', i) FROM generate_series(1, 50) AS i"
    return make(namespace, rows)


def found(connection: Connection, documents: Wanted, tree: Filter) -> set[str]:
    condition = compile_filter(tree)
    query = f'SELECT id FROM vectable."{documents.table}" WHERE {condition.text}'
    return {row[0] for row in connection.execute(query.encode(), condition.values)}


def explained(connection: Connection, documents: Wanted, tree: Filter) -> str:
    condition = compile_filter(tree)
    query = f'EXPLAIN SELECT id FROM vectable."{documents.table}" WHERE {condition.text}'
    return "\n".join(row[0] for row in connection.execute(query.encode(), condition.values))


def on(wanted: Wanted, index: AttributeIndex) -> Wanted:
    return Wanted(wanted.namespace_id, wanted.table, index)


def numbers(count: int) -> list[AttributeIndex]:
    return [AttributeIndex(IndexKind.NUMBER, f"n{at}") for at in range(count)]


def index_version(connection: Connection, documents: Wanted) -> int:
    query = "SELECT index_version FROM vectable_catalog.namespaces WHERE id = %s"
    row = connection.execute(query, (documents.namespace_id,)).fetchone()
    assert row
    return row[0]


def index_states(connection: Connection, documents: Wanted) -> dict[str, bool]:
    """The names of the indexes on attributes, and whether they are valid."""
    query = """
        SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = %s::regclass AND relname ~ ':(membership|number|text)'"""
    return dict(connection.execute(query, (f'vectable."{documents.table}"',)).fetchall())


@contextmanager
def old_snapshot(url: str) -> Iterator[None]:
    """A report that goes on: whoever builds an index concurrently waits for it."""
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT count(*) FROM pg_class")
        yield


@contextmanager
def building(database: Database, wanted: Wanted) -> Iterator[list[object]]:
    """A build in another thread, caught in its middle; gives the list for its outcome."""
    outcome: list[object] = []

    def run() -> None:
        try:
            with database.session() as session:
                outcome.append(build(session, wanted))
        except Exception as error:  # noqa: BLE001
            outcome.append(error)

    thread = Thread(target=run)
    thread.start()
    with database.session() as session:
        assert wait_until(lambda: builder(session.connection, wanted) is not None, 10)
    yield outcome
    thread.join(30)
    assert not thread.is_alive()


def builder(connection: Connection, wanted: Wanted) -> int | None:
    """The process that builds and has come to the point where it waits for old snapshots."""
    row = connection.execute(
        "SELECT pid FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting for old%%'"
        " AND relid = %s::regclass",
        (f'vectable."{wanted.table}"',),
    ).fetchone()
    return row and row[0]


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_uses_its_index(indexed: Wanted, connection: Connection, name: str):
    tree, index = FILTERS[name]

    plan = explained(connection, indexed, tree)

    assert "Seq Scan" not in plan
    assert (
        f'"{index_name(indexed.table, index)}"' in plan or index_name(indexed.table, index) in plan
    )
    assert is_served(tree, ALL)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_finds_the_same_with_and_without_its_index(
    indexed: Wanted, before: dict[str, set[str]], connection: Connection, name: str
):
    after = found(connection, indexed, FILTERS[name][0])

    assert after == before[name]
    assert len(after) > 0


@pytest.mark.parametrize("name", BY_ID)
def test_conditions_on_the_id_use_the_primary_key(
    indexed: Wanted, connection: Connection, name: str
):
    tree = BY_ID[name]

    assert f"{indexed.table}:pkey" in explained(connection, indexed, tree)
    assert is_served(tree, frozenset())


def test_an_order_by_a_number_uses_its_index(indexed: Wanted, client: FlaskClient):
    body = {"rank_by": ["n", "desc"], "top_k": 2, "include_attributes": ["n"]}

    answer = client.post(f"/v1/vectors/{indexed.table}/query", json=body)

    assert [row["id"] for row in answer.json] == ["id 19999", "id 19998"]


# a string of more than a megabyte that does not compress, and so on
GARBAGE = [
    "(SELECT jsonb_build_object('s', string_agg(md5(i::text), '')) FROM series)",
    "jsonb_build_object('s', repeat('🐡', 10000))",
    "jsonb_build_object('n', repeat('1234567890', 1000)::numeric)",
    "jsonb_build_object('n', ('0.' || repeat('1234567890', 1000))::numeric)",
    "jsonb_build_object('n', ('-0.' || repeat('0', 400) || '1')::numeric)",
    '\'{"s": 5, "n": "five", "tags": "t5", "done": [true]}\'::jsonb',
    '\'{"s": null, "n": null, "tags": null, "done": null}\'::jsonb',
    '\'{"s": {"s": "key/77"}, "n": [38.5], "tags": [["t5"]], "done": {}}\'::jsonb',
    "(SELECT jsonb_build_object('tags', jsonb_agg(i)) FROM series)",
]


def test_no_document_is_refused_and_all_are_found_the_same(
    indexed: Wanted, before: dict[str, set[str]], connection: Connection
):
    with connection.transaction(force_rollback=True):
        for at, attributes in enumerate(GARBAGE):
            connection.execute(
                "WITH series AS (SELECT generate_series(1, 40000) AS i)"
                f' INSERT INTO vectable."{indexed.table}" (id, attributes)'
                f" SELECT 'garbage {at}', {attributes}"
            )
        through_indexes = {n: found(connection, indexed, f) for n, (f, _) in FILTERS.items()}
        connection.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
        scanned = {n: found(connection, indexed, f) for n, (f, _) in FILTERS.items()}

    assert through_indexes == scanned
    extra = {n: {i[-1] for i in scanned[n] - before[n]} for n in FILTERS if scanned[n] - before[n]}
    assert extra == {
        # a number of ten thousand digits is larger than any other
        "greater": {"2"},
        "or": {"2"},
        # and what is next to nothing is small; a JSON null is missing, what is no number is not
        "less, or missing": {"0", "1", "3", "4", "6", "8"},
        "text greater": {"1", "7"},
        "long text": {"1", "7"},
        "text less, or missing": {"0", "2", "3", "4", "5", "6", "8"},
        "boolean": {"0", "1", "2", "3", "4", "5", "6", "8"},
    }


def test_what_is_ready_is_found_and_the_version_is_raised(
    small: Wanted, database: Database, connection: Connection
):
    known = index_version(connection, small)
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, [MEMBERSHIP, ON_N])
        assert attribute_indexes.find(session, small.namespace_id) == frozenset()
        assert index_version(connection, small) == known

        assert build(session, on(small, ON_N))

        assert attribute_indexes.find(session, small.namespace_id) == {ON_N}
        assert [one for one in attribute_indexes.work(session) if one.table == small.table] == [
            on(small, MEMBERSHIP)
        ]
    assert index_version(connection, small) > known


def test_a_build_changes_no_setting_of_its_session(small: Wanted, database: Database):
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, [ON_N])
        build(session, on(small, ON_N))

        shown = session.connection.execute(
            "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')"
        ).fetchone()

    assert shown == ("44s", "0")


def test_a_build_that_is_done_is_not_done_again(
    small: Wanted, database: Database, connection: Connection
):
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, [ON_N])
        build(session, on(small, ON_N))
        made = connection.execute("SELECT max(oid) FROM pg_class").fetchone()

        assert build(session, on(small, ON_N))

    assert connection.execute("SELECT max(oid) FROM pg_class").fetchone() == made


def test_a_killed_build_is_mended(
    small: Wanted, database: Database, database_url: str, connection: Connection
):
    wanted, name = on(small, ON_N), index_name(small.table, ON_N)
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, [ON_N])
    with old_snapshot(database_url), building(database, wanted) as outcome:
        pid = builder(connection, wanted)
        connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
    assert isinstance(outcome[0], Unavailable)
    assert index_states(connection, small) == {name: False}

    with database.session() as session:
        assert wanted in attribute_indexes.work(session)
        assert build(session, wanted)

    assert index_states(connection, small) == {name: True}


def test_two_builders_do_not_meet(
    small: Wanted, database: Database, database_url: str, connection: Connection
):
    wanted = on(small, ON_N)
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, [ON_N, MEMBERSHIP])
        with building_while_a_report_runs(database, database_url, wanted) as outcome:
            assert not build(session, wanted)
            assert not build(session, on(small, MEMBERSHIP))

        assert outcome == [True]
        assert build(session, on(small, MEMBERSHIP))
    assert set(index_states(connection, small).values()) == {True}


def test_an_index_that_somebody_else_builds_is_left_alone(
    small: Wanted, database: Database, database_url: str, connection: Connection
):
    wanted, name = on(small, ON_N), index_name(small.table, ON_N)
    by_hand = f'CREATE INDEX CONCURRENTLY "{name}" ON vectable."{small.table}" (id)'

    def run() -> None:
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute(by_hand)

    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, [ON_N])
        thread = Thread(target=run)
        with old_snapshot(database_url):
            thread.start()
            assert wait_until(lambda: builder(connection, wanted) is not None, 10)

            assert not build(session, wanted)

            assert index_states(connection, small) == {name: False}
        thread.join(30)
    assert index_states(connection, small) == {name: True}


def test_a_build_that_waits_too_long_leaves_nothing_and_stays_wanted(
    small: Wanted,
    database: Database,
    database_url: str,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(attribute_builds, "LOCK_WAIT", "50ms")
    wanted = on(small, ON_N)
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, [ON_N])

    with old_snapshot(database_url), pytest.raises(Busy), database.session() as session:
        build(session, wanted)

    assert index_states(connection, small) == {}
    with database.session() as session:
        assert wanted in attribute_indexes.work(session)
        assert build(session, wanted)


def test_a_table_can_be_dropped_while_an_index_is_built(
    small: Wanted, database: Database, database_url: str, connection: Connection
):
    wanted = on(small, ON_N)
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, [ON_N])
    with (
        old_snapshot(database_url),
        building(database, wanted) as outcome,
        database.session() as session,
    ):
        attribute_builds.interrupt(session, small.table)
        connection.execute(f'DROP TABLE vectable."{small.table}"')

    assert isinstance(outcome[0], Exception)


def test_nothing_is_asked_for_or_built_for_a_namespace_that_is_gone(
    small: Wanted, database: Database, client: FlaskClient
):
    assert client.delete(f"/v1/vectors/{small.table}").status_code == 200
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, [ON_N])
        assert on(small, ON_N) not in attribute_indexes.work(session)

    with pytest.raises(Stale), database.session() as session:
        build(session, on(small, ON_N))


def test_a_namespace_has_so_many_btrees_and_no_more(
    small: Wanted, database: Database, connection: Connection
):
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, numbers(MAX_BTREES))
        for index in numbers(MAX_BTREES):
            assert build(session, on(small, index))
        last = AttributeIndex(IndexKind.TEXT, "last")
        attribute_indexes.ask(session, small.namespace_id, [last, MEMBERSHIP])

        assert not build(session, on(small, last))
        wanted = [one.index for one in attribute_indexes.work(session) if one.table == small.table]
        assert wanted == [MEMBERSHIP]
        assert build(session, on(small, MEMBERSHIP))
        assert len(attribute_indexes.find(session, small.namespace_id)) == MAX_BTREES + 1

        connection.execute(
            "UPDATE vectable_catalog.attribute_indexes SET asked_at = now() - interval '2 days'"
            " WHERE namespace_id = %s AND attribute IN ('n3', '')",
            (small.namespace_id,),
        )
        assert on(small, last) in attribute_indexes.work(session)
        assert build(session, on(small, last))

        expected = {*numbers(MAX_BTREES), MEMBERSHIP, last} - {numbers(4)[3]}
        assert attribute_indexes.find(session, small.namespace_id) == expected
    names = {index_name(small.table, index) for index in expected}
    assert index_states(connection, small) == dict.fromkeys(names, True)


def test_asking_keeps_an_index_from_giving_way(
    small: Wanted, database: Database, connection: Connection
):
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, numbers(MAX_BTREES))
        for index in numbers(MAX_BTREES):
            build(session, on(small, index))
        connection.execute(
            "UPDATE vectable_catalog.attribute_indexes SET asked_at = now() - interval '2 days'"
            " WHERE namespace_id = %s",
            (small.namespace_id,),
        )
        attribute_indexes.ask(session, small.namespace_id, numbers(MAX_BTREES)[1:])
        attribute_indexes.ask(session, small.namespace_id, [ON_S])
        assert build(session, on(small, ON_S))

        assert attribute_indexes.find(session, small.namespace_id) == {
            *numbers(MAX_BTREES)[1:],
            ON_S,
        }


def test_an_index_that_a_dba_dropped_is_built_again(
    small: Wanted, database: Database, connection: Connection
):
    odd = AttributeIndex(IndexKind.TEXT, ODD)
    with database.session() as session:
        attribute_indexes.ask(session, small.namespace_id, [odd, ON_N])
        assert build(session, on(small, odd))
        assert build(session, on(small, ON_N))
        assert attribute_indexes.retract_missing(session) == 0
        known = index_version(connection, small)
        connection.execute(f'DROP INDEX vectable."{index_name(small.table, odd)}"')

        assert attribute_indexes.retract_missing(session) == 1

        assert index_version(connection, small) > known
        assert attribute_indexes.find(session, small.namespace_id) == {ON_N}
        assert on(small, odd) in attribute_indexes.work(session)
        assert build(session, on(small, odd))


@contextmanager
def building_while_a_report_runs(
    database: Database, url: str, wanted: Wanted
) -> Iterator[list[object]]:
    """A build that waits until this is left, and then comes to its end."""
    report = old_snapshot(url)
    report.__enter__()
    with building(database, wanted) as outcome:
        try:
            yield outcome
        finally:
            report.__exit__(None, None, None)
