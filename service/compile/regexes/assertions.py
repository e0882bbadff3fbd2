"""Conditions on a position: what stands before it and what comes after.

All of them, from ``^`` to ``\\b{end-half}``, are one kind of value, so that they can be combined
with each other and with the characters beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from service.compile.regexes.characters import NO_CHARACTERS, TEXT, Characters, of_text


@dataclass(frozen=True, slots=True)
class Side:
    """What may stand on one side of a position: a member, or with ``edge`` the end of the text."""

    members: Characters
    edge: bool

    def __and__(self, other: Side) -> Side:
        return Side(self.members & other.members, self.edge and other.edge)

    def __invert__(self) -> Side:
        return Side(TEXT - self.members, not self.edge)

    def __bool__(self) -> bool:
        return self.edge or bool(self.members)


ANYTHING = Side(TEXT, edge=True)
EDGE = Side(NO_CHARACTERS, edge=True)


@dataclass(frozen=True, slots=True)
class Case:
    """One way to fulfil an assertion: both sides must be as said."""

    before: Side = ANYTHING
    after: Side = ANYTHING

    def __and__(self, other: Case) -> Case:
        return Case(self.before & other.before, self.after & other.after)

    def __bool__(self) -> bool:
        return bool(self.before and self.after)


@dataclass(frozen=True, slots=True)
class Assertion:
    """A condition on a position: at least one of the cases. No case is never."""

    cases: tuple[Case, ...]

    def __and__(self, other: Assertion) -> Assertion:
        return _possible(mine & its for mine in self.cases for its in other.cases)

    def preceded_by(self, characters: Characters) -> Assertion:
        """What is left to check where one of the characters stands before the position."""
        narrowed = (replace(case, before=_narrowed(case.before, characters)) for case in self.cases)
        return _possible(narrowed)

    def followed_by(self, characters: Characters) -> Assertion:
        """What is left to check where one of the characters comes after the position."""
        narrowed = (replace(case, after=_narrowed(case.after, characters)) for case in self.cases)
        return _possible(narrowed)


def _narrowed(side: Side, characters: Characters) -> Side:
    allowed = side.members & characters
    if allowed == characters:
        return ANYTHING
    return side if allowed else Side(NO_CHARACTERS, edge=False)


def _possible(cases: Iterable[Case]) -> Assertion:
    possible = tuple(dict.fromkeys(case for case in cases if case))
    always = Case()
    return Assertion((always,) if always in possible else possible)


ALWAYS = Assertion((Case(),))
IMPOSSIBLE = Assertion(())

START = Assertion((Case(before=EDGE),))
END = Assertion((Case(after=EDGE),))

_FEED = Side(of_text("\n"), edge=False)
_RETURN = Side(of_text("\r"), edge=False)
_FEED_OR_EDGE = Side(_FEED.members, edge=True)
_RETURN_OR_EDGE = Side(_RETURN.members, edge=True)

LINE_START = Assertion((Case(before=_FEED_OR_EDGE),))
LINE_END = Assertion((Case(after=_FEED_OR_EDGE),))
# With the flag R, "\r\n" is one line break that has no inside.
CRLF_LINE_START = Assertion((Case(before=_FEED_OR_EDGE), Case(before=_RETURN, after=~_FEED)))
CRLF_LINE_END = Assertion((Case(after=_RETURN_OR_EDGE), Case(before=~_RETURN, after=_FEED)))


def word_assertion(name: str, word: Characters) -> Assertion:
    """The assertion about word characters with this escape, such as "b" or "b{start}"."""
    inside = Side(word & TEXT, edge=False)
    outside = ~inside
    match name:
        case "b":
            return Assertion((Case(inside, outside), Case(outside, inside)))
        case "B":
            return Assertion((Case(inside, inside), Case(outside, outside)))
        case "b{start}" | "<":
            return Assertion((Case(outside, inside),))
        case "b{end}" | ">":
            return Assertion((Case(inside, outside),))
        case "b{start-half}":
            return Assertion((Case(before=outside),))
        case _:
            return Assertion((Case(after=outside),))
