"""Random v2 writes and queries, held against a model in plain Python: one seed, one history."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any, cast

import numpy as np
import pytest
from flask.testing import FlaskClient

from tests.integration.oracle import METRICS, Id, Wire, encoded, exactly, holds, ordinal
from tests.integration.test_aggregates import computed, expected_groups, same
from tests.integration.test_score_sql import score

HISTORIES, STEPS, QUERIES = 200, 3, 3
ODD = 'it\'s "100%s"; --'
KINDS = {
    "text": "string",
    ODD: "string",
    "n": "int",
    "u": "uint",
    "f": "float",
    "on": "bool",
    "when": "datetime",
    "tags": "[]string",
    "nums": "[]float",
}
STRINGS = ["", "a", "B", "aa", "ab", "a/b", "é", "😀", "a_b", "it's"]
VALUES: dict[str, list[Wire]] = {
    "string": STRINGS,
    "int": [-(2**53) - 1, -1, 0, 1, 2, 7],
    "uint": [0, 1, 2, 2**53 + 1],
    "float": [-1.5, 0.0, 0.1, 1.0, 2.0, 1e9],
    "bool": [False, True],
    "datetime": ["1969-07-20T20:17:40.000000000Z", "2024-02-29T23:59:59.999000000Z"],
}
GLOBS = ["*", "a*", "*b", "?", "[a-b]*", "*[!a]", "a/b", "*é*", ""]
REGEXES = ["^a", "b$", "[a-b]{2}", "a.b", "é|😀", "^$", "_"]
LOW: list[Wire] = [0, 1, 2, 3, 5, 9, 10, 11, 2**53 + 1, 2**63 - 1]
IDS: dict[str, list[Wire]] = {
    "uint": [*LOW, 2**63, 2**64 - 1],
    "string": [*STRINGS[1:], "x" * 64],
    "uuid": [f"00000000-0000-0000-0000-{n:012x}" for n in range(10)],
}
# every number is a multiple of a quarter, which half precision holds exactly
VECTORS = {"vector": 3, "half": 2}
SCHEMA: dict[str, Wire] = KINDS | {"vector": "[3]f32", "half": "[2]f16"}
SCHEMA["text"] = {"type": "string", "regex": True, "filterable": True}
SORTABLE = ["id", *(name for name, kind in KINDS.items() if not kind.startswith("[]"))]
NUMBERS = ["n", "u", "f"]
Document = dict[str, Wire]


class Model:
    """Documents as last written, in the order of their last upserts."""

    def __init__(self) -> None:
        self.documents: dict[Id, Document] = {}

    def matching(self, wire: Wire) -> list[Id]:
        return [identity for identity in self.documents if self.matches(wire, identity, {})]

    def matches(self, wire: Wire, identity: Id, new: Document) -> bool:
        match wire:
            case None:
                return True
            case ["And", parts]:
                return all(self.matches(part, identity, new) for part in parts)
            case ["Or", parts]:
                return any(self.matches(part, identity, new) for part in parts)
            case ["Not", part]:
                return not self.matches(part, identity, new)
            case [name, operator, operand]:
                operand = resolved(operand, new)
                value = identity if name == "id" else self.documents[identity].get(name)
                positive = leaf(value, operator.removeprefix("Not"), operand)
                return positive != operator.startswith("Not")
            case _:
                raise ValueError(wire)

    def write(self, parts: dict[str, Wire]) -> dict[str, Wire]:
        """All parts in their order; returns the counts and ids of the answer."""
        done: dict[str, list[Id]] = {}
        if "delete_by_filter" in parts:
            done["deleted"] = self.matching(parts["delete_by_filter"])
            for identity in done["deleted"]:
                del self.documents[identity]
        if "patch_by_filter" in parts:
            done["patched"] = self.matching(parts["patch_by_filter"]["filters"])
            self.patch([{"id": i, **parts["patch_by_filter"]["patch"]} for i in done["patched"]])
        if "upserts" in parts:
            rows = [row for row in parts["upserts"] if self.met("upsert", parts, row, absent=True)]
            done["upserted"] = [row["id"] for row in rows]
            for row in rows:
                self.documents.pop(row["id"], None)
                self.documents[row["id"]] = {n: v for n, v in row.items() if v is not None}
        if "patches" in parts:
            rows = [row for row in parts["patches"] if self.met("patch", parts, row)]
            done["patched"] = [*done.get("patched", []), *self.patch(rows)]
        if "deletes" in parts:
            unconditional = "delete_condition" not in parts
            gone = [
                i for i in parts["deletes"] if self.met("delete", parts, {"id": i}, unconditional)
            ]
            done["deleted"] = [*done.get("deleted", []), *gone]
            for identity in gone:
                self.documents.pop(identity, None)
        expected: dict[str, Wire] = {f"rows_{what}": len(ids) for what, ids in done.items()}
        expected |= {f"{what}_ids": sorted(ids) for what, ids in done.items() if ids}
        if {"delete_by_filter", "patch_by_filter"} & parts.keys():
            expected["rows_remaining"] = False
        return expected | {"rows_affected": sum(map(len, done.values()))}

    def met(self, what: str, parts: Wire, row: Document, absent: bool = False) -> bool:
        """Whether a condition lets a document be written; ``absent``: when there is none."""
        if row["id"] not in self.documents:
            return absent
        new = {name: value for name, value in row.items() if value is not None}
        return self.matches(parts.get(f"{what}_condition"), row["id"], new)

    def patch(self, rows: list[Document]) -> list[Id]:
        for row in rows:
            changed = self.documents[row["id"]] | row
            left = {name: value for name, value in changed.items() if value is not None}
            self.documents[row["id"]] = left
        return [row["id"] for row in rows]

    def drop(self, name: str) -> None:
        for document in self.documents.values():
            document.pop(name, None)

    def ordered(self, ids: list[Id], keys: list[list[str]]) -> list[Id]:
        """By the first key, then the next; missing values first, or last when descending."""
        ids = sorted(ids, key=ordinal)
        for name, direction in reversed(keys):
            ids.sort(
                key=lambda i: ordinal(self.documents[i].get(name)), reverse=direction == "desc"
            )
        return ids

    def capped(self, ids: list[Id], names: list[str], most: int) -> list[Id]:
        counts: dict[tuple[Wire, ...], int] = {}
        kept: list[Id] = []
        for identity in ids:
            place = tuple(ordinal(self.documents[identity].get(name)) for name in names)
            counts[place] = counts.get(place, 0) + 1
            if counts[place] <= most:
                kept.append(identity)
        return kept

    def distance(self, identity: Id, column: str, to: list[float], metric: str) -> float:
        a, b = np.array(self.documents[identity][column]), np.array(to)
        if metric == "cosine_distance":
            lengths = float(np.sqrt(a @ a) * np.sqrt(b @ b))
            return 1 - float(a @ b) / lengths if lengths else 1.0
        squared = float(((a - b) ** 2).sum())
        return squared if metric == "euclidean_squared" else squared**0.5


def resolved(operand: Wire, new: Document) -> Wire:
    """The operand, or the value about to be written that it stands for."""
    match operand:
        case {"$ref_new": str(name)}:
            return new.get(name)
        case _:
            return operand


def leaf(value: Wire, operator: str, operand: Wire) -> bool:
    """Whether a leaf without negation matches a value; None is a missing one."""
    alone: list[Wire] = [] if value is None else [value]
    several = cast(list[Wire], value) if isinstance(value, list) else alone
    match operator:
        case "Contains":
            return operand in several
        case "ContainsAny":
            return any(element in several for element in operand)
        case "AnyLt" | "AnyLte" | "AnyGt" | "AnyGte":
            return any(holds(element, operator[3:], operand) for element in several)
        case "Regex":
            return any(re.search(str(operand), str(text)) for text in several)
        case _:
            return holds(value, operator, operand)


class Player:
    """One namespace in the service and in the model, and the dice for what happens to both."""

    def __init__(self, client: FlaskClient, name: str, seed: int) -> None:
        self.dice, self.client, self.name, self.model = Random(seed), client, name, Model()
        self.kind = self.dice.choice(list(IDS))
        self.ids = IDS[self.kind]
        self.metric = self.dice.choice(METRICS)

    def send(self, below: str, body: Wire) -> Wire:
        answer = self.client.post(f"/v2/namespaces/{self.name}{below}", json=body)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text} for {body}"
        return answer.get_json()

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    # writes

    def begin(self) -> None:
        schema = SCHEMA | {"id": self.kind}
        self.send("", {"create_namespace": True, "schema": schema, "distance_metric": self.metric})

    def write(self) -> None:
        """Parts of any kind in one request, on ids of their own."""
        ids = self.dice.sample(self.ids, len(self.ids))
        parts: dict[str, Wire] = {}
        if self.chance(0.2):
            parts["delete_by_filter"] = self.tree(2)
        if self.chance(0.3):
            patch = self.attributes(0.2)
            parts["patch_by_filter"] = {"filters": self.tree(2), "patch": patch}
        if self.chance(0.8):
            parts["upserts"] = [{"id": i, **self.document()} for i in self.some(ids)]
        if self.chance(0.5):
            parts["patches"] = [{"id": i, **self.attributes(0.5)} for i in self.some(ids)]
        if self.chance(0.3) or not parts:
            parts["deletes"] = self.some(ids)
        for what, part in (("upsert", "upserts"), ("patch", "patches"), ("delete", "deletes")):
            if part in parts and self.chance(0.4):
                parts[f"{what}_condition"] = self.tree(2, reference=True)
        body = self.spelled(parts) | {"return_affected_ids": True}

        answer = self.send("", body)

        expected = self.model.write(parts)
        found = {n: v for n, v in answer.items() if n.startswith("rows_") or n.endswith("_ids")}
        found |= {n: sorted(v) for n, v in found.items() if n.endswith("_ids")}
        assert found == expected, body

    def some(self, ids: list[Wire]) -> list[Wire]:
        return [ids.pop() for _ in range(min(len(ids), self.dice.randint(1, 4)))]

    def attributes(self, share: float) -> Document:
        """Values, or nulls, for some attributes."""
        names = [name for name in KINDS if self.chance(share)]
        return {name: None if self.chance(0.2) else self.value(KINDS[name]) for name in names}

    def document(self) -> Document:
        vectors = {n: None if self.chance(0.25) else self.vector(n) for n in VECTORS}
        return self.attributes(0.7) | vectors

    def spelled(self, parts: dict[str, Wire]) -> dict[str, Wire]:
        """The request: documents as rows or as columns, vectors as numbers or base64."""
        body = {name: part for name, part in parts.items() if name not in ("upserts", "patches")}
        for what, part in (("upsert", "upserts"), ("patch", "patches")):
            rows = [self.with_text(row) for row in parts.get(part, [])]
            alike = part == "upserts" or len({tuple(row) for row in rows}) == 1
            if alike and self.chance(0.5):
                names = dict.fromkeys(name for row in rows for name in row)
                body[f"{what}_columns"] = {n: [row.get(n) for row in rows] for n in names}
            else:
                body[f"{what}_rows"] = rows
        return {name: part for name, part in body.items() if part not in ([], {})}

    def with_text(self, row: Document) -> Document:
        as_text = [n for n in VECTORS if row.get(n) is not None and self.chance(0.3)]
        return row | {name: encoded(row[name]) for name in as_text}

    def drop(self) -> None:
        """An attribute goes, and its name is declared again."""
        name = self.dice.choice(list(KINDS))
        self.send("", {"schema": {name: {"drop": True}}})
        self.send("", {"schema": {name: SCHEMA[name]}})
        self.model.drop(name)

    def value(self, kind: str) -> Wire:
        if kind.startswith("[]"):
            return [self.value(kind[2:]) for _ in range(self.dice.randrange(4))]
        return self.dice.choice(VALUES[kind])

    def vector(self, name: str) -> list[float]:
        return [self.dice.randint(-9, 9) / 4 for _ in range(VECTORS[name])]

    # filters

    def tree(self, depth: int, *, reference: bool = False) -> Wire:
        match self.dice.randrange(5 if depth else 1):
            case 1:
                return ["Not", self.tree(depth - 1, reference=reference)]
            case 2 | 3:
                few = range(self.dice.choice([0, 1, 2, 2, 3]))
                parts = [self.tree(depth - 1, reference=reference) for _ in few]
                return [self.dice.choice(["And", "Or"]), parts]
            case _:
                return self.leaf(reference)

    def leaf(self, reference: bool) -> Wire:
        name = self.dice.choice(["id", *KINDS])
        kind = KINDS.get(name, self.kind)
        array, scalar = kind.startswith("[]"), kind.removeprefix("[]")
        operators = ["Eq", "NotEq", "In", "NotIn"]
        if scalar == "string":
            operators += ["Glob", "NotGlob", "IGlob", "NotIGlob"]
        if array:
            operators += ["Contains", "NotContains", "ContainsAny", "NotContainsAny"]
            operators += ["AnyLt", "AnyLte", "AnyGt", "AnyGte"]
        elif scalar != "bool":
            operators += ["Lt", "Lte", "Gt", "Gte"]
        operator = self.dice.choice([*operators, "Regex"] if name == "text" else operators)
        if reference and name != "id" and self.chance(0.5):
            allowed = [o for o in operators if o in ("Eq", "NotEq") or o[:2] in ("Lt", "Gt")]
            same_kind = [other for other, its in KINDS.items() if its == kind]
            return [name, self.dice.choice(allowed), {"$ref_new": self.dice.choice(same_kind)}]
        return [name, operator, self.operand(operator, name, array, scalar)]

    def operand(self, operator: str, name: str, array: bool, scalar: str) -> Wire:
        def one() -> Wire:
            return self.dice.choice(self.ids if name == "id" else VALUES[scalar])

        few = range(self.dice.randrange(4))
        match operator.removeprefix("Not"):
            case "Glob" | "IGlob":
                return self.dice.choice(GLOBS)
            case "Regex":
                return self.dice.choice(REGEXES)
            case "In" | "ContainsAny":
                return [one() for _ in few]
            case "Eq" if array and self.chance(0.8):
                return [one() for _ in few]
            case "Contains" | "AnyLt" | "AnyLte" | "AnyGt" | "AnyGte":
                return one()
            case "Eq" if array:
                return None
            case _:
                return None if self.chance(0.15) else one()

    # queries

    def question(self) -> tuple[dict[str, Wire], Callable[[Wire], None]]:
        """A query, and what checks its answer."""
        body: dict[str, Wire] = {} if self.chance(0.3) else {"filters": self.tree(3)}
        found = self.model.matching(body.get("filters"))
        ask = self.dice.choice([self.ordered, self.nearest, self.scored, self.aggregated])
        return ask(body, found)

    def ask(self) -> None:
        """One question, or several at once."""
        encoding = self.dice.choice(["base64", "float", None])
        questions = [self.question() for _ in range(self.dice.choice([1, 1, 3]))]
        if len(questions) == 1:
            answers = [self.send("/query", questions[0][0] | {"vector_encoding": encoding})]
        else:
            body = {"queries": [body for body, _ in questions], "vector_encoding": encoding}
            answers = self.send("/query", body)["results"]
        for (_, check), answer in zip(questions, answers, strict=True):
            check(answer)

    def limits(self) -> dict[str, Wire]:
        limit = self.dice.choice([1, 2, 3, 100])
        body = {self.dice.choice(["top_k", "limit"]): limit}
        return body | ({"offset": self.dice.randint(0, 3)} if self.chance(0.3) else {})

    def cut(self, body: dict[str, Wire], ids: list[Id]) -> list[Id]:
        match body.get("top_k") or body["limit"]:
            case {"total": int(total)}:
                most = total
            case limit:
                most = int(limit)
        return ids[body.get("offset", 0) :][:most]

    def selection(self) -> dict[str, Wire]:
        names = self.dice.sample([*KINDS, *VECTORS], self.dice.randrange(4))
        choices: list[Wire] = [None, False, True, names]
        return self.dice.choice(
            [{"exclude_attributes": names}, {"include_attributes": self.dice.choice(choices)}]
        )

    def check_rows(self, body: dict[str, Wire], rows: list[Document], ids: list[Id]) -> None:
        """That the rows are these documents, each with what was asked of it and nothing else."""
        include, expected = body.get("include_attributes"), list[Document]()
        for identity in ids:
            document = self.model.documents[identity]
            if "exclude_attributes" in body:
                names = document.keys() - {*body["exclude_attributes"]}
            else:
                names = document.keys() & (document.keys() if include is True else include or [])
            expected.append({"id": identity} | {name: document[name] for name in names})
        assert exactly([plain(row) for row in rows]) == exactly(expected), body

    def ordered(self, body: dict[str, Wire], found: list[Id]) -> Any:
        names = self.dice.sample(SORTABLE, self.dice.choice([1, 1, 2, 3]))
        keys = [[name, self.dice.choice(["asc", "desc"])] for name in names]
        body |= self.limits() | self.selection()
        body["rank_by"] = keys[0] if len(keys) == 1 and self.chance(0.5) else keys
        best = self.model.ordered(found, keys)
        if "limit" in body and self.chance(0.5):
            per = self.dice.sample(SORTABLE[1:], self.dice.randint(1, 2))
            most = self.dice.randint(1, 3)
            body["limit"] = {"total": body["limit"], "per": {"attributes": per, "limit": most}}
            best = self.model.capped(best, per, most)

        def check(answer: Wire) -> None:
            self.check_rows(body, answer["rows"], self.cut(body, best))

        return body, check

    def nearest(self, body: dict[str, Wire], found: list[Id]) -> Any:
        column, metric = self.dice.choice(list(VECTORS)), self.dice.choice([*METRICS, None])
        to = self.vector(column)
        body |= self.limits() | self.selection()
        body |= {"rank_by": [column, self.dice.choice(["ANN", "kNN"]), to]}
        body |= {"distance_metric": metric} if metric else {}
        away = {
            i: self.model.distance(i, column, to, metric or self.metric)
            for i in found
            if column in self.model.documents[i]
        }

        def check(answer: Wire) -> None:
            far = {row["id"]: row.pop("$dist") for row in answer["rows"]}
            self.check_rows(body, answer["rows"], list(far))
            best = self.cut(body, sorted(away, key=lambda i: (away[i], ordinal(i))))
            near = 1e-6 if (metric or self.metric) == METRICS[0] else 0
            # what float32 cannot tell apart may change places
            for ids in (list(far), best):
                wanted = [away[identity] for identity in ids]
                assert list(far.values()) == pytest.approx(wanted, rel=1e-5, abs=near), body
            places = [(distance, ordinal(identity)) for identity, distance in far.items()]
            assert all(a < b for a, b in pairwise(places)), body

        return body, check

    def scored(self, body: dict[str, Wire], found: list[Id]) -> Any:
        dice, number = self.dice, lambda: ["Attribute", self.dice.choice(NUMBERS)]
        parts: list[Wire] = [
            number(),
            ["Product", number(), dice.choice([-2, 0.5])],
            ["Saturate", number(), {"midpoint": 2, "exponent": 2}],
            ["Decay", ["Dist", number(), 1.5], {"midpoint": 3}],
            ["text", dice.choice(["Eq", "Gte", "Lt"]), dice.choice(STRINGS)],
            ["Max", [number(), dice.choice([0, 3]), number()]],
        ]
        rank = [dice.choice(["Sum", "Max"]), dice.sample(parts, dice.randint(1, 4))]
        body |= self.limits() | self.selection() | {"rank_by": rank}
        values = {identity: score(rank, self.model.documents[identity]) for identity in found}
        best = sorted(
            (i for i in values if values[i]), key=lambda i: (-(values[i] or 0), ordinal(i))
        )

        def check(answer: Wire) -> None:
            scores = {row["id"]: row.pop("$dist") for row in answer["rows"]}
            self.check_rows(body, answer["rows"], list(scores))
            for ids in (list(scores), self.cut(body, best)):
                wanted = [values[identity] for identity in ids]
                assert list(scores.values()) == pytest.approx(wanted, rel=1e-9), body
            places = [(-value, ordinal(identity)) for identity, value in scores.items()]
            assert all(a < b for a, b in pairwise(places)), body

        return body, check

    def aggregated(self, body: dict[str, Wire], found: list[Id]) -> Any:
        functions: list[list[str]] = [["Count"], ["Count", self.dice.choice(list(KINDS))]]
        functions += [["Sum", self.dice.choice(NUMBERS)]]
        body["aggregate_by"] = {f"f{at}": f for at, f in enumerate(functions)}
        if self.chance(0.7):
            keys: list[Wire] = [*SORTABLE[1:]]
            keys += [{f"of {n}": ["ForEachUnique", n]} for n in KINDS if n not in SORTABLE]
            body["group_by"] = self.dice.sample(keys, self.dice.randint(1, 2))
            body |= {"top_k": self.dice.randint(1, 5)} if self.chance(0.3) else {}
        documents = [self.model.documents[identity] for identity in found]

        def check(answer: Wire) -> None:
            if "group_by" in body:
                groups = expected_groups(body, documents)
                assert same(answer["aggregation_groups"], groups), body
            else:
                values = {n: computed(f, documents) for n, f in body["aggregate_by"].items()}
                assert same([answer["aggregations"]], [values]), body

        return body, check

    def compare(self) -> None:
        """The export, in the order of the last upserts."""
        page = self.client.get(f"/v1/namespaces/{self.name}").get_json()
        expected = list(self.model.documents)
        assert page["ids"] == expected
        for at, identity in enumerate(expected):
            found = {n: c[at] for n, c in page["attributes"].items() if c[at] is not None}
            found |= {"vector": page["vectors"][at]} if page["vectors"][at] else {}
            assert exactly(found).items() <= exactly(self.model.documents[identity]).items()


def plain(row: Document) -> Document:
    """The row with its vectors as numbers."""
    texts = {name: row[name] for name in VECTORS if isinstance(row.get(name), str)}
    return row | {name: np.frombuffer(b64decode(t), "<f4").tolist() for name, t in texts.items()}


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_the_service_answers_as_the_specification_says(
    client: FlaskClient, namespace: str, seed: int
):
    player = Player(client, namespace, seed)
    player.begin()

    for _ in range(STEPS):
        player.write()
        if player.chance(0.15):
            player.drop()

        player.compare()
        for _ in range(QUERIES):
            player.ask()
