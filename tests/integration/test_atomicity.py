"""A write is stored whole, or not at all."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from service.core.attributes import AttributeColumn
from service.core.documents import Affected, Matching, Upsert, Write
from service.core.errors import InvalidRequest, NamespaceNotFound
from service.core.filters import Attribute, Equal
from service.core.query import Projection, Query
from service.engine import Engine
from service.processes import wait_until

Connection = psycopg.Connection[tuple[Any, ...]]


def write(ids: tuple[int, ...], *values: Any, **rest: Any) -> Write:
    return Write(upsert=Upsert(ids, (AttributeColumn("a", values),)), **rest)


def stored(engine: Engine, namespace: str) -> dict[Any, Any]:
    hits = engine.query(namespace, Query(projection=Projection(None))).hits
    return {hit.id: hit.attributes.get("a") for hit in hits}


def leavings(connection: Connection, namespace: str) -> list[Any]:
    """Everything in the database that bears the namespace's name."""
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relname LIKE %s"
        " UNION ALL SELECT name FROM vectable_catalog.namespaces WHERE name = %s",
        [f"{namespace}%", namespace],
    )
    return rows.fetchall()


def test_a_batch_that_fails_in_its_last_row_leaves_nothing(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write((1,), "before"))

    # past all checks of ours: PostgreSQL itself refuses the last document
    with pytest.raises(InvalidRequest) as caught:
        engine.write(namespace, write((1, 2, 3), "after", "after", "nul \0"))

    assert stored(engine, namespace) == {1: "before"}
    assert "INSERT" not in caught.value.message


def test_a_batch_refused_by_its_last_type_leaves_nothing(client: FlaskClient, namespace: str):
    path = f"/v1/namespaces/{namespace}"
    client.post(path, json={"ids": [1], "attributes": {"a": ["before"]}})

    answer = client.post(path, json={"ids": [1, 2], "attributes": {"a": ["after", 7], "b": [1, 2]}})

    assert answer.status_code == 400
    assert client.post(f"{path}/query", json={"include_attributes": True}).get_json() == [
        {"id": 1, "attributes": {"a": "before"}}
    ]
    assert "b" not in client.get(f"{path}/schema").get_json()


def test_all_parts_of_a_write_fail_together(engine: Engine, namespace: str):
    engine.write(namespace, write((1, 2, 3), "x", "y", "z"))

    with pytest.raises(InvalidRequest):
        engine.write(
            namespace,
            write((4,), "\0", delete_where=Matching(Equal(Attribute("a"), "x")), deletes=(2,)),
        )

    assert stored(engine, namespace) == {1: "x", 2: "y", 3: "z"}


def test_all_parts_of_a_write_succeed_together(engine: Engine, namespace: str):
    engine.write(namespace, write((1, 2, 3), "x", "y", "z"))

    written = engine.write(
        namespace,
        write((4,), "x", delete_where=Matching(Equal(Attribute("a"), "x")), deletes=(2,)),
    )

    assert (written.deleted, written.upserted, written.affected) == (Affected(2), Affected(1), 3)
    assert stored(engine, namespace) == {3: "z", 4: "x"}


def test_a_failed_first_write_leaves_no_namespace(
    engine: Engine, connection: Connection, namespace: str
):
    with pytest.raises(InvalidRequest):
        engine.write(namespace, write((1,), "\0"))

    assert leavings(connection, namespace) == []
    with pytest.raises(NamespaceNotFound):
        engine.describe(namespace)


def test_after_a_failed_first_write_another_one_decides_the_types(engine: Engine, namespace: str):
    with pytest.raises(InvalidRequest):
        engine.write(namespace, write((1,), "\0"))

    engine.write(namespace, Write(upsert=Upsert(("x",), (AttributeColumn("a", (1,)),))))

    assert stored(engine, namespace) == {"x": 1}


def test_a_failed_write_does_not_change_the_schema(engine: Engine, namespace: str):
    engine.write(namespace, write((1,), "x"))
    before = engine.schema(namespace)
    columns = (AttributeColumn("a", ("\0",)), AttributeColumn("b", (1,)))

    with pytest.raises(InvalidRequest):
        engine.write(namespace, Write(upsert=Upsert((2**63,), columns)))

    assert engine.schema(namespace) == before


@pytest.mark.parametrize(
    "body",
    [
        {"ids": [1], "vectors": [None]},
        {"delete_by_filter": ["a", "Eq", 1]},
        {"schema": {"a": "int"}},
        {"ids": []},
        {"upserts": []},
    ],
    ids=str,
)
def test_a_write_without_documents_makes_no_namespace(
    client: FlaskClient, connection: Connection, namespace: str, body: dict[str, Any]
):
    answer = client.post(f"/v1/namespaces/{namespace}", json=body)

    assert answer.status_code == 404
    assert leavings(connection, namespace) == []


def test_a_constraint_of_the_dba_is_kept_and_the_write_undone(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write((1,), "x"))
    connection.execute(f'ALTER TABLE vectable."{namespace}" ADD CONSTRAINT few CHECK (id < 3)')

    with pytest.raises(Exception, match=r"few|refused"):
        engine.write(namespace, write((1, 2, 3), "y", "y", "y"))

    assert stored(engine, namespace) == {1: "x"}


def test_a_write_that_waited_for_a_drop_makes_the_namespace_anew(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write((1,), "before"))
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND database <> 0"

    with ThreadPoolExecutor(1) as threads:
        with connection.transaction():
            # what the engine of another process does
            connection.execute(
                f"DELETE FROM vectable_catalog.namespaces WHERE name = '{namespace}'"
            )
            connection.execute(f'DROP TABLE vectable."{namespace}"')
            written = threads.submit(engine.write, namespace, write((2,), "after"))
            assert wait_until(lambda: bool(connection.execute(waiting).fetchone()), 10)
        outcome = written.exception()

    assert outcome is None
    assert stored(engine, namespace) == {2: "after"}
