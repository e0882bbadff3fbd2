"""VectorAI's filters on the wire become the core's tree, or an error that says what is wrong."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from service.core.bounds import Bounds, Order
from service.core.elements import (
    Counted,
    Element,
    Empty,
    GeoPoint,
    HasId,
    HasVector,
    HoldsAnyWord,
    HoldsPhrase,
    HoldsText,
    InBox,
    InPolygon,
    InRadius,
    InRange,
    InTimeRange,
    IsAnyOf,
    IsNoneOf,
    IsValue,
    Nested,
    Null,
    Test,
)
from service.core.errors import InvalidRequest, UnfitId
from service.core.filters import (
    EVERYTHING,
    MAX_DEPTH,
    MAX_NODES,
    MAX_VALUES,
    And,
    AtLeast,
    Filter,
    Not,
    Or,
    mentions_new,
    size_of,
    without_vectors,
)
from service.core.paths import Key, Path
from service.dialects.vectorai.filters import parse_filter

Wire = Any
A, B = Path((Key("a"),)), Path((Key("b"),))
A_IS_1, B_IS_2 = Element(A, IsValue(1)), Element(B, IsValue(2))
ONE: Wire = {"key": "a", "match": {"value": 1}}
TWO: Wire = {"key": "b", "match": {"value": 2}}
KEY = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
SQUARE: Wire = [{"lon": x, "lat": y} for x, y in ((0, 0), (2, 0), (2, 2), (0, 2), (0, 0))]
RING = tuple(GeoPoint(float(point["lon"]), float(point["lat"])) for point in SQUARE)

# (filter, tree)
CLAUSES: list[tuple[Wire, Filter]] = [
    (None, EVERYTHING),
    ({}, EVERYTHING),
    ({"must": [], "should": [], "must_not": []}, EVERYTHING),
    ({"must": None, "should": None}, EVERYTHING),
    ({"must": [ONE]}, A_IS_1),
    ({"must": ONE}, A_IS_1),
    ({"must": [ONE, TWO]}, And((A_IS_1, B_IS_2))),
    ({"should": [ONE, TWO]}, Or((A_IS_1, B_IS_2))),
    ({"should": ONE}, Or((A_IS_1,))),
    ({"must_not": [ONE, TWO]}, And((Not(A_IS_1), Not(B_IS_2)))),
    ({"must": ONE, "should": [TWO], "must_not": ONE}, And((A_IS_1, Or((B_IS_2,)), Not(A_IS_1)))),
    (
        {"min_should": {"conditions": [ONE, TWO], "min_count": 2}},
        AtLeast(2, (A_IS_1, B_IS_2)),
    ),
    ({"min_should": {"conditions": ONE, "min_count": 0}}, AtLeast(0, (A_IS_1,))),
    # filters among conditions
    ({"must": [{"should": [ONE, TWO]}]}, Or((A_IS_1, B_IS_2))),
    ({"must": {}}, EVERYTHING),
    ({"must_not": {"must_not": {"must": ONE}}}, Not(Not(A_IS_1))),
    # as dumped models have them
    ({"must": [{"field": ONE}]}, A_IS_1),
    ({"must": [{"filter": {"must": [{"field": ONE}]}}]}, A_IS_1),
    ({"must": [{"has_id": {"has_id": [1, 2]}}]}, HasId((1, 2))),
    ({"must": [{"has_vector": {"has_vector": "title"}}]}, HasVector("title")),
    ({"must": [{"field": ONE, "filter": None, "nested": None}]}, A_IS_1),
    ({"must": [{"field": {**ONE, "range": None}}]}, A_IS_1),
]


@pytest.mark.parametrize(("wire", "tree"), CLAUSES, ids=str)
def test_clauses_are_read(wire: Wire, tree: Filter):
    assert parse_filter(wire) == tree


# (condition, node)
CONDITIONS: list[tuple[Wire, Filter]] = [
    ({"is_empty": {"key": "a"}}, Empty(A)),
    ({"is_null": {"key": "a"}}, Null(A)),
    ({"key": "a", "is_empty": True}, Empty(A)),
    ({"key": "a", "is_null": True}, Null(A)),
    ({"key": "a", "is_empty": False}, Not(Empty(A))),
    ({"key": "a", "is_null": False}, Not(Null(A))),
    ({"has_id": [1, 2**64 - 1]}, HasId((1, 2**64 - 1))),
    ({"has_id": [KEY, KEY.replace("-", "").upper()]}, HasId((UUID(KEY), UUID(KEY)))),
    ({"has_id": []}, HasId(())),
    ({"has_vector": "title"}, HasVector("title")),
    ({"has_vector": ""}, HasVector("vector")),
    ({"nested": {"key": "a", "filter": {"must": [TWO]}}}, Nested(A, B_IS_2)),
    (
        {"nested": {"key": "a", "filter": {"must": {"nested": {"key": "b", "filter": {}}}}}},
        Nested(A, Nested(B, EVERYTHING)),
    ),
    ({"key": "a", "values_count": {}}, Counted(A, Bounds())),
    (
        {"key": "a", "values_count": {"gt": 0, "lte": 3}},
        Counted(A, Bounds(((Order.GREATER, 0), (Order.LESS_OR_EQUAL, 3)))),
    ),
]


@pytest.mark.parametrize(("wire", "node"), CONDITIONS, ids=str)
def test_conditions_are_read(wire: Wire, node: Filter):
    assert parse_filter({"must": [wire]}) == node


# (what is asked of a key, test)
TESTS: list[tuple[Wire, Test]] = [
    ({"match": {"value": "x"}}, IsValue("x")),
    ({"match": {"value": 1}}, IsValue(1)),
    ({"match": {"value": 1.0}}, IsValue(1.0)),
    ({"match": {"value": True}}, IsValue(True)),
    ({"match": {"value": -(2**63)}}, IsValue(-(2**63))),
    ({"match": {"any": ["x", "y"]}}, IsAnyOf(("x", "y"))),
    ({"match": {"any": [1, 2]}}, IsAnyOf((1, 2))),
    ({"match": {"any": []}}, IsAnyOf(())),
    ({"match": {"except": ["x"]}}, IsNoneOf(("x",))),
    ({"match": {"except": []}}, IsNoneOf(())),
    ({"match": {"text": "a b%"}}, HoldsText("a b%")),
    ({"match": {"text_any": " a\tb  "}}, HoldsAnyWord(("a", "b"))),
    ({"match": {"phrase": "a b"}}, HoldsPhrase("a b")),
    ({"match": {"keyword": "x"}}, IsValue("x")),
    ({"match": {"integer": 1}}, IsValue(1)),
    ({"match": {"boolean": False}}, IsValue(False)),
    ({"match": {"keywords": ["x"]}}, IsAnyOf(("x",))),
    ({"match": {"keywords": {"strings": ["x"]}}}, IsAnyOf(("x",))),
    ({"match": {"integers": {"integers": [1]}}}, IsAnyOf((1,))),
    ({"match": {"except_keywords": ["x"]}}, IsNoneOf(("x",))),
    ({"match": {"except_integers": [1]}}, IsNoneOf((1,))),
    ({"range": {}}, InRange(Bounds())),
    (
        {"range": {"gte": 1, "lt": 2.5, "gt": None}},
        InRange(Bounds(((Order.GREATER_OR_EQUAL, 1), (Order.LESS, 2.5)))),
    ),
    ({"range": {"gt": "1970-01-01"}}, InTimeRange(Bounds(((Order.GREATER, Decimal(0)),)))),
    (
        {"datetime_range": {"lte": "1970-01-01T01:00:00+01:00"}},
        InTimeRange(Bounds(((Order.LESS_OR_EQUAL, Decimal(0)),))),
    ),
    ({"datetime_range": {}}, InTimeRange(Bounds())),
    (
        {"geo_radius": {"center": {"lon": -180, "lat": 90}, "radius": 0}},
        InRadius(GeoPoint(-180.0, 90.0), 0.0),
    ),
    (
        {"geo_bounding_box": {"top_left": SQUARE[3], "bottom_right": SQUARE[1]}},
        InBox(GeoPoint(0.0, 2.0), GeoPoint(2.0, 0.0)),
    ),
    ({"geo_polygon": {"exterior": {"points": SQUARE}}}, InPolygon(RING)),
    (
        {"geo_polygon": {"exterior": {"points": SQUARE}, "interiors": [{"points": SQUARE}]}},
        InPolygon(RING, (RING,)),
    ),
]


@pytest.mark.parametrize(("asked", "test"), TESTS, ids=str)
def test_what_is_asked_of_a_key_is_read(asked: Wire, test: Test):
    # by their looks: Python takes 1 for 1.0 and true
    assert repr(parse_filter({"must": {"key": "a", **asked}})) == repr(Element(A, test))


@pytest.mark.parametrize("test", Test.__args__, ids=lambda test: test.__name__)
def test_every_test_can_be_asked_for(test: type):
    assert any(type(one) is test for _, one in TESTS)


def point(lon: Wire, lat: Wire) -> Wire:
    return {"geo_radius": {"center": {"lon": lon, "lat": lat}, "radius": 1}}


def ring(points: Wire) -> Wire:
    return {"geo_polygon": {"exterior": {"points": points}}}


# (filter, words of the message)
WRONG: list[tuple[Wire, str]] = [
    ([], "filter: array, expected an object"),
    ("x", "filter: string"),
    ({"musst": []}, "unknown field 'musst', expected must, should"),
    ({"must": 1}, "condition: int, expected an object"),
    ({"must": [[ONE]]}, "condition: array"),
    ({"must": {"kye": "a"}}, "unknown condition 'kye', expected one of key,"),
    ({"must": {**ONE, "must": []}}, "unknown field 'must'"),
    ({"must": {"is_null": {"key": "a"}, "is_empty": {"key": "a"}}}, "one condition has the fields"),
    ({"must": {"has_id": [1], "must": []}}, "one condition has the fields has_id, must"),
    ({"min_should": {"conditions": []}}, "min_should: expected conditions and min_count"),
    ({"min_should": {"conditions": [], "min_count": -1}}, "min_count"),
    ({"min_should": {"conditions": [], "min_count": 1.0}}, "min_count"),
    ({"min_should": {"conditions": [], "min_count": True}}, "min_count"),
    ({"min_should": [ONE]}, "min_should: array"),
    ({"must": {"is_empty": "a"}}, "is_empty: string"),
    ({"must": {"is_empty": {}}}, "is_empty: missing field key"),
    ({"must": {"is_null": {"key": "a", "x": 1}}}, "is_null: unknown field 'x'"),
    ({"must": {"is_null": {"key": 1}}}, "key: int, expected a string"),
    ({"must": {"is_null": {"key": "a..b"}}}, "Invalid key 'a..b'"),
    ({"must": {"has_id": 1}}, "has_id: int"),
    ({"must": {"has_id": {"has_id": 1}}}, "has_id: int"),
    ({"must": {"has_vector": 1}}, "has_vector: int"),
    ({"must": {"nested": {"key": "a"}}}, "nested: expected key and filter"),
    ({"must": {"nested": {"filter": {}}}}, "nested: expected key and filter"),
    ({"must": {"nested": {"key": "a", "filter": []}}}, "filter: array"),
    ({"must": {"nested": {"key": "a", "filter": {"must": {"has_id": [1]}}}}}, "inside nested"),
    (
        {"must": {"nested": {"key": "a", "filter": {"must": {"must_not": {"has_vector": ""}}}}}},
        "inside nested",
    ),
    ({"must": {"key": "a"}}, "expected one of match, range"),
    ({"must": {"match": {"value": 1}}}, "unknown condition 'match'"),
    ({"must": {"field": {"match": {"value": 1}}}}, "key: null"),
    ({"must": {**ONE, "range": {"gt": 1}}}, "got match and range"),
    ({"must": {**ONE, "rnage": {"gt": 1}}}, "unknown field 'rnage'"),
]


@pytest.mark.parametrize(("wire", "words"), WRONG, ids=str)
def test_what_is_no_filter_is_refused(wire: Wire, words: str):
    with pytest.raises(InvalidRequest) as caught:
        parse_filter(wire)

    assert caught.value.message.startswith("Filter parse error: ")
    assert words in caught.value.message


# (what is asked of a key, words of the message)
ASKED: list[tuple[Wire, str]] = [
    ({"match": {}}, "match: expected one of value, any,"),
    ({"match": {"value": None}}, "match: expected one of value"),
    ({"match": {"valeu": 1}}, "match: unknown field 'valeu'"),
    ({"match": {"value": 1, "any": [1]}}, "got value and any"),
    ({"match": 1}, "match: int"),
    ({"match": {"value": [1]}}, "match.value: array"),
    ({"match": {"value": {}}}, "match.value: object"),
    ({"match": {"value": float("inf")}}, "match.value: float"),
    ({"match": {"any": "x"}}, "match: string, expected an array"),
    ({"match": {"any": ["x", 1]}}, "strings only, or integers only"),
    ({"match": {"any": [1.5]}}, "strings only, or integers only"),
    ({"match": {"except": [True]}}, "strings only, or integers only"),
    ({"match": {"except": [None]}}, "strings only, or integers only"),
    ({"match": {"any": ["x"] * (MAX_VALUES + 1)}}, f"at most {MAX_VALUES} values"),
    ({"match": {"keywords": {"integer": [1]}}}, "unknown field 'integer'"),
    ({"match": {"integer": "1"}}, "match: string, expected an integer"),
    ({"match": {"integer": True}}, "match: bool, expected an integer"),
    ({"match": {"text": 1}}, "match.text: int"),
    ({"match": {"text_any": ["x"]}}, "match.text_any: array"),
    ({"match": {"phrase": True}}, "match.phrase: bool"),
    ({"range": []}, "range: array"),
    ({"range": {"from": 1}}, "range: unknown field 'from'"),
    ({"range": {"gt": True}}, "numbers only, or times only"),
    ({"range": {"gt": 1, "lt": "2024-01-01"}}, "numbers only, or times only"),
    ({"range": {"gt": float("nan")}}, "numbers only"),
    ({"range": {"gt": "yesterday"}}, "'yesterday' is not a time"),
    ({"range": {"gt": "2024-02-30"}}, "'2024-02-30' is not a time"),
    ({"datetime_range": {"gt": 1}}, "datetime range.gt: int"),
    ({"values_count": {"gt": 1.5}}, "values_count.gt"),
    ({"values_count": {"gt": -1}}, "values_count.gt"),
    ({"values_count": {"eq": 1}}, "unknown field 'eq'"),
    ({"is_empty": 1}, "is_empty: int, expected a boolean"),
    ({"is_null": "true"}, "is_null: string, expected a boolean"),
    (point(181, 0), "center.lon: expected -180 to 180"),
    (point(0, -91), "center.lat: expected -90 to 90"),
    (point("0", 0), "center.lon: string"),
    (point(0, None), "center.lat: null"),
    ({"geo_radius": {"center": {"lon": 0, "lat": 0}, "radius": -1}}, "radius"),
    ({"geo_radius": {"center": {"lon": 0, "lat": 0}}}, "radius: null"),
    ({"geo_radius": {"radius": 1}}, "center: null"),
    ({"geo_bounding_box": {"top_left": {"lon": 0, "lat": 0}}}, "bottom_right: null"),
    ({"geo_bounding_box": {"top_left": {"lon": 0, "lat": 0, "alt": 0}}}, "unknown field 'alt'"),
    (ring(SQUARE[:3]), "expected 4 to"),
    (ring(SQUARE[:4]), "the last point has to be the first one again"),
    (ring(None), "missing field points"),
    ({"geo_polygon": {}}, "exterior: null"),
    ({"geo_polygon": {"exterior": {"points": SQUARE}, "interiors": [SQUARE]}}, "interiors: array"),
]


@pytest.mark.parametrize(("asked", "words"), ASKED, ids=lambda case: str(case)[:60])
def test_what_cannot_be_asked_of_a_key_is_refused(asked: Wire, words: str):
    with pytest.raises(InvalidRequest) as caught:
        parse_filter({"must": [{"key": "a", **asked}]})

    assert caught.value.message.startswith("Filter parse error: ")
    assert words in caught.value.message
    assert "dimension" not in caught.value.message
    assert len(caught.value.message) < 500


@pytest.mark.parametrize("identity", [-1, 2**64, 1.0, True, None, "1", "abc", [1]])
def test_what_is_no_id_is_refused(identity: Wire):
    with pytest.raises(UnfitId):
        parse_filter({"must": [{"has_id": [1, identity]}]})


def test_the_number_of_ids_is_bounded():
    with pytest.raises(InvalidRequest, match="at most"):
        parse_filter({"must": [{"has_id": [1] * (MAX_VALUES + 1)}]})


def deep(levels: int, around: Callable[[Wire], Wire]) -> Wire:
    wire: Wire = {"must": [ONE]}
    for _ in range(levels - 1):
        wire = around(wire)
    return wire


@pytest.mark.parametrize(
    "around",
    [
        lambda wire: {"must": [wire]},
        lambda wire: {"must_not": wire},
        lambda wire: {"should": [{"nested": {"key": "a", "filter": wire}}]},
        lambda wire: {"min_should": {"conditions": [{"filter": wire}], "min_count": 1}},
    ],
)
def test_the_depth_is_bounded(around: Callable[[Wire], Wire]):
    parse_filter(deep(MAX_DEPTH, around))

    with pytest.raises(InvalidRequest, match=f"nested {MAX_DEPTH} deep"):
        parse_filter(deep(MAX_DEPTH + 1, around))


def test_the_number_of_conditions_is_bounded():
    parse_filter({"must": [ONE] * (MAX_NODES - 1)})

    with pytest.raises(InvalidRequest, match=f"{MAX_NODES} conditions"):
        parse_filter({"must": [ONE] * MAX_NODES})


# (filter, size)
SIZES: list[tuple[Wire, int]] = [
    ({"must": [ONE, TWO]}, 7),
    ({"min_should": {"conditions": [ONE, TWO], "min_count": 1}}, 7),
    ({"must": {"nested": {"key": "a", "filter": {"must_not": ONE}}}}, 5),
    ({"must": {"key": "a", "match": {"any": [1, 2, 3, 4, 5, 6]}}}, 6),
    ({"must": {"key": "a", "match": {"text_any": "a b c"}}}, 3),
    ({"must": {"key": "a", "range": {"gt": 1, "lt": 2}}}, 4),
    ({"must": {"key": "a", "values_count": {"gt": 1, "lt": 2}}}, 2),
    ({"must": {"key": "a", **ring(SQUARE * 4)}}, 20),
    ({"must": [{"has_vector": ""}, {"is_empty": {"key": "a"}}]}, 3),
]


@pytest.mark.parametrize(("wire", "size"), SIZES, ids=str)
def test_a_filter_knows_its_size(wire: Wire, size: int):
    assert size_of(parse_filter(wire)) == size
    assert not mentions_new(parse_filter(wire))


def test_a_filter_without_vectors_has_all_else():
    has: Wire = {"has_vector": "title"}
    wire: Wire = {
        "must": [ONE, {"should": [has, TWO]}],
        "must_not": [has],
        "min_should": {"conditions": [has, ONE], "min_count": 2},
    }

    assert without_vectors(parse_filter(wire)) == And(
        (A_IS_1, Or((EVERYTHING, B_IS_2)), Not(EVERYTHING), AtLeast(2, (EVERYTHING, A_IS_1)))
    )
