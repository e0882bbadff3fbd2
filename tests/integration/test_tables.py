"""What a DBA sees: one plain table per namespace, in a schema that holds nothing else."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from psycopg import sql

from service.core.documents import Upsert, Write
from service.core.errors import Conflict, NamespaceNotFound
from service.core.namespace import short_identifier
from service.core.query import Query
from service.core.vectors import VectorBatch
from service.engine import Engine

Connection = psycopg.Connection[tuple[Any, ...]]

NAMES = [
    "select", "user", "table", "Books", "books", "BOOKS", "100", ".", "..", "-", "_", "id",
    "books.pkey", "books_pkey", "books-seq_idx", "books.seq", "pg_class", "a" * 50, "a" * 51,
    "A" * 51, "x" * 127 + "1", "x" * 127 + "2",
]  # fmt: skip


def write(*ids: Any) -> Write:
    return Write(upsert=Upsert(ids, (), {"vector": VectorBatch(2, bytes(8 * len(ids)))}))


def drop(engine: Engine, name: str) -> None:
    with suppress(NamespaceNotFound):
        engine.delete(name)


@pytest.fixture
def odd_names(engine: Engine) -> Iterator[list[str]]:
    """One namespace of each odd name, with a document whose id is its position."""
    for name in NAMES:
        drop(engine, name)
    for number, name in enumerate(NAMES):
        engine.write(name, write(number))
    yield NAMES
    for name in NAMES:
        drop(engine, name)


def column_rows(connection: Connection, table: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        """
        SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, c.collname
        FROM pg_attribute a LEFT JOIN pg_collation c ON c.oid = a.attcollation
        WHERE a.attrelid = format('vectable.%%I', %s::text)::regclass AND a.attnum > 0
        ORDER BY a.attnum
        """,
        [table],
    ).fetchall()


def test_every_namespace_is_one_table_with_its_name_in_the_comment(
    connection: Connection, odd_names: list[str]
):
    rows = connection.execute(
        """
        SELECT n.name, c.relname, obj_description(c.oid, 'pg_class')
        FROM pg_class c
        LEFT JOIN vectable_catalog.namespaces n ON n.table_name = c.relname
        WHERE c.relnamespace = 'vectable'::regnamespace AND c.relkind NOT IN ('i', 'S')
          AND n.name = ANY (%s)  -- others are made by hand in other tests
        """,
        [odd_names],
    ).fetchall()

    assert {name for name, _, _ in rows} >= set(odd_names)
    assert all(comment == f"Vectable namespace {name}" for name, _, comment in rows)
    assert all(table == short_identifier(name) for name, table, _ in rows)


def test_the_schema_holds_only_tables_with_their_indexes_and_sequences(
    connection: Connection, odd_names: list[str]
):
    kinds = connection.execute(
        """
        SELECT relkind::text, count(*) FROM pg_class
        WHERE relnamespace = 'vectable'::regnamespace
          AND relname !~ ':(membership|number:.*|text:.*)$'  -- what other tests' filters asked for
          -- every name that the service derives has a colon: others are indexes made by hand
          AND (relkind <> 'i' OR relname ~ ':')
        GROUP BY relkind
        """
    ).fetchall()
    (tables,) = connection.execute(
        "SELECT count(*) FROM vectable_catalog.namespaces "
        "WHERE to_regclass(format('vectable.%I', table_name)) IS NOT NULL"
    ).fetchone()
    (functions,) = connection.execute(
        "SELECT count(*) FROM pg_proc WHERE pronamespace = 'vectable'::regnamespace"
    ).fetchone()

    assert dict(kinds) == {"r": tables, "S": tables, "i": 2 * tables}
    assert tables >= len(odd_names)
    assert functions == 0


def test_a_table_is_read_by_the_name_of_its_namespace(connection: Connection, odd_names: list[str]):
    for number, name in enumerate(odd_names):
        table = sql.Identifier("vectable", short_identifier(name))
        query = sql.SQL("SELECT id FROM {} WHERE id = %s").format(table)
        assert connection.execute(query, [number]).fetchall() == [(number,)]


def test_namespaces_of_odd_names_do_not_mix(engine: Engine, odd_names: list[str]):
    found = {name: [hit.id for hit in engine.query(name, Query()).hits] for name in odd_names}

    assert found == {name: [number] for number, name in enumerate(odd_names)}


# (id, column type, collation)
ID_TYPES = [
    (1, "bigint", None),
    (2**63, "numeric(20,0)", None),
    ("a", "text", "C"),
]


@pytest.mark.parametrize(("identity", "kind", "collation"), ID_TYPES)
def test_a_table_has_the_documented_columns(
    engine: Engine, connection: Connection, namespace: str, identity: Any, kind: str, collation: Any
):
    engine.write(namespace, write(identity))

    assert column_rows(connection, namespace) == [
        ("id", kind, True, collation),
        ("seq", "bigint", True, None),
        ("attributes", "jsonb", True, None),
        ("vector", "vector(2)", False, None),
    ]


def test_the_id_is_the_only_key_and_seq_has_an_index(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write(1))

    indexes = connection.execute(
        """
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisprimary,
               i.indisunique
        FROM pg_index i WHERE i.indrelid = format('vectable.%%I', %s::text)::regclass
        ORDER BY 1
        """,
        [namespace],
    ).fetchall()

    assert [(name, key, unique) for name, _, key, unique in indexes] == [
        (f'vectable."{namespace}:pkey"', True, True),
        (f'vectable."{namespace}:seq_idx"', False, False),
    ]
    assert [text.rpartition("USING ")[2] for _, text, _, _ in indexes] == [
        "btree (id)",
        "btree (seq)",
    ]


def test_a_table_has_no_triggers_rules_or_foreign_keys(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write(1))

    (row,) = connection.execute(
        """
        SELECT relhastriggers, relhasrules,
               (SELECT count(*) FROM pg_constraint
                WHERE conrelid = c.oid AND contype NOT IN ('p', 'n', 'c'))
        FROM pg_class c WHERE c.oid = format('vectable.%%I', %s::text)::regclass
        """,
        [namespace],
    ).fetchall()

    assert row == (False, False, 0)


def test_writers_of_plain_sql_get_a_number_and_are_searched(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write(1))

    connection.execute(f'INSERT INTO vectable."{namespace}" (id) VALUES (2)')

    assert [hit.id for hit in engine.query(namespace, Query()).hits] == [1, 2]
    assert [hit.id for hit in engine.export(namespace, 0).hits] == [1, 2]


def test_the_default_of_seq_takes_a_transaction_id_before_the_number(connection: Connection):
    # a sequence that is used up fails in nextval: what was done before it shows
    connection.execute("CREATE TEMPORARY SEQUENCE used_up MAXVALUE 2")
    connection.execute("SELECT nextval('used_up'), nextval('used_up')")

    def has_id_after(call: str) -> bool:
        with connection.transaction():
            limit = psycopg.errors.SequenceGeneratorLimitExceeded
            with pytest.raises(limit), connection.transaction():
                connection.execute(f"SELECT {call}")
            row = connection.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
            return row.fetchone() == (True,)

    assert has_id_after("vectable_catalog.next_seq('used_up'::regclass)")
    assert not has_id_after("nextval('used_up')")


def test_attributes_that_are_no_object_are_refused_by_the_table(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write(1))

    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            f"INSERT INTO vectable.\"{namespace}\" (id, attributes) VALUES (2, '[]')"
        )


def test_a_table_of_somebody_else_is_left_alone(
    engine: Engine, connection: Connection, namespace: str
):
    connection.execute(f'CREATE TABLE vectable."{namespace}" (mine integer)')

    with pytest.raises(Conflict, match="somebody else"):
        engine.write(namespace, write(1))

    assert connection.execute(f'SELECT count(mine) FROM vectable."{namespace}"').fetchone() == (0,)
    connection.execute(f'DROP TABLE vectable."{namespace}"')
