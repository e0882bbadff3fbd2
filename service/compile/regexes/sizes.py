"""How much work PostgreSQL has with an expression before it looks at the first row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from service.compile.patterns import shown
from service.compile.regexes.assertions import Assertion
from service.compile.regexes.characters import Characters
from service.compile.regexes.limits import (
    GAP_OF_CASES,
    MAX_ARCS,
    MAX_GAP,
    MAX_POSITIONS,
)
from service.compile.regexes.nodes import Choice, Node, OneOf, Repeat, Sequence
from service.core.errors import InvalidRequest


def check_size(node: Node, pattern: str) -> None:
    """Refuse the meaning of a pattern if PostgreSQL would take too long to prepare for it."""
    check_positions(node, pattern)
    classes = len(set(_classes(node)))
    if positions(node, classes) > MAX_ARCS:
        raise _too_large(pattern, "repeats too much with too many different classes")
    if _gap(node).widest > MAX_GAP:
        raise _too_large(
            pattern,
            "has too many optional parts and assertions in a row, the limit is"
            f" {MAX_GAP}, where '\\b' counts as {GAP_OF_CASES}",
        )


def check_positions(node: Node, pattern: str) -> None:
    """Refuse what has too many characters when its counts are written out."""
    if positions(node) > max(MAX_POSITIONS, len(pattern)):
        raise _too_large(pattern, f"repeats too much, the limit is {MAX_POSITIONS} characters")


def _too_large(pattern: str, reason: str) -> InvalidRequest:
    return InvalidRequest(f"regex {shown(pattern)} {reason}")


def positions(node: Node, weight: int = 1) -> int:
    """Characters and assertions with all counts written out, a class counted with the weight."""
    match node:
        case OneOf() | Assertion():
            return weight if _is_class(node) else 1
        case Sequence(parts) | Choice(parts):
            return sum(positions(part, weight) for part in parts)
        case Repeat(part, least, most):
            return positions(part, weight) * max(least, most or 1)


def _is_class(node: OneOf | Assertion) -> bool:
    return isinstance(node, Assertion) or len(node.members) > 1


def _classes(node: Node) -> Iterator[Characters]:
    match node:
        case OneOf(members):
            yield members
        case Assertion(cases):
            for case in cases:
                yield from (case.before.members, case.after.members)
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from _classes(part)
        case Repeat(part, _, _):
            yield from _classes(part)


@dataclass(frozen=True, slots=True)
class _Gap:
    """How much can be passed over without a character: at the start, at the end, and anywhere.

    ``through`` is from one end to the other, ``None`` where a character is always in between.
    """

    start: int = 0
    end: int = 0
    through: int | None = None
    widest: int = 0

    def __add__(self, other: _Gap) -> _Gap:
        """Of two nodes in a row."""
        start, end, through = self.start, other.end, None
        if self.through is not None:
            start = max(start, self.through + other.start)
        if other.through is not None:
            end = max(end, other.through + self.end)
        if self.through is not None and other.through is not None:
            through = self.through + other.through
        return _Gap(start, end, through, max(self.widest, other.widest, self.end + other.start))

    def __or__(self, other: _Gap) -> _Gap:
        """Of two branches."""
        passed = [gap.through for gap in (self, other) if gap.through is not None]
        return _Gap(
            max(self.start, other.start),
            max(self.end, other.end),
            max(passed) if passed else None,
            max(self.widest, other.widest),
        )


def _gap(node: Node) -> _Gap:
    match node:
        case OneOf():
            return _Gap()
        case Assertion(cases):
            return _passing(1 if len(cases) == 1 else GAP_OF_CASES)
        case Sequence(parts):
            return sum(map(_gap, parts), start=_passing(0))
        case Choice(branches):
            return reduce(_Gap.__or__, map(_gap, branches))
        case Repeat(part, least, most):
            return _gap_of_repeat(_gap(part), least, most)


def _gap_of_repeat(part: _Gap, least: int, most: int | None) -> _Gap:
    # The copies that need not be there are nested in each other, so only an end of them is passed
    # over, unless each of them can be empty as well.
    written_out = least if part.through is None else (most or least)
    copies = sum([part] * max(written_out, 1 if most == 1 else 2), start=_passing(0))
    return copies | _passing(1) if least == 0 else copies


def _passing(weight: int) -> _Gap:
    return _Gap(weight, weight, weight, weight)
