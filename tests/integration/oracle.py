"""What the v1 API has to answer, said once more in plain Python and numpy.

Written from the specification (``spec/turbopuffer.md``, ``spec/globset.md``) and sharing no code
with the service: filters are evaluated document by document as they stand on the wire, everything
is sorted whole, distances are computed in double precision from the float32 numbers stored.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

METRICS = ["cosine_distance", "euclidean_squared", "euclidean"]
Wire = Any
Id = int | str
Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass
class Namespace:
    """All documents with what they have (attributes that are null they have not), as last written.

    The one written last is at the end. Without dimensions none has a vector.
    """

    id_type: str
    dimensions: int
    metric: str | None = None
    types: dict[str, str] = field(default_factory=dict)
    documents: dict[Id, tuple[Numbers, dict[str, Wire]]] = field(default_factory=dict)

    def write(self, doomed: list[Id], ids: list[Id], vectors: Wire, columns: Wire) -> None:
        """Delete the doomed; put the others last, replaced whole; those with a null vector go."""
        for identity in (*doomed, *ids):
            self.documents.pop(identity, None)
        for at, identity in enumerate(ids):
            if vectors[at] is not None:
                present = {n: c[at] for n, c in columns.items() if c[at] is not None}
                self.documents[identity] = np.array(vectors[at], np.float32), present

    def matching(self, wire: Wire) -> list[Id]:
        """Ids of the documents that match a filter, in write order."""
        return [identity for identity in self.documents if self.matches(wire, identity)]

    def matches(self, wire: Wire, identity: Id) -> bool:
        match wire:
            case None:
                return True
            case dict():
                # the legacy form: one condition or several for each name, all of them have to hold
                several = [(n, [c] if isinstance(c[0], str) else c) for n, c in wire.items()]
                return self.matches(["And", [[n, *c] for n, cs in several for c in cs]], identity)
            case ["And", parts]:
                return all(self.matches(part, identity) for part in parts)
            case ["Or", parts]:
                return any(self.matches(part, identity) for part in parts)
            case [name, operator, operand]:
                positive = holds(self.value(name, identity), operator.removeprefix("Not"), operand)
                return positive != operator.startswith("Not")
        raise ValueError(wire)

    def value(self, name: str, identity: Id) -> Wire:
        return identity if name == "id" else self.documents[identity][1].get(name)

    def ranked(self, query: dict[str, Wire]) -> list[Id]:
        """Every match, best first, ties by id."""
        found = sorted(self.matching(query.get("filters")), key=ordinal)
        if query.get("vector") is not None:
            return sorted(found, key=lambda identity: self.distance(query, identity))
        name, direction = query.get("rank_by") or ("id", "asc")
        # Python's sort keeps ties as they were, also when it is reversed
        return sorted(
            found, key=lambda i: ordinal(self.value(name, i)), reverse=direction == "desc"
        )

    def metric_of(self, query: dict[str, Wire]) -> str:
        return query.get("distance_metric") or self.metric or "cosine_distance"

    def distance(self, query: dict[str, Wire], identity: Id) -> float:
        """Smaller is nearer; a vector of zeros is at a cosine distance of 1 from every other."""
        a = self.documents[identity][0].astype(np.float64)
        b = np.array(query["vector"], np.float32).astype(np.float64)
        metric = self.metric_of(query)
        if metric == "cosine_distance":
            lengths = float(np.sqrt(a @ a) * np.sqrt(b @ b))
            return 1 - float(a @ b) / lengths if lengths else 1.0
        squared = float(((a - b) ** 2).sum())
        return squared if metric == "euclidean_squared" else squared**0.5

    def row(self, query: dict[str, Wire], identity: Id) -> dict[str, Wire]:
        """What a query returns of a document, but for the distance."""
        (vector, given), row = self.documents[identity], {"id": identity}
        if query.get("include_vectors") and self.dimensions:
            as_text = query.get("vector_encoding_format") == "base64"
            row["vector"] = (encoded if as_text else shortest)(vector)
        asked = query.get("include_attributes")
        chosen = given if asked is True else {n: given[n] for n in asked or () if n in given}
        return row | ({"attributes": chosen} if chosen else {})

    def rows(self) -> list[dict[str, Wire]]:
        """All documents in write order, with everything they have."""
        return [
            {"id": identity, "vector": shortest(vector) or None, "attributes": attributes}
            for identity, (vector, attributes) in self.documents.items()
        ]

    def headers(self) -> dict[str, str]:
        found = {"approx-num-vectors": len(self.documents), "dimensions": self.dimensions}
        return {f"x-turbopuffer-{name}": str(number) for name, number in found.items()}

    def schema(self) -> dict[str, Wire]:
        special = {"filterable": None, "full_text_search": None}
        usual = {"filterable": True, "full_text_search": None}
        shown: dict[str, Wire] = {"id": {"type": self.id_type, **special}}
        shown |= {name: {"type": kind, **usual} for name, kind in self.types.items()}
        vector = {"type": f"[{self.dimensions}]f32", "ann": True, **special}
        return shown | ({"vector": vector} if self.dimensions else {})


def rows_of(page: dict[str, Wire]) -> list[dict[str, Wire]]:
    """The documents on a page of an export, as ``Namespace.rows`` has them."""
    rows: list[dict[str, Wire]] = []
    for at, identity in enumerate(page["ids"]):
        values = {n: c[at] for n, c in page["attributes"].items() if c[at] is not None}
        rows.append({"id": identity, "vector": page["vectors"][at], "attributes": values})
    return rows


def exactly(value: Wire) -> Wire:
    """The value, changed so that only numbers of the same size are equal, and true is no 1."""
    return json.loads(json.dumps(value), parse_int=numeral, parse_float=numeral)


def numeral(digits: str) -> tuple[Fraction]:
    return (Fraction(digits),)


def encoded(vector: Wire) -> str:
    return b64encode(np.array(vector, "<f4").tobytes()).decode()


def shortest(vector: Numbers) -> list[float]:
    """The shortest decimals that read back as the same float32 numbers."""
    return [float(str(number)) for number in vector]


def holds(value: Wire, operator: str, operand: Wire) -> bool:
    """Whether a leaf without negation matches a value; None is a missing one."""
    values = value if isinstance(value, list) else [value]
    if operator == "Eq":
        return bool(value == operand)
    if operator == "In":
        options = operand if isinstance(operand, list) else [operand]
        return any(element in options for element in values)
    if operator.endswith("Glob"):
        texts = [text for text in values if text is not None]
        return any(glob_matches(operand, text, operator == "IGlob") for text in texts)
    if value is None or operand is None:
        # null is below every value, and every value above null; null and null do not compare
        return value is not operand and (value is None) == operator.startswith("L")
    if value == operand:
        return operator.endswith("te")
    return (ordinal(value) < ordinal(operand)) == operator.startswith("L")


def ordinal(value: Wire) -> tuple[bool, Wire]:
    """What a value is ordered by: strings by their bytes, the others by size, null below all."""
    return value is not None, value.encode() if isinstance(value, str) else value


def glob_matches(pattern: str, text: str, fold: bool) -> bool:
    """Whether the whole text matches: literals, ``*``, ``?`` and classes, all of them by bytes."""
    wanted, data = pattern.encode(), text.encode()
    if fold:
        wanted, data = wanted.lower(), data.lower()  # of bytes: ASCII letters only
    reached = {0}
    for token in re.findall(rb"\[[^]]+\]|.", wanted, re.DOTALL):
        if token == b"*":
            reached = {end for end in range(len(data) + 1) if end >= min(reached, default=end + 1)}
        else:
            allowed = members(token)
            reached = {at + 1 for at in reached if at < len(data) and data[at] in allowed}
    return len(data) in reached


def members(token: bytes) -> frozenset[int]:
    """The bytes that ``a``, ``?``, ``[abc]``, ``[a-z]``, ``[!abc]`` or ``[!a-z]`` stands for."""
    if token == b"?":
        return frozenset(range(256))
    body = token[1:-1].removeprefix(b"!") if len(token) > 1 else token
    found = frozenset(range(body[0], body[2] + 1)) if body[1:2] == b"-" else frozenset(body)
    return frozenset(range(256)) - found if token[1:2] == b"!" else found
