"""Which indexes serve a filter, how they are named, and who is told."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest

from service.compile.filters import compile_filter
from service.compile.indexes import definition
from service.core import paths
from service.core.attributes import Scalar, parse_type
from service.core.bounds import Bounds
from service.core.elements import (
    Counted,
    Element,
    Empty,
    HasVector,
    InRange,
    IsAnyOf,
    IsNoneOf,
    IsValue,
    Nested,
    Null,
)
from service.core.errors import Unavailable
from service.core.filters import (
    EVERYTHING,
    NOTHING,
    And,
    AnyElement,
    AnyOf,
    AtLeast,
    Attribute,
    Between,
    Compare,
    ComparesNew,
    Equal,
    EqualsNew,
    Filter,
    Glob,
    Holds,
    IdField,
    Missing,
    Not,
    Or,
    Order,
    Regex,
)
from service.core.ids import IdType
from service.core.indexing import (
    MEMBERSHIP,
    AttributeIndex,
    IndexKind,
    is_served,
    matches_at_most,
    wanted,
)
from service.core.namespace import Namespace
from service.engine import advising
from service.engine.advising import Advisor
from service.storage.attribute_indexes import index_name

VECTORS = Path(__file__).parent.parent / "integration" / "glob_vectors.json"
ID = IdField()
NAME, SIZE, TAGS, DONE, AT, NOBODY = (
    Attribute("name", parse_type("string")),
    Attribute("size", parse_type("float")),
    Attribute("tags", parse_type("[]string")),
    Attribute("done", parse_type("bool")),
    Attribute("at", parse_type("datetime")),
    Attribute("nobody's"),
)
NUMBER, TEXT = AttributeIndex(IndexKind.NUMBER, "size"), AttributeIndex(IndexKind.TEXT, "name")
BY_NAME, BY_SIZE = Equal(NAME, "a"), Compare(SIZE, Order.GREATER, 1)
IGNORING, SCAN = Glob(NAME, "a*", ignore_case=True), Glob(NAME, "*a")
FEW_IDS = AnyOf(ID, (1, 2, 3))
NINE = tuple(map(str, range(9)))
DEEP, TEN = (
    paths.Path((paths.Key("a"), paths.Item(0), paths.Key("b"))),
    Bounds(((Order.GREATER, 10),)),
)
MIXED = Attribute("mixed", parse_type("any"))

# (filter, the indexes that it wants, whether it is served when it has them)
FILTERS: list[tuple[Filter, set[AttributeIndex], bool]] = [
    (BY_NAME, {MEMBERSHIP}, True),
    (Equal(DONE, True), {MEMBERSHIP}, True),
    (Equal(TAGS, ("a",)), {MEMBERSHIP}, True),
    (Equal(TAGS, ()), set(), False),
    (AnyOf(NAME, ("a", "b")), {MEMBERSHIP}, True),
    (AnyOf(NAME, NINE), {TEXT}, True),
    (AnyOf(SIZE, tuple(range(9))), {NUMBER}, True),
    (AnyOf(TAGS, NINE), {MEMBERSHIP}, True),
    (AnyOf(TAGS, tuple(map(str, range(17)))), set(), False),
    (BY_SIZE, {NUMBER}, True),
    (Compare(SIZE, Order.LESS, 1), {NUMBER}, True),
    (Compare(NAME, Order.LESS_OR_EQUAL, "a"), {TEXT}, True),
    (Compare(NOBODY, Order.LESS, "a"), set(), False),
    (Compare(MIXED, Order.LESS, "a"), set(), False),
    (Compare(AT, Order.LESS, "2026"), {AttributeIndex(IndexKind.TEXT, "at")}, True),
    (Glob(NAME, "a*"), {TEXT}, True),
    (Glob(NAME, r"\*a*"), {TEXT}, True),
    (Glob(NAME, "abc"), {TEXT}, True),
    (SCAN, set(), False),
    (Glob(NAME, "[a-c]*"), set(), False),
    (Glob(NAME, ""), set(), False),
    (IGNORING, set(), False),
    (Glob(TAGS, "a*"), set(), False),
    (Holds(TAGS, ("a",)), {MEMBERSHIP}, True),
    (Holds(TAGS, tuple(map(str, range(17)))), set(), False),
    (AnyElement(TAGS, Order.LESS, "a"), set(), False),
    (Regex(NAME, "^a"), set(), False),
    (EqualsNew(NAME, NAME), set(), False),
    (ComparesNew(SIZE, Order.LESS, SIZE), set(), False),
    (Missing(NAME), set(), False),
    (Not(BY_NAME), set(), False),
    # of free-form JSON an index knows what it contains
    (Element(DEEP, IsValue(1)), {MEMBERSHIP}, True),
    (Element(DEEP, IsAnyOf((1, 2))), {MEMBERSHIP}, True),
    (Element(DEEP, IsAnyOf(tuple(range(9)))), set(), False),
    (Element(DEEP, IsNoneOf((1,))), set(), False),
    (Element(DEEP, InRange(TEN)), set(), False),
    (Null(DEEP), {MEMBERSHIP}, True),
    (Empty(DEEP), set(), False),
    (Counted(DEEP, Bounds()), set(), False),
    (Nested(DEEP, Null(DEEP)), set(), False),
    (HasVector("vector", "vector"), set(), False),
    (AtLeast(2, (BY_NAME, BY_NAME, BY_SIZE)), set(), False),
    (Between(SIZE, TEN), {NUMBER}, True),
    (Between(AT, Bounds(((Order.LESS, "2026"),))), {AttributeIndex(IndexKind.TEXT, "at")}, True),
    # the primary key serves what is said of the id
    (Equal(ID, 1), set(), True),
    (FEW_IDS, set(), True),
    (Compare(ID, Order.LESS, 1), set(), True),
    (Glob(ID, "a*"), set(), True),
    (Glob(ID, "*a"), set(), False),
    (EVERYTHING, set(), False),
    (NOTHING, set(), True),
    # all that serve a part, but nothing beside a few ids
    (And((BY_NAME, BY_SIZE, SCAN)), {MEMBERSHIP, NUMBER}, True),
    (And((SCAN, Not(BY_NAME))), set(), False),
    (And((BY_NAME, FEW_IDS)), set(), True),
    (And((BY_NAME, Compare(ID, Order.GREATER, 1))), {MEMBERSHIP}, True),
    # one part that is a scan makes a scan of all
    (Or((BY_NAME, BY_SIZE)), {MEMBERSHIP, NUMBER}, True),
    (Or((BY_NAME, SCAN)), set(), False),
    (Or((FEW_IDS, And((SCAN, BY_SIZE)))), {NUMBER}, True),
]


@pytest.mark.parametrize(("tree", "indexes", "served"), FILTERS, ids=range(len(FILTERS)))
def test_a_filter_wants_the_indexes_that_serve_it(
    tree: Filter, indexes: set[AttributeIndex], served: bool
):
    assert wanted(tree) == indexes
    assert is_served(tree, frozenset(indexes)) == served


def test_one_part_of_a_conjunction_that_is_served_is_enough():
    tree = And((BY_NAME, BY_SIZE))

    assert is_served(tree, frozenset({MEMBERSHIP}))
    assert is_served(tree, frozenset({NUMBER}))
    assert not is_served(tree, frozenset({TEXT}))


def test_every_part_of_a_disjunction_must_be_served():
    tree = Or((BY_NAME, BY_SIZE))

    assert is_served(tree, frozenset({MEMBERSHIP, NUMBER}))
    assert not is_served(tree, frozenset({MEMBERSHIP}))


@pytest.mark.parametrize(
    ("tree", "bound"),
    [
        (Equal(ID, 1), 1),
        (FEW_IDS, 3),
        (AnyOf(ID, ()), 0),
        (BY_NAME, None),
        (Compare(ID, Order.LESS, 9), None),
        (Not(Equal(ID, 1)), None),
        (EVERYTHING, None),
        (NOTHING, 0),
        (And((BY_NAME, FEW_IDS, Equal(ID, 1))), 1),
        (Or((FEW_IDS, Equal(ID, 1))), 4),
        (Or((FEW_IDS, BY_NAME)), None),
        (And((BY_NAME, Or((FEW_IDS, FEW_IDS)))), 6),
    ],
    ids=str,
)
def test_ids_bound_the_number_of_matches(tree: Filter, bound: int | None):
    assert matches_at_most(tree) == bound


@pytest.mark.parametrize("scalar", [one for one in Scalar if one is not Scalar.ANY])
def test_what_is_wanted_is_what_the_condition_is_made_of(scalar: Scalar):
    field = Attribute("a", parse_type(scalar.value))
    value = 7 if field.type and field.type.is_number else scalar is Scalar.BOOL or "7"

    for order in Order:
        (index,) = wanted(tree := Compare(field, order, value))

        expression = definition(index).text.removeprefix("USING btree ((").split(") NULLS")[0]
        assert expression in compile_filter(tree).text


def test_a_glob_that_is_said_to_be_served_has_a_range():
    cases = json.loads(VECTORS.read_text(encoding="utf-8"))
    patterns = {case["pattern"] for case in cases if "match" in case}
    said = 0
    for pattern in patterns:
        tree = Glob(NAME, pattern)
        if is_served(tree, frozenset({TEXT})):
            said += 1
            condition = compile_filter(tree).text
            start = '::varchar(256) COLLATE "C" '
            assert f"{start}>= %s" in condition or f"{start}= " in condition, pattern
    assert said > 50


def test_the_name_of_an_index_says_what_it_is_for():
    assert index_name("books", MEMBERSHIP) == "books:membership"
    assert index_name("books", NUMBER) == "books:number:size"
    assert index_name("books", TEXT) == "books:text:name"


def test_the_name_of_an_index_is_short_and_its_own_whatever_the_attribute_is_called():
    odd = ["größe 🐡", 'a"b', "100%s", "x" * 128, "x" * 127, "", "#", "a b"]
    names = {
        index_name(table, AttributeIndex(kind, attribute))
        for table in ("books", "b" * 50)
        for kind in (IndexKind.NUMBER, IndexKind.TEXT)
        for attribute in odd
    }

    assert len(names) == 2 * 2 * len(odd)
    assert all(len(name.encode()) <= 50 and ":" in name and "%" not in name for name in names)


class Catalog:
    """Stands for the database: remembers what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[int, list[AttributeIndex]]] = []
        self.goes_on = Event()
        self.error: Exception | None = None
        monkeypatch.setattr(advising.attribute_indexes, "ask", self._ask)
        self.advisor = Advisor(cast(Any, self))
        self.goes_on.set()

    @contextmanager
    def transaction(self) -> Generator[None]:
        assert self.goes_on.wait(5)
        yield

    def _ask(self, _: object, namespace: int, indexes: list[AttributeIndex]) -> None:
        self.asked.append((namespace, indexes))
        if self.error:
            raise self.error

    def finish(self) -> None:
        """Wait for what was asked so far."""
        self.advisor._thread.submit(int).result(5)


@pytest.fixture
def catalog(monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    catalog = Catalog(monkeypatch)
    yield catalog
    catalog.goes_on.set()
    catalog.advisor.close()


def books(key: int = 1) -> Namespace:
    return Namespace("books", "books", IdType.BIGINT, (), {}, 1, datetime.now(UTC), key)


def test_what_is_asked_is_written_once(catalog: Catalog):
    for _ in range(3):
        catalog.advisor.ask(books(), [MEMBERSHIP])
        catalog.advisor.ask(books(), [MEMBERSHIP, NUMBER])
    catalog.advisor.ask(books(2), [MEMBERSHIP])
    catalog.finish()

    assert catalog.asked == [(1, [MEMBERSHIP]), (1, [NUMBER]), (2, [MEMBERSHIP])]


def test_what_is_asked_is_written_again_after_a_while(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(advising, "PAUSE", 0.0)

    catalog.advisor.ask(books(), [MEMBERSHIP])
    catalog.advisor.ask(books(), [MEMBERSHIP])
    catalog.finish()

    assert len(catalog.asked) == 2


def test_who_asks_does_not_wait_and_the_queue_is_bounded(catalog: Catalog):
    catalog.goes_on.clear()
    for key in range(2 * advising.MAX_WAITING):
        catalog.advisor.ask(books(key), [MEMBERSHIP])
    assert catalog.asked == []
    catalog.goes_on.set()
    catalog.finish()
    assert len(catalog.asked) == advising.MAX_WAITING

    catalog.advisor.ask(books(2 * advising.MAX_WAITING - 1), [MEMBERSHIP])
    catalog.finish()

    assert len(catalog.asked) == advising.MAX_WAITING + 1


@pytest.mark.parametrize("error", [Unavailable("gone"), ZeroDivisionError()], ids=repr)
def test_an_error_is_logged_and_the_next_is_written(
    catalog: Catalog, caplog: pytest.LogCaptureFixture, error: Exception
):
    caplog.set_level("INFO")
    catalog.error = error
    catalog.advisor.ask(books(), [MEMBERSHIP])
    catalog.finish()
    assert "books" in caplog.text
    catalog.error = None

    catalog.advisor.ask(books(2), [MEMBERSHIP])
    catalog.finish()

    assert [key for key, _ in catalog.asked] == [1, 2]


def test_asking_at_the_end_of_the_process_is_no_error(catalog: Catalog):
    catalog.advisor.close()

    catalog.advisor.ask(books(), [MEMBERSHIP])


def test_the_number_of_names_remembered_is_bounded(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(advising, "MAX_REMEMBERED", 2)
    for key in range(5):
        catalog.advisor.ask(books(key), [MEMBERSHIP])
        catalog.finish()

    assert len(catalog.advisor._asked) <= 2
