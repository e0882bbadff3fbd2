"""What a glob means: sequences of a few kinds of nodes, matched against the bytes of a text.

``normalized`` keeps sequences in their shortest form; every rule in it is exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.compile.globs.bytesets import ANY, ByteSet


@dataclass(frozen=True, slots=True)
class Text:
    """Exactly these characters."""

    text: str


@dataclass(frozen=True, slots=True)
class OneByte:
    """One byte of the set."""

    members: ByteSet


@dataclass(frozen=True, slots=True)
class Star:
    """Any bytes, or none."""


@dataclass(frozen=True, slots=True)
class Directories:
    """Nothing, or anything that ends in ``/``."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of at least two sequences, none of them empty."""

    branches: tuple[Sequence, ...]


Node = Text | OneByte | Star | Directories | Choice
Sequence = tuple[Node, ...]


def one_byte(members: ByteSet) -> Text | OneByte:
    """One byte of the set; a single ASCII byte is a character like any other."""
    if len(members) == 1 and (byte := min(members)) < 0x80:
        return Text(chr(byte))
    return OneByte(members)


def normalized(nodes: Iterable[Node]) -> Sequence:
    """The same sequence with what its neighbours make superfluous left out."""
    done: list[Node] = []
    for node in nodes:
        _append(done, node)
    return tuple(done)


def _append(done: list[Node], node: Node) -> None:
    match done[-2:], node:
        case [*_, Text(left)], Text(right):
            done[-1] = Text(left + right)
        case [*_, Star()], Star() | Directories():
            pass
        case [*_, Directories()], Directories():
            pass
        case [*_, Directories()], Star():
            done[-1] = node
        case [Star(), Text("/")], Directories():
            pass
        case [*_, Star()], OneByte(members) if members == ANY:
            # "?*" and "*?" are the same; the byte goes first so that runs of them look alike.
            done[-1:] = [node, Star()]
        case _:
            done.append(node)
