"""The requests of v1 cases as v2 has them, so that one case holds for both versions.

Writes of documents and queries have a counterpart there. All other calls of v1 are those that the
clients of v2 make as well, and stay. A case whose outcome differs says ``"only": "v1"``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.conformance.case_files import Case, Step, fill, load_v1
from tests.conformance.wire import Object, is_list, is_object, objects

WRITE, QUERY = "POST {ns}", "POST {ns}/query"
VECTOR = "vector"
# names in v1's queries and in v2's
FIELDS = {
    "top_k": "top_k",
    "filters": "filters",
    "distance_metric": "distance_metric",
    "vector_encoding_format": "vector_encoding",
}


class NoCounterpart(Exception):
    """What v2 has no words for."""


@dataclass(frozen=True, slots=True)
class Way:
    """Which version writes what a case starts from, and which one its steps are sent to."""

    name: str
    given: list[Any]
    steps: list[Step]


def shared_cases() -> list[tuple[str, Way]]:
    """The cases of v1 that hold across both versions, with their names."""
    return [
        (f"{file}: {case['name']}, {way.name}", way)
        for file, cases in load_v1().items()
        for case in cases
        if case.get("only") != "v1"
        for way in ways_of(case)
    ]


def ways_of(case: Case) -> list[Way]:
    """Documents of v1 met by v2, and documents of v2 met by v1; as far as there are such."""
    given, steps = case.get("given", []), case["steps"]
    ways: list[Way] = []
    with suppress(NoCounterpart):
        translated = [step_in_v2(step) for step in steps]
        if translated != steps:
            ways.append(Way("in v2", [{"call": WRITE, "body": body} for body in given], translated))
    with suppress(NoCounterpart):
        written = [{"call": "POST {v2}", "body": write_in_v2(fill(body, {}))} for body in given]
        if given:
            ways.append(Way("written by v2", written, steps))
    return ways


def step_in_v2(step: Step) -> Step:
    """The step with its request and the rows that it expects as v2 has them."""
    call, _, parameters = step["call"].partition("?")
    target = call.replace("{ns}", "{v2}", 1) + ("?" + parameters if parameters else "")
    if call == QUERY:
        changed = {"body": query_in_v2(fill(step["body"], {}))} if "body" in step else {}
        return {**expecting_in_v2(step), "call": target, **changed}
    if call.startswith(WRITE) and "/" not in call:
        changed = {"body": write_in_v2(fill(step["body"], {}))} if "body" in step else {}
        return {**step, "call": target, **changed}
    return step


def write_in_v2(wire: Any) -> Any:
    """Columns or rows with flat attributes; what has no vector in v1 is deleted."""
    if not is_object(wire):
        return wire
    body: Object = {k: v for k, v in wire.items() if k not in ("ids", "vectors", "attributes")}
    body.pop("distances", None)
    if wire.get("ids") is not None:
        body |= columns_in_v2(wire["ids"], wire.get("vectors"), wire.get("attributes") or {})
    if (rows := body.pop("upserts", None)) is not None:
        body |= rows_in_v2(rows)
    return body


def columns_in_v2(ids: Any, vectors: Any, attributes: Any) -> Object:
    if not (is_list(ids) and is_object(attributes)):
        raise NoCounterpart
    columns: dict[str, Any] = {"id": ids, **attributes}
    if vectors is None or isinstance(vectors, str):
        return {"upsert_columns": columns if vectors is None else {**columns, VECTOR: vectors}}
    if not is_list(vectors) or any(isinstance(v, int | float) for v in vectors):
        raise NoCounterpart
    if not all(is_list(c) and len(c) == len(ids) for c in (vectors, *columns.values())):
        raise NoCounterpart
    kept = [row for row, vector in enumerate(vectors) if vector is not None]
    columns = {name: only(kept, values) for name, values in {**columns, VECTOR: vectors}.items()}
    deletes = [identity for row, identity in enumerate(ids) if row not in set(kept)]
    return ({"upsert_columns": columns} if kept else {}) | ({"deletes": deletes} if deletes else {})


def only(rows: Sequence[int], values: Sequence[Any]) -> list[Any]:
    return [values[row] for row in rows]


def rows_in_v2(rows: Any) -> Object:
    entries = objects(rows)
    if entries != rows:
        raise NoCounterpart
    deletes = [row["id"] for row in entries if VECTOR in row and row[VECTOR] is None]
    written = [flat(row) for row in entries if row.get(VECTOR, ()) is not None]
    return ({"upsert_rows": written} if written else {}) | ({"deletes": deletes} if deletes else {})


def flat(row: Mapping[str, Any]) -> Object:
    """A row of v1 with its attributes beside the id."""
    attributes = row.get("attributes")
    if attributes is not None and not is_object(attributes):
        raise NoCounterpart
    return {name: value for name, value in row.items() if name != "attributes"} | (attributes or {})


def query_in_v2(wire: Any) -> Any:
    if not is_object(wire):
        return wire
    body: Object = {new: wire[old] for old, new in FIELDS.items() if old in wire}
    body["rank_by"] = wire.get("rank_by")
    if wire.get("vector") is not None:
        body["rank_by"] = [VECTOR, "ANN", wire["vector"]]
    elif body["rank_by"] is None:
        body["rank_by"] = ["id", "asc"]
    return {**body, **included_in_v2(wire.get("include_attributes"), wire.get("include_vectors"))}


def included_in_v2(attributes: Any, vectors: Any) -> Object:
    match attributes, vectors:
        case True, True:
            return {"include_attributes": True}
        case True, _:
            return {"exclude_attributes": [VECTOR]}
        case [*names], True:
            return {"include_attributes": [*names, VECTOR]}
        case _, True:
            return {"include_attributes": [VECTOR]}
        case _:
            return {"include_attributes": attributes}


def expecting_in_v2(step: Step) -> Object:
    """The step of a query, with flat rows for a bare array of rows."""
    if "headers" in step or "subset" in step:
        raise NoCounterpart
    if not isinstance(step.get("json"), list):
        return dict(step)
    rest = {key: value for key, value in step.items() if key != "json"}
    return {**rest, "rows": [row_in_v2(row) for row in step["json"]]}


def row_in_v2(row: Mapping[str, Any]) -> Object:
    return {"$dist" if name == "dist" else name: value for name, value in flat(row).items()}
