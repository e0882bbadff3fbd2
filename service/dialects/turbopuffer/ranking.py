"""What results are ordered by (sections 7 and 8.2)."""

from __future__ import annotations

from service.core.attributes import check_name
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.filters import Attribute
from service.core.query import ByAttribute, ById, Nearest, Ranking
from service.core.vectors import Metric
from service.dialects.turbopuffer.names import ID, TARGET
from service.dialects.turbopuffer.vectors import parse_vector
from service.dialects.turbopuffer.wire import Wire

TEXT_RANKS = frozenset({"BM25", "Sum", "Product", "Max"})
DIRECTIONS = frozenset({"asc", "desc"})


def parse_ranking(vector: Wire, rank_by: Wire, metric: Metric | None) -> Ranking:
    """By distance when a vector is given, else as ``rank_by`` says, else by id."""
    if vector is not None and rank_by is not None:
        raise InvalidRequest("💔 cannot specify both vector and rank_by")
    if vector is not None:
        return Nearest(parse_vector(vector), metric)
    return ById() if rank_by is None else parse_rank_by(rank_by)


def parse_rank_by(wire: Wire) -> Ranking:
    match wire:
        case [str(attribute), str(direction)] if direction in DIRECTIONS:
            descending = direction == "desc"
            if attribute == ID:
                return ById(descending)
            check_name(attribute, frozenset())
            return ByAttribute(Attribute(attribute), descending)
        case [str(), "BM25", *_]:
            raise needs_full_text()
        case [str(function), *_] if function in TEXT_RANKS:
            raise needs_full_text()
        case []:
            raise InvalidRequest("💔 rank_by cannot be empty")
        case _:
            raise MalformedRequest(
                f"{TARGET}rank_by: data did not match any variant of enum "
                'a valid variant of RankInput, expected [attribute, "asc"] or [attribute, "desc"]'
            )


def needs_full_text() -> InvalidRequest:
    return InvalidRequest(
        "💔 ranking by BM25 needs full-text search, which this server does not have"
    )
