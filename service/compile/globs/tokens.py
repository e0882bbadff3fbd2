"""What a glob consists of, as it is written; named and divided as in globset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """One character that stands for itself."""

    character: str


@dataclass(frozen=True, slots=True)
class AnyByte:
    """``?``"""


@dataclass(frozen=True, slots=True)
class ZeroOrMore:
    """``*``; it crosses ``/``."""


@dataclass(frozen=True, slots=True)
class RecursivePrefix:
    """``**/`` or ``**`` at the start of the pattern or of a branch."""


@dataclass(frozen=True, slots=True)
class RecursiveSuffix:
    """``/**`` at the end of the pattern or of a branch."""


@dataclass(frozen=True, slots=True)
class RecursiveMiddle:
    """``/**/``"""


@dataclass(frozen=True, slots=True)
class CharacterClass:
    """``[...]``: ranges of characters as written; it matches one *byte* of them."""

    negated: bool
    ranges: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Alternates:
    """``{a,b}``"""

    branches: tuple[Tokens, ...]


Token = (
    Literal
    | AnyByte
    | ZeroOrMore
    | RecursivePrefix
    | RecursiveSuffix
    | RecursiveMiddle
    | CharacterClass
    | Alternates
)
Tokens = tuple[Token, ...]
