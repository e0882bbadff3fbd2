"""Collections whose ids are integers and UUIDs side by side."""

from __future__ import annotations

from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest

from service.core.configuration import Configuration
from service.core.documents import Matching, Upsert, Write
from service.core.elements import HasId
from service.core.errors import Conflict
from service.core.evolution import Shape
from service.core.filters import EVERYTHING
from service.core.ids import DocumentId, IdType, mixable_id_type
from service.core.namespace import VectorColumn
from service.core.query import AllBut, Nearest, Ordered, Query
from service.core.vectors import Metric, Vector, VectorBatch
from service.engine import Engine

LARGE = 2**64 - 1


def make(engine: Engine, name: str) -> None:
    column = VectorColumn("vector", 2, Metric.EUCLIDEAN)
    engine.create(name, Shape(IdType.BIGINT, (column,), {}), Configuration())


def put(engine: Engine, name: str, *ids: DocumentId) -> None:
    data = np.arange(2 * len(ids), dtype="<f4")
    upsert = Upsert(ids, vectors={"vector": VectorBatch(2, data.tobytes())})
    engine.write(name, Write(upsert=upsert, create=False, widen=mixable_id_type))


def listed(engine: Engine, name: str) -> list[DocumentId]:
    return [hit.id for hit in engine.query(name, Query(Ordered(), limit=100)).hits]


@pytest.mark.parametrize(
    ("first", "second"),
    [((5, 7), (UUID(int=2**100),)), ((LARGE, 7), (uuid4(),)), ((uuid4(), uuid4()), (LARGE, 3))],
)
def test_integers_stand_before_uuids_in_their_order(
    engine: Engine, namespace: str, first: tuple[DocumentId, ...], second: tuple[DocumentId, ...]
):
    make(engine, namespace)
    put(engine, namespace, *first)
    put(engine, namespace, *second)

    everything = (*first, *second)
    integers = sorted(i for i in everything if isinstance(i, int))
    assert listed(engine, namespace) == [
        *integers,
        *sorted(i for i in everything if isinstance(i, UUID)),
    ]
    assert engine.schema(namespace).id_type is IdType.MIXED


def test_every_operation_takes_both_kinds(engine: Engine, namespace: str):
    make(engine, namespace)
    one = uuid4()
    put(engine, namespace, 1, 2, one, LARGE)

    query = Query(Nearest(Vector(np.array([4, 5], dtype="<f4").tobytes())), limit=1)
    assert engine.query(namespace, query).hits[0].id == one

    put(engine, namespace, 2)
    assert len(listed(engine, namespace)) == 4

    engine.write(namespace, Write(delete_where=Matching(HasId((2, one))), create=False))
    assert listed(engine, namespace) == [1, LARGE]
    written = engine.write(namespace, Write(deletes=(1,), with_ids=True))
    assert written.deleted is not None
    assert written.deleted.ids == (1,)
    assert [hit.id for hit in engine.export(namespace, 0).hits] == [LARGE]


def test_ids_of_another_kind_are_nobodys(engine: Engine, namespace: str):
    make(engine, namespace)
    put(engine, namespace, 1)

    found = engine.query(namespace, Query(Ordered(), HasId((uuid4(), 1, LARGE)), 10, AllBut()))

    assert [hit.id for hit in found.hits] == [1]


@pytest.mark.parametrize("suffix", ["", " it's 100%"])
def test_a_large_table_is_not_rewritten_behind_its_owners_back(
    engine: Engine, namespace: str, database_url: str, suffix: str
):
    namespace += suffix
    make(engine, namespace)
    put(engine, namespace, 1)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            f'INSERT INTO vectable."{namespace}" (id) SELECT generate_series(10, 10100)'.encode()
        )
        one = uuid4()
        with pytest.raises(Conflict) as caught:
            put(engine, namespace, one)
        # what the message says to run is what is needed
        connection.execute(caught.value.message.partition("run ")[2].encode())
    put(engine, namespace, one)
    assert listed(engine, namespace)[:3] == [1, 10, 11]
    query = Query(Ordered(), HasId((one,)), 10)
    assert [hit.id for hit in engine.query(namespace, query).hits] == [one]


def test_segments_are_dropped_with_the_ids_that_they_were_made_of(engine: Engine, namespace: str):
    make(engine, namespace)
    put(engine, namespace, *range(50))
    engine.write(namespace, Write(delete_where=Matching(EVERYTHING), create=False))
    put(engine, namespace, uuid4())

    query = Query(Nearest(Vector(np.array([0, 1], dtype="<f4").tobytes())), limit=5)
    assert len(engine.query(namespace, query).hits) == 1
