"""Writes of several parts are one step to every other writer."""

from threading import Thread
from typing import Any

import pytest

from service.core.attributes import AttributeColumn
from service.core.documents import Upsert, Write
from service.core.filters import Attribute, Equal
from service.engine import Engine
from service.storage import writes


def documents(*pairs: tuple[int, int]) -> Upsert:
    ids, values = zip(*pairs, strict=True)
    return Upsert(ids, (AttributeColumn("x", values),))


def contents(engine: Engine, namespace: str) -> dict[Any, Any]:
    return {hit.id: hit.attributes["x"] for hit in engine.export(namespace, 0).hits}


@pytest.mark.parametrize("first_part", ["delete_where", "delete"])
def test_no_write_comes_between_the_parts_of_another(
    engine: Engine, namespace: str, monkeypatch: pytest.MonkeyPatch, first_part: str
):
    engine.write(namespace, Write(upsert=documents((1, 1), (2, 1))))
    other = Thread(target=engine.write, args=(namespace, Write(upsert=documents((1, 9), (5, 1)))))
    original = getattr(writes, first_part)

    def interrupted(*arguments: Any) -> int:
        done = original(*arguments)
        if not other.ident:
            other.start()
            other.join(0.5)
            assert other.is_alive()
        return done

    monkeypatch.setattr(writes, first_part, interrupted)
    condition = Equal(Attribute("x"), 1)
    engine.write(
        namespace,
        Write(delete_where=condition, upsert=documents((1, 2)))
        if first_part == "delete_where"
        else Write(deletes=(2,), upsert=documents((1, 2))),
    )
    other.join()

    assert contents(engine, namespace) == {1: 9, 5: 1}
