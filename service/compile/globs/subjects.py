"""What a pattern is held against: a text, and what an index has of it.

The start of a text orders like the text itself against anything shorter than the start may be.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.compile.attributes import INDEXED_CHARACTERS
from service.compile.fragment import Fragment, raw


@dataclass(frozen=True, slots=True)
class Subject:
    """Expressions in collation "C"; without an index of its own, ``start`` is the text."""

    text: Fragment
    start: Fragment

    def is_one_of(self, texts: list[str]) -> list[Fragment]:
        """The conditions that hold for exactly these texts."""
        if max(map(len, texts)) < INDEXED_CHARACTERS:
            return [_is_one_of(self.start, texts)]
        starts = [text[:INDEXED_CHARACTERS] for text in texts]
        return [_is_one_of(self.start, starts), _is_one_of(self.text, texts)]


def _is_one_of(expression: Fragment, texts: list[str]) -> Fragment:
    if len(texts) == 1:
        return expression + raw(" = %s", texts[0])
    return expression + raw(" = ANY (%s)", texts)
