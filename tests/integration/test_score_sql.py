"""Scores as PostgreSQL computes them, held against plain Python; and that no document fails one."""

from __future__ import annotations

import math
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.integration.oracle import holds
from tests.integration.segment_tools import Connection

Wire = Any
Document = dict[str, Any]
SEEDS, QUERIES, DOCUMENTS = 20, 20, 40
SCHEMA = {
    "i": "int",
    "u": "uint",
    "f": "float",
    "t": "datetime",
    "s": "string",
    "on": "bool",
    "tags": "[]string",
    "größe in %s": "float",
}
VALUES: dict[str, list[Any]] = {
    "i": [-(2**63), -7, -1, 0, 1, 3, 10**15],
    "u": [0, 1, 2, 2**64 - 1],
    "f": [-1e6, -0.25, 0.0, 1e-6, 0.5, 2.0, 1e15],
    "t": ["1969-12-31T23:59:59.999Z", "2024-02-29T12:00:00.5+02:00", "0001-01-01", "9999-12-31"],
    "s": ["a", "b", "ab"],
    "on": [True, False],
    "tags": [[], ["x"], ["x", "y"]],
    "größe in %s": [-1.5, 0.1, 7],
}
NUMBERS = ["i", "u", "f", "größe in %s"]
DURATIONS = {"250ms": 250.0, "1.5s": 1500.0, "6h": 21600e3, "1d": 86400e3, "52w": 31449600e3}
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def write(client: FlaskClient, namespace: str, **body: Any) -> None:
    answer = client.post(f"/v2/namespaces/{namespace}", json=body)
    assert answer.status_code == 200, answer.text


def rank(client: FlaskClient, namespace: str, expression: Wire, **body: Any) -> list[Any]:
    body = {"rank_by": expression, "limit": 10_000} | body
    answer = client.post(f"/v2/namespaces/{namespace}/query", json=body)
    assert answer.status_code == 200, f"{answer.text} for {expression}"
    return answer.get_json()["rows"]


# --- the model ----------------------------------------------------------------------------------


def score(wire: Wire, document: Document) -> float | None:
    """Section 8.2; None for what a document does not have."""
    match wire:
        case int() | float():
            return float(wire)
        case ["Attribute", "t"]:
            return milliseconds(document["t"]) if "t" in document else None
        case ["Attribute", name]:
            return float(document[name]) if name in document else None
        case ["Sum" | "Max" as name, parts]:
            values = [score(part, document) or 0.0 for part in parts]
            return sum(values) if name == "Sum" else max(values)
        case ["Product", *parts]:
            values = [score(part, document) for part in (parts[0] if len(parts) == 1 else parts)]
            return None if None in values else math.prod(v for v in values if v is not None)
        case ["Saturate" | "Decay" as name, part, {"midpoint": midpoint, **options}]:
            value = score(part, document)
            near = DURATIONS[midpoint] if isinstance(midpoint, str) else midpoint
            curve = saturated if name == "Saturate" else decayed
            return None if value is None else curve(value, near, options.get("exponent", 1))
        case ["Dist", part, origin]:
            value = score(part, document)
            far = milliseconds(origin) if isinstance(origin, str) else origin
            return None if value is None else abs(value - far)
        case ["Not", part]:
            return 1.0 - (score(part, document) or 0.0)
        case [name, operator, operand]:
            return float(holds(document.get(name), operator, operand))
        case _:
            raise ValueError(wire)


def milliseconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    since = (moment if moment.tzinfo else moment.replace(tzinfo=EPOCH.tzinfo)) - EPOCH
    # stored to the millisecond
    return since.days * 86400e3 + since.seconds * 1e3 + since.microseconds // 1000


def saturated(value: float, midpoint: float, exponent: float) -> float:
    """``x^e / (x^e + m^e)``, divided by ``x^e``: nothing overflows but to infinity."""
    return 1 / (1 + power(midpoint / value, exponent)) if value > 0 else 0.0


def decayed(value: float, midpoint: float, exponent: float) -> float:
    """``m^e / (x^e + m^e)``, divided by ``m^e``."""
    return 1 / (1 + power(max(value, 0.0) / midpoint, exponent))


def power(base: float, exponent: float) -> float:
    try:
        return base**exponent
    except OverflowError:
        return math.inf


class Author:
    """Makes up documents and expressions."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)

    def document(self) -> Document:
        return {n: self.dice.choice(v) for n, v in VALUES.items() if self.dice.random() < 0.7}

    def expression(self, depth: int) -> Wire:
        dice = self.dice
        if not depth:
            return dice.choice([self.value, self.value, self.filter, self.distance])()
        parts = [self.expression(depth - 1) for _ in range(dice.randint(1, 3))]
        match dice.choice(["Sum", "Max", "Product", "Saturate", "Decay"]):
            case "Product":
                pair = [parts[0], dice.choice([0, 0.5, -2, 1e-3, self.expression(depth - 1)])]
                dice.shuffle(pair)
                return dice.choice([["Product", *pair], ["Product", pair]])
            case "Sum" | "Max" as name:
                return [name, parts]
            case name:
                return [name, parts[0], self.shape()]

    def shape(self) -> Wire:
        midpoint = self.dice.choice([0.5, 1, 40, 1e12, *DURATIONS])
        return {"midpoint": midpoint} | self.dice.choice([{}, {"exponent": 2}, {"exponent": 0.3}])

    def value(self) -> Wire:
        return ["Attribute", self.dice.choice([*NUMBERS, "t"])]

    def filter(self) -> Wire:
        name, operator = self.dice.choice(
            [("s", "Eq"), ("s", "Glob"), ("f", "Gte"), ("i", "Lt"), ("u", "Eq"), ("on", "Eq")]
        )
        operand = "a*" if operator == "Glob" else self.dice.choice([*VALUES[name], None])
        return self.dice.choice([[name, operator, operand], ["Not", [name, operator, operand]]])

    def distance(self) -> Wire:
        if self.dice.random() < 0.4:
            return ["Dist", ["Attribute", "t"], self.dice.choice(["2024-03-01", *VALUES["t"]])]
        return ["Dist", ["Attribute", self.dice.choice(NUMBERS)], self.dice.choice([0, -3, 1e6])]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_scores_are_those_of_the_model(client: FlaskClient, namespace: str, seed: int):
    author = Author(seed)
    documents = [author.document() for _ in range(DOCUMENTS)]
    rows = [{"id": at, **document} for at, document in enumerate(documents)]
    write(client, namespace, upsert_rows=rows, schema=SCHEMA)

    for _ in range(QUERIES):
        # an expression that is not a number, and not what else rank_by may be
        expression = ["Sum", [author.expression(author.dice.randrange(4))]]
        model = {at: score(expression, document) for at, document in enumerate(documents)}
        results = {at: value for at, value in model.items() if value}

        found = rank(client, namespace, expression)

        scores = {row["id"]: row["$dist"] for row in found}
        assert scores == pytest.approx(results, rel=1e-9, abs=0), expression
        order = [(-row["$dist"], row["id"]) for row in found]
        assert all(a < b for a, b in pairwise(order)), expression
        some = rank(client, namespace, expression, limit=3, offset=2)
        assert some == found[2:5], expression


# of one document: {"f": 4, "i": -2, "s": "a", "t": "2024-01-02"}, which has no "u"
NODES: list[tuple[Wire, float | None]] = [
    (["Attribute", "f"], 4),
    (["Attribute", "i"], -2),
    (["Attribute", "u"], None),
    (["Attribute", "unknown"], None),
    (["Attribute", "t"], 1_704_153_600_000),
    (["s", "Eq", "a"], 1),
    (["s", "Eq", "b"], None),
    (["Not", ["s", "Eq", "b"]], 1),
    (["And", []], 1),
    (["Sum", [["Attribute", "f"], ["Attribute", "i"], ["Attribute", "u"]]], 2),
    (["Sum", [["Attribute", "f"], ["Product", 2, ["Attribute", "i"]]]], None),
    (["Max", [["Attribute", "i"], ["Attribute", "f"]]], 4),
    (["Max", [["Attribute", "i"], ["Attribute", "u"]]], None),
    (["Max", [["Attribute", "i"]]], -2),
    (["Product", ["Attribute", "f"], 0.5], 2),
    (["Product", [["Attribute", "f"], ["Attribute", "i"]]], -8),
    (["Product", ["Attribute", "f"], ["Attribute", "u"]], None),
    (["Saturate", ["Attribute", "f"], {"midpoint": 4}], 0.5),
    (["Saturate", ["Attribute", "f"], {"midpoint": 2, "exponent": 2}], 0.8),
    (["Saturate", ["Attribute", "i"], {"midpoint": 2}], None),
    (["Saturate", ["Attribute", "u"], {"midpoint": 2}], None),
    (["Decay", ["Attribute", "f"], {"midpoint": 4}], 0.5),
    (["Decay", ["Attribute", "f"], {"midpoint": 2, "exponent": 2}], 0.2),
    (["Decay", ["Attribute", "i"], {"midpoint": 2}], 1),
    (["Decay", ["Attribute", "u"], {"midpoint": 2}], None),
    (["Dist", ["Attribute", "f"], 10], 6),
    (["Dist", ["Attribute", "i"], 1], 3),
    (["Dist", ["Attribute", "u"], 1], None),
    (["Dist", ["Attribute", "t"], "2024-01-01T12:00:00Z"], 12 * 3600e3),
    (["Decay", ["Dist", ["Attribute", "t"], "2024-01-01"], {"midpoint": "1d"}], 0.5),
    (["Decay", ["Dist", ["Attribute", "t"], "2024-01-02"], {"midpoint": "1d"}], 1),
]


@pytest.mark.parametrize(("expression", "expected"), NODES, ids=str)
def test_each_node_has_its_value(
    client: FlaskClient, namespace: str, expression: Wire, expected: float | None
):
    row = {"id": 7, "f": 4, "i": -2, "s": "a", "t": "2024-01-02"}
    write(client, namespace, upsert_rows=[row], schema=SCHEMA)

    found = rank(client, namespace, expression)

    assert [row["$dist"] for row in found] == (
        [] if expected is None else [pytest.approx(expected)]
    )


# --- what somebody wrote with SQL ---------------------------------------------------------------

TINY = ["1e-300", "-1e-307", "1e-310", "0." + "0" * 450 + "1", "0"]
HUGE = ["1e99", "-1e100", "1e101", "1e308", "-1e400", "9" * 500, "-" + "9" * 500, "1e16000"]
GARBAGE: dict[str, list[str]] = {
    "no numbers": ['"text"', '"12"', "null", "true", "[1, 2]", '{"a": 1}', '"NaN"', '""'],
    "tiny numbers": TINY,
    "huge numbers": HUGE,
    "no times": [
        f'"{text}"'
        for text in (
            "yesterday",
            "2024-01-01",
            "infinity",
            "2024-13-01T00:00:00.000000000Z",
            "2024-00-10T00:00:00.000000000Z",
            "2023-02-29T00:00:00.000000000Z",
            "2024-01-01T29:00:00.000000000Z",
            "0000-01-01T00:00:00.000000000Z",
            "2024-01-01T00:00:00.000000000Z'; --",
            "２０２４-01-01T00:00:00.000000000Z",
        )
    ],
}
F, T = ["Attribute", "f"], ["Attribute", "t"]
SQUARE, STEEP = ["Product", F, F], ["Decay", F, {"midpoint": 1e-9, "exponent": 100}]
EXPRESSIONS: dict[str, Wire] = {
    "value": F,
    "time": T,
    "age": ["Decay", ["Dist", T, "2024-01-01"], {"midpoint": "1d"}],
    "sum": ["Sum", [F, F, ["Product", -1, F]]],
    "max": ["Max", [F, 0.5]],
    "square": SQUARE,
    "fourth power": ["Product", SQUARE, SQUARE],
    "small weight": ["Product", 1e-9, ["Product", 1e-9, F]],
    "saturation": ["Saturate", SQUARE, {"midpoint": 1e15, "exponent": 100}],
    "steep": ["Product", STEEP, STEEP],
    "far": ["Sum", [["Dist", F, 1e100], ["Dist", F, -1e100]]],
    "filter": ["Sum", [["f", "Gt", 1], F]],
}


@pytest.mark.parametrize("what", GARBAGE)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_no_document_fails_a_query(
    client: FlaskClient, connection: Connection, namespace: str, name: str, what: str
):
    rows = [{"id": 1, "f": 4.0, "t": "2024-01-02"}, {"id": 2}]
    write(client, namespace, upsert_rows=rows, schema=SCHEMA)
    insert = f'INSERT INTO vectable."{namespace}" (id, attributes) VALUES (%s, %s)'.encode()
    for identity, text in enumerate(GARBAGE[what], start=100):
        connection.execute(insert, (identity, f'{{"f": {text}, "t": {text}}}'))

    found = rank(client, namespace, EXPRESSIONS[name])

    assert all(isinstance(row["$dist"], float) for row in found)
    if name in ("value", "time", "age", "sum", "max", "square", "filter"):
        scores = {row["id"]: row["$dist"] for row in found}
        assert scores[1] == pytest.approx(score(EXPRESSIONS[name], {"f": 4.0, "t": "2024-01-02"}))
