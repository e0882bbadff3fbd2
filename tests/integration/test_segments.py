"""Segments in the database: what they are, what becomes of them, and that answers stay right."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from service import indexer
from service.config import Config
from service.core.documents import Write
from service.core.filters import Attribute, Compare, Equal, Order
from service.core.index_settings import IndexSettings
from service.core.segments import START, SegmentKind
from service.core.vectors import Metric
from service.engine import Engine
from tests.integration.segment_tools import (
    SETTINGS,
    Connection,
    Workshop,
    best,
    distances,
    ids,
    nearest,
    segment_tables,
    set_settings,
    upsert,
    value,
    vectors,
    workshop,
)

LARGE = 4_000  # so many are not scanned


@pytest.fixture
def shop(engine: Engine, config: Config) -> Iterator[Workshop]:
    with workshop(config) as opened:
        yield opened


def state(connection: Connection, namespace: str) -> dict[str, Any]:
    cursor = connection.execute(
        "SELECT * FROM vectable_segments.state WHERE namespace = %s", (namespace,)
    )
    row = cursor.fetchone()
    assert row is not None
    return {column.name: cell for column, cell in zip(cursor.description or (), row, strict=True)}


def entry(connection: Connection, table: str) -> dict[str, Any]:
    cursor = connection.execute(
        "SELECT * FROM vectable_segments.segments WHERE table_name = %s", (table,)
    )
    row = cursor.fetchone()
    assert row is not None
    return {column.name: cell for column, cell in zip(cursor.description or (), row, strict=True)}


def index_of(connection: Connection, table: str) -> list[str]:
    rows = connection.execute(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'vectable_segments'"
        " AND tablename = %s AND indexdef LIKE '%%USING hnsw%%'",
        (table,),
    )
    return [str(definition) for (definition,) in rows]


def age(connection: Connection, namespace: str) -> None:
    """Replaced segments, as they are when the grace period is over."""
    connection.execute(
        "UPDATE vectable_segments.segments SET retired_at = retired_at - interval '1 hour'"
        " WHERE namespace_id = (SELECT id FROM vectable_catalog.namespaces WHERE name = %s)",
        (namespace,),
    )


def fill(
    shop: Workshop,
    namespace: str,
    count: int = 300,
    metric: Metric = Metric.COSINE,
    pieces: int = 1,
) -> Any:
    """A namespace of so many documents, sealed piece by piece."""
    numbers = vectors(count)
    for part in np.array_split(np.arange(count), pieces):
        shop.engine.write(namespace, upsert(part.tolist(), numbers[part], metric))
        assert shop.seal(namespace)
    return numbers


# --- sealing ------------------------------------------------------------------------------------


def test_a_seal_is_listed_and_shown(shop: Workshop, connection: Connection, namespace: str):
    fill(shop, namespace, 300)
    shop.engine.write(namespace, upsert(range(1000, 1007), vectors(7)))

    shown = state(connection, namespace)
    (segment,) = shop.listed(namespace)

    assert (segment.low, segment.high, segment.rows, segment.live) == (START, 300, 300, 300)
    assert (segment.kind, segment.metric) == (SegmentKind.HALFVEC, Metric.COSINE)
    assert (shown["field"], shown["segments"], shown["rows"]) == ("vector", 1, 300)
    assert (shown["remainder"], shown["superseded_share"]) == (0, 0)
    assert (shown["sealed_to"], shown["tail_rows"]) == (300, 7)
    assert shown["bytes"] > 0
    assert (shown["building"], shown["progress"]) == (None, None)


def test_a_namespace_that_was_never_sealed_is_shown_too(
    shop: Workshop, connection: Connection, namespace: str
):
    shop.engine.write(namespace, upsert(range(7), vectors(7)))

    shown = state(connection, namespace)

    assert (shown["segments"], shown["rows"], shown["tail_rows"]) == (0, 0, 7)


@pytest.mark.parametrize(
    ("metric", "operators"),
    [
        (Metric.COSINE, "halfvec_ip_ops"),
        (Metric.EUCLIDEAN, "halfvec_l2_ops"),
        (Metric.EUCLIDEAN_SQUARED, "halfvec_l2_ops"),
        (Metric.DOT, "halfvec_ip_ops"),
        (Metric.MANHATTAN, "halfvec_l1_ops"),
    ],
)
def test_each_metric_has_its_index(
    shop: Workshop, connection: Connection, namespace: str, metric: Metric, operators: str
):
    fill(shop, namespace, 120, metric)

    (segment,) = shop.listed(namespace)
    (definition,) = index_of(connection, segment.table)

    assert operators in definition
    assert segment.metric is metric


@pytest.mark.parametrize("metric", Metric)
def test_a_walk_finds_what_a_scan_finds(shop: Workshop, namespace: str, metric: Metric):
    numbers = fill(shop, namespace, 300, metric, pieces=2)
    query = vectors(1, seed=9)[0]

    found = shop.walked(namespace, nearest(query, 20))

    assert ids(found.result.hits) == best(query, numbers, metric, 20)
    true = distances(query, numbers, metric)[ids(found.result.hits)]
    assert [hit.distance for hit in found.result.hits] == pytest.approx(true, rel=1e-5, abs=1e-6)
    # 300 of 300 were met in the two indexes
    assert found.candidates == 300


def test_the_catalog_says_how_an_index_is_built(
    shop: Workshop, connection: Connection, namespace: str
):
    shop.engine.write(namespace, upsert(range(120), vectors(120)))
    set_settings(connection, namespace, '{"m": 7, "ef_construction": 33}')

    shop.seal(namespace)

    (segment,) = shop.listed(namespace)
    (definition,) = index_of(connection, segment.table)
    assert "m='7'" in definition
    assert "ef_construction='14'" in definition  # twice m: a small segment gets a quarter


def test_the_catalog_says_when_a_tail_is_sealed(
    shop: Workshop, connection: Connection, namespace: str
):
    shop.engine.write(namespace, upsert(range(150), vectors(150)))
    set_settings(connection, namespace, '{"seal_rows": 200}')

    too_few = shop.seal(namespace)
    set_settings(connection, namespace, '{"seal_rows": 150}')

    assert not too_few
    assert shop.seal(namespace)


def test_a_segment_holds_current_documents_only(
    shop: Workshop, connection: Connection, namespace: str
):
    shop.engine.write(namespace, upsert(range(200), vectors(200)))
    shop.engine.write(namespace, upsert(range(50), vectors(50, seed=1)))
    shop.engine.write(namespace, Write(deletes=tuple(range(190, 200))))

    shop.seal(namespace)

    (segment,) = shop.listed(namespace)
    held = f'SELECT count(*) FROM vectable_segments."{segment.table}"'
    joined = f'{held} s JOIN vectable."{namespace}" d USING (id, seq)'
    assert (segment.rows, segment.high) == (190, 250)
    assert value(connection, held) == value(connection, joined) == 190


@pytest.mark.parametrize("count", [1, 99])
def test_a_small_namespace_is_never_sealed(shop: Workshop, namespace: str, count: int):
    shop.engine.write(namespace, upsert(range(count), vectors(count)))

    assert not shop.seal(namespace)
    assert shop.listed(namespace) == ()


def test_documents_written_often_do_not_make_a_small_namespace_large(
    shop: Workshop, namespace: str
):
    for seed in range(10):
        shop.engine.write(namespace, upsert(range(50), vectors(50, seed=seed)))

    assert not shop.seal(namespace)


def test_a_namespace_without_a_metric_is_not_sealed(shop: Workshop, namespace: str):
    shop.engine.write(namespace, upsert(range(200), vectors(200), None))

    assert not shop.seal(namespace)


def test_a_namespace_without_vectors_is_not_sealed(shop: Workshop, namespace: str):
    shop.engine.write(namespace, upsert(range(200), None, None))

    assert not shop.seal(namespace)


def test_a_metric_given_later_is_sealed_by(shop: Workshop, namespace: str):
    shop.engine.write(namespace, upsert(range(200), vectors(200), None))
    shop.engine.write(namespace, upsert([200], vectors(1), Metric.MANHATTAN))

    assert shop.seal(namespace)
    assert shop.listed(namespace)[0].metric is Metric.MANHATTAN


def test_a_tail_larger_than_memory_holds_becomes_several_segments(
    engine: Engine, config: Config, namespace: str
):
    # 64 MiB hold about 3,000 vectors of 8,000 halves
    with workshop(config, IndexSettings(seal_rows=500)) as shop:
        shop.engine.write(namespace, upsert(range(1_200), vectors(1_200, 16)))
        shop.sealer._resources = shop.sealer._resources.__class__(1, 0)

        while shop.seal(namespace):
            pass

        listed = shop.listed(namespace)
    assert [one.rows for one in listed] == [500, 500]
    assert [(one.low, one.high) for one in listed] == [(START, 500), (500, 1_000)]


# --- merging ------------------------------------------------------------------------------------


def test_a_merge_replaces_and_retires(shop: Workshop, connection: Connection, namespace: str):
    numbers = fill(shop, namespace, 300, pieces=3)
    before = shop.listed(namespace)

    assert shop.merge(namespace)

    (merged,) = shop.listed(namespace)
    assert (merged.low, merged.high, merged.rows) == (START, 300, 300)
    assert all(entry(connection, one.table)["retired_at"] is not None for one in before)
    assert {one.table for one in before} < segment_tables(connection, namespace)
    query = vectors(1, seed=3)[0]
    assert ids(shop.walked(namespace, nearest(query)).result.hits) == best(
        query, numbers, Metric.COSINE
    )


def test_what_was_replaced_is_dropped_after_a_while(
    shop: Workshop, connection: Connection, namespace: str
):
    fill(shop, namespace, 300, pieces=3)
    before = {one.table for one in shop.listed(namespace)}
    shop.merge(namespace)

    shop.tender.clean()
    at_once = segment_tables(connection, namespace)
    age(connection, namespace)
    shop.tender.clean()
    later = segment_tables(connection, namespace)

    assert before < at_once
    assert not before & later
    assert {one.table for one in shop.listed(namespace)} <= later
    listed = connection.execute(
        "SELECT table_name FROM vectable_segments.segments WHERE table_name = ANY (%s)",
        (list(before),),
    ).fetchall()
    assert listed == []


def test_a_process_with_an_old_list_answers_after_the_drop_of_what_it_lists(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace, LARGE, pieces=3)
    query = nearest(numbers[17])
    before = engine.query(namespace, query).hits
    shop.merge(namespace)
    age(connection, namespace)
    shop.tender.clean()

    assert engine.query(namespace, query).hits == before


def test_a_segment_much_of_which_is_superseded_is_built_anew(
    shop: Workshop, connection: Connection, namespace: str
):
    fill(shop, namespace, 300)
    (before,) = shop.listed(namespace)
    shop.engine.write(namespace, upsert(range(150), vectors(150, seed=5)))

    assert shop.merge(namespace, changes=150)

    (after,) = shop.listed(namespace)
    assert after.table != before.table
    assert (after.low, after.high, after.rows) == (before.low, before.high, 150)


def test_few_changes_are_shown_and_rebuild_nothing(
    shop: Workshop, connection: Connection, namespace: str
):
    fill(shop, namespace, 300)
    shop.merge(namespace)
    before = shop.listed(namespace)
    shop.engine.write(namespace, Write(deletes=tuple(range(30))))

    assert not shop.merge(namespace, changes=30)

    assert [one.table for one in shop.listed(namespace)] == [one.table for one in before]
    assert state(connection, namespace)["superseded_share"] == pytest.approx(0.1)


# --- dropping -----------------------------------------------------------------------------------


def test_a_dropped_namespace_takes_its_segments_along(
    shop: Workshop, connection: Connection, namespace: str
):
    fill(shop, namespace, 300, pieces=2)
    shop.merge(namespace)
    before = segment_tables(connection, namespace)

    shop.engine.delete(namespace)

    assert len(before) >= 3
    assert segment_tables(connection, namespace) == set()
    assert (
        value(
            connection,
            "SELECT count(*) FROM vectable_segments.segments WHERE starts_with(table_name, %s)",
            f"{namespace}:",
        )
        == 0
    )


def restore(connection: Connection, namespace: str) -> None:
    """As after a restore: the same catalog, the same name, another table with other documents."""
    name, sequence = f'vectable."{namespace}"', f'vectable."{namespace}:seq"'
    connection.execute(f"CREATE TABLE vectable.restored (LIKE {name} INCLUDING ALL)")
    connection.execute(f"INSERT INTO vectable.restored SELECT * FROM {name}")
    connection.execute("UPDATE vectable.restored SET id = 1000003 WHERE id = 3")
    connection.execute(f"ALTER SEQUENCE {sequence} OWNED BY NONE")
    connection.execute(f"DROP TABLE {name}")
    connection.execute(f'ALTER TABLE vectable.restored RENAME TO "{namespace}"')
    connection.execute(f"ALTER SEQUENCE {sequence} OWNED BY {name}.seq")


def test_segments_of_a_table_made_anew_count_no_more(
    shop: Workshop, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace, 300)
    before = shop.listed(namespace)

    restore(connection, namespace)

    found = shop.walked(namespace, nearest(numbers[3], 300)).result.hits
    assert sorted(ids(found)) == [*(n for n in range(300) if n != 3), 1_000_003]
    shop.tender.clean()
    assert shop.seal(namespace)
    assert not {one.table for one in before} & segment_tables(connection, namespace)


def test_a_table_made_anew_under_a_running_process_is_searched_whole(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace, LARGE)
    engine.query(namespace, nearest(numbers[3]))

    restore(connection, namespace)

    found = engine.query(namespace, nearest(numbers[3])).hits
    assert len(found) == 10
    assert found[0].id == 1_000_003


def test_indexes_that_were_deleted_are_gone_and_made_anew(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace, LARGE, pieces=2)
    query = nearest(numbers[5])
    before = engine.query(namespace, query).hits

    shop.engine.drop_indexes(namespace)

    assert shop.listed(namespace) == ()
    assert segment_tables(connection, namespace) == set()
    assert engine.query(namespace, query).hits == before
    assert shop.seal(namespace)
    assert engine.query(namespace, query).hits == before


def test_a_table_dropped_by_a_dba_is_not_missed(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace, LARGE, pieces=2)
    query = nearest(numbers[5])
    before = engine.query(namespace, query).hits
    (first, _) = shop.listed(namespace)

    connection.execute(f'DROP TABLE vectable_segments."{first.table}"')

    assert engine.query(namespace, query).hits == before
    assert ids(shop.walked(namespace, query).result.hits) == ids(before)


def test_a_table_dropped_by_a_dba_is_made_anew(
    shop: Workshop, connection: Connection, namespace: str
):
    fill(shop, namespace, 300, pieces=3)
    _, middle, _ = shop.listed(namespace)
    connection.execute(f'DROP TABLE vectable_segments."{middle.table}"')

    shop.tender.clean()
    assert shop.seal(namespace)

    assert [(one.low, one.high, one.rows) for one in shop.listed(namespace)] == [
        (START, 100, 100),
        (100, 200, 100),
        (200, 300, 100),
    ]


def test_a_table_that_no_list_names_is_cleaned_away(
    shop: Workshop, connection: Connection, namespace: str
):
    fill(shop, namespace, 300)
    connection.execute(f'CREATE TABLE vectable_segments."{namespace}:stray" ()')

    shop.tender.clean()

    assert f"{namespace}:stray" not in segment_tables(connection, namespace)
    assert len(shop.listed(namespace)) == 1


def test_without_the_schema_of_segments_everything_works(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace, LARGE)
    condition = Compare(Attribute("n"), Order.GREATER, 5)
    engine.write(
        namespace, upsert(range(LARGE, LARGE + 20), vectors(20, seed=4), n=list(range(20)))
    )
    queries = [nearest(numbers[5]), nearest(numbers[6], 10, condition)]
    before = [engine.query(namespace, query).hits for query in queries]

    connection.execute("DROP SCHEMA vectable_segments CASCADE")

    assert [engine.query(namespace, query).hits for query in queries] == before
    engine.write(namespace, upsert([10**6], vectors(1)))
    assert engine.describe(namespace).size == LARGE + 21
    engine.delete(namespace)


def test_a_turn_of_the_indexer_makes_the_dropped_schema_anew(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    numbers = fill(shop, namespace, LARGE)
    before = engine.query(namespace, nearest(numbers[5])).hits
    turns = indexer.Sealing(shop.database, shop.sealer)
    turns.turn()

    connection.execute("DROP SCHEMA vectable_segments CASCADE")
    # PostgreSQL's counters may lag a second behind
    for _ in range(50):
        turns.turn()
        if shop.listed(namespace):
            break
        time.sleep(0.1)

    assert [one.rows for one in shop.listed(namespace)] == [LARGE]
    assert engine.query(namespace, nearest(numbers[5])).hits == before


# --- what no index can hold, and other extremes --------------------------------------------------


def test_zero_vectors_are_found_at_their_distance(shop: Workshop, namespace: str):
    numbers = vectors(300)
    numbers[::30] = 0
    shop.engine.write(namespace, upsert(range(300), numbers))
    shop.seal(namespace)

    (segment,) = shop.listed(namespace)
    found = shop.walked(namespace, nearest(numbers[1], 300)).result.hits

    assert (segment.rows, segment.remainder) == (300, 10)
    assert len(found) == 300
    assert [hit.distance for hit in found if hit.id % 30 == 0] == [1.0] * 10


def test_a_namespace_of_zero_vectors_is_searched(shop: Workshop, engine: Engine, namespace: str):
    shop.engine.write(namespace, upsert(range(LARGE), np.zeros((LARGE, 4), np.float32)))
    shop.seal(namespace)

    found = engine.query(namespace, nearest([1, 0, 0, 0], 20)).hits

    assert ids(found) == list(range(20))
    assert {hit.distance for hit in found} == {1.0}


@pytest.mark.parametrize("metric", Metric)
@pytest.mark.parametrize("mixed", [False, True])
def test_vectors_beyond_half_precision_are_found(
    shop: Workshop, engine: Engine, namespace: str, metric: Metric, mixed: bool
):
    numbers = vectors(LARGE)
    far = slice(0, LARGE, 40)
    numbers[far] *= 1e5
    if mixed:
        numbers[far, ::2] = 1e-30
        numbers[far, 1] = 1e6
    engine.write(namespace, upsert(range(LARGE), numbers, metric))
    assert shop.seal(namespace)

    for query in (numbers[1], numbers[40], numbers[41] * 1e3):
        found = engine.query(namespace, nearest(query, 5)).hits
        true = distances(query, numbers, metric)
        assert len(found) == 5
        # by distance: among large numbers many are equally far in float32
        assert [hit.distance for hit in found] == pytest.approx(
            np.sort(true)[:5], rel=1e-4, abs=1e-5
        )


@pytest.mark.parametrize("size", [1e30, 1e18, 1e-18, 1e-30])
@pytest.mark.parametrize("metric", [Metric.EUCLIDEAN, Metric.MANHATTAN])
def test_vectors_of_any_size_are_scaled_to_fit(
    shop: Workshop, engine: Engine, namespace: str, metric: Metric, size: float
):
    numbers = (vectors(200) * np.float32(size)).astype(np.float32)
    engine.write(namespace, upsert(range(200), numbers, metric))

    assert shop.seal(namespace)

    (segment,) = shop.listed(namespace)
    found = shop.walked(namespace, nearest(numbers[7], 5)).result.hits
    assert (segment.kind, segment.remainder) == (SegmentKind.HALFVEC, 0)
    assert segment.scale != 1.0
    assert ids(found) == ids(shop.exact(namespace, nearest(numbers[7], 5)).result.hits)


def test_large_and_tiny_components_in_one_vector_are_sealed_and_found(
    shop: Workshop, engine: Engine, namespace: str
):
    numbers = vectors(LARGE)
    numbers[:, ::2] *= np.float32(1e15)
    numbers[:, 1::2] *= np.float32(1e-30)
    engine.write(namespace, upsert(range(LARGE), numbers, Metric.EUCLIDEAN))

    assert shop.seal(namespace)

    for query in (numbers[3], np.full(8, 1e-30, np.float32), numbers[4] * 1e3):
        found = engine.query(namespace, nearest(query, 5)).hits
        assert ids(found) == ids(shop.exact(namespace, nearest(query, 5)).result.hits)


def test_a_query_with_tiny_components_meets_segments_of_large_numbers(
    shop: Workshop, engine: Engine, namespace: str
):
    numbers = (vectors(LARGE) * np.float32(1e15)).astype(np.float32)
    engine.write(namespace, upsert(range(LARGE), numbers, Metric.EUCLIDEAN))
    assert shop.seal(namespace)
    query = numbers[9].copy()
    query[3] = 1e-35

    found = engine.query(namespace, nearest(query, 5)).hits

    assert ids(found) == ids(shop.exact(namespace, nearest(query, 5)).result.hits)


def test_one_vector_with_a_tiny_component_does_not_cost_the_others_their_index(
    shop: Workshop, engine: Engine, namespace: str
):
    numbers = (vectors(300) * np.float32(1e15)).astype(np.float32)
    numbers[5, 2] = 1e-35
    engine.write(namespace, upsert(range(300), numbers, Metric.EUCLIDEAN))

    assert shop.seal(namespace)

    (segment,) = shop.listed(namespace)
    assert (segment.kind, segment.rows) == (SegmentKind.HALFVEC, 300)
    found = shop.walked(namespace, nearest(numbers[5], 5)).result.hits
    assert ids(found) == ids(shop.exact(namespace, nearest(numbers[5], 5)).result.hits)


@pytest.mark.parametrize("metric", Metric)
@pytest.mark.parametrize("size", [1e-30, 1e-20, 1.0, 1e20, 3e37])
def test_queries_of_any_size_are_answered(
    shop: Workshop, engine: Engine, namespace: str, metric: Metric, size: float
):
    fill(shop, namespace, LARGE, metric)
    query = np.full(8, size, np.float32)

    found = engine.query(namespace, nearest(query, 7)).hits

    assert len(found) == 7
    if metric is not Metric.EUCLIDEAN_SQUARED and size < 1e18:
        far = [hit.distance for hit in shop.exact(namespace, nearest(query, 7)).result.hits]
        assert [hit.distance for hit in found] == pytest.approx(far, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("metric", Metric)
def test_a_query_with_a_zero_vector_is_exact(
    shop: Workshop, engine: Engine, namespace: str, metric: Metric
):
    numbers = fill(shop, namespace, LARGE, metric)
    query = np.zeros(8, np.float32)

    found = engine.query(namespace, nearest(query, 7)).hits

    true = np.sort(distances(query, numbers, metric))[:7]
    assert [hit.distance for hit in found] == pytest.approx(true, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("own", [Metric.COSINE, Metric.EUCLIDEAN_SQUARED])
@pytest.mark.parametrize("asked", Metric)
def test_a_query_may_bring_its_own_metric(
    shop: Workshop, engine: Engine, namespace: str, own: Metric, asked: Metric
):
    numbers = fill(shop, namespace, LARGE, own) * 3
    query = numbers[8]
    numbers = numbers / 3

    found = engine.query(namespace, nearest(query, 7, metric=asked)).hits

    true = np.sort(distances(query, numbers, asked))[:7]
    assert [hit.distance for hit in found] == pytest.approx(true, rel=1e-4, abs=1e-5)


def test_documents_without_vectors_are_in_no_segment(shop: Workshop, namespace: str):
    numbers = vectors(300)
    missing = list(range(0, 300, 3))
    shop.engine.write(namespace, upsert(range(300), numbers, missing=missing))
    shop.seal(namespace)

    (segment,) = shop.listed(namespace)
    found = shop.walked(namespace, nearest(numbers[1], 300)).result.hits

    assert segment.rows == 200
    assert sorted(ids(found)) == [n for n in range(300) if n % 3]


def test_a_namespace_where_no_document_has_a_vector_any_more(shop: Workshop, namespace: str):
    numbers = vectors(300)
    shop.engine.write(namespace, upsert(range(300), numbers))
    shop.engine.write(namespace, upsert(range(300), numbers, missing=list(range(300))))

    shop.seal(namespace)

    assert shop.engine.query(namespace, nearest(numbers[0])).hits == ()


@pytest.mark.parametrize("times", [1, 3])
def test_updates_and_deletions_count_at_once(shop: Workshop, namespace: str, times: int):
    numbers = fill(shop, namespace, 300, Metric.EUCLIDEAN)
    for seed in range(1, times + 1):
        numbers[:100] = vectors(100, seed=seed)
        shop.engine.write(namespace, upsert(range(100), numbers[:100], Metric.EUCLIDEAN))
    shop.engine.write(namespace, Write(deletes=tuple(range(200, 250))))
    left = [n for n in range(300) if not 200 <= n < 250]

    for sealed in (False, True):
        if sealed:
            assert shop.seal(namespace)
        found = shop.walked(namespace, nearest(numbers[0], 300)).result.hits
        order = sorted(left, key=lambda n: distances(numbers[0], numbers, Metric.EUCLIDEAN)[n])
        assert ids(found) == order


def test_a_filter_is_applied_to_candidates(shop: Workshop, namespace: str):
    numbers = vectors(300)
    shop.engine.write(namespace, upsert(range(300), numbers, n=[n % 7 for n in range(300)]))
    shop.seal(namespace)
    shop.engine.write(namespace, upsert(range(10), numbers[:10], n=[3] * 10))

    found = shop.walked(namespace, nearest(numbers[0], 300, Equal(Attribute("n"), 3)))

    assert sorted(ids(found.result.hits)) == sorted(
        {*range(10), *(n for n in range(10, 300) if n % 7 == 3)}
    )


@pytest.mark.parametrize("limit", [1_000, 10_000])
def test_a_limit_above_the_number_of_documents_returns_all(
    shop: Workshop, engine: Engine, namespace: str, limit: int
):
    numbers = fill(shop, namespace, LARGE, Metric.EUCLIDEAN)

    found = engine.query(namespace, nearest(numbers[0], limit)).hits

    expected = best(numbers[0], numbers, Metric.EUCLIDEAN, limit)
    assert len(found) == min(limit, LARGE)
    assert len(set(ids(found)) & set(expected)) >= 0.95 * len(expected)


def test_dimensions_beyond_half_precision_go_through_bits_or_a_scan(
    shop: Workshop, engine: Engine, namespace: str
):
    numbers = vectors(150, 4_100)
    engine.write(namespace, upsert(range(150), numbers))

    assert shop.seal(namespace)

    (segment,) = shop.listed(namespace)
    assert segment.kind in (SegmentKind.BINARY, SegmentKind.EXACT)
    for found in (
        engine.query(namespace, nearest(numbers[3])).hits,
        shop.walked(namespace, nearest(numbers[3])).result.hits,
    ):
        assert ids(found) == best(numbers[3], numbers, Metric.COSINE)


@pytest.mark.parametrize("metric", Metric)
def test_sixteen_thousand_dimensions_are_stored_and_found(
    shop: Workshop, engine: Engine, namespace: str, metric: Metric
):
    numbers = vectors(110, 16_000)
    engine.write(namespace, upsert(range(110), numbers, metric))

    assert shop.seal(namespace)

    for found in (
        engine.query(namespace, nearest(numbers[3], 5)).hits,
        shop.walked(namespace, nearest(numbers[3], 5)).result.hits,
    ):
        assert ids(found) == best(numbers[3], numbers, metric, 5)


def test_bits_that_say_too_little_are_not_searched_by(
    shop: Workshop, engine: Engine, namespace: str
):
    """Vectors that differ in size alone have all the same bits."""
    numbers = np.outer(np.arange(1, 401), np.ones(4_100)).astype(np.float32)
    engine.write(namespace, upsert(range(400), numbers, Metric.EUCLIDEAN))

    assert shop.seal(namespace)
    before = ids(shop.walked(namespace, nearest(numbers[200], 3)).result.hits)
    shop.settle(namespace)

    (segment,) = shop.listed(namespace)
    assert before == [200, 199, 201]
    assert segment.kind is SegmentKind.EXACT
    assert ids(shop.walked(namespace, nearest(numbers[200], 3)).result.hits) == [200, 199, 201]


def test_settings_of_the_workshop_are_those_that_the_tests_count_on():
    assert SETTINGS.seal_rows == 100


# --- names and ids ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x" * 128, "A.b-C_" * 12])
def test_long_names_have_segments(shop: Workshop, connection: Connection, name: str):
    numbers = fill(shop, name, 300, pieces=3)
    assert shop.merge(name)
    shop.engine.write(name, upsert(range(300, 450), vectors(150, seed=1)))
    assert shop.seal(name)

    assert len(shop.listed(name)) == 2
    assert ids(shop.walked(name, nearest(numbers[9], 1)).result.hits) == [9]
    shop.engine.delete(name)
    assert segment_tables(connection, name[:20]) == set()


@pytest.mark.parametrize("kind", ["text", "uuid", "numeric"])
def test_ids_of_every_kind_are_in_segments(shop: Workshop, namespace: str, kind: str):
    makers = {"text": lambda n: f"{n:04}", "uuid": UUID, "numeric": lambda n: 2**64 - 1_000 + n}
    known = [makers[kind](n if kind != "uuid" else f"{n:032x}") for n in range(300)]
    numbers = vectors(300)
    shop.engine.write(namespace, upsert(known, numbers))
    assert shop.seal(namespace)
    shop.engine.write(namespace, upsert(known[:50], numbers[:50]))

    found = shop.walked(namespace, nearest(numbers[60], 300)).result.hits

    assert ids(found) == [known[at] for at in best(numbers[60], numbers, Metric.COSINE, 300)]


def test_ids_that_become_wider_are_found_in_segments_made_before(
    shop: Workshop, engine: Engine, namespace: str
):
    numbers = fill(shop, namespace, LARGE)
    before = engine.query(namespace, nearest(numbers[7])).hits
    shop.engine.write(namespace, upsert([2**63 + 5], numbers[8:9]))

    assert engine.query(namespace, nearest(numbers[7])).hits == before
    assert ids(engine.query(namespace, nearest(numbers[8], 2)).hits) == [8, 2**63 + 5]
    shop.engine.write(namespace, upsert(range(LARGE, LARGE + 100), vectors(100, seed=3)))
    assert shop.seal(namespace)
    shop.merge(namespace, changes=10**6)
    assert ids(shop.walked(namespace, nearest(numbers[8], 2)).result.hits) == [8, 2**63 + 5]


# --- samples and the view -----------------------------------------------------------------------


def test_a_sample_dropped_by_a_dba_is_not_missed(
    shop: Workshop, engine: Engine, connection: Connection, namespace: str
):
    numbers = vectors(LARGE)
    engine.write(namespace, upsert(range(LARGE), numbers, n=[n % 2 for n in range(LARGE)]))
    shop.settle(namespace)
    engine.query(namespace, nearest(numbers[4]))
    sample = value(
        connection,
        "SELECT s.table_name FROM vectable_segments.samples s JOIN vectable_catalog.namespaces n"
        " ON n.id = namespace_id WHERE n.name = %s",
        namespace,
    )

    connection.execute(f'DROP TABLE vectable_segments."{sample}"')
    found = engine.query(namespace, nearest(numbers[4], 10, Equal(Attribute("n"), 0))).hits

    assert len(found) == 10
    assert found[0].id == 4
    assert all(n % 2 == 0 for n in ids(found))


def test_the_view_shows_the_others_when_a_table_is_gone(
    shop: Workshop, connection: Connection, namespace: str
):
    fill(shop, namespace, 120)
    shop.engine.write(f"{namespace}-gone", upsert(range(5), vectors(5)))
    connection.execute(f'DROP TABLE vectable."{namespace}-gone"')
    try:
        shown = connection.execute("SELECT namespace, rows FROM vectable_segments.state").fetchall()
        assert (namespace, 120) in shown
    finally:
        connection.execute(
            "DELETE FROM vectable_catalog.namespaces WHERE name = %s", (f"{namespace}-gone",)
        )


def test_one_namespace_without_its_table_does_not_keep_the_indexer_from_others(
    shop: Workshop, connection: Connection, namespace: str
):
    shop.engine.write(namespace, upsert(range(200), vectors(200)))
    shop.engine.write(f"{namespace}-gone", upsert(range(200), vectors(200)))
    connection.execute(f'DROP TABLE vectable."{namespace}-gone"')
    try:
        turns = indexer.Sealing(shop.database, shop.sealer)
        for _ in range(50):
            turns.turn()
            if shop.listed(namespace):
                break
            time.sleep(0.1)
        assert len(shop.listed(namespace)) == 1
    finally:
        connection.execute(
            "DELETE FROM vectable_catalog.namespaces WHERE name = %s", (f"{namespace}-gone",)
        )
