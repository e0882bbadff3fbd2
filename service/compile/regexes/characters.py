"""Sets of characters: what a class such as ``[a-z&&[^k]]`` holds.

A set may hold code points that are no characters of a text (NUL, surrogates), so that taking the
complement twice gives the set back; ``TEXT`` says which ones are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Range = tuple[int, int]

LAST = 0x10FFFF


@dataclass(frozen=True, slots=True)
class Characters:
    """A set of code points, as ascending ranges with gaps between them; see ``of_ranges``."""

    ranges: tuple[Range, ...]

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def __contains__(self, code: int) -> bool:
        index = bisect_right(self.ranges, (code, LAST))
        return index > 0 and code <= self.ranges[index - 1][1]

    def __or__(self, other: Characters) -> Characters:
        return of_ranges(self.ranges + other.ranges)

    def __and__(self, other: Characters) -> Characters:
        return Characters(tuple(_overlaps(self.ranges, other.ranges)))

    def __sub__(self, other: Characters) -> Characters:
        return self & ~other

    def __xor__(self, other: Characters) -> Characters:
        return (self | other) - (self & other)

    def __invert__(self) -> Characters:
        starts = (0, *(last + 1 for _, last in self.ranges))
        ends = (*(first - 1 for first, _ in self.ranges), LAST)
        gaps = zip(starts, ends, strict=True)
        return Characters(tuple((first, last) for first, last in gaps if first <= last))

    def codes(self) -> Iterator[int]:
        """Every member in ascending order."""
        for first, last in self.ranges:
            yield from range(first, last + 1)


def of_ranges(ranges: Iterable[Range]) -> Characters:
    """The union of the ranges, which may come in any order and overlap."""
    united: list[Range] = []
    for first, last in sorted(ranges):
        if united and first <= united[-1][1] + 1:
            united[-1] = (united[-1][0], max(united[-1][1], last))
        else:
            united.append((first, last))
    return Characters(tuple(united))


def of_codes(codes: Iterable[int]) -> Characters:
    """Exactly these code points."""
    return of_ranges((code, code) for code in codes)


def of_text(text: str) -> Characters:
    """Exactly the characters of the text."""
    return of_codes(map(ord, text))


def _overlaps(left: tuple[Range, ...], right: tuple[Range, ...]) -> Iterator[Range]:
    i = j = 0
    while i < len(left) and j < len(right):
        first = max(left[i][0], right[j][0])
        last = min(left[i][1], right[j][1])
        if first <= last:
            yield first, last
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1


NO_CHARACTERS = Characters(())
ALL = Characters(((0, LAST),))
ASCII = Characters(((0, 0x7F),))
BYTES = Characters(((0, 0xFF),))
# What a text of PostgreSQL is made of.
TEXT = Characters(((1, 0xD7FF), (0xE000, LAST)))
