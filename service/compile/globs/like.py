"""Writes sequences as patterns for LIKE."""

from __future__ import annotations

from service.compile.globs.bytesets import ANY
from service.compile.globs.nodes import Node, OneByte, Sequence, Star, Text, normalized

_ESCAPES = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


def is_likeable(sequence: Sequence) -> bool:
    """Whether ``exact_like`` can write it."""
    return all(node == OneByte(ANY) or isinstance(node, Text | Star) for node in sequence)


def exact_like(sequence: Sequence) -> str:
    """The pattern for text, stars and arbitrary bytes."""
    return "".join(map(_sign, sequence))


def loose_like(sequence: Sequence) -> str:
    """A pattern that matches whatever the sequence matches, and more.

    ``%`` also for a single byte: with ``_``, which is a character, ``a??b`` would lose "aéb".
    """
    return exact_like(normalized(n if isinstance(n, Text) else Star() for n in sequence))


def _sign(node: Node) -> str:
    match node:
        case Text(text):
            return text.translate(_ESCAPES)
        case OneByte():
            return "_"
        case _:
            return "%"
