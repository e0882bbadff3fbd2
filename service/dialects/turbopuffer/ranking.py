"""What results are ordered by (sections 7 and 8.2)."""

from __future__ import annotations

from service.core.attributes import check_name
from service.core.errors import InvalidRequest
from service.core.filters import Attribute, Field, IdField
from service.core.query import Key, Nearest, Ordered, Ranking, Scored
from service.core.vectors import Metric, Vector
from service.dialects.turbopuffer.names import ID
from service.dialects.turbopuffer.scores import is_score, malformed_rank, parse_score
from service.dialects.turbopuffer.vectors import parse_vector
from service.dialects.turbopuffer.wire import Wire

DIRECTIONS = frozenset({"asc", "desc"})
VECTOR_RANKS = frozenset({"ANN", "kNN"})
MAX_KEYS = 16


def parse_ranking(vector: Wire, rank_by: Wire, metric: Metric | None) -> Ranking:
    """By distance when a vector is given, else as ``rank_by`` says, else by id (v1)."""
    if vector is not None and rank_by is not None:
        raise InvalidRequest("💔 cannot specify both vector and rank_by")
    if vector is not None:
        return Nearest(parse_vector(vector), metric)
    return Ordered() if rank_by is None else parse_rank_by(rank_by, metric)


def parse_rank_by(wire: Wire, metric: Metric | None) -> Ranking:
    """Any form of ``rank_by``.

    Raises:
        InvalidRequest: for what this server does not have.
        MalformedRequest: for what is no ranking at all.
    """
    match wire:
        case []:
            raise InvalidRequest("💔 rank_by cannot be empty")
        case [str(), str(direction)] if direction in DIRECTIONS:
            return Ordered((parse_key(wire),))
        case [[*_], *_] if all(is_key(key) for key in wire):
            if len(wire) > MAX_KEYS:
                raise InvalidRequest(f"💔 rank_by takes at most {MAX_KEYS} attributes")
            return Ordered(tuple(parse_key(key) for key in wire))
        case [str(column), str(kind), operand] if kind in VECTOR_RANKS:
            check_name(column, frozenset({ID}))
            return Nearest(parse_operand(operand), metric, column, exact=kind == "kNN")
        case [str(), "SparseKNN", *_]:
            raise InvalidRequest("💔 rank_by SparseKNN: this server has no sparse vectors")
        case [*_] if is_score(wire):
            return Scored(parse_score(wire))
        case _:
            raise malformed_rank()


def is_key(wire: Wire) -> bool:
    match wire:
        case [str(), str(direction)]:
            return direction in DIRECTIONS
        case _:
            return False


def parse_key(wire: Wire) -> Key:
    match wire:
        case [str(attribute), str(direction)]:
            return Key(parse_field(attribute), direction == "desc")
        case _:
            raise malformed_rank()


def parse_field(name: str) -> Field:
    if name == ID:
        return IdField()
    check_name(name, frozenset())
    return Attribute(name)


def parse_operand(wire: Wire) -> Vector:
    """The vector to rank by; what the live service takes beside one is refused by name."""
    match wire:
        case ["Embed", *_]:
            raise InvalidRequest("💔 rank_by: this server does not embed texts, it takes vectors")
        case [[*_], *_]:
            raise InvalidRequest("💔 rank_by: this server has no late-interaction vectors")
        case _:
            return parse_vector(wire)
