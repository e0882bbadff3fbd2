"""Ids of every type: written, found, ordered, deleted; and what happens when one is too large."""

from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient

from service.core.documents import Matching, SchemaUpdate, Upsert, Write
from service.core.errors import Conflict
from service.core.filters import AnyOf, Compare, Equal, Filter, IdField, Not, Order
from service.core.ids import IdType
from service.core.query import Key, Ordered, Query
from service.engine import Engine

Connection = psycopg.Connection[tuple[Any, ...]]
ID, LARGE = IdField(), 2**63
U1, U2, U3 = (UUID(int=number << 64) for number in (1, 2, 3))

# (three ids in order, the id type declared)
KINDS = [
    ((0, 5, LARGE - 1), None),
    ((1, LARGE, 2**64 - 1), None),
    (("A", "B", "a"), None),
    (("10", "9", "é"), None),
    ((U1, U2, U3), IdType.UUID),
]


def write(*ids: Any, id_type: IdType | None = None) -> Write:
    return Write(upsert=Upsert(ids), schema=SchemaUpdate(id_type=id_type))


def found(engine: Engine, namespace: str, condition: Filter | None = None, **query: Any) -> Any:
    rest = {"filter": condition} if condition else {}
    return tuple(hit.id for hit in engine.query(namespace, Query(**rest, **query)).hits)


@pytest.mark.parametrize(("ids", "kind"), KINDS, ids=str)
def test_ids_come_back_as_they_went_in_and_in_order(
    engine: Engine, namespace: str, ids: tuple[Any, ...], kind: IdType | None
):
    engine.write(namespace, write(*reversed(ids), id_type=kind))

    assert found(engine, namespace) == ids
    assert found(engine, namespace, ranking=Ordered((Key(ID, descending=True),))) == ids[::-1]
    assert [type(identity) for identity in found(engine, namespace)] == list(map(type, ids))
    assert [hit.id for hit in engine.export(namespace, 0).hits] == list(reversed(ids))


@pytest.mark.parametrize(("ids", "kind"), KINDS, ids=str)
def test_documents_are_found_by_their_ids(
    engine: Engine, namespace: str, ids: tuple[Any, ...], kind: IdType | None
):
    low, middle, high = ids
    engine.write(namespace, write(*ids, id_type=kind))

    def matching(condition: Filter) -> Any:
        return found(engine, namespace, condition)

    assert matching(Equal(ID, middle)) == (middle,)
    assert matching(Not(Equal(ID, middle))) == (low, high)
    assert matching(AnyOf(ID, (high, low))) == (low, high)
    assert matching(AnyOf(ID, ())) == ()
    assert matching(Compare(ID, Order.LESS, middle)) == (low,)
    assert matching(Compare(ID, Order.LESS_OR_EQUAL, middle)) == (low, middle)
    assert matching(Compare(ID, Order.GREATER, middle)) == (high,)
    assert matching(Compare(ID, Order.GREATER_OR_EQUAL, middle)) == (middle, high)


@pytest.mark.parametrize(("ids", "kind"), KINDS, ids=str)
def test_documents_are_deleted_by_their_ids(
    engine: Engine, namespace: str, ids: tuple[Any, ...], kind: IdType | None
):
    engine.write(namespace, write(*ids, id_type=kind))

    engine.write(namespace, Write(deletes=ids[:2]))
    engine.write(namespace, Write(delete_where=Matching(Equal(ID, ids[2]))))

    assert found(engine, namespace) == ()


@pytest.mark.parametrize(
    "filters", [["id", "Eq", None], ["id", "In", [1, None]], ["id", "Gt", None]]
)
def test_an_id_is_never_null(client: FlaskClient, namespace: str, filters: Any):
    client.post(f"/v1/namespaces/{namespace}", json={"ids": [1, 2]})

    answer = client.post(f"/v1/namespaces/{namespace}/query", json={"filters": filters})

    expected = {"Eq": [], "In": [1], "Gt": [1, 2]}[filters[1]]
    assert answer.status_code == 200
    assert [row["id"] for row in answer.get_json()] == expected


def test_all_spellings_of_a_uuid_are_one_document(client: FlaskClient, namespace: str):
    path = f"/v1/namespaces/{namespace}"
    client.post(path, json={"ids": [str(U1)], "schema": {"id": "uuid"}})

    client.post(path, json={"ids": [U1.hex.upper()]})
    answer = client.post(f"{path}/query", json={"filters": ["id", "Eq", f"{{{U1}}}"]})

    assert answer.get_json() == [{"id": str(U1)}]
    assert client.get(path).get_json()["ids"] == [str(U1)]


def test_ids_of_another_type_are_refused(client: FlaskClient, namespace: str):
    path = f"/v1/namespaces/{namespace}"
    client.post(path, json={"ids": ["a"]})

    answer = client.post(path, json={"ids": [1]})

    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith(
        "💔 namespace ID type is string, but you sent uint; you are not allowed to mix ID types"
    )


def test_a_large_id_widens_the_column_of_a_small_table(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write(1, 2))
    (before,) = connection.execute(f'SELECT max(seq) FROM vectable."{namespace}"').fetchall()

    engine.write(namespace, write(2**64 - 1))

    rows = connection.execute(f'SELECT id, seq FROM vectable."{namespace}" ORDER BY id').fetchall()
    assert engine.schema(namespace).id_type is IdType.NUMERIC
    assert found(engine, namespace) == (1, 2, 2**64 - 1)
    assert [seq for _, seq in rows[:2]] == [before[0] - 1, before[0]]


def fill(connection: Connection, namespace: str, count: int) -> None:
    connection.execute(
        f'INSERT INTO vectable."{namespace}" (id) SELECT generate_series(2, {count})'
    )


def test_ten_thousand_documents_are_still_widened_at_once(
    engine: Engine, connection: Connection, namespace: str
):
    engine.write(namespace, write(1))
    fill(connection, namespace, 10_000)

    engine.write(namespace, write(LARGE))

    assert engine.describe(namespace).size == 10_001


def test_a_larger_table_is_refused_with_the_sql_that_helps(
    engine: Engine, client: FlaskClient, connection: Connection, namespace: str
):
    engine.write(namespace, write(1))
    fill(connection, namespace, 10_001)

    with pytest.raises(Conflict) as caught:
        engine.write(namespace, write(LARGE))
    answer = client.post(f"/v1/namespaces/{namespace}", json={"ids": [LARGE]})

    assert answer.status_code == 409
    assert answer.get_json()["error"] == caught.value.message
    assert engine.schema(namespace).id_type is IdType.BIGINT

    connection.execute(caught.value.message.partition("run ")[2])
    engine.write(namespace, write(LARGE))

    assert found(engine, namespace, Compare(ID, Order.GREATER, 10_000)) == (10_001, LARGE)


def test_deleting_an_id_beyond_the_column_is_no_error(client: FlaskClient, namespace: str):
    path = f"/v1/namespaces/{namespace}"
    client.post(path, json={"ids": [1]})

    answer = client.post(path, json={"ids": [1, LARGE], "vectors": [None, None]})

    assert answer.status_code == 200
    assert answer.get_json()["rows_affected"] == 2
    assert client.get(path).get_json()["ids"] == []
