"""What a regular expression means: nodes of a few kinds, with flags and case already worked in.

Greediness and groups are gone, as they change which match is found but not whether there is one.
Build nodes with ``simplifier.py``, which keeps them small.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.compile.regexes.assertions import Assertion
from service.compile.regexes.characters import NO_CHARACTERS, Characters


@dataclass(frozen=True, slots=True)
class OneOf:
    """One character of the set."""

    members: Characters


@dataclass(frozen=True, slots=True)
class Sequence:
    """One node after the other; none is the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of the branches."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The part from ``least`` to ``most`` times, ``None`` being without end."""

    part: Node
    least: int
    most: int | None


Node = OneOf | Assertion | Sequence | Choice | Repeat

EMPTY = Sequence(())
# Matches nothing, not even the empty text.
NEVER = OneOf(NO_CHARACTERS)
