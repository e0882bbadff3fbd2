"""Reads a glob the way globset reads it, including its odd corners.

One character at a time with a memory of the previous one, as globset does: what ``**`` means hangs
on the character before it, not on the token, and some results (``{\\,**}``) follow from just that.
It knows syntax and nothing of SQL; what the tokens mean is decided in ``simplifier.py``.
"""

from __future__ import annotations

from typing import Final
from typing import Literal as OneOf

from service.compile.globs.limits import MAX_BRANCHES, MAX_NESTING, MAX_PATTERN_BYTES
from service.compile.globs.tokens import (
    Alternates,
    AnyByte,
    CharacterClass,
    Literal,
    RecursiveMiddle,
    RecursivePrefix,
    RecursiveSuffix,
    Token,
    Tokens,
    ZeroOrMore,
)
from service.compile.patterns import check_text, shown
from service.core.errors import InvalidRequest

ErrorKind = OneOf[
    "UnclosedClass", "InvalidRange", "UnopenedAlternates", "UnclosedAlternates", "DanglingEscape"
]

_IN_WORDS: Final[dict[ErrorKind, str]] = {
    "UnclosedClass": "has an unclosed character class: '[' without ']'",
    "InvalidRange": "has an invalid range in a character class: its end comes before its start",
    "UnopenedAlternates": "has unopened alternates: '}' without '{'",
    "UnclosedAlternates": "has unclosed alternates: '{' without '}'",
    "DanglingEscape": "has a dangling escape: it ends in '\\' with nothing to escape",
}


class GlobSyntaxError(InvalidRequest):
    """The glob cannot be read; ``kind`` is globset's name for the reason."""

    def __init__(self, kind: ErrorKind, pattern: str) -> None:
        super().__init__(f"glob {shown(pattern)} {_IN_WORDS[kind]}")
        self.kind: ErrorKind = kind


def parse(pattern: str) -> Tokens:
    """The tokens of the pattern, or an ``InvalidRequest`` that says why there are none."""
    if "\0" in pattern:
        # PostgreSQL has no such text
        raise InvalidRequest(f"glob {shown(pattern)} contains a NUL character")
    check_text("glob", pattern, MAX_PATTERN_BYTES)
    return _Parser(pattern).parse()


class _Parser:
    """A cursor over the characters and the branches that are still open, the innermost last."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self._previous: str | None = None
        self._current: str | None = None
        self._branches: list[list[Token]] = [[]]
        # For each open brace, where its first branch is in the list above.
        self._openings: list[int] = []
        self._branch_count = 0

    def parse(self) -> Tokens:
        while (character := self._bump()) is not None:
            self._read(character)
        if self._openings:
            raise self._error("UnclosedAlternates")
        return tuple(self._branches[0])

    def _read(self, character: str) -> None:
        match character:
            case "?":
                self._push(AnyByte())
            case "*":
                self._star()
            case "[":
                self._class()
            case "{":
                self._open()
            case "}":
                self._close()
            case "," if self._openings:
                self._add_branch()
            case "\\":
                self._escape()
            case _:
                self._push(Literal(character))

    def _bump(self) -> str | None:
        self._previous, self._current = self._current, self._peek()
        self._position += 1
        return self._current

    def _peek(self) -> str | None:
        return self._pattern[self._position] if self._position < len(self._pattern) else None

    def _push(self, *tokens: Token) -> None:
        self._branches[-1].extend(tokens)

    def _error(self, kind: ErrorKind) -> GlobSyntaxError:
        return GlobSyntaxError(kind, self._pattern)

    def _open(self) -> None:
        self._openings.append(len(self._branches))
        if len(self._openings) > MAX_NESTING:
            raise InvalidRequest(
                f"glob {shown(self._pattern)} nests its braces too deep,"
                f" the limit is {MAX_NESTING} levels"
            )
        self._add_branch()

    def _add_branch(self) -> None:
        self._branches.append([])
        self._branch_count += 1
        if self._branch_count > MAX_BRANCHES:
            raise InvalidRequest(
                f"glob {shown(self._pattern)} has too many branches in its braces,"
                f" the limit is {MAX_BRANCHES} in total"
            )

    def _close(self) -> None:
        if not self._openings:
            raise self._error("UnopenedAlternates")
        start = self._openings.pop()
        branches = tuple(map(tuple, self._branches[start:]))
        del self._branches[start:]
        self._push(Alternates(branches))

    def _escape(self) -> None:
        character = self._bump()
        if character is None:
            raise self._error("DanglingEscape")
        self._push(Literal(character))

    def _star(self) -> None:
        before = self._previous
        if self._peek() != "*":
            self._push(ZeroOrMore())
            return
        self._bump()
        if not self._branches[-1]:
            self._leading_double_star()
        elif before == "/" or (self._openings and before in (",", "{")):
            # A comma or brace here can only be an escaped one; globset takes it for a separator.
            self._separated_double_star()
        else:
            self._push(ZeroOrMore(), ZeroOrMore())

    def _leading_double_star(self) -> None:
        if self._peek() in (None, "/"):
            self._push(RecursivePrefix())
            self._bump()
        else:
            self._push(ZeroOrMore(), ZeroOrMore())

    def _separated_double_star(self) -> None:
        following = self._peek()
        if following is None or (following in ",}" and self._openings):
            self._replace_separator(RecursiveSuffix())
        elif following == "/":
            self._bump()
            self._replace_separator(RecursiveMiddle())
        else:
            self._push(ZeroOrMore(), ZeroOrMore())

    def _replace_separator(self, recursive: Token) -> None:
        match self._branches[-1].pop():
            case RecursivePrefix() | RecursiveSuffix() as absorbing:
                self._push(absorbing)
            case _:
                self._push(recursive)

    def _class(self) -> None:
        negated = self._peek() in ("!", "^")
        if negated:
            self._bump()
        ranges: list[tuple[str, str]] = []
        in_range = False
        while (character := self._class_member(first=not ranges)) is not None:
            if character == "-" and ranges and not in_range:
                in_range = True
            elif in_range:
                ranges[-1] = self._extended(ranges[-1], character)
                in_range = False
            else:
                ranges.append((character, character))
        if in_range:
            ranges.append(("-", "-"))
        self._push(CharacterClass(negated, tuple(ranges)))

    def _class_member(self, *, first: bool) -> str | None:
        """The next character of a class, ``None`` at its end; a leading ``]`` is a member."""
        character = self._bump()
        if character is None:
            raise self._error("UnclosedClass")
        return None if character == "]" and not first else character

    def _extended(self, started: tuple[str, str], end: str) -> tuple[str, str]:
        if end < started[0]:
            raise self._error("InvalidRange")
        return (started[0], end)
