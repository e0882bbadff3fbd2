"""Counts and sums, held against a model in plain Python; and that a large table is not crawled."""

from __future__ import annotations

from decimal import Decimal
from functools import cmp_to_key
from itertools import product
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.oracle import holds, ordinal
from tests.integration.segment_tools import Connection

Document = dict[str, Any]
SEEDS, QUERIES, LARGE = 8, 25, 200_000
# few values each, so that groups have several documents
VALUES: dict[str, list[Any]] = {
    "string": ["", "a", "B", "é", "😀", "a long one that goes on and on"],
    "int": [-(2**53) - 1, -1, 0, 10, 9, 2**53 + 1],
    "uint": [0, 1, 2**32, 2**53 + 1],
    "float": [-1.5, 0, 0.1, 0.2, 1e-9, 3],
    "bool": [False, True],
    "uuid": ["00000000-0000-0000-0000-00000000000a", "ffffffff-0000-0000-0000-000000000000"],
    "datetime": ["0999-12-31T00:00:00.000000000Z", "2024-02-29T23:59:59.999000000Z"],
}
TYPES = {f"a {kind}": kind for kind in VALUES} | {f"some {kind}s": f"[]{kind}" for kind in VALUES}
SINGLE = [name for name, kind in TYPES.items() if not kind.startswith("[]")]
SUMMABLE = ["a int", "a uint", "a float"]


def write(client: FlaskClient, namespace: str, **body: Any) -> None:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, answer.text


def ask(client: FlaskClient, namespace: str, **body: Any) -> Any:
    answer = client.post(f"/v2/namespaces/{namespace}/query", json=body)
    assert answer.status_code == 200, f"{answer.text} for {body}"
    return answer.get_json()


def groups(client: FlaskClient, namespace: str, *keys: Any, **body: Any) -> Any:
    counted = {"aggregate_by": {"count": ["Count"]}, "group_by": list(keys)}
    return ask(client, namespace, **(counted | body))["aggregation_groups"]


# --- the model ----------------------------------------------------------------------------------


def computed(function: list[str], documents: list[Document]) -> Any:
    match function:
        case ["Count"] | ["Count", "id"]:
            return len(documents)
        case ["Count", name]:
            return sum(name in document for document in documents)
        case [_, name]:
            values = [document[name] for document in documents if name in document]
            # decimals add up to what is written, floats do not
            return sum((Decimal(repr(value)) for value in values), Decimal(0))
        case _:
            raise ValueError(function)


def keys_of(key: Any, document: Document) -> list[Any]:
    """The groups of one key that a document is in."""
    if isinstance(key, str):
        return [document.get(key)]
    ((_, (_, name)),) = key.items()
    return list(dict.fromkeys(document.get(name) or []))


def name_of(key: Any) -> str:
    return key if isinstance(key, str) else next(iter(key))


def by_keys(one: tuple[Any, ...], other: tuple[Any, ...]) -> int:
    """Missing ones first, strings by their bytes."""
    for a, b in zip(map(ordinal, one), map(ordinal, other), strict=True):
        if a != b:
            return -1 if a[0] < b[0] or (a[0] and b[0] and a[1] < b[1]) else 1
    return 0


def expected_groups(body: dict[str, Any], documents: list[Document]) -> list[dict[str, Any]]:
    members: dict[tuple[Any, ...], list[Document]] = {}
    for document in documents:
        for place in product(*(keys_of(key, document) for key in body["group_by"])):
            members.setdefault(place, []).append(document)
    names = [name_of(key) for key in body["group_by"]]
    return [
        dict(zip(names, place, strict=True))
        | {label: computed(f, members[place]) for label, f in body["aggregate_by"].items()}
        for place in sorted(members, key=cmp_to_key(by_keys))
    ][: body.get("top_k", 10_000)]


def value(dice: Random, kind: str) -> Any:
    if kind.startswith("[]"):
        return [dice.choice(VALUES[kind[2:]]) for _ in range(dice.randrange(5))]
    return dice.choice(VALUES[kind])


def question(dice: Random) -> dict[str, Any]:
    functions = [["Count"], ["Count", "id"], ["Count", dice.choice(list(TYPES))]]
    functions += [["Sum", name] for name in SUMMABLE]
    chosen = dice.sample(functions, dice.randint(1, 4))
    body: dict[str, Any] = {"aggregate_by": {f"f{at} %s": f for at, f in enumerate(chosen)}}
    if dice.random() < 0.8:
        keys: list[Any] = [*SINGLE, *({f"of {n}": ["ForEachUnique", n]} for n in TYPES)]
        keys = [key for key in keys if isinstance(key, str) or name_of(key)[3:] not in SINGLE]
        body["group_by"] = dice.sample(keys, dice.choice([1, 1, 1, 2, 3]))
        body |= dice.choice([{}, {}, {"top_k": dice.randint(1, 6)}])
    return body


@pytest.mark.parametrize("seed", range(SEEDS))
def test_aggregates_are_those_of_the_documents(client: FlaskClient, namespace: str, seed: int):
    dice = Random(seed)
    documents = [
        {name: value(dice, kind) for name, kind in TYPES.items() if dice.random() < 0.7}
        for _ in range(60)
    ]
    rows = [{"id": at, **document} for at, document in enumerate(documents)]
    write(client, namespace, upsert_rows=rows, schema=TYPES)

    for _ in range(QUERIES):
        name = dice.choice(SINGLE)
        condition = [name, dice.choice(["Eq", "Gte", "Lt"]), dice.choice(VALUES[TYPES[name]])]
        body: dict[str, Any] = question(dice) | dice.choice([{}, {"filters": condition}])
        chosen = [
            document
            for document in documents
            if "filters" not in body or holds(document.get(name), *condition[1:])
        ]

        answer = ask(client, namespace, **body)

        if "group_by" in body:
            assert same(answer["aggregation_groups"], expected_groups(body, chosen)), body
        else:
            values = {label: computed(f, chosen) for label, f in body["aggregate_by"].items()}
            assert same([answer["aggregations"]], [values]), body
        assert "rows" not in answer


def same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> bool:
    """Equal, with sums as the floats that are nearest to them; and integers are exact."""
    return found == [
        {n: float(v) if isinstance(v, Decimal) and v != int(v) else v for n, v in one.items()}
        for one in expected
    ]


# --- edges --------------------------------------------------------------------------------------


def test_nothing_adds_up_to_zero_and_has_no_groups(client: FlaskClient, namespace: str):
    write(client, namespace, upsert_rows=[{"id": 1, "n": 1}])
    functions = {"count": ["Count"], "of": ["Count", "n"], "sum": ["Sum", "n"], "no": ["Sum", "x"]}
    none = ["n", "Gt", 1]

    answer = ask(client, namespace, aggregate_by=functions, filters=none)

    assert answer["aggregations"] == {"count": 0, "of": 0, "sum": 0, "no": 0}
    assert groups(client, namespace, "n", filters=none) == []
    assert groups(client, namespace, {"t": ["ForEachUnique", "unknown"]}) == []
    assert groups(client, namespace, "unknown") == [{"unknown": None, "count": 1}]


@pytest.mark.parametrize("values", [[2**64 - 1, 2**64 - 1, 1], [2**63, 2**63]], ids=str)
def test_a_sum_beyond_64_bits_is_answered(client: FlaskClient, namespace: str, values: list[int]):
    rows = [{"id": at, "n": value} for at, value in enumerate(values)]
    write(client, namespace, upsert_rows=rows, schema={"n": "uint"})

    answer = ask(client, namespace, aggregate_by={"sum": ["Sum", "n"]})

    assert answer["aggregations"]["sum"] == pytest.approx(sum(values))


def test_a_limit_takes_the_first_groups(client: FlaskClient, namespace: str):
    rows = [{"id": at, "n": at % 50} for at in range(200)]
    write(client, namespace, upsert_rows=[*rows, {"id": 1000}], schema={"n": "int"})

    first, all_of_them = groups(client, namespace, "n", limit=7), groups(client, namespace, "n")

    assert first == all_of_them[:7]
    assert first[:2] == [{"n": None, "count": 1}, {"n": 0, "count": 4}]
    assert [group["n"] for group in all_of_them] == [None, *range(50)]


def test_a_document_is_once_in_the_group_of_an_element_that_it_has_twice(
    client: FlaskClient, namespace: str
):
    rows: list[dict[str, Any]] = [
        {"id": 1, "tags": ["b", "a", "b", "b"], "n": 10},
        {"id": 2, "tags": ["b"], "n": 5},
        {"id": 3, "tags": [], "n": 1},
        {"id": 4, "n": 1},
    ]
    write(client, namespace, upsert_rows=rows)
    functions = {"count": ["Count"], "sum": ["Sum", "n"]}

    found = groups(client, namespace, {"tag": ["ForEachUnique", "tags"]}, aggregate_by=functions)

    assert found == [
        {"tag": "a", "count": 1, "sum": 10},
        {"tag": "b", "count": 2, "sum": 15},
    ]


# --- what somebody wrote with SQL ---------------------------------------------------------------

GARBAGE = [
    '{"n": "text", "tags": "text"}',
    '{"n": [1, "x"], "tags": {"a": 1}}',
    '{"n": {"a": 1}, "tags": 7}',
    '{"n": true, "tags": [[1], {"a": null}, null, 1]}',
    '{"n": 0.00000000000000000000000000000000000001, "tags": [1]}',
    "{}",
]


@pytest.fixture
def strewn(client: FlaskClient, connection: Connection, namespace: str) -> str:
    """A namespace with a number and an array in its schema, and with other things in its table."""
    rows = [{"id": 1, "n": 1, "tags": ["x"]}, {"id": 2, "n": 2.5, "tags": ["x", "y"]}]
    write(client, namespace, upsert_rows=rows)
    insert = f'INSERT INTO vectable."{namespace}" (id, attributes) VALUES (%s, %s)'.encode()
    for identity, text in enumerate(GARBAGE, start=100):
        connection.execute(insert, (identity, text))
    return namespace


def test_what_is_no_number_adds_nothing(client: FlaskClient, strewn: str):
    found = ask(client, strewn, aggregate_by={"count": ["Count"], "sum": ["Sum", "n"]})

    assert found["aggregations"]["count"] == 2 + len(GARBAGE)
    assert found["aggregations"]["sum"] == pytest.approx(3.5)


def test_what_is_no_array_has_no_elements(client: FlaskClient, strewn: str):
    found = groups(client, strewn, {"tag": ["ForEachUnique", "tags"]})

    counted = {group["tag"]: group["count"] for group in found if isinstance(group["tag"], str)}
    assert counted == {"x": 2, "y": 1}


def test_every_document_is_in_a_group_whatever_it_has(client: FlaskClient, strewn: str):
    found = groups(client, strewn, "n")

    assert sum(group["count"] for group in found) == 2 + len(GARBAGE)


def test_a_null_that_sql_stored_is_a_missing_value(
    client: FlaskClient, connection: Connection, namespace: str
):
    write(client, namespace, upsert_rows=[{"id": 1, "n": 1}, {"id": 2}])
    update = f'UPDATE vectable."{namespace}" SET attributes = \'{{"n": null}}\' WHERE id = 2'
    connection.execute(update.encode())

    answer = ask(client, namespace, aggregate_by={"of": ["Count", "n"], "sum": ["Sum", "n"]})

    assert answer["aggregations"] == {"of": 1, "sum": 1}
    assert groups(client, namespace, "n") == [{"n": None, "count": 1}, {"n": 1, "count": 1}]


@pytest.mark.parametrize("digits", ["9" * 500, "0." + "0" * 500 + "1", "1" + "0" * 120])
@pytest.mark.parametrize(
    "body",
    [
        {"aggregate_by": {"count": ["Count"], "of": ["Count", "n"]}},
        {"aggregate_by": {"sum": ["Sum", "n"]}},
        {"aggregate_by": {"count": ["Count"]}, "group_by": ["n"]},
        {"aggregate_by": {"c": ["Count"]}, "group_by": [{"tag": ["ForEachUnique", "tags"]}]},
    ],
    ids=["count", "sum", "group", "elements"],
)
def test_a_number_of_any_length_fails_no_query(
    client: FlaskClient, connection: Connection, namespace: str, body: dict[str, Any], digits: str
):
    write(client, namespace, upsert_rows=[{"id": 1, "n": 1.5, "tags": [1.5]}])
    insert = f'INSERT INTO vectable."{namespace}" (id, attributes) VALUES (2, %s)'.encode()
    connection.execute(insert, (f'{{"n": {digits}, "tags": [{digits}]}}',))

    answer = client.post(f"/v2/namespaces/{namespace}/query", json=body)

    assert answer.status_code == 200, answer.text


# --- large tables -------------------------------------------------------------------------------


def test_a_large_table_is_counted_in_parallel_or_by_an_index(
    client: FlaskClient, connection: Connection, namespace: str
):
    write(client, namespace, upsert_rows=[{"id": 0, "n": -1, "tags": ["x"]}])
    name = f'vectable."{namespace}"'
    insert = (
        f"INSERT INTO {name} (id, seq, attributes)"
        " SELECT g, g, jsonb_build_object('n', g %% 100, 'tags', jsonb_build_array('t' || g %% 3))"
        " FROM generate_series(1, %s) AS g"
    )
    connection.execute(insert.encode(), (LARGE,))
    connection.execute(f"CREATE INDEX ON {name} USING gin (attributes jsonb_path_ops)".encode())
    connection.execute(f"VACUUM ANALYZE {name}".encode())
    everything = {"aggregate_by": {"count": ["Count"], "sum": ["Sum", "n"]}}
    some = {"aggregate_by": {"count": ["Count"]}, "filters": ["n", "Eq", 7]}
    grouped = {"aggregate_by": {"count": ["Count"]}, "group_by": ["n"]}

    plans = {
        what: client.post(f"/v2/namespaces/{namespace}/explain_query", json=body).get_json()
        for what, body in (("everything", everything), ("some", some), ("grouped", grouped))
    }

    assert "Parallel" in plans["everything"]["plan_text"]
    assert "Parallel" in plans["grouped"]["plan_text"]
    assert "Bitmap Index Scan" in plans["some"]["plan_text"]
    found = ask(client, namespace, **everything)["aggregations"]
    assert found == {"count": LARGE + 1, "sum": LARGE // 100 * sum(range(100)) - 1}
    assert ask(client, namespace, **some)["aggregations"] == {"count": LARGE // 100}
    counted = groups(client, namespace, {"tag": ["ForEachUnique", "tags"]})
    assert {group["tag"]: group["count"] for group in counted} == {
        "t0": LARGE // 3,
        "t1": LARGE // 3 + 1,
        "t2": LARGE // 3 + 1,
        "x": 1,
    }
