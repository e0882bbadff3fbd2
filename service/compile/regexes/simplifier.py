"""Builds nodes in the form that suits PostgreSQL; a text matches the result as it matched before.

PostgreSQL refuses to repeat an assertion, and large classes around every position are slow: so
assertions are not repeated, and those that the characters beside them decide are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from service.compile.regexes.assertions import ALWAYS, IMPOSSIBLE, Assertion
from service.compile.regexes.borders import first_characters, has_no_width, last_characters
from service.compile.regexes.characters import TEXT, Characters, of_ranges
from service.compile.regexes.nodes import EMPTY, NEVER, Choice, Node, OneOf, Repeat, Sequence


@lru_cache(256)
def one_of(members: Characters) -> Node:
    """One character of the set, as far as a text can hold it."""
    return OneOf(members & TEXT)


def sequence(nodes: Iterable[Node]) -> Node:
    """The nodes one after the other."""
    parts = _decided(_united(_flattened(nodes)))
    if NEVER in parts:
        return NEVER
    return parts[0] if len(parts) == 1 else Sequence(parts)


def choice(nodes: Iterable[Node]) -> Node:
    """One of the nodes."""
    branches = dict.fromkeys(node for node in nodes if node != NEVER)
    single = [node for node in branches if isinstance(node, OneOf)]
    if len(single) > 1:
        branches = dict.fromkeys(node for node in branches if node not in single)
        branches[_any_of(single)] = None
    if EMPTY in branches:
        return repeated(choice(node for node in branches if node != EMPTY), 0, 1)
    if len(branches) > 1:
        return _without_common_ends(tuple(branches))
    return next(iter(branches), NEVER)


def repeated(node: Node, least: int, most: int | None) -> Node:
    """The node between ``least`` and ``most`` times; without end where that is ``None``."""
    if least == 0 and (most == 0 or node == NEVER or has_no_width(node)):
        return EMPTY
    if (least, most) == (1, 1) or node == NEVER or has_no_width(node):
        return node
    if not isinstance(node, Repeat) or not _is_gapless(node, least, most):
        return Repeat(node, least, most)
    if most is None or node.most is None:
        return Repeat(node.part, least * node.least, None)
    return Repeat(node.part, least * node.least, most * node.most)


def _is_gapless(inner: Repeat, least: int, most: int | None) -> bool:
    """Whether repeating the repetition gives every number from the smallest to the largest."""
    if least == most:
        return True
    if inner.most is None:
        return least > 0 or inner.least <= 1
    return least * (inner.most - inner.least) >= inner.least - 1


def _any_of(nodes: Iterable[OneOf]) -> OneOf:
    return OneOf(of_ranges(some_range for node in nodes for some_range in node.members.ranges))


def _without_common_ends(branches: tuple[Node, ...]) -> Node:
    """A choice; what all branches start or end with is in front of it or behind."""
    rows = [tuple(_flattened([branch])) for branch in branches]
    if all(row[0] == rows[0][0] for row in rows):
        return sequence([rows[0][0], choice(sequence(row[1:]) for row in rows)])
    if all(row[-1] == rows[0][-1] for row in rows):
        return sequence([choice(sequence(row[:-1]) for row in rows), rows[0][-1]])
    return Choice(branches)


def _flattened(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        if isinstance(node, Sequence):
            yield from node.parts
        else:
            yield node


def _united(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """With assertions about the same position made one."""
    done: list[Node] = []
    for node in nodes:
        match done[-1:], node:
            case [Assertion() as before], Assertion():
                done[-1] = before & node
            case _:
                done.append(node)
    return tuple(done)


def _decided(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """With assertions reduced to what the characters around them leave open."""
    decided = (
        _reduced(node, nodes[:index], nodes[index + 1 :]) if isinstance(node, Assertion) else node
        for index, node in enumerate(nodes)
    )
    return tuple(node for node in decided if node != EMPTY)


def _reduced(assertion: Assertion, before: tuple[Node, ...], after: tuple[Node, ...]) -> Node:
    if characters := first_characters(after):
        assertion = assertion.followed_by(characters)
    if characters := last_characters(before):
        assertion = assertion.preceded_by(characters)
    if assertion == ALWAYS:
        return EMPTY
    return NEVER if assertion == IMPOSSIBLE else assertion
