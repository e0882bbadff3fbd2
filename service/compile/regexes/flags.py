"""The flags of a pattern: what ``(?i)`` and its like switch on and off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Flags:
    """What holds at one place of the pattern."""

    ignore_case: bool = False
    multi_line: bool = False
    dot_matches_newline: bool = False
    crlf: bool = False
    swap_greed: bool = False
    unicode: bool = True
    verbose: bool = False

    def changed(self, letters: Mapping[str, bool]) -> Flags:
        """These flags with those of the letters switched on or off."""
        return replace(self, **{FLAG_NAMES[letter]: on for letter, on in letters.items()})


FLAG_NAMES: Final[Mapping[str, str]] = {
    "i": "ignore_case",
    "m": "multi_line",
    "s": "dot_matches_newline",
    "R": "crlf",
    "U": "swap_greed",
    "u": "unicode",
    "x": "verbose",
}
