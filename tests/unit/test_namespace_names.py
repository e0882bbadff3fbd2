"""Names of namespaces, and the SQL identifiers made of them."""

import random
import string
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.core.errors import Forbidden, InvalidAddress
from service.core.ids import IdType
from service.core.namespace import (
    NAME,
    Namespace,
    VectorColumn,
    check_namespace_name,
    short_identifier,
)

ALPHABET = string.ascii_letters + string.digits + "_.-"
SUFFIXES = ("pkey", "seq", "seq_idx")


def corpus() -> list[str]:
    """10,000 names, many of them alike, of all lengths around the limit of an identifier."""
    chosen = random.Random(7)
    names = {"select", "user", "Books", "books", ".", "..", "-", "_"}
    names |= {"a" * length for length in range(1, 129)}
    names |= {"x" * 127 + last for last in ALPHABET}
    names |= {first + "x" * 127 for first in ALPHABET}
    while len(names) < 10_000:
        start = "shared-prefix-of-many-names-that-is-long-" * chosen.randrange(3)
        rest = "".join(chosen.choices(ALPHABET, k=chosen.randrange(1, 47)))
        names.add(start + rest)
    return sorted(names)


NAMES = corpus()
TABLES = {name: short_identifier(name) for name in NAMES}
DERIVED = [short_identifier(table, suffix) for table in TABLES.values() for suffix in SUFFIXES]


@pytest.mark.parametrize("name", ["a", "0", "A.b_c-d", "select", "..", "a" * 128])
def test_a_name_of_the_right_characters_is_taken(name: str):
    check_namespace_name(name)

    assert NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "é", "a:b", 'a"b', "a%b", "a\n", "🐡", "a\0"])
def test_a_name_of_other_characters_is_refused(name: str):
    with pytest.raises(InvalidAddress, match=r"must be \[A-Za-z0-9-_\.\]"):
        check_namespace_name(name)


def test_a_name_of_129_characters_is_refused():
    with pytest.raises(InvalidAddress, match="too long, limit is currently 128 characters"):
        check_namespace_name("a" * 129)


def test_the_corpus_is_large_and_legal():
    for name in NAMES:
        check_namespace_name(name)

    assert len(NAMES) == 10_000
    assert sum(len(name) > 50 for name in NAMES) > 1000


def test_a_name_that_fits_is_the_name_of_its_table():
    fitting = [name for name in NAMES if len(name) <= 50]

    assert [TABLES[name] for name in fitting] == fitting


def test_a_long_name_keeps_its_start():
    table = short_identifier("books-" * 20)

    assert table.startswith("books-books-books-")
    assert len(table) == 50


def test_identifiers_have_at_most_50_bytes():
    assert max(len(name.encode()) for name in [*TABLES.values(), *DERIVED]) == 50


def test_identifiers_are_unique():
    everything = [*TABLES.values(), *DERIVED]

    assert len(set(everything)) == len(everything) == 40_000


def test_derived_identifiers_are_never_a_namespace_name():
    shortened = [table for name, table in TABLES.items() if table != name]

    assert [name for name in [*DERIVED, *shortened] if NAME.fullmatch(name)] == []


def test_identifiers_do_not_change_between_releases():
    assert short_identifier("books", "pkey") == "books:pkey"
    assert short_identifier("a" * 51) == "a" * 33 + ":bfc5fe0e360152ca"


def test_the_default_vector_has_a_plain_column_and_others_are_prefixed():
    assert VectorColumn("vector", 2).column == "vector"
    assert VectorColumn("title", 2).column == "vector_title"


def test_columns_of_vectors_with_long_names_are_short_and_their_own():
    names = ["x" * 128, "x" * 127 + "y", "é" * 64, "é" * 63 + "e", "🐡" * 32, "title", 'a"b', "a:b"]

    columns = {VectorColumn(name, 2).column for name in names}

    assert len(columns) == len(names)
    assert all(column.startswith("vector_") for column in columns)
    assert max(len(column.encode()) for column in columns) <= 50


def test_the_column_of_a_long_name_does_not_change_between_releases():
    assert VectorColumn("a" * 44, 2).column == "vector_" + "a" * 26 + ":131e6af3642daf42"


def test_only_a_namespace_that_is_not_read_only_is_written_to():
    books = Namespace("books", "books", IdType.BIGINT, (), {}, 1, datetime.now(UTC))

    books.check_writable()

    with pytest.raises(Forbidden, match="namespace 'books' is read-only"):
        replace(books, read_only=True).check_writable()
