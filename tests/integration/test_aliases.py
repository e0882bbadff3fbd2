"""Aliases: second names of namespaces, right in every process at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.core.aliases import Alias, RemoveAlias, RenameAlias, SetAlias
from service.core.attributes import AttributeColumn
from service.core.configuration import Configuration
from service.core.documents import SchemaUpdate, Upsert, Write
from service.core.errors import Closed, NamespaceExists, NamespaceNotFound, NotFound
from service.core.evolution import Shape
from service.core.ids import IdType
from service.core.query import Ordered, Projection, Query
from service.engine import Engine
from service.storage.pool import open_database


@pytest.fixture
def another(database_url: str, engine: Engine) -> Iterator[Engine]:
    """A second process's view of the same database, with a cache of its own."""
    database = open_database(
        database_url, "vectable", connections=2, wait=5.0, statement_timeout=60.0
    )
    other = Engine(database)
    yield other
    other.close()


def fill(engine: Engine, name: str, mark: str) -> None:
    columns = (AttributeColumn("mark", (mark,)),)
    engine.write(name, Write(upsert=Upsert((1,), columns), schema=SchemaUpdate()))


def mark(engine: Engine, name: str) -> object:
    query = Query(Ordered(), projection=Projection(("mark",)))
    return engine.query(name, query).hits[0].attributes["mark"]


def test_an_alias_is_as_good_as_the_name(engine: Engine, namespace: str):
    fill(engine, namespace, "first")
    engine.change_aliases([SetAlias(f"{namespace}-now", namespace)])

    assert mark(engine, f"{namespace}-now") == "first"
    fill(engine, f"{namespace}-now", "second")
    assert mark(engine, namespace) == "second"
    assert engine.aliases_of(namespace) == (Alias(f"{namespace}-now", namespace),)


def test_no_process_goes_on_with_an_alias_that_was_switched(
    engine: Engine, another: Engine, namespace: str
):
    blue, green, alias = f"{namespace}-blue", f"{namespace}-green", f"{namespace}-live"
    fill(engine, blue, "blue")
    fill(engine, green, "green")
    engine.change_aliases([SetAlias(alias, blue)])
    for _ in range(10):
        for name, seen in ((green, "green"), (blue, "blue")):
            engine.change_aliases([SetAlias(alias, name)])
            assert mark(another, alias) == seen
            assert mark(engine, alias) == seen


def test_actions_are_carried_out_whole_or_not_at_all(engine: Engine, namespace: str):
    fill(engine, namespace, "x")
    first, second = f"{namespace}-a", f"{namespace}-b"
    with pytest.raises(NamespaceNotFound):
        engine.change_aliases(
            [SetAlias(first, namespace), SetAlias(second, f"{namespace}-missing")]
        )
    with pytest.raises(NamespaceNotFound):
        engine.schema(first)


def test_an_alias_is_renamed_and_removed(engine: Engine, another: Engine, namespace: str):
    fill(engine, namespace, "x")
    old, new = f"{namespace}-old", f"{namespace}-new"
    engine.change_aliases([SetAlias(old, namespace)])
    assert mark(another, old) == "x"
    engine.change_aliases([RenameAlias(old, new)])
    assert mark(another, new) == "x"
    with pytest.raises(NamespaceNotFound):
        mark(another, old)
    engine.change_aliases([RemoveAlias(new)])
    with pytest.raises(NamespaceNotFound):
        mark(another, new)
    with pytest.raises(NotFound):
        engine.change_aliases([RemoveAlias(new)])


def test_a_name_is_either_a_namespace_or_an_alias(engine: Engine, namespace: str):
    other = f"{namespace}-other"
    fill(engine, namespace, "x")
    fill(engine, other, "y")
    with pytest.raises(NamespaceExists):
        engine.change_aliases([SetAlias(other, namespace)])

    alias = f"{namespace}-alias"
    engine.change_aliases([SetAlias(alias, namespace)])
    with pytest.raises(NamespaceExists):
        engine.create(alias, Shape(IdType.BIGINT, (), {}), Configuration())


def test_aliases_go_with_their_namespace(engine: Engine, another: Engine, namespace: str):
    alias = f"{namespace}-alias"
    fill(engine, namespace, "x")
    engine.change_aliases([SetAlias(alias, namespace)])
    assert mark(another, alias) == "x"
    engine.delete(namespace)
    with pytest.raises(NamespaceNotFound):
        mark(another, alias)
    assert alias not in [one.alias for one in engine.aliases()]


def test_a_closed_namespace_refuses_its_documents_until_it_is_open(
    engine: Engine, another: Engine, namespace: str
):
    fill(engine, namespace, "x")
    assert mark(another, namespace) == "x"
    engine.configure(namespace, Configuration(closed=True))
    for process in (engine, another):
        with pytest.raises(Closed):
            mark(process, namespace)
        with pytest.raises(Closed):
            fill(process, namespace, "y")
        assert process.schema(namespace).closed
    engine.configure(namespace, Configuration(closed=False))
    assert mark(engine, namespace) == mark(another, namespace) == "x"
