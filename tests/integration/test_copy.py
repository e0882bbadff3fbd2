"""Copies of namespaces: whole, independent, and only where nothing is lost."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from service.core.attributes import AttributeColumn
from service.core.documents import Upsert, Write
from service.core.errors import InvalidRequest, NamespaceNotFound
from service.core.query import Projection, Query
from service.core.vectors import Metric, VectorBatch
from service.engine import Engine


def write(*ids: Any, value: str = "x") -> Write:
    columns = (AttributeColumn("a", (value,) * len(ids)),)
    vectors = {"vector": VectorBatch(2, bytes(range(8 * len(ids))))}
    return Write(upsert=Upsert(ids, columns, vectors), metric=Metric.EUCLIDEAN)


def documents(engine: Engine, namespace: str) -> list[Any]:
    return [(h.id, h.vectors, h.attributes) for h in engine.export(namespace, 0).hits]


@pytest.mark.parametrize("ids", [(3, 1, 2), ("c", "a"), (2**63, 5)], ids=str)
def test_a_copy_has_the_documents_and_the_schema_in_write_order(
    engine: Engine, namespace: str, ids: tuple[Any, ...]
):
    engine.write(f"{namespace}-source", write(*ids))

    copied = engine.copy(namespace, f"{namespace}-source")

    source, target = engine.schema(f"{namespace}-source"), engine.schema(namespace)
    assert copied == len(ids)
    assert documents(engine, namespace) == documents(engine, f"{namespace}-source")
    assert [row[0] for row in documents(engine, namespace)] == list(ids)
    assert (target.id_type, target.vectors) == (source.id_type, source.vectors)
    assert target.attributes == source.attributes


def test_a_copy_is_independent_of_its_source(engine: Engine, namespace: str):
    engine.write(f"{namespace}-source", write(1))
    engine.copy(namespace, f"{namespace}-source")

    engine.write(f"{namespace}-source", write(2))
    engine.delete(f"{namespace}-source")

    assert [row[0] for row in documents(engine, namespace)] == [1]
    engine.write(namespace, write(3))
    assert [row[0] for row in documents(engine, namespace)] == [1, 3]


def test_a_copy_is_answered_with_its_size(client: FlaskClient, namespace: str):
    client.post(f"/v1/namespaces/{namespace}-source", json={"ids": [1, 2]})

    answer = client.post(
        f"/v1/namespaces/{namespace}", json={"copy_from_namespace": f"{namespace}-source"}
    )

    assert answer.status_code == 200
    assert answer.get_json()["status"] == "OK"
    assert answer.get_json()["rows_affected"] == 2


def test_a_copy_replaces_an_empty_namespace(engine: Engine, namespace: str):
    engine.write(f"{namespace}-source", write("a"))
    engine.write(namespace, write(1))
    engine.write(namespace, Write(deletes=(1,)))

    assert engine.copy(namespace, f"{namespace}-source") == 1

    assert [row[0] for row in documents(engine, namespace)] == ["a"]


def test_documents_are_never_copied_over(engine: Engine, namespace: str):
    engine.write(f"{namespace}-source", write(1))
    engine.write(namespace, write(2))

    with pytest.raises(InvalidRequest, match="needs a new or empty namespace"):
        engine.copy(namespace, f"{namespace}-source")

    assert [row[0] for row in documents(engine, namespace)] == [2]


def test_a_namespace_is_not_copied_onto_itself(engine: Engine, namespace: str):
    engine.write(namespace, write(1))

    with pytest.raises(InvalidRequest):
        engine.copy(namespace, namespace)

    assert [row[0] for row in documents(engine, namespace)] == [1]


def test_a_copy_of_nothing_is_not_found_and_makes_nothing(
    engine: Engine, connection: psycopg.Connection[Any], namespace: str
):
    with pytest.raises(NamespaceNotFound, match=f"'{namespace}-source' was not found"):
        engine.copy(namespace, f"{namespace}-source")

    left = connection.execute("SELECT 1 FROM pg_class WHERE relname LIKE %s", [f"{namespace}%"])
    assert left.fetchall() == []


def test_of_many_copies_to_one_new_name_one_succeeds(engine: Engine, namespace: str):
    engine.write(f"{namespace}-source", write(1, 2))
    start = Barrier(4)

    def copy(_: int) -> str:
        start.wait()
        try:
            return str(engine.copy(namespace, f"{namespace}-source"))
        except InvalidRequest:
            return "refused"

    with ThreadPoolExecutor(4) as threads:
        outcomes = sorted(threads.map(copy, range(4)))

    assert outcomes == ["2", "refused", "refused", "refused"]
    assert len(documents(engine, namespace)) == 2


def test_a_copy_beside_a_first_write_loses_no_document(engine: Engine, namespace: str):
    engine.write(f"{namespace}-source", write(1, 2))

    for turn in range(10):
        name, start = f"{namespace}-{turn}", Barrier(2)

        def copy(name: str = name, start: Barrier = start) -> bool:
            start.wait()
            try:
                return engine.copy(name, f"{namespace}-source") == 2
            except InvalidRequest:
                return False

        def fill(name: str = name, start: Barrier = start) -> None:
            start.wait()
            engine.write(name, write(9))

        with ThreadPoolExecutor(2) as threads:
            copied, written = threads.submit(copy), threads.submit(fill)
            written.result()

        found = {hit.id for hit in engine.query(name, Query(projection=Projection())).hits}
        assert found == ({1, 2, 9} if copied.result() else {9})


def test_a_document_that_arrives_while_a_copy_waits_is_not_dropped(
    engine: Engine, connection: psycopg.Connection[Any], namespace: str
):
    engine.write(f"{namespace}-source", write(1, 2))
    engine.write(namespace, write(7))
    engine.write(namespace, Write(deletes=(7,)))

    with ThreadPoolExecutor(1) as threads:
        with connection.transaction():
            connection.execute(f'INSERT INTO vectable."{namespace}" (id) VALUES (9)')
            copied = threads.submit(engine.copy, namespace, f"{namespace}-source")
            wait_for_lock(connection, copied)
        outcome = copied.exception()

    assert isinstance(outcome, InvalidRequest)
    assert [row[0] for row in documents(engine, namespace)] == [9]


def wait_for_lock(connection: psycopg.Connection[Any], copying: Future[int]) -> None:
    """Until the copy waits for the table, or has ended."""
    query = "SELECT 1 FROM pg_locks WHERE NOT granted AND database <> 0"
    for _ in range(1000):
        if copying.done() or connection.execute(query).fetchone():
            return
        time.sleep(0.005)
