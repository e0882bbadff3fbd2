"""A place in the pattern, and the steps that Rust's regex crate takes from there."""

from __future__ import annotations

from service.compile.patterns import shown
from service.compile.regexes.characters import Characters
from service.compile.regexes.limits import MAX_CLASS_RANGES
from service.compile.regexes.unicode import WHITE_SPACE
from service.core.errors import InvalidRequest


class Cursor:
    """The character to read next; ``verbose`` is the flag ``x``, which makes white space void."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.verbose = False
        self._class_ranges = 0

    def peek(self) -> str:
        """The character at the cursor; the empty string at the end of the pattern."""
        return self.pattern[self.position : self.position + 1]

    def peek_beyond(self) -> str:
        """The character after that one, past white space as the crate sees it at this place.

        That is: the one after the ``#`` of a comment counts already.
        """
        rest = self.pattern[self.position + 1 :]
        if not self.verbose:
            return rest[:1]
        in_comment = False
        for character in rest:
            if character == "#" and not in_comment:
                in_comment = True
            elif ord(character) not in WHITE_SPACE:
                return character
        return ""

    def advance(self) -> None:
        self.position += 1

    def step(self) -> None:
        """Past the character and past the white space after it."""
        self.advance()
        self.skip_space()

    def skip_space(self) -> None:
        """To the next character that is neither white space nor part of a comment."""
        while self.verbose and (self.is_at_space() or self.peek() == "#"):
            if self.peek() == "#":
                end = self.pattern.find("\n", self.position)
                self.position = end if end >= 0 else len(self.pattern)
            else:
                self.advance()

    def is_at_space(self) -> bool:
        return self.peek() != "" and ord(self.peek()) in WHITE_SPACE

    def takes(self, text: str) -> bool:
        """Whether the text comes next; if so, go past it."""
        found = self.pattern.startswith(text, self.position)
        if found:
            self.position += len(text)
        return found

    def charge(self, members: Characters) -> None:
        """Count a class whose size the pattern does not show, and refuse it if that is too much."""
        self._class_ranges += len(members.ranges)
        if self._class_ranges > MAX_CLASS_RANGES:
            raise self.error("has too many large classes, such as '\\w' and '\\b'")

    def error(self, reason: str, position: int | None = None) -> InvalidRequest:
        """The pattern cannot be used: the reason in words, and where it shows."""
        place = (self.position if position is None else position) + 1
        return InvalidRequest(f"regex {shown(self.pattern)} {reason}, at character {place}")
