"""The universal query (section 8.3): one field says what is asked, prefetches come before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from service.core.errors import InvalidRequest
from service.core.exploration import BY_ID, MAX_DEPTH, Aim, Context, Exploration, Near
from service.core.query import Shuffled
from service.dialects.vectorai.bodies import anything, load, malformed
from service.dialects.vectorai.discoveries import parse_discovery, parse_pairs
from service.dialects.vectorai.explorations import Asked, Exploring, parse_example
from service.dialects.vectorai.fusions import parse_fusion, parse_rrf
from service.dialects.vectorai.orders import parse_order
from service.dialects.vectorai.recommendations import parse_recommendation


class QueryRequest(Exploring):
    """``POST …/points/query``, and each of its prefetches."""

    query = anything()
    prefetch = anything()


QUERY = QueryRequest()


def parse_query(body: object, where: str = "") -> Asked:
    """A universal query.

    Raises:
        InvalidRequest: naming the field that cannot be read.
    """
    data = load(QUERY, body, where)
    return read_query(data, where, 0)


def read_query(data: Mapping[str, Any], where: str, depth: int) -> Asked:
    prefix = f"{where}." if where else ""
    aim = parse_aim(data["query"], f"{prefix}query")
    stages = read_stages(data["prefetch"], f"{prefix}prefetch", depth)
    return QUERY.asked(data, aim, stages)


def read_stages(wire: object, field: str, depth: int) -> list[Exploration]:
    """Prefetches; one may stand alone."""
    if wire is None:
        return []
    if depth >= MAX_DEPTH:
        raise InvalidRequest(f"prefetches are nested at most {MAX_DEPTH} deep")
    given = cast(Sequence[object], wire) if isinstance(wire, list) else [wire]
    return [read_stage(one, f"{field}[{place}]", depth) for place, one in enumerate(given)]


def read_stage(wire: object, field: str, depth: int) -> Exploration:
    """A prefetch: of its points only the ids and scores are needed, from the first one on."""
    data = load(QUERY, wire, field) | {
        "offset": 0, "with_payload": False, "with_vector": False, "with_vectors": False,
    }  # fmt: skip
    return read_query(data, field, depth + 1).request


def parse_aim(wire: object, field: str) -> Aim:
    """What is asked: a vector or an id to be near to, or an object with one key that says it."""
    if wire is None:
        return BY_ID
    if not isinstance(wire, dict):
        return Near(parse_example(wire, field))
    query = cast(Mapping[str, object], wire)
    kind = next((name for name in query if name in KINDS), None)
    if kind is None:
        return Near(parse_example(query, field))
    if "mmr" in query:
        raise InvalidRequest(f"{field}: nearest has no mmr here")
    if len(query) > 1:
        raise malformed(field, f"expected {kind} alone")
    return KINDS[kind](query[kind], f"{field}.{kind}")


def parse_nearest(wire: object, field: str) -> Near:
    return Near(parse_example(wire, field))


def parse_context(wire: object, field: str) -> Context:
    return Context(parse_pairs(wire, field))


def parse_sample(wire: object, field: str) -> Shuffled:
    if wire != "random":
        raise malformed(field, "expected random")
    return Shuffled()


def refuse_formula(_: object, field: str) -> Aim:
    raise InvalidRequest(
        f"{field}: formulas are not supported; a query takes nearest, recommend, discover, "
        "context, order_by, fusion, rrf or sample"
    )


KINDS: Mapping[str, Callable[[object, str], Aim]] = {
    "nearest": parse_nearest,
    "recommend": parse_recommendation,
    "discover": parse_discovery,
    "context": parse_context,
    "order_by": parse_order,
    "fusion": parse_fusion,
    "rrf": parse_rrf,
    "formula": refuse_formula,
    "sample": parse_sample,
}
