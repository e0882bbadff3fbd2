"""Which characters a node can start or end with."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from service.compile.regexes.assertions import Assertion
from service.compile.regexes.characters import NO_CHARACTERS, Characters
from service.compile.regexes.nodes import Choice, Node, OneOf, Repeat, Sequence

# From which end to look at a sequence: ``iter`` or ``reversed``.
Order = Callable[[tuple[Node, ...]], Iterable[Node]]


def first_characters(nodes: tuple[Node, ...]) -> Characters | None:
    """The set in which the first character of the nodes must be; ``None`` if there may be none."""
    members, may_be_empty = _border(Sequence(nodes), iter)
    return None if may_be_empty else members


def last_characters(nodes: tuple[Node, ...]) -> Characters | None:
    """The set in which the last character of the nodes must be; ``None`` if there may be none."""
    members, may_be_empty = _border(Sequence(nodes), reversed)
    return None if may_be_empty else members


def has_no_width(node: Node) -> bool:
    """Whether it can match nothing but the empty text: assertions, and what is made of them."""
    match node:
        case OneOf():
            return False
        case Assertion():
            return True
        case Sequence(parts) | Choice(parts):
            return all(map(has_no_width, parts))
        case Repeat(part, _, _):
            return has_no_width(part)


def _border(node: Node, order: Order) -> tuple[Characters, bool]:
    """The characters at that end, and whether the node may match the empty text."""
    match node:
        case OneOf(members):
            return members, False
        case Assertion():
            return NO_CHARACTERS, True
        case Sequence(parts):
            return _border_of_sequence(order(parts), order)
        case Choice(branches):
            borders = [_border(branch, order) for branch in branches]
            return _united(members for members, _ in borders), any(empty for _, empty in borders)
        case Repeat(part, least, _):
            members, may_be_empty = _border(part, order)
            return members, may_be_empty or least == 0


def _border_of_sequence(parts: Iterable[Node], order: Order) -> tuple[Characters, bool]:
    found: list[Characters] = []
    for part in parts:
        members, may_be_empty = _border(part, order)
        found.append(members)
        if not may_be_empty:
            return _united(found), False
    return _united(found), True


def _united(sets: Iterable[Characters]) -> Characters:
    united = NO_CHARACTERS
    for members in sets:
        united = united | members if united else members
    return united
