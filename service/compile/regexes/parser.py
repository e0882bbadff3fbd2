"""Reads a pattern the way Rust's regex crate reads it, flags and all.

What is read becomes nodes at once: a flag holds from where it stands to the end of its group, so
it is known by then what each character means.
"""

from __future__ import annotations

from typing import Final

from service.compile.patterns import check_text
from service.compile.regexes import assertions
from service.compile.regexes.assertions import Assertion
from service.compile.regexes.brackets import read_brackets
from service.compile.regexes.characters import ALL, Characters, of_codes, of_text
from service.compile.regexes.classes import finished_class
from service.compile.regexes.cursor import Cursor
from service.compile.regexes.escapes import Literal, read_escape
from service.compile.regexes.flags import Flags
from service.compile.regexes.groups import read_group_opening
from service.compile.regexes.limits import MAX_NESTING, MAX_PATTERN_BYTES
from service.compile.regexes.nodes import Node
from service.compile.regexes.quantifiers import read_quantifier
from service.compile.regexes.simplifier import choice, one_of, repeated, sequence
from service.compile.regexes.sizes import check_positions

_QUANTIFIERS: Final = ("?", "*", "+", "{")


def parse(pattern: str) -> Node:
    """What the pattern means, or an ``InvalidRequest`` that says why it has no meaning here."""
    check_text("regex", pattern, MAX_PATTERN_BYTES)
    return _Parser(pattern).parse()


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._cursor = Cursor(pattern)
        self._flags = Flags()
        self._nesting = 0
        self._names: set[str] = set()

    def parse(self) -> Node:
        node = self._choice()
        if self._cursor.peek():
            raise self._cursor.error("has an unopened group: ')' without '('")
        return node

    def _choice(self) -> Node:
        branches = [self._sequence()]
        while self._cursor.takes("|"):
            branches.append(self._sequence())
        return choice(branches)

    def _sequence(self) -> Node:
        # None stands for flags: nothing to match, and nothing that could be repeated.
        nodes: list[Node | None] = []
        self._cursor.skip_space()
        while self._cursor.peek() not in ("", "|", ")"):
            if self._cursor.peek() in _QUANTIFIERS:
                nodes.append(self._repeated(nodes.pop() if nodes else None))
            else:
                nodes.append(self._atom())
            self._cursor.skip_space()
        return sequence(node for node in nodes if node is not None)

    def _repeated(self, node: Node | None) -> Node:
        if node is None:
            raise self._cursor.error("has a quantifier with nothing to repeat")
        least, most = read_quantifier(self._cursor)
        result = repeated(node, least, most)
        # At once: what is too large must not grow any further.
        check_positions(result, self._cursor.pattern)
        return result

    def _atom(self) -> Node | None:
        cursor = self._cursor
        match cursor.peek():
            case "(":
                return self._group()
            case "[":
                return one_of(read_brackets(cursor, self._flags))
            case "\\":
                return self._escape()
            case "." | "^" | "$" as sign:
                cursor.advance()
                return self._sign(sign)
            case character:
                cursor.advance()
                return self._literal(Literal(ord(character)))

    def _group(self) -> Node | None:
        start = self._cursor.position
        opening = read_group_opening(self._cursor, self._flags, self._names)
        if not opening.has_content:
            self._change(opening.flags)
            return None
        outer = self._flags
        self._change(opening.flags)
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self._cursor.error(
                f"nests groups too deep, the limit is {MAX_NESTING} levels", start
            )
        node = self._choice()
        if not self._cursor.takes(")"):
            raise self._cursor.error("has an unclosed group: '(' without ')'", start)
        self._nesting -= 1
        self._change(outer)
        return node

    def _change(self, flags: Flags) -> None:
        self._flags = flags
        self._cursor.verbose = flags.verbose

    def _escape(self) -> Node:
        match read_escape(self._cursor, self._flags):
            case Literal() as literal:
                return self._literal(literal)
            case Characters() as members:
                return one_of(members)
            case Assertion() as assertion:
                return assertion

    def _literal(self, literal: Literal) -> Node:
        members = of_codes([literal.code])
        if self._flags.unicode or literal.code <= 0x7F:
            return one_of(finished_class(self._cursor, self._flags, members, negated=False))
        if literal.is_byte:
            raise self._cursor.error("can match a part of a character without the flag 'u'")
        # Still the whole character; that it has another case is Unicode.
        return one_of(members)

    def _sign(self, sign: str) -> Node:
        flags = self._flags
        match sign, flags.multi_line, flags.crlf:
            case ".", _, _:
                return self._dot()
            case "^", True, True:
                return assertions.CRLF_LINE_START
            case "^", True, False:
                return assertions.LINE_START
            case "^", False, _:
                return assertions.START
            case _, True, True:
                return assertions.CRLF_LINE_END
            case _, True, False:
                return assertions.LINE_END
            case _:
                return assertions.END

    def _dot(self) -> Node:
        if not self._flags.unicode:
            raise self._cursor.error("can match a part of a character without the flag 'u'")
        if self._flags.dot_matches_newline:
            return one_of(ALL)
        return one_of(ALL - of_text("\r\n" if self._flags.crlf else "\n"))
