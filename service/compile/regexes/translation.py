"""Writes nodes as a regular expression of PostgreSQL (an ARE) for text in collation "C".

The expression starts with nothing that PostgreSQL takes for a director (``***:``) or for options
(``(?i)``), has no captures and no back-references, and never depends on which match is found.
"""

from __future__ import annotations

import re
from functools import lru_cache

from service.compile.regexes.assertions import Assertion, Case, Side
from service.compile.regexes.characters import TEXT, Characters, Range, of_ranges
from service.compile.regexes.nodes import Choice, Node, OneOf, Repeat, Sequence

# What PostgreSQL can count to.
_MOST = 255
# Letters beyond ASCII stand for themselves: classes have hundreds of them.
_HARMLESS = re.compile(r"[A-Za-z0-9_ ]|[^\x00-\x7f]")
_NEVER = r"[^\u0001-\U0010ffff]"
_SURROGATES: Range = (0xD800, 0xDFFF)


def expression(node: Node) -> str:
    """The regular expression that finds a match exactly where the node has one."""
    match node:
        case OneOf(members):
            return _class(members)
        case Assertion(cases):
            return _assertion(cases)
        case Sequence(parts):
            return "".join(map(_part, parts))
        case Choice(branches):
            return "|".join(map(expression, branches))
        case Repeat(part, least, most):
            return _repeated(_atom(part), least, most)


def _part(node: Node) -> str:
    """In a sequence."""
    return _group(expression(node)) if isinstance(node, Choice) else expression(node)


def _atom(node: Node) -> str:
    """Before a quantifier."""
    return expression(node) if isinstance(node, OneOf) else _group(expression(node))


def _group(written: str) -> str:
    return f"(?:{written})"


def _repeated(atom: str, least: int, most: int | None) -> str:
    match least, most:
        case 0, 1:
            return f"{atom}?"
        case 0, None:
            return f"{atom}*"
        case 1, None:
            return f"{atom}+"
        case _ if least > _MOST:
            rest = None if most is None else most - _MOST
            return f"{atom}{{{_MOST}}}{_repeated(atom, least - _MOST, rest)}"
        case _ if most is not None and most > _MOST:
            return f"{atom}{{{least},{_MOST}}}{_repeated(atom, 0, most - _MOST)}"
        case _ if least == most:
            return f"{atom}{{{least}}}"
        case _:
            return f"{atom}{{{least},{'' if most is None else most}}}"


def _assertion(cases: tuple[Case, ...]) -> str:
    written = [_side(case.before, "(?<", "^") + _side(case.after, "(?", "$") for case in cases]
    return written[0] if len(written) == 1 else _group("|".join(written))


def _side(side: Side, look: str, edge: str) -> str:
    if not side.edge:
        return f"{look}={_class(side.members)})"
    if not side.members:
        return edge
    others = TEXT - side.members
    # That no other character stands there is true at the edge of the text, too.
    return f"{look}!{_class(others)})" if others else ""


@lru_cache(256)
def _class(members: Characters) -> str:
    if members == TEXT:
        return "."
    if not members:
        return _NEVER
    if len(members) == 1:
        return _listed(members)
    listed, excluded = _listed(members), _listed(TEXT - members)
    return f"[{listed}]" if len(listed) <= len(excluded) + 1 else f"[^{excluded}]"


def _listed(members: Characters) -> str:
    if 0xD7FF in members and 0xE000 in members:
        members = of_ranges((*members.ranges, _SURROGATES))
    return "".join(_range(first, last) for first, last in members.ranges)


def _range(first: int, last: int) -> str:
    if last - first < 2:
        return "".join(map(_character, range(first, last + 1)))
    return f"{_character(first)}-{_character(last)}"


def _character(code: int) -> str:
    character = chr(code)
    return character if _HARMLESS.match(character) else f"\\u{code:04x}"
