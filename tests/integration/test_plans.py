"""The plans that PostgreSQL makes of the statements, and how many statements a search takes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, cast

import numpy as np
import pytest

from service.compile.fragment import Fragment
from service.config import Config
from service.core.filters import (
    EVERYTHING,
    And,
    AnyOf,
    Attribute,
    Compare,
    Equal,
    Filter,
    Glob,
    IdField,
    Not,
    Order,
)
from service.core.index_settings import IndexSettings
from service.core.indexing import MEMBERSHIP, AttributeIndex, IndexKind
from service.core.plan import EXACT, Plan, Situation, Walk, choose
from service.core.query import Query
from service.core.query_binding import bind_query
from service.core.segments import Segment
from service.core.vectors import Metric
from service.engine import Engine
from service.engine.advising import Advisor
from service.engine.searching import Searcher
from service.storage import attribute_builds, attribute_indexes, catalog, reads
from service.storage.attribute_indexes import Wanted, index_name
from service.storage.layouts import Layouts
from service.storage.pool import Session
from tests.integration.segment_tools import (
    Numbers,
    Workshop,
    distances,
    ids,
    nearest,
    opened,
    own_database,
    recorded,
    upsert,
    vectors,
    workshop,
)

NAME = "planned"
ROWS, PIECE, TAIL = 12_000, 4_000, 300
DIMENSIONS = 16
METRIC = Metric.EUCLIDEAN_SQUARED
QUERY = vectors(1, DIMENSIONS, seed=9)[0]
N, S, GROUP, FAR, NEAR = (Attribute(name) for name in ("n", "s", "group", "far", "near"))
ON_N, ON_S = AttributeIndex(IndexKind.NUMBER, "n"), AttributeIndex(IndexKind.TEXT, "s")
PRIMARY, BY_SEQ = f"{NAME}:pkey", f"{NAME}:seq_idx"
# what documents far from the query, and near to it, have
SHARE = 0.6

EXACTLY: dict[str, tuple[Filter, str]] = {
    "an id": (Equal(IdField(), 7), PRIMARY),
    "ids": (AnyOf(IdField(), (7, 8, 4_711)), PRIMARY),
    "a range of ids": (Compare(IdField(), Order.LESS, 9), PRIMARY),
    "equality": (Equal(S, "key/77"), index_name(NAME, MEMBERSHIP)),
    "membership": (AnyOf(GROUP, (17, 18)), index_name(NAME, MEMBERSHIP)),
    "a range": (
        And((Compare(N, Order.GREATER_OR_EQUAL, 100), Compare(N, Order.LESS, 150))),
        index_name(NAME, ON_N),
    ),
    "a prefix": (Glob(S, "key/123*"), index_name(NAME, ON_S)),
}
WALKED: dict[str, Filter] = {
    "nothing": EVERYTHING,
    "equality": Equal(FAR, True),
    "a range": Compare(N, Order.LESS, 9_000),
    "a prefix": Glob(S, "key/1*"),
    "an infix": Glob(S, "*1*"),
    "a negation": Not(Equal(GROUP, 17)),
    "a range of ids": Compare(IdField(), Order.LESS, 9_000),
}


@dataclass(frozen=True)
class Planned:
    """A namespace of three segments and a tail, its attributes indexed, and what is in it."""

    shop: Workshop
    numbers: Numbers
    away: Any
    segments: tuple[Segment, ...]


@pytest.fixture(scope="module")
def database_url(server_url: str) -> Iterator[str]:
    """A database of its own: statistics are changed here."""
    with own_database(server_url) as url:
        yield url


@pytest.fixture(scope="module")
def config(database_url: str) -> Config:
    return Config.from_env(database_url=database_url)


@pytest.fixture(scope="module")
def engine(config: Config) -> Iterator[Engine]:
    with opened(config, 4) as database:
        yield Engine(database)


@pytest.fixture(scope="module")
def planned(config: Config) -> Iterator[Planned]:
    numbers = vectors(ROWS + TAIL, DIMENSIONS)
    away = distances(QUERY, numbers, METRIC)
    near, far = np.quantile(away, [SHARE, 1 - SHARE])
    with workshop(config) as shop:
        for start in [*range(0, ROWS, PIECE), ROWS]:
            part = range(start, min(start + PIECE, ROWS + TAIL))
            columns = {
                "n": list(part),
                "s": [f"key/{i}" for i in part],
                "group": [i % 1_000 for i in part],
                "far": [bool(away[i] > far) for i in part],
                "near": [bool(away[i] < near) for i in part],
            }
            shop.engine.write(NAME, upsert(part, numbers[part], METRIC, **columns))
            if start < ROWS:
                assert shop.seal(NAME)
        # draws the sample; nothing is merged while the namespace is written
        shop.tender.work(NAME, 0, quiet=False)
        build_indexes(shop)
        segments = shop.listed(NAME)
        assert [one.rows for one in segments] == [PIECE] * 3
        yield Planned(shop, numbers, away, segments)


def build_indexes(shop: Workshop) -> None:
    with shop.database.session() as session:
        key = catalog.find(session, NAME).id
        wishes = [MEMBERSHIP, ON_N, ON_S]
        attribute_indexes.ask(session, key, wishes)
        assert all(attribute_builds.build(session, Wanted(key, NAME, one)) for one in wishes)


# --- reading a plan -----------------------------------------------------------------------------


def explained(session: Session, query: Query, plan: Plan, segments: Any = ()) -> dict[str, Any]:
    """The plan of the one statement of a search, as a tree."""
    namespace = catalog.find(session, NAME)
    statement = reads.compile_search(
        session, namespace, bind_query(query, namespace), plan, segments
    )
    explain = Fragment(f"EXPLAIN (FORMAT JSON)\n{statement.text}", statement.values)
    row = session.execute(explain).fetchone()
    assert row is not None
    return row[0][0]["Plan"]  # type: ignore[index]


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for part in tree.get("Plans", ()):
        yield from nodes(part)


def whole_scans(tree: dict[str, Any]) -> list[str]:
    """What is read from its beginning to its end, but for the probe of the size."""
    return [
        node["Relation Name"]
        for node in nodes(tree)
        if node["Node Type"] == "Seq Scan" and not is_probe(tree, node)
    ]


def is_probe(tree: dict[str, Any], scan: dict[str, Any]) -> bool:
    """Whether a scan is the bounded count of the namespace's size: nothing is filtered or read."""
    return "Filter" not in scan and any(
        node["Node Type"] == "Limit" and node.get("Plans") == [scan] for node in nodes(tree)
    )


def scans(tree: dict[str, Any], index: str) -> list[dict[str, Any]]:
    return [node for node in nodes(tree) if node.get("Index Name") == index]


def branches(tree: dict[str, Any], segments: tuple[Segment, ...]) -> list[dict[str, Any]]:
    """For each segment the loop that walks its index and looks candidates up."""
    found: list[dict[str, Any]] = []
    for one in segments:
        loops = [
            node
            for node in nodes(tree)
            if node["Node Type"] == "Nested Loop"
            and any(part.get("Relation Name") == one.table for part in nodes(node["Plans"][0]))
        ]
        assert loops, f"nothing walks {one.table}"
        found.append(loops[-1])
    return found


def check_walk(tree: dict[str, Any], segments: tuple[Segment, ...]) -> None:
    """Each index walked in its order, each candidate looked up alone, the tail by its numbers."""
    assert whole_scans(tree) == []
    for one, loop in zip(segments, branches(tree, segments), strict=True):
        outer, inner = loop["Plans"]
        (walk,) = [node for node in nodes(outer) if node.get("Relation Name") == one.table]
        assert (walk["Node Type"], walk["Index Name"]) == ("Index Scan", f"{one.table}:hnsw")
        assert "Order By" in walk
        assert not any("Sort" in node["Node Type"] for node in nodes(outer))
        # whatever matches the filter is not gathered again for each candidate
        looked_up_by = {node["Index Name"] for node in nodes(inner) if "Index Name" in node}
        assert looked_up_by
        assert looked_up_by <= {PRIMARY, BY_SEQ}
    # of the scans by number one is the tail's: it is in no loop
    looked_up = [node for loop in branches(tree, segments) for node in nodes(loop)]
    by_number = [node for node in scans(tree, BY_SEQ) if node not in looked_up]
    assert any("seq > " in node.get("Index Cond", "") for node in by_number)


def unfiltered(segments: tuple[Segment, ...]) -> Plan:
    plan = choose(Situation(10, segments, TAIL))
    assert isinstance(plan, Walk)
    return plan


def filtered(segments: tuple[Segment, ...], matches: float) -> Plan:
    plan = choose(Situation(10, segments, TAIL, matches, served=False))
    assert isinstance(plan, Walk)
    return plan


@contextmanager
def misled(planned: Planned, statistics: str) -> Iterator[Session]:
    """A session in which PostgreSQL believes something of the sizes that is not so."""
    names = [NAME, *(one.table for one in planned.segments)]
    with (
        planned.shop.database.session() as session,
        session.connection.transaction(force_rollback=True),
    ):
        if statistics == "analysed":
            for one in planned.segments:
                session.connection.execute(f'ANALYZE vectable_segments."{one.table}"')
            session.connection.execute(f'ANALYZE vectable."{NAME}"')
        elif statistics != "as they are":
            rows, pages = statistics.split(" in ")
            session.connection.execute(
                "UPDATE pg_class SET reltuples = %s, relpages = %s WHERE relname = ANY (%s)",
                (float(rows), int(pages), names),
            )
        yield session


STATISTICS = ["as they are", "analysed", "-1 in 0", "0 in 1", "1 in 10000", "1e9 in 1", "1e4 in 1"]


# --- plans --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXACTLY)
def test_few_matches_are_found_through_their_index(planned: Planned, name: str):
    condition, index = EXACTLY[name]
    with planned.shop.database.session() as session:
        tree = explained(session, nearest(QUERY, 10, condition), EXACT)

    assert whole_scans(tree) == []
    assert scans(tree, index)


@pytest.mark.parametrize("name", EXACTLY)
def test_few_matches_are_planned_to_be_found_so(planned: Planned, name: str):
    """The engine's own choice: no segment is walked for them."""
    query = nearest(QUERY, 10, EXACTLY[name][0])
    planned.shop.engine.query(NAME, nearest(QUERY))
    with recorded() as seen:
        planned.shop.engine.query(NAME, query)

    assert not any(one.table in text for text in seen for one in planned.segments)


@pytest.mark.parametrize("statistics", STATISTICS)
def test_segments_are_walked_and_the_tail_found_by_its_numbers(planned: Planned, statistics: str):
    with misled(planned, statistics) as session:
        tree = explained(session, nearest(QUERY), unfiltered(planned.segments), planned.segments)

    check_walk(tree, planned.segments)


@pytest.mark.parametrize("statistics", STATISTICS)
@pytest.mark.parametrize("name", WALKED)
def test_a_filter_is_applied_to_candidates_one_by_one(planned: Planned, name: str, statistics: str):
    query = nearest(QUERY, 10, WALKED[name])
    with misled(planned, statistics) as session:
        tree = explained(session, query, filtered(planned.segments, 5_000), planned.segments)

    check_walk(tree, planned.segments)


@pytest.mark.parametrize("limit", [1, 100, 1_000])
def test_the_limit_does_not_change_the_way(planned: Planned, limit: int):
    plan = replace(unfiltered(planned.segments), candidates=limit + 10)
    with planned.shop.database.session() as session:
        tree = explained(session, nearest(QUERY, limit), plan, planned.segments)

    check_walk(tree, planned.segments)


@pytest.mark.parametrize("name", [None, *WALKED])
def test_a_walk_has_its_plan_whatever_the_values_are(planned: Planned, name: str | None):
    query = nearest(QUERY, 10, WALKED[name]) if name else nearest(QUERY, 10)
    plan = filtered(planned.segments, 5_000) if name else unfiltered(planned.segments)
    with planned.shop.database.session() as session:
        if session.connection.info.server_version < 160_000:
            pytest.skip("before PostgreSQL 16 there is no EXPLAIN (GENERIC_PLAN)")
        namespace = catalog.find(session, NAME)
        statement = reads.compile_search(
            session, namespace, bind_query(query, namespace), plan, planned.segments
        )
        numbers = count(1)
        text = re.sub("%s", lambda _: f"${next(numbers)}", statement.text).replace("%%", "%")
        row = session.connection.execute(
            f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {text}".encode()
        ).fetchone()

    check_walk(cast(Any, row)[0][0]["Plan"], planned.segments)


def test_a_search_without_a_filter_is_planned_once(planned: Planned):
    with planned.shop.database.session() as session:
        namespace = catalog.find(session, NAME)
        searcher = Searcher(Layouts(IndexSettings()), Advisor(planned.shop.database))
        for seed in range(12):
            query = bind_query(nearest(vectors(1, DIMENSIONS, seed)[0]), namespace)
            searcher.search(session, namespace, query)
        prepared = session.connection.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE '%query_walk%'"
        ).fetchall()

    # the first search also looks the size up
    generic, custom = max(prepared)
    assert custom == 5
    assert generic >= 5


# --- matches that are not independent of the query -----------------------------------------------


@pytest.mark.parametrize("limit", [1, 10, 30])
def test_matches_that_all_lie_far_from_the_query_are_all_found(planned: Planned, limit: int):
    query = nearest(QUERY, limit, Equal(FAR, True))
    with recorded() as seen:
        found = planned.shop.engine.query(NAME, query).hits

    walked = [text for text in seen if all(one.table in text for one in planned.segments)]
    assert len(walked) == 1, "the walk that is to come back short was not tried"
    assert found == planned.shop.exact(NAME, query).result.hits
    assert len(found) == limit


@pytest.mark.parametrize("limit", [1, 10, 30])
def test_matches_that_all_lie_near_the_query_are_walked_to(planned: Planned, limit: int):
    query = nearest(QUERY, limit, Equal(NEAR, True))
    planned.shop.engine.query(NAME, query)
    with recorded() as seen:
        found = ids(planned.shop.engine.query(NAME, query).hits)

    truth = ids(planned.shop.exact(NAME, query).result.hits)
    assert len(seen) == 1
    assert all(one.table in seen[0] for one in planned.segments)
    assert len(found) == limit
    assert len({*found} & {*truth}) >= 0.9 * limit


def test_a_filter_that_nothing_matches_returns_nothing(planned: Planned):
    for condition in (Equal(S, "nobody"), And((Equal(FAR, True), Equal(FAR, False)))):
        assert planned.shop.engine.query(NAME, nearest(QUERY, 10, condition)).hits == ()


# --- how many statements ------------------------------------------------------------------------


def statements(engine: Engine, query: Query) -> list[str]:
    with recorded() as seen:
        engine.query(NAME, query)
    return [text.split("\n")[0] for text in seen]


def test_an_unfiltered_search_is_one_statement(planned: Planned):
    planned.shop.engine.query(NAME, nearest(QUERY))

    for seed in range(3):
        asked = nearest(vectors(1, DIMENSIONS, seed)[0])
        assert len(statements(planned.shop.engine, asked)) == 1


@pytest.mark.parametrize("name", [*EXACTLY, *WALKED])
def test_a_filtered_search_is_two_statements_once_and_then_one(planned: Planned, name: str):
    engine = Engine(planned.shop.database)
    engine.query(NAME, nearest(QUERY))
    condition = EXACTLY[name][0] if name in EXACTLY else WALKED[name]
    # from where nothing that matches is far, so that no walk comes back short
    asked = nearest(planned.numbers[np.argmax(planned.away)], 10, condition)

    first, second = statements(engine, asked), statements(engine, asked)

    assert len(first) <= 2
    assert len(second) == 1


def test_searches_that_are_not_by_distance_are_one_statement(planned: Planned):
    planned.shop.engine.query(NAME, Query())

    assert len(statements(planned.shop.engine, Query())) == 1
    assert len(statements(planned.shop.engine, Query(filter=Equal(FAR, True)))) == 1
