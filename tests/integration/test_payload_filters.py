"""VectorAI's conditions on real documents, in each corner of the specification (section 10)."""

from __future__ import annotations

import json
from struct import pack
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from psycopg import sql

from service.core.query import Nearest, Ordered, Query
from service.core.vectors import Vector
from service.dialects.vectorai.filters import parse_filter
from service.engine import Engine
from tests.integration.payload_tools import Connection, Points

Wire = Any
# what stands at "a"; MISSING: nothing does
MISSING = object()
BERLIN, MOSCOW = {"lon": 13.413637, "lat": 52.521976}, {"lon": 37.621379, "lat": 55.753628}
FIJI = {"lon": 178.4, "lat": -18.1}
BOX = {"top_left": {"lon": 13, "lat": 53}, "bottom_right": {"lon": 14, "lat": 52}}
PACIFIC = {"top_left": {"lon": 170, "lat": 0}, "bottom_right": {"lon": -170, "lat": -40}}
NEAR = {"center": {"lon": 13.423637, "lat": 52.511}, "radius": 2000}
ANYWHERE = {"center": {"lon": 0, "lat": 0}, "radius": 1e9}


def line(*corners: tuple[float, float]) -> Wire:
    return {"points": [{"lon": lon, "lat": lat} for lon, lat in (*corners, corners[0])]}


OUTER, HOLE = line((0, 0), (10, 0), (10, 10), (0, 10)), line((4, 4), (6, 4), (6, 6), (4, 6))
RING = {"geo_polygon": {"exterior": OUTER, "interiors": [HOLE]}}
# concave: an L
CORNER = {"geo_polygon": {"exterior": line((0, 0), (9, 0), (9, 3), (3, 3), (3, 9), (0, 9))}}


def place(lon: Wire, lat: Wire) -> Wire:
    return {"lon": lon, "lat": lat}


def value(one: Wire) -> Wire:
    return {"match": {"value": one}}


def times(**bounds: str) -> Wire:
    return {"range": bounds}


JANUARY = times(gte="2024-01-01", lt="2024-02-01")

# (what is asked of the key, values that pass, values that do not)
# ruff: noqa: E501 - a table
CASES: list[tuple[Wire, list[Wire], list[Wire]]] = [
    # types are strict
    (value(1), [1, [1], [0, "x", 1]], [1.0, True, "1", [[1]], {"1": 1}, None, [], MISSING, [1.0]]),
    (value(0), [0], [False, 0.0, None, ""]),
    (value("1"), ["1", ["1"]], [1, 1.0, "1.0", "11", [["1"]]]),
    (value(True), [True, [False, True]], [1, "true", False, None]),
    (value(False), [False], [0, "", None, MISSING, []]),
    (value(1.0), [1, 1.0, [1.0], [2, 1]], [True, "1", 1.5, "1.0", MISSING]),
    (value(1.5), [1.5, [1.5]], ["1.5", 1, 2, True]),
    (value(""), ["", [""]], [" ", None, [], MISSING, {}]),
    (value(2**63 - 1), [2**63 - 1], [2**63 - 2, 2.0**63]),
    (value(-(2**63)), [-(2**63)], [2**63, -(2.0**63) + 2048]),
    (value(2**53 + 1), [2**53 + 1], [2**53]),
    ({"match": {"any": ["x", "y"]}}, ["x", "y", ["z", "y"]], ["z", 1, None, [], MISSING, [["x"]]]),
    ({"match": {"any": [1, 2]}}, [1, [2, 9]], [1.0, "1", True, 3]),
    ({"match": {"any": []}}, [], ["x", None, [], MISSING]),
    ({"match": {"any": [*map(str, range(20))]}}, ["3", ["x", "19"]], [3, "20", MISSING]),
    ({"match": {"any": [*range(20)]}}, [3, ["x", 19]], ["3", 20, 3.0, True, MISSING]),
    # every value that is none of these, but null
    ({"match": {"except": ["x"]}}, ["y", 1, True, {}, ["x", "y"], [["x"]]], ["x", ["x", "x"]]),
    ({"match": {"except": ["x"]}}, [0, False, "", [None, 1]], [None, [], MISSING, [None], ["x", None]]),
    ({"match": {"except": [1]}}, [2, 1.0, "1", True, [1, 2]], [1, [1], None, MISSING]),
    ({"match": {"except": []}}, ["x", 0, {}, ["x"], [[]]], [None, [], [None], MISSING]),
    ({"match": {"except": [*range(20)]}}, [20, "3", 3.0, [3, 20]], [3, [3, 4], None, MISSING]),
    # texts: parts of strings, as they are written
    ({"match": {"text": "an_"}}, ["an_", "an_b", ["x", "man_"]], ["and", "AN_", 1, None, MISSING]),
    ({"match": {"text": "50%"}}, ["50%", "1 50% 2"], ["50", "500", "5 %"]),
    ({"match": {"text": "\\"}}, ["a\\b"], ["a/b"]),
    ({"match": {"text": ""}}, ["", "x"], [1, None, [], MISSING, {}]),
    ({"match": {"text": "1"}}, ["1", "21"], [1, [1], {"1": "1"}]),
    ({"match": {"text": "é"}}, ["café"], ["cafe", "CAFÉ"]),
    ({"match": {"phrase": "b c"}}, ["a b c d"], ["b  c", "c b", "B C"]),
    ({"match": {"text_any": "x  y"}}, ["ax", "y", ["z", "by"]], ["a", "X", "", 1, MISSING]),
    ({"match": {"text_any": " "}}, [], ["", " ", "x"]),
    # numbers only
    ({"range": {"gt": 1}}, [2, 1.5, 1e300, [0, 2]], [1, 1.0, "2", True, None, [], MISSING, [[2]]]),
    ({"range": {"gte": 1}}, [1, 1.0], [0.999, "1", {}]),
    ({"range": {"lt": 1}}, [0, -5, 0.5], [1, None, MISSING, [], "0", False, {}]),
    ({"range": {"lte": 1}}, [1, -1e300], [1.5, None, MISSING]),
    ({"range": {}}, [0, -1.5, [1], ["x", 1]], ["x", True, None, [], MISSING, {}]),
    # all bounds on the same element
    ({"range": {"gt": 2, "lt": 4}}, [3, [1, 3]], [2, 4, [1, 5], [2, 4]]),
    ({"range": {"gt": 2, "gte": 1, "lt": 9, "lte": 4}}, [4], [2, 5]),
    ({"range": {"gt": 2**53}}, [2**53 + 1, 2**63], [2**53]),
    # times, of which some are no times
    (JANUARY, ["2024-01-01", "2024-01-31T23:59:59.999999999Z", "2024-01-01 00:00:00"], []),
    (JANUARY, ["2024-01-01T00:30:00-01:00", "2024-02-01T00:30:00+0100", "2024-1-5", "2024-01-05 10:00"], []),
    (JANUARY, [["x", "2024-01-01"]], ["2024-02-01", "2023-12-31T23:59:59Z", "2024-01-01T00:00:00+00:01"]),
    (JANUARY, [], ["2024-01-32", "2024-01", "January", "", 20240101, 1704067200, None, MISSING, []]),
    (times(gt="0001-01-01"), ["2024-02-29", "9999-12-31"], ["2023-02-29", "2024-02-30", "2024-04-31"]),
    (times(gt="0001-01-01"), ["2024-01-01t10:00:00z"], ["0000-01-02", "0001-01-01", "2024-13-01", "x" * 5000]),
    (times(gt="0001-01-01"), [], ["2024-01-01T25:00:00Z", "2024-01-01T10:61:00Z", True, {}, [["2024-01-01"]]]),
    (times(gt="2024-01-01T00:00:00.0000001Z"), ["2024-01-01T00:00:00.0000002Z"], ["2024-01-01T00:00:00.0000001Z"]),
    (times(lte="2016-12-31T23:59:60Z"), ["2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"], ["2017-01-01T00:00:00.1Z"]),
    ({"datetime_range": {}}, ["2024-01-01", ["2024-01-01"]], ["x", 1, None, MISSING]),
    # arrays have so many values as elements
    ({"values_count": {"gte": 1}}, ["x", 0, {}, {"x": [1, 2]}, [1], [None]], [None, [], MISSING]),
    ({"values_count": {"lt": 1}}, [None, [], MISSING], ["x", [1], [None]]),
    ({"values_count": {"gt": 1, "lt": 3}}, [[1, 2], [[], []]], ["x", [1], [1, 2, 3], MISSING]),
    ({"values_count": {}}, [None, [], MISSING, "x", [1]], []),
    ({"values_count": {"gt": 2**40}}, [], [[1], MISSING]),
    ({"is_empty": True}, [MISSING, None, []], ["", 0, False, {}, [None], [[]]]),
    ({"is_empty": False}, ["", 0, False, {}, [None], [[]]], [MISSING, None, []]),
    ({"is_null": True}, [None, [None], [1, None]], [MISSING, [], "", 0, {}, [[None]], {"a": None}]),
    ({"is_null": False}, [MISSING, [], "", 0, {}, [[None]]], [None, [None]]),
    # places: edges are outside
    ({"geo_bounding_box": BOX}, [BERLIN, [MOSCOW, BERLIN]], [MOSCOW, [], None, MISSING, "x"]),
    ({"geo_bounding_box": BOX}, [place(13.5, 52.5)], [place(13, 52.5), place(13.5, 53)]),
    ({"geo_bounding_box": BOX}, [], [place("13.5", 52.5), place(13.5, None), {"lon": 13.5}, [13.5, 52.5]]),
    ({"geo_bounding_box": PACIFIC}, [FIJI, place(-175, -10)], [place(0, -10), place(169, -10), place(175, 10)]),
    ({"geo_bounding_box": PACIFIC}, [place(180, -10), place(-180, -10)], [place(181, -10), place(-170, -10)]),
    ({"geo_radius": NEAR}, [BERLIN, [MOSCOW, BERLIN]], [MOSCOW, [], None, MISSING, 1]),
    ({"geo_radius": {**NEAR, "radius": 0}}, [], [BERLIN, NEAR["center"]]),
    ({"geo_radius": {**NEAR, "radius": 1e-6}}, [NEAR["center"]], [BERLIN]),
    ({"geo_radius": ANYWHERE}, [BERLIN, place(180, 0), place(0, 90), place(-180.0, -90)], [place(0, 91), place(-181, 0)]),
    ({"geo_radius": ANYWHERE}, [place(1e-300, 0), place(0, 5e-324)], [{"lat": 1}, place(True, 1), {}]),
    (RING, [place(1, 1), place(5, 3), [FIJI, place(9, 5)]], [place(5, 5), place(11, 5), place(-1, 5), None, MISSING]),
    (CORNER, [place(1, 1), place(8, 1), place(1, 8)], [place(4, 4), place(8, 8), place(10, 1), "x"]),
]  # fmt: skip
IDS = [f"{n}-{str(asked)[:50]}" for n, (asked, _, _) in enumerate(CASES)]


@pytest.fixture
def points(engine: Engine, client: FlaskClient, connection: Connection, namespace: str) -> Points:
    return Points(engine, client, connection, namespace)


def at(key: str, one: Wire) -> Wire:
    return {} if one is MISSING else {key: one}


@pytest.mark.parametrize(("asked", "passing", "failing"), CASES, ids=IDS)
def test_a_condition_matches_what_it_says(
    points: Points, asked: Wire, passing: list[Wire], failing: list[Wire]
):
    payloads = {n: at("a", one) for n, one in enumerate([*passing, *failing])}
    points.store(payloads)
    condition = {"key": "a", **asked}
    those, others = list(payloads)[: len(passing)], list(payloads)[len(passing) :]

    assert points.matching({"must": [condition]}) == those
    assert points.matching({"must_not": [condition]}) == others
    assert points.matching({"should": [condition, {"must_not": condition}]}) == list(payloads)


@pytest.mark.parametrize(("asked", "passing", "failing"), CASES, ids=IDS)
@pytest.mark.parametrize("key", ["o.a", 'o."x.y"', "l[].a", "l[1].a", "m[][0].a"])
def test_it_does_so_wherever_the_value_is(
    points: Points, key: str, asked: Wire, passing: list[Wire], failing: list[Wire]
):
    def around(one: Wire) -> Wire:
        match key:
            case "o.a":
                return {"o": at("a", one)}
            case 'o."x.y"':
                return {"o": at("x.y", one)}
            case "m[][0].a":
                return {"m": [[at("a", one), {"a": "other"}], 7]}
            case _:
                return {"l": [{"b": one}, at("a", one)] if one is not MISSING else [{}, {}]}

    payloads = {n: around(one) for n, one in enumerate([*passing, *failing])}
    points.store(payloads)
    condition = {"key": key, **asked}

    assert points.matching({"must": [condition]}) == list(payloads)[: len(passing)]
    assert points.matching({"must_not": [condition]}) == list(payloads)[len(passing) :]


@pytest.mark.parametrize(("asked", "passing", "failing"), CASES, ids=IDS)
def test_it_does_so_for_the_elements_of_an_array(
    points: Points, asked: Wire, passing: list[Wire], failing: list[Wire]
):
    payloads = {n: {"l": [7, at("a", one)]} for n, one in enumerate([*passing, *failing])}
    points.store(payloads)
    condition = {"key": "a", **asked}

    def nested(inner: Wire) -> list[Any]:
        return points.matching({"must": {"nested": {"key": "l", "filter": inner}}})

    assert nested({"must": condition}) == list(payloads)[: len(passing)]
    assert nested({"must_not": condition}) == list(payloads)[len(passing) :]


PATHS: dict[int, Wire] = {
    1: {"a": {"b": 1}},
    2: {"a": [{"b": 1}, {"b": 2}]},
    3: {"a": [[{"b": 1}]]},
    4: {"a.b": 1},
    5: {"a": {"b": [2, 1]}},
    6: {"a": 1},
    7: {"a": [1, 2]},
    8: {"a": "1"},
    9: {"a": {"0": 1}},
    10: {"a": [[1, 2], [3]]},
    11: {"a": {}},
    12: {},
    13: {"a": None},
    14: {"a": [{"b": [3, 1]}, 1, None]},
}
# (key, ids of the documents in which 1 is there)
PLACES = [
    ("a", [6, 7, 14]),
    ("a.b", [1, 5]),
    ('"a.b"', [4]),
    ("a[].b", [2, 14]),
    ("a[0].b", [2, 14]),
    ("a[1].b", []),
    ("a[0][0].b", [3]),
    ("a[][].b", [3]),
    # of an array at the path each element is meant
    ("a[]", [7, 10, 14]),
    ("a[0]", [7, 10]),
    ("a[1]", [14]),
    ("a[0][0]", [10]),
    ("a[][1]", []),
    ("a[99999999999]", []),
    # no step takes a value for an array of it, nor a name for a place
    ("a.0", [9]),
    ("a.b[0]", []),
    ("a.b[1]", [5]),
    ("b", []),
]


@pytest.mark.parametrize(("key", "ids"), PLACES)
def test_a_key_leads_to_values(points: Points, key: str, ids: list[int]):
    points.store(PATHS)

    assert points.matching({"must": {"key": key, "match": {"value": 1}}}) == ids
    assert points.matching({"must": {"key": key, "range": {"gte": 1, "lte": 1}}}) == ids
    assert points.matching({"must_not": {"key": key, "match": {"any": [1]}}}) == [
        identity for identity in PATHS if identity not in ids
    ]


SHELVES: dict[int, Wire] = {
    1: {"a": [{"b": 1, "c": 1}, {"b": 2, "c": 2}]},
    2: {"a": [{"b": 1, "c": 2}]},
    3: {"a": {"b": 1, "c": 2}},
    4: {"a": [{"b": 1, "d": [{"e": 1, "f": 1}, {"e": 2, "f": 2}]}]},
    5: {"a": [{"b": 2, "d": [{"e": 1, "f": 2}]}, {"b": 1, "d": [{"e": 3}]}]},
    6: {"a": []},
    7: {},
    8: {"a": [1, None, [{"b": 1, "c": 2}]]},
    9: {"a": [{}]},
    10: {"x": {"a": [{"b": 1, "c": 2}]}},
}
B1, C2 = {"key": "b", "match": {"value": 1}}, {"key": "c", "match": {"value": 2}}
E1, F2 = {"key": "e", "match": {"value": 1}}, {"key": "f", "match": {"value": 2}}


def inside(key: str, **clauses: Wire) -> Wire:
    return {"nested": {"key": key, "filter": clauses}}


# (condition, ids)
NESTED: list[tuple[Wire, list[int]]] = [
    (inside("a", must=[B1, C2]), [2]),
    (inside("a[]", must=[B1, C2]), [2]),
    (inside("x.a", must=[B1, C2]), [10]),
    (inside("a", should=[B1, C2]), [1, 2, 4, 5]),
    (inside("a", must_not=[B1]), [1, 5, 9]),
    (inside("a"), [1, 2, 4, 5, 9]),
    (inside("a", min_should={"conditions": [B1, C2], "min_count": 2}), [2]),
    (inside("a", must=[B1, inside("d", must=[E1])]), [4]),
    (inside("a", must=[inside("d", must=[E1, F2])]), [5]),
    (inside("a", must=[inside("d[]", must_not=[E1])]), [4, 5]),
    (inside("a[].d", must=[E1, F2]), [5]),
    (inside("a", must_not=[inside("d", must=[E1])]), [1, 2, 5, 9]),
    (inside("a", must=[{"is_empty": {"key": "b"}}]), [9]),
    (inside("a[0]", must=[B1]), []),
]


@pytest.mark.parametrize(("condition", "ids"), NESTED, ids=str)
def test_one_element_has_to_match_the_whole_nested_filter(
    points: Points, condition: Wire, ids: list[int]
):
    points.store(SHELVES)

    assert points.matching({"must": [condition]}) == ids
    assert points.matching({"must_not": [condition]}) == [n for n in SHELVES if n not in ids]


# the examples of the documentation's page on filters
EXAMPLES = [
    ({"must": [{"key": "category", "match": {"value": "A"}}]}, [1]),
    ({"must": [{"key": "value", "range": {"gte": 5, "lte": 50}}]}, [1, 3, 2]),
    (
        {
            "must": [{"key": "category", "match": {"value": "A"}}],
            "must_not": [{"key": "value", "range": {"gt": 50}}],
        },
        [1],
    ),
    (
        {
            "should": [
                {"key": "category", "match": {"value": "A"}},
                {"key": "category", "match": {"value": "B"}},
            ]
        },
        [1, 2],
    ),
    ({"must": [{"has_id": [1, 2]}]}, [1, 2]),
    (
        {
            "must": [{"key": "value", "range": {"lt": 100}}],
            "should": [
                {"key": "category", "match": {"value": "A"}},
                {"key": "category", "match": {"value": "B"}},
            ],
            "must_not": [{"key": "value", "range": {"lt": 5}}],
        },
        [1, 2],
    ),
]
DOCUMENTED = {1: [0.1, 0.2, 0.3, 0.4], 2: [0.5, 0.6, 0.7, 0.8], 3: [0.3, 0.4, 0.5, 0.6]}
SCORES = {1: 1.0, 3: 0.9843740463256836, 2: 0.9688639640808105}


@pytest.mark.parametrize(("wire", "ids"), EXAMPLES, ids=range(len(EXAMPLES)))
@pytest.mark.parametrize("typed", [True, False], ids=["typed", "free-form"])
def test_the_documented_examples(points: Points, typed: bool, wire: Wire, ids: list[int]):
    payloads = {
        1: {"category": "A", "value": 10},
        2: {"category": "B", "value": 20},
        3: {"category": "C", "value": 50},
    }
    rows = [{"id": n, "vector": DOCUMENTED[n], **(payloads[n] if typed else {})} for n in payloads]
    points.write(rows)
    if not typed:
        points.attach(payloads)
    nearest = Nearest(Vector(pack("<4f", *DOCUMENTED[1])))

    found = points.engine.query(points.name, Query(nearest, parse_filter(wire)))

    scores = [(hit.id, 1 - (hit.distance or 0)) for hit in found.hits]
    assert scores == [(n, pytest.approx(SCORES[n], abs=1e-6)) for n in ids]


# (what is asked of an attribute, ids): the types are those that the catalog promises
TYPED: list[tuple[str, Wire, list[int]]] = [
    ("int", value(1), [1]),
    ("int", value(1.0), [1]),
    ("int", value("1"), []),
    ("int", value(True), []),
    ("int", {"match": {"any": [1, 3]}}, [1, 3]),
    ("int", {"match": {"any": ["1"]}}, []),
    ("int", {"match": {"any": [*range(2, 30)]}}, [2, 3]),
    ("int", {"match": {"except": [1]}}, [2, 3]),
    ("int", {"match": {"except": ["1"]}}, [1, 2, 3]),
    ("int", {"range": {"lt": 3}}, [1, 2]),
    ("int", {"range": {"gt": 1, "lte": 2.5}}, [2]),
    ("int", {"range": {}}, [1, 2, 3]),
    ("int", times(lt="2024-01-01"), []),
    ("int", {"match": {"text": "1"}}, []),
    ("int", {"is_empty": True}, [4, 5]),
    ("int", {"values_count": {"lt": 1}}, [4, 5]),
    ("float", value(1.5), [1]),
    ("float", value(2), [2]),
    ("float", value(2.0), [2, 3]),
    ("float", {"range": {"gte": 1.5, "lt": 2}}, [1]),
    ("float", {"match": {"any": [2]}}, [2]),
    ("float", {"match": {"except": [2]}}, [1, 3]),
    ("string", value("b"), [2]),
    ("string", value(1), []),
    ("string", {"match": {"any": [*"bcdefghijklmn"]}}, [2, 3]),
    ("string", {"match": {"except": ["b"]}}, [1, 3]),
    ("string", {"match": {"text": "a"}}, [1]),
    ("string", {"range": {"gt": 0}}, []),
    ("bool", value(True), [1, 2]),
    ("bool", value(1), []),
    ("datetime", times(gte="2024-01-02", lt="2024-01-03T00:00:00.001+00:00"), [2, 3]),
    ("datetime", times(gt="2024-01-03"), []),
    ("datetime", {"range": {"gt": 0}}, []),
    ("strings", value("b"), [1, 2]),
    ("strings", {"match": {"any": ["a", "c"]}}, [1, 2, 3]),
    ("strings", {"match": {"except": ["a", "b"]}}, [2, 3]),
    ("strings", {"values_count": {"gte": 2}}, [1, 2]),
    ("ints", {"range": {"gt": 1, "lt": 3}}, [1]),
    ("ints", value(3), [2, 3]),
    ("ints", value("3"), []),
]
ROWS: list[Wire] = [
    {"int": 1, "float": 1.5, "string": "a", "bool": True, "datetime": "2024-01-01"},
    {"int": 2, "float": 2, "string": "b", "bool": True, "datetime": "2024-01-02"},
    {"int": 3, "float": 2.0, "string": "c", "bool": False, "datetime": "2024-01-03"},
    {"int": None, "float": None, "string": None},
    {},
]
LISTS: list[Wire] = [
    {"strings": ["a", "b"], "ints": [1, 2]},
    {"strings": ["b", "c"], "ints": [1, 3]},
    {"strings": ["c"], "ints": [3]},
    {"strings": [], "ints": []},
    {},
]


@pytest.mark.parametrize(("name", "asked", "ids"), TYPED, ids=str)
def test_conditions_mean_the_same_where_types_are_known(
    points: Points, name: str, asked: Wire, ids: list[int]
):
    rows = [{"id": n, "vector": [1, 0], **ROWS[n - 1], **LISTS[n - 1]} for n in range(1, 6)]
    points.write(rows, schema={"datetime": "datetime", "int": {"type": "int", "filterable": False}})
    condition = {"key": name, **asked}

    assert points.matching({"must": [condition]}) == ids
    assert points.matching({"must_not": [condition]}) == [n for n in range(1, 6) if n not in ids]


def test_ids_are_looked_up_and_unknown_ones_are_nobodys(points: Points):
    points.store({n: {} for n in (1, 2, 2**63 - 1)})
    other = "6f9619ff-8b86-d011-b42d-00c04fc964ff"

    assert points.matching({"must": [{"has_id": [2, 1, 7, 2, other, 2**64 - 1]}]}) == [1, 2]
    assert points.matching({"must_not": [{"has_id": [1, other]}]}) == [2, 2**63 - 1]
    assert points.matching({"must": [{"has_id": []}]}) == []
    assert points.matching({"must": [{"has_id": [other]}]}) == []


def test_integers_are_nobodys_where_ids_are_uuids(points: Points):
    key = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
    points.write([{"id": key, "vector": [1, 0]}], schema={"id": "uuid"})

    assert points.matching({"must": [{"has_id": [1, key.replace("-", "")]}]}) == [UUID(key)]
    assert points.matching({"must_not": [{"has_id": [1]}]}) == [UUID(key)]


def test_vectors_are_asked_for_by_name(points: Points):
    schema = {"title": {"type": "[2]f32", "ann": True}}
    points.write([{"id": 1, "vector": [1, 0], "title": [1, 0]}], schema=schema)
    points.write([{"id": 2, "vector": [1, 0]}, {"id": 3, "title": [0, 1]}])

    assert points.matching({"must": [{"has_vector": ""}]}) == [1, 2]
    assert points.matching({"must": [{"has_vector": "title"}]}) == [1, 3]
    assert points.matching({"must": [{"has_vector": "cover"}]}) == []
    assert points.matching({"must_not": [{"has_vector": "title"}, {"has_vector": "x"}]}) == [2]


def test_of_some_conditions_so_many_have_to_hold(points: Points):
    points.store({1: {"a": 1}, 2: {"a": 1, "b": 2}, 3: {"a": 1, "b": 2, "c": 3}, 4: {}})
    conditions = [{"key": k, "match": {"value": n}} for k, n in (("a", 1), ("b", 2), ("c", 3))]

    def at_least(count: int) -> list[Any]:
        return points.matching({"min_should": {"conditions": conditions, "min_count": count}})

    assert [at_least(n) for n in range(5)] == [[1, 2, 3, 4], [1, 2, 3], [2, 3], [3], []]


# numbers and texts that somebody wrote with SQL, of any size
ODD = ['{"a": 1e400}', '{"a": -1e400}', '{"a": 1e-400}', '{"a": 0.%s1}' % ("0" * 5000)]
ODD += ['{"a": {"lon": 1e400, "lat": 1e-400}}', '{"a": {"lon": 1e-400, "lat": 1e-5000}}']
ODD += [
    '{"a": {"lon": 1, "lat": 1e400}}',
    json.dumps({"a": "9" * 100_000}),
    '{"a": 1.0}',
    '{"a": 100e-2}',
]


@pytest.mark.parametrize("asked", {str(asked): asked for asked, _, _ in CASES}.values(), ids=str)
def test_no_document_makes_a_condition_fail(points: Points, asked: Wire):
    points.store(dict(enumerate(ODD)))
    condition = {"key": "a", **asked}

    found = points.matching({"must": [condition]})

    assert sorted([*found, *points.matching({"must_not": [condition]})]) == list(range(len(ODD)))


def test_numbers_of_any_size_have_their_place(points: Points):
    points.store(dict(enumerate(ODD)))

    assert points.matching({"must": {"key": "a", "range": {"gt": 1e300}}}) == [0]
    assert points.matching({"must": {"key": "a", "range": {"lt": -1e300}}}) == [1]
    assert points.matching({"must": {"key": "a", "range": {"gt": 0, "lt": 1e-300}}}) == [2, 3]
    assert points.matching({"must": {"key": "a", "match": {"value": 1}}}) == []
    assert points.matching({"must": {"key": "a", "match": {"value": 1.0}}}) == [8, 9]


def test_names_are_not_part_of_the_language(points: Points):
    names = [
        "100%s",
        "it's",
        'x"y',
        "a\\b",
        "🐡",
        "{hole}",
        "$[0]",
        "element_1",
        "item",
        "attributes",
    ]
    points.store({n: {name: {name: [1]}} for n, name in enumerate(names)})

    for n, name in enumerate(names):
        if '"' not in name:
            key = f'"{name}"."{name}"'
            assert points.matching({"must": {"key": key, "match": {"value": 1}}}) == [n]
            assert points.matching({"must": {"key": key, "range": {"gt": 0}}}) == [n]
            assert points.matching({"must": {"key": f"{key}[]", "range": {"gt": 0}}}) == [n]


def test_conditions_may_be_many_and_deep(points: Points):
    points.store({1: {"a": 1}, 2: {"a": [{"a": 2}]}})
    one: Wire = {"key": "a", "match": {"value": 1}}
    deep: Wire = {"must": one}
    for _ in range(60):
        deep = {"must_not": {"nested": {"key": "a", "filter": deep}}}
    many = {"conditions": [{"key": f"k{n}", "range": {"gt": n}} for n in range(2_000)]}

    assert points.matching(deep) == [1]
    assert points.matching({"min_should": {**many, "min_count": 2}}) == []
    assert points.matching({"must": [one] * 4_000}) == [1]
    assert points.matching({"should": [{"must_not": one}] * 2_000}) == [2]


SERVED: list[Wire] = [
    {"key": "o.n", "match": {"value": 7}},
    {"key": "o.s", "match": {"value": "s7"}},
    {"key": "l[].s", "match": {"any": ["s7", "s8"]}},
    {"key": "l[0].n", "match": {"value": 7}},
    {"key": "o.s", "is_null": True},
]


@pytest.mark.parametrize("condition", SERVED, ids=str)
def test_an_index_finds_what_a_key_holds(points: Points, condition: Wire):
    points.write([{"id": n, "vector": [1, 0]} for n in range(3_000)])
    name = sql.Identifier(points.name)
    points.connection.execute(
        sql.SQL(
            "UPDATE vectable.{} SET attributes = jsonb_build_object('o', part, 'l', ARRAY[part])"
            " FROM (SELECT n, jsonb_build_object('n', n, 's', nullif('s' || n, 's9')) AS part"
            " FROM generate_series(0, 2999) AS n) AS parts WHERE id = n"
        ).format(name)
    )
    points.connection.execute(
        sql.SQL("CREATE INDEX {} ON vectable.{} USING gin (attributes jsonb_path_ops)").format(
            sql.Identifier(f"{points.name}:membership"), name
        )
    )
    points.connection.execute(sql.SQL("VACUUM ANALYZE vectable.{}").format(name))
    query = Query(Ordered(), parse_filter({"must": [condition]}), 10)

    plan = points.engine.explain(points.name, query, analyze=False)

    assert "Bitmap Index Scan" in plan, plan
    assert 0 < len(points.matching({"must": [condition]})) <= 2
