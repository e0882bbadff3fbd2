"""Where bytes and characters come to the same thing.

globset counts bytes, PostgreSQL counts characters. Text and ASCII classes are whole characters in
UTF-8, so what lies between them is whole characters too, and often a rule about bytes can be told
as one about characters. For sequences without ``Directories`` and ``Choice``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from service.compile.globs.bytesets import ASCII, NON_ASCII
from service.compile.globs.nodes import Node, OneByte, Sequence, Star, Text, normalized, one_byte


def narrowed(flat: Sequence) -> Sequence | None:
    """The sequence with each lone byte limited to ASCII; ``None`` if it can match no text.

    A single byte between whole characters is a whole character, hence ASCII.
    """
    nodes: list[Node] = []
    for run in _runs(flat):
        match run:
            case (OneByte(members),) if not members & ASCII:
                return None
            case (OneByte(members),):
                nodes.append(one_byte(members & ASCII))
            case _:
                nodes.extend(run)
    return normalized(nodes)


def is_aligned(flat: Sequence) -> bool:
    """Whether it means the same read as characters, a byte beyond ASCII being such a character."""
    return all(map(_is_aligned_run, _runs(flat)))


def _is_aligned_run(run: Sequence) -> bool:
    match run:
        case (Star(),):
            return True
        case (
            (OneByte(members), Star())
            | (Star(), OneByte(members))
            | (Star(), OneByte(members), Star())
        ):
            # At least one byte is at least one character, and any of its bytes will do. Two such
            # bytes could be the halves of one character.
            return members >= NON_ASCII
        case _:
            return all(map(_is_whole_character, run))


def _runs(flat: Sequence) -> Iterator[Sequence]:
    """Each whole character by itself, and the rest that stands together in one piece."""
    for is_whole, group in groupby(flat, key=_is_whole_character):
        if is_whole:
            yield from ((node,) for node in group)
        else:
            yield tuple(group)


def _is_whole_character(node: Node) -> bool:
    match node:
        case Text():
            return True
        case OneByte(members):
            return members <= ASCII
        case _:
            return False
