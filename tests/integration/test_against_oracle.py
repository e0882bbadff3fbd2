"""Random histories and queries through HTTP, held against a model: one seed, one history."""

import json
from itertools import pairwise
from random import Random

import pytest
from flask.testing import FlaskClient

from service import engine as engine_module
from tests.integration.oracle import METRICS, Namespace, Wire, encoded, exactly, ordinal, rows_of

HISTORIES, STEPS, QUERIES, PAGE = 60, 8, 8, 7
STRINGS = [*'aAbÉé😀K\u212a"\\*9', "a_b", "acb", "a%b", "a/b", "it's", "{a,[b]}", "null", "aa😀Ac"]
INTS = [0, 1, -1, 2, 7, -(2**63), 2**63 - 1, 2**53, 2**53 + 1, -(2**53) - 1]
UINTS = [0, 1, 2, 7, 2**53 + 1, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1]
FLOATS = [0.0, -0.0, 1.0, 2.0, -1.5, 0.1, 1 / 3, 1e16, 2.0**63, 1e300, -1e300, 1e-300, 5e-324]
# what numbers of any type are compared with: floats, and integers that a float holds exactly
NUMBERS = [0, 1, 2, -1, 7, 2**53, 2**63, -(2**63), 10**16, *FLOATS]
VALUES: dict[str, list[Wire]] = {"string": [*STRINGS, "", "a\nb"], "bool": [True, False]}
VALUES |= {"int": INTS, "uint": UINTS, "float": FLOATS, "number": NUMBERS}
LOW: list[Wire] = [0, 1, 2, 3, 5, 9, 10, 11, 2**31, 2**53 + 1, 2**63 - 1]
IDS: list[list[Wire]] = [LOW, [*LOW, 2**63, 2**63 + 1, 2**64 - 1], [*STRINGS, "x" * 64]]
KINDS = {"text": "string", 'it\'s "100%s"; --': "string", "größe 🐡": "int", "attributes": "float"}
KINDS |= {"seq": "bool", "tags": "[]string", "1": "[]int", "{}": "[]float", "And": "[]bool"}
DECLARED = {"big": "uint", "[]": "[]uint"}
ALL_KINDS = KINDS | DECLARED | {"nobody's": "string"}
NAMES = [*ALL_KINDS, "id"]
SORTABLE = [name for name in NAMES if not ALL_KINDS.get(name, "").startswith("[]")]


class Player:
    """One namespace in the service and in the model, and the dice for what happens to both."""

    def __init__(self, client: FlaskClient, name: str, seed: int) -> None:
        self.dice, self.client, self.name = Random(seed), client, name
        self.ids = self.dice.choice(IDS)
        kind = "string" if "a" in self.ids else "uint"
        self.model = Namespace(kind, self.dice.choice([0, 1, 2, 2, 3, 9]), types=dict(DECLARED))
        self.metric = self.dice.choice([*METRICS, None])
        # float32 squares multiples of a power of two exactly, and those of a tenth nearly
        self.unit = self.dice.choice([0.25, 2.0**40, 2.0**-40, 0.1])

    def send(self, method: str, below: str = "", body: Wire = None, **url: Wire) -> Wire:
        text = None if body is None else json.dumps(body, ensure_ascii=self.chance(0.5))
        path = f"/v1/{self.dice.choice(['vectors', 'namespaces'])}/{self.name}{below}"
        answer = self.client.open(path, method=method, data=text, query_string=url)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text} for {text}"
        return answer.headers if method == "HEAD" else json.loads(answer.data)

    def chance(self, probability: float) -> bool:
        return self.dice.random() < probability

    def value(self, kind: str) -> Wire:
        if kind.startswith("[]"):
            return [self.value(kind[2:]) for _ in range(self.dice.randrange(4))]
        return self.dice.choice(VALUES[kind])

    def vector(self) -> list[float]:
        unit = 0.0 if self.chance(0.1) else self.unit
        return [self.dice.randint(-9, 9) * unit for _ in range(self.model.dimensions)]

    def write(self, *, first: bool) -> None:
        """Upserts and deletions by id, and sometimes a deletion by filter before them."""
        body: dict[str, Wire] = {"schema": DECLARED} if first else {}
        doomed: list[Wire] = []
        if not first and self.chance(0.3):
            body["delete_by_filter"] = self.tree(3)
            doomed = self.model.matching(body["delete_by_filter"])
        if self.metric and self.model.dimensions and self.chance(0.5):
            body["distance_metric"] = self.model.metric = self.metric
        ids = self.dice.sample(self.ids, self.dice.randint(1, 7))
        share = 0 if first else 0.25 if self.model.dimensions else self.dice.choice([0, 0, 1])
        vectors = [None if self.chance(share) else self.vector() for _ in ids]
        columns = self.columns([vector is not None for vector in vectors])

        answer = self.send("POST", body=body | self.spelled(ids, vectors, columns))

        assert (answer["status"], answer["rows_affected"]) == ("OK", len(doomed) + len(ids))
        self.model.write(doomed, ids, vectors, columns)

    def columns(self, kept: list[bool]) -> dict[str, list[Wire]]:
        """Values for some attributes; a new one is typed by the first values that are kept."""
        columns: dict[str, list[Wire]] = {}
        for name, kind in self.dice.sample(list((KINDS | DECLARED).items()), 6):
            values = [None if self.chance(0.3) else self.value(kind) for _ in kept]
            if any(v not in (None, []) and k for v, k in zip(values, kept, strict=True)):
                self.model.types[name] = kind
            columns[name] = values if name in self.model.types else [None] * len(kept)
        return columns

    def spelled(self, ids: list[Wire], vectors: list[Wire], columns: Wire) -> dict[str, Wire]:
        """The write as columns or rows; vectors as numbers, base64, or one flat array of either."""
        mixed = [encoded(vector) if vector and self.chance(0.5) else vector for vector in vectors]
        if self.chance(0.6):
            body = {"ids": ids, "attributes": columns}
            flat = [number for vector in vectors for number in vector or ()]
            shapes = [mixed] if None in vectors else [mixed, flat, encoded(flat)]
            return body if [] in vectors else body | {"vectors": self.dice.choice(shapes)}
        rows = rows_of({"ids": ids, "vectors": mixed, "attributes": columns})
        rows[0]["attributes"].setdefault(self.dice.choice(list(columns)), None)
        return {"upserts": [{k: v for k, v in row.items() if v != []} for row in rows]}

    def tree(self, depth: int) -> Wire:
        match self.dice.randrange(6 if depth else 2):
            case 0:
                return self.leaf(self.dice.choice(NAMES))
            case 1:
                names = self.dice.sample(NAMES, self.dice.randrange(4))
                twice = {name: [self.leaf(name)[1:], self.leaf(name)[1:]] for name in names}
                return {name: pair[0] if self.chance(0.5) else pair for name, pair in twice.items()}
            case _:
                parts = [self.tree(depth - 1) for _ in range(self.dice.choice([0, 1, 2, 2, 3]))]
                return [self.dice.choice(["And", "Or"]), parts]

    def leaf(self, name: str) -> Wire:
        """A condition that the attribute's type allows; the id counts as one."""
        kind = ALL_KINDS.get(name, self.model.id_type)
        operators = ["Eq", "NotEq", "In", "NotIn"]
        if kind.endswith("string"):
            operators += ["Glob", "NotGlob", "IGlob", "NotIGlob"]
        if kind != "bool" and not kind.startswith("[]"):
            operators += ["Lt", "Lte", "Gt", "Gte"]
        operator = self.dice.choice(operators)
        if operator.endswith("Glob"):
            return [name, operator, self.pattern()]
        few = range(self.dice.randint(1, 4))
        one, *more = [self.operand(name, kind.removeprefix("[]")) for _ in few]
        if kind.startswith("[]") and operator.endswith("Eq") and one is not None:
            return [name, operator, [value for value in more if value is not None]]
        return [name, operator, more if operator.endswith("In") and self.chance(0.8) else one]

    def operand(self, name: str, kind: str) -> Wire:
        if self.chance(0.1):
            return None
        if name == "id":
            return self.dice.choice(self.ids)
        mixed = kind in ("int", "uint", "float") and self.chance(0.5)
        return self.value("number" if mixed else kind)

    def pattern(self) -> str:
        """A string with wildcards put in; without ``**``, braces and escapes."""
        plain = [c for c in self.value("string") if c not in "*?[]{}\\"]
        wild = ["*", "*", "*", "?", "[a-c]", "[!a]", "[A-Z]", "[b_]", "[!0-9]"]
        glob = "".join(self.dice.choice(wild) if self.chance(0.3) else c for c in plain)
        return glob.replace("**", "*").replace("**", "*")

    def query(self) -> None:
        """Any query: which documents, in which order, how far, and just what was asked of each."""
        model, dice = self.model, self.dice
        asked = dice.choice([None, False, True, dice.sample(list(model.types), 2)])
        body: dict[str, Wire] = {"include_attributes": asked, "include_vectors": self.chance(0.5)}
        body["vector_encoding_format"] = dice.choice(["base64", "float", None])
        body["filters"] = None if self.chance(0.2) else self.tree(dice.choice([0, 1, 4]))
        body["top_k"] = dice.choice([None, 1, 2, 3, 10_000])
        if model.dimensions and self.chance(0.6):
            body |= {"vector": self.vector(), "distance_metric": dice.choice([*METRICS, None])}
        elif self.chance(0.7):
            body["rank_by"] = [dice.choice(SORTABLE), dice.choice(["asc", "desc"])]
        best = model.ranked(body)[: body["top_k"] or 10]

        rows = self.send("POST", "/query", body)

        found, far = [row["id"] for row in rows], [row.pop("dist", None) for row in rows]
        assert exactly(rows) == exactly([model.row(body, identity) for identity in found]), body
        cosine = model.metric_of(body) == METRICS[0]
        if "vector" not in body or (self.unit != 0.1 and not cosine):
            assert found == best, body
        if "vector" in body:
            # what float32 cannot tell apart may change places, equals stand in the order of the id
            for ids in (found, best):
                away = [model.distance(body, identity) for identity in ids]
                assert far == pytest.approx(away, rel=1e-5, abs=1e-6 if cosine else 0), body
            assert all(a < b for a, b in pairwise(zip(far, map(ordinal, found), strict=True))), body

    def compare(self) -> None:
        """The export, page after page in the order of the writes, the size and the schema."""
        cursor, rows = "", []
        while cursor is not None:
            page = self.send("GET", cursor=cursor)
            cursor = page["next_cursor"]
            rows += rows_of(page)
        assert exactly(rows) == exactly(self.model.rows())
        assert self.model.headers().items() <= {n.lower(): v for n, v in self.send("HEAD")}.items()
        assert self.send("GET", "/schema") == self.model.schema()


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_the_service_answers_as_the_specification_says(
    client: FlaskClient, namespace: str, monkeypatch: pytest.MonkeyPatch, seed: int
):
    monkeypatch.setattr(engine_module, "PAGE_DOCUMENTS", PAGE)
    player = Player(client, namespace, seed)

    for step in range(STEPS):
        player.write(first=step == 0)

        player.compare()
        for _ in range(QUERIES):
            player.query()
