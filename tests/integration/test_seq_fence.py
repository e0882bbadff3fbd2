"""Write order, and the fence behind which no number can still appear."""

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from service.core.attributes import AttributeColumn
from service.core.documents import Upsert, Write
from service.engine import Engine

Connection = psycopg.Connection[tuple[Any, ...]]
PATIENCE = 10.0
# An id drawn after the last number was read is above those of all who may have drawn one. The xmax
# of a snapshot is not: it follows the last transaction that ended, so the newest writer may be open
# exactly at it.
NEW_FENCE = "SELECT pg_current_xact_id()::text::bigint"


@pytest.fixture
def writer(engine: Engine, database_url: str) -> Iterator[Connection]:
    """A second connection, whose transactions stay open until they are told to end."""
    with psycopg.connect(database_url) as opened:
        yield opened


def write(*ids: Any) -> Write:
    return Write(upsert=Upsert(ids))


def value(connection: Connection, query: Any) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def numbers(connection: Connection, namespace: str) -> dict[Any, int]:
    query = f'SELECT id, seq FROM vectable."{namespace}" ORDER BY seq'
    return dict(connection.execute(query).fetchall())


def fence_is_passed(connection: Connection, fence: int) -> bool:
    query = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    return value(connection, query) >= fence


def passes(connection: Connection, fence: int) -> bool:
    end = time.monotonic() + PATIENCE
    while not fence_is_passed(connection, fence):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize(
    "statement",
    [
        'INSERT INTO vectable."{0}" (id) VALUES (2)',
        'UPDATE vectable."{0}" SET seq = DEFAULT WHERE id = 1',
        "SELECT vectable_catalog.next_seq('vectable.\"{0}:seq\"'::regclass)",
    ],
    ids=["insert", "update", "next_seq alone"],
)
def test_the_fence_is_not_passed_while_a_writer_with_a_number_is_open(
    engine: Engine, connection: Connection, writer: Connection, namespace: str, statement: str
):
    engine.write(namespace, write(1))
    before = value(connection, f'SELECT last_value FROM vectable."{namespace}:seq"')
    writer.execute(statement.format(namespace))

    last = value(connection, f'SELECT last_value FROM vectable."{namespace}:seq"')
    fence = value(connection, NEW_FENCE)
    # others that start and end meanwhile do not open it
    engine.write(namespace, write(3))
    passed_early = fence_is_passed(connection, fence)
    unseen = [seq for seq in numbers(connection, namespace).values() if before < seq <= last]
    writer.commit()

    assert last == before + 1
    assert not passed_early
    assert unseen == []
    assert passes(connection, fence)


def test_a_reader_without_a_number_does_not_hold_the_fence_up(
    engine: Engine, connection: Connection, writer: Connection, namespace: str
):
    engine.write(namespace, write(1))
    writer.execute(f'SELECT * FROM vectable."{namespace}"')
    engine.write(namespace, write(2))

    fence = value(connection, NEW_FENCE)

    assert passes(connection, fence)


def test_a_write_of_the_service_takes_its_number_inside_its_transaction(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write(1))

    definition = value(
        connection,
        f"SELECT column_default FROM information_schema.columns "
        f"WHERE table_name = '{namespace}' AND column_name = 'seq'",
    )

    assert definition.startswith("vectable_catalog.next_seq(")


def test_numbers_follow_the_order_of_the_request(
    engine: Engine, connection: Connection, namespace: str
):
    ids = (30, 10, 20, 5, 40)

    engine.write(namespace, write(*ids))

    stored = numbers(connection, namespace)
    assert tuple(stored) == ids
    assert sorted(stored.values()) == list(range(1, 6))


def test_numbers_follow_the_order_of_a_large_request(
    engine: Engine, connection: Connection, namespace: str
):
    ids = tuple(range(5000, 0, -1))

    engine.write(namespace, write(*ids))

    assert tuple(numbers(connection, namespace)) == ids


def test_writing_a_document_again_draws_a_new_number(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write(1, 2, 3))
    before = numbers(connection, namespace)

    engine.write(namespace, write(1))

    after = numbers(connection, namespace)
    assert after[1] > max(before.values())
    assert (after[2], after[3]) == (before[2], before[3])


def test_an_export_follows_the_numbers(engine: Engine, namespace: str):
    engine.write(namespace, write(9, 1, 5))
    engine.write(namespace, write(7))
    engine.write(namespace, Write(upsert=Upsert((9,), (AttributeColumn("a", ("again",)),))))

    hits = engine.export(namespace, 0).hits

    assert [hit.id for hit in hits] == [1, 5, 7, 9]
    assert hits[-1].attributes == {"a": "again"}
