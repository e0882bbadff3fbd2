"""What a search asks meets a schema: selections, caps, computed values, columns of vectors."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.core.attributes import AttributeSpec, parse_type
from service.core.errors import InvalidRequest
from service.core.filters import Attribute, Equal, IdField
from service.core.ids import IdType
from service.core.namespace import Namespace, VectorColumn
from service.core.query import (
    AllBut,
    Cap,
    Computed,
    Key,
    Named,
    Nearest,
    Ordered,
    Projection,
    Query,
    Selection,
)
from service.core.query_binding import bind_query, bind_selection
from service.core.vectors import Metric, Vector

SPECS = {name: AttributeSpec(parse_type(kind)) for name, kind in [("a", "int"), ("b", "[]string")]}
VECTORS = (VectorColumn("vector", 2), VectorColumn("title", 3, Metric.COSINE))
BOOKS = Namespace("books", "books", IdType.BIGINT, VECTORS, SPECS, 1, datetime.now(UTC))
PLAIN = replace(BOOKS, vectors=())
TWO, THREE = Vector(bytes(8)), Vector(bytes(12))
A = Attribute("a")
TYPED_A = Attribute("a", SPECS["a"].type)

# (selection, what is read of each document)
SELECTIONS: list[tuple[Selection, Projection]] = [
    (Projection(), Projection()),
    (Projection(None), Projection(None)),
    (Projection(("unknown",), ("vector",)), Projection(("unknown",), ("vector",))),
    (Named(()), Projection((), ())),
    (Named(("b", "a")), Projection(("b", "a"), ())),
    (Named(("vector",)), Projection((), ("vector",))),
    (Named(("title", "b", "vector")), Projection(("b",), ("title", "vector"))),
    # the id is always there
    (Named(("id",)), Projection((), ())),
    (Named(("a", "id")), Projection(("a",), ())),
    (AllBut(), Projection(None, ("vector", "title"))),
    (AllBut(("a",)), Projection(None, ("vector", "title"), ("a",))),
    (AllBut(("vector", "a")), Projection(None, ("title",), ("a",))),
    (AllBut(("vector", "title")), Projection(None, ())),
    # names that nothing has are ignored, and the id stays
    (AllBut(("id", "unknown")), Projection(None, ("vector", "title"), ("unknown",))),
]


@pytest.mark.parametrize(("selection", "projection"), SELECTIONS, ids=str)
def test_a_selection_becomes_attributes_and_vectors(selection: Selection, projection: Projection):
    assert bind_selection(selection, BOOKS) == projection


@pytest.mark.parametrize(
    ("namespace", "name"), [(BOOKS, "c"), (BOOKS, "Vector"), (PLAIN, "vector"), (BOOKS, "$dist")]
)
def test_a_name_that_the_schema_does_not_have_cannot_be_included(namespace: Namespace, name: str):
    with pytest.raises(InvalidRequest) as caught:
        bind_selection(Named(("a", name)), namespace)

    assert caught.value.message.startswith(
        f'💔 attribute "{name}" not found in schema, cannot be part of `include_attributes`. '
        "consider passing `include_attributes=True`"
    )


def test_every_part_of_a_query_is_bound():
    query = Query(
        Ordered((Key(A, descending=True), Key(IdField()))),
        Equal(A, 1),
        7,
        Named(("a",)),
        3,
        Cap((A, Attribute("c")), 2),
        (Computed("far", "title", THREE),),
    )

    bound = bind_query(query, BOOKS)

    assert bound == Query(
        Ordered((Key(TYPED_A, descending=True), Key(IdField()))),
        Equal(TYPED_A, 1),
        7,
        Projection(("a",)),
        3,
        Cap((TYPED_A, Attribute("c")), 2),
        (Computed("far", "title", THREE),),
    )


def test_a_search_finds_what_its_offset_skips_as_well():
    assert Query(limit=7, offset=3).depth == 10


@pytest.mark.parametrize(
    "ranking", [Nearest(TWO), Nearest(THREE, column="title"), Nearest(TWO, Metric.DOT, exact=True)]
)
def test_a_vector_as_long_as_its_column_is_taken(ranking: Nearest):
    assert bind_query(Query(ranking), BOOKS).ranking == ranking


# (query, namespace, words)
REFUSED: list[tuple[Query, Namespace, str]] = [
    (
        Query(Nearest(THREE)),
        BOOKS,
        "has 3 dimensions, but those of namespace 'books' have 2",
    ),
    (Query(Nearest(TWO, column="title")), BOOKS, "has 2 dimensions, but .* have 3"),
    (Query(Nearest(TWO, column="a")), BOOKS, "'a' is no vector attribute of namespace 'books'"),
    (Query(Nearest(TWO)), PLAIN, "Vector provided for namespace without vector attribute"),
    (Query(computed=(Computed("d", "vector", THREE),)), BOOKS, "has 3 dimensions"),
    (Query(computed=(Computed("d", "b", TWO),)), BOOKS, "'b' is no vector attribute"),
    (Query(computed=(Computed("d", "vector", TWO),)), PLAIN, "without vector attribute"),
    (Query(Ordered((Key(A), Key(Attribute("b"))))), BOOKS, r"cannot order by attribute 'b'"),
    (Query(filter=Equal(A, "x")), BOOKS, "`a`: type mismatch"),
]


@pytest.mark.parametrize(("query", "namespace", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_the_namespace_does_not_have_is_refused(
    query: Query, namespace: Namespace, words: str
):
    with pytest.raises(InvalidRequest, match=words):
        bind_query(query, namespace)


@pytest.mark.parametrize("name", ["vector", "title"])
def test_a_column_is_found_by_its_name(name: str):
    assert BOOKS.vector_column(name).name == name
