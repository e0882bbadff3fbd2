"""Writes of several parts are one step to every other writer."""

from threading import Thread
from typing import Any

import pytest

from service.core.attributes import AttributeColumn
from service.core.documents import Matching, Upsert, Write
from service.core.filters import Attribute, Equal
from service.engine import Engine
from service.storage import writes


def documents(*pairs: tuple[int, int]) -> Upsert:
    ids, values = zip(*pairs, strict=True)
    return Upsert(ids, (AttributeColumn("x", values),))


def contents(engine: Engine, namespace: str) -> dict[Any, Any]:
    return {hit.id: hit.attributes["x"] for hit in engine.export(namespace, 0).hits}


WITH_ONE = Matching(Equal(Attribute("x"), 1))
# (a write of two parts, its first part, another write, what is left when they did not mix)
PARTS = [
    (
        Write(delete_where=WITH_ONE, upsert=documents((1, 2))),
        "delete_where",
        documents((1, 9), (5, 1)),
        {1: 9, 5: 1},
    ),
    # the second part deletes what the other writes
    (
        Write(upsert=documents((1, 2)), deletes=(2,)),
        "upsert",
        documents((2, 9), (5, 1)),
        {1: 2, 2: 9, 5: 1},
    ),
]


@pytest.mark.parametrize(
    ("request_", "first_part", "others", "left"), PARTS, ids=["delete", "upsert"]
)
def test_no_write_comes_between_the_parts_of_another(
    engine: Engine,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    request_: Write,
    first_part: str,
    others: Upsert,
    left: dict[int, int],
):
    engine.write(namespace, Write(upsert=documents((1, 1), (2, 1))))
    other = Thread(target=engine.write, args=(namespace, Write(upsert=others)))
    original = getattr(writes, first_part)

    def interrupted(*arguments: Any, **named: Any) -> Any:
        done = original(*arguments, **named)
        if not other.ident:
            other.start()
            other.join(0.5)
            assert other.is_alive()
        return done

    monkeypatch.setattr(writes, first_part, interrupted)
    engine.write(namespace, request_)
    other.join()

    assert contents(engine, namespace) == left
