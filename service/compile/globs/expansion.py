"""Spells a pattern out: one sequence for each combination of its branches.

Each of them is a plain comparison or LIKE more often than not, which PostgreSQL evaluates faster
than one regular expression with alternatives.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, product
from math import prod

from service.compile.globs.alignment import narrowed
from service.compile.globs.limits import MAX_SPELLINGS
from service.compile.globs.nodes import Choice, Directories, Node, Sequence, Star, Text, normalized


def expanded(sequence: Sequence) -> tuple[Sequence, ...] | None:
    """The different spellings that can match a text; ``None`` when there are too many of them."""
    if _count(sequence) > MAX_SPELLINGS:
        return None
    flats = (narrowed(normalized(spelling)) for spelling in _spellings(sequence))
    return tuple(dict.fromkeys(flat for flat in flats if flat is not None))


def _count(sequence: Sequence) -> int:
    return prod(map(_count_node, sequence))


def _count_node(node: Node) -> int:
    match node:
        case Directories():
            return 2
        case Choice(branches):
            return sum(map(_count, branches))
        case _:
            return 1


def _spellings(sequence: Sequence) -> Iterator[Sequence]:
    for parts in product(*map(_options, sequence)):
        yield tuple(chain.from_iterable(parts))


def _options(node: Node) -> tuple[Sequence, ...]:
    match node:
        case Directories():
            return ((), (Star(), Text("/")))
        case Choice(branches):
            return tuple(chain.from_iterable(map(_spellings, branches)))
        case _:
            return ((node,),)
