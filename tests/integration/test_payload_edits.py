"""Changes of attributes by path, held against the same changes made in Python."""

from __future__ import annotations

import copy
import random
from typing import Any

import numpy as np
import pytest

from service.core.attributes import JsonAny, JsonObject
from service.core.configuration import Configuration
from service.core.documents import Upsert, Write
from service.core.edits import (
    AttributeChange,
    EditAttributes,
    Merge,
    Remove,
    RemoveVectors,
    Replace,
    SetVectors,
)
from service.core.elements import HasId
from service.core.errors import DocumentNotFound, InvalidRequest, UnknownVector, WrongLength
from service.core.evolution import Shape
from service.core.filters import EVERYTHING
from service.core.ids import IdType, mixable_id_type
from service.core.namespace import VectorColumn
from service.core.paths import Each, Item, Key, Path
from service.core.query import AllBut, Nearest, Ordered, Query
from service.core.vectors import Metric, Vector, VectorBatch
from service.engine import Engine

ROUNDS = 60
NAMES = ("a", "b", "a.b", "ü'\"%s", "0")


def floats(*rows: list[float]) -> VectorBatch:
    data = np.array(rows, dtype="<f4")
    return VectorBatch(data.shape[1], data.tobytes())


def make(engine: Engine, name: str, objects: list[JsonObject]) -> None:
    engine.create(
        name, Shape(IdType.BIGINT, (VectorColumn("vector", 2, Metric.COSINE),), {}), Configuration()
    )
    batch = floats(*[[1.0, float(row)] for row in range(len(objects))])
    ids = tuple(range(len(objects)))
    upsert = Upsert(ids, vectors={"vector": batch}, objects=tuple(objects))
    engine.write(name, Write(upsert=upsert, create=False, widen=mixable_id_type))


def stored(engine: Engine, name: str) -> list[Any]:
    hits = engine.query(name, Query(Ordered(), limit=1000, projection=AllBut())).hits
    return [dict(hit.attributes) for hit in hits]


def random_value(rng: random.Random, depth: int) -> JsonAny:
    kinds = ["scalar", "null"] if depth == 0 else ["scalar", "null", "object", "object", "array"]
    match rng.choice(kinds):
        case "object":
            return {n: random_value(rng, depth - 1) for n in rng.sample(NAMES, rng.randint(0, 3))}
        case "array":
            return [random_value(rng, depth - 1) for _ in range(rng.randint(0, 3))]
        case "null":
            return None
        case _:
            return rng.choice([1, 2.5, True, "x"])


def random_object(rng: random.Random) -> JsonObject:
    return {name: random_value(rng, 3) for name in rng.sample(NAMES, rng.randint(0, 4))}


def random_path(rng: random.Random, *, names_only: bool = False) -> Path:
    steps: list[Any] = [Key(rng.choice(NAMES))]
    for _ in range(rng.randint(0, 3)):
        kind = "key" if names_only else rng.choice(["key", "key", "each", "item"])
        step = {"each": Each(), "item": Item(rng.randint(0, 2))}.get(kind)
        steps.append(step or Key(rng.choice(NAMES)))
    return Path(tuple(steps))


def merged(value: JsonAny, steps: tuple[Any, ...], given: JsonObject) -> JsonObject:
    held = dict(value) if isinstance(value, dict) else {}
    if not steps:
        return held | given
    return held | {steps[0].name: merged(held.get(steps[0].name), steps[1:], given)}


def removed(value: JsonAny, steps: tuple[Any, ...]) -> JsonAny:
    step, rest = steps[0], steps[1:]
    match step, value:
        case Key(name), dict() if name in value:
            left = {n: v for n, v in value.items() if n != name}
            return {**left, name: removed(value[name], rest)} if rest else left
        case Each(), list():
            return [removed(one, rest) for one in value] if rest else []
        case Item(index), list() if index < len(value):
            if not rest:
                return value[:index] + value[index + 1 :]
            return [removed(v, rest) if i == index else v for i, v in enumerate(value)]
        case _:
            return value


def expected(value: JsonObject, change: AttributeChange) -> JsonAny:
    match change:
        case Replace(values):
            return values
        case Merge(values, inside):
            return merged(value, inside.steps if inside else (), values)
        case Remove(paths):
            left: JsonAny = copy.deepcopy(value)
            # names at the top first: they stand for themselves whatever the others do
            for path in sorted(paths, key=lambda path: len(path.steps) > 1):
                left = removed(left, path.steps)
            return left


@pytest.mark.parametrize("seed", range(3))
def test_random_changes_of_random_objects(engine: Engine, namespace: str, seed: int):
    rng = random.Random(seed)
    objects = [random_object(rng) for _ in range(40)]
    make(engine, namespace, objects)
    for _ in range(ROUNDS):
        change: AttributeChange = rng.choice(
            [
                Merge(random_object(rng)),
                Merge(random_object(rng), random_path(rng, names_only=True)),
                Remove((random_path(rng),)),
                Remove(tuple(random_path(rng) for _ in range(rng.randint(2, 4)))),
                Replace(random_object(rng)),
            ]
        )
        chosen = rng.sample(range(40), 12)
        before = stored(engine, namespace)
        touched = engine.edit(namespace, EditAttributes(HasId(tuple(chosen)), change))

        assert touched == len(chosen)
        after = stored(engine, namespace)
        for row, value in enumerate(before):
            assert after[row] == (expected(value, change) if row in chosen else value), change


def test_a_path_with_brackets_cannot_be_merged_into(engine: Engine, namespace: str):
    make(engine, namespace, [{}])
    with pytest.raises(InvalidRequest, match="names only"):
        engine.edit(
            namespace, EditAttributes(EVERYTHING, Merge({"x": 1}, Path((Key("a"), Each()))))
        )


def test_new_vectors_are_found_and_attributes_stay(engine: Engine, namespace: str):
    make(engine, namespace, [{"n": row} for row in range(5)])
    engine.edit(namespace, SetVectors((3,), {"vector": floats([-1.0, 0.0])}))

    query = np.array([-1.0, 0.0], dtype="<f4").tobytes()
    hit = engine.query(namespace, Query(Nearest(Vector(query)), limit=1, projection=AllBut())).hits[
        0
    ]

    assert hit.id == 3
    assert hit.attributes == {"n": 3}
    assert hit.distance == pytest.approx(0.0, abs=1e-6)


def test_new_vectors_of_an_unknown_point_change_nothing(engine: Engine, namespace: str):
    make(engine, namespace, [{}, {}])
    with pytest.raises(DocumentNotFound):
        engine.edit(namespace, SetVectors((1, 7), {"vector": floats([-1.0, 0.0], [0.0, -1.0])}))

    query = np.array([-1.0, 0.0], dtype="<f4").tobytes()
    nearest = engine.query(namespace, Query(Nearest(Vector(query)), limit=1)).hits[0]
    assert nearest.distance == pytest.approx(1.0, abs=0.8)
    assert nearest.distance > 0.1


def test_new_vectors_of_another_length_are_refused(engine: Engine, namespace: str):
    make(engine, namespace, [{}])
    with pytest.raises(WrongLength) as caught:
        engine.edit(namespace, SetVectors((0,), {"vector": floats([1.0, 2.0, 3.0])}))
    assert (caught.value.expected, caught.value.got) == (2, 3)


def test_removed_vectors_are_no_longer_found(engine: Engine, namespace: str):
    make(engine, namespace, [{}, {}, {}])
    assert engine.edit(namespace, RemoveVectors(HasId((0, 2)), ("vector",))) == 2

    query = np.array([1.0, 0.0], dtype="<f4").tobytes()
    found = engine.query(namespace, Query(Nearest(Vector(query)), limit=10)).hits

    assert [hit.id for hit in found] == [1]


def test_vectors_that_the_namespace_does_not_have_cannot_be_removed(engine: Engine, namespace: str):
    make(engine, namespace, [{}])
    with pytest.raises(UnknownVector):
        engine.edit(namespace, RemoveVectors(EVERYTHING, ("image",)))


def test_a_change_widens_the_types_that_the_catalog_promises(engine: Engine, namespace: str):
    make(engine, namespace, [{"n": 1}])
    assert str(engine.schema(namespace).attributes["n"].type) == "int"

    engine.edit(namespace, EditAttributes(EVERYTHING, Merge({"n": "one"})))
    assert str(engine.schema(namespace).attributes["n"].type) == "any"

    engine.edit(namespace, EditAttributes(EVERYTHING, Merge({"x": 1}, Path((Key("m"),)))))
    assert str(engine.schema(namespace).attributes["m"].type) == "any"
