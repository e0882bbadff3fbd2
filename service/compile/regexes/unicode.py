"""What Unicode knows of characters, as far as Python knows it, too.

The version of Unicode is the running Python's (``unicodedata.unidata_version``): of characters that
are newer than that, the regex crate may know more.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import groupby

from service.compile.regexes.characters import (
    LAST,
    Characters,
    Range,
    of_codes,
    of_ranges,
)

# The property White_Space, complete and unchanged for years; str.isspace() is another set.
WHITE_SPACE = of_ranges(
    [
        *((0x09, 0x0D), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680)),
        *((0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F)),
        (0x3000, 0x3000),
    ]
)
JOIN_CONTROL = of_ranges([(0x200C, 0x200D)])
# Letters in circles and squares: symbols by category, alphabetic all the same.
_ALPHABETIC_SYMBOLS = of_ranges(
    [(0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)]
)
# The planes that have characters of several categories, and what all the others hold: looking at
# those one by one would take most of the time.
_VARIED = (range(0x40000), range(0xE0000, 0xF0000))
_UNIFORM: Mapping[str, list[Range]] = {
    "Cn": [(0x40000, 0xDFFFF), (0xFFFFE, 0xFFFFF), (0x10FFFE, LAST)],
    "Co": [(0xF0000, 0xFFFFD), (0x100000, 0x10FFFD)],
}
# No character beyond has a case.
_LAST_CASED = 0x1FFFF


@cache
def by_category() -> Mapping[str, Characters]:
    """The characters of each general category, by its two letters."""
    found: defaultdict[str, list[Range]] = defaultdict(list, _UNIFORM)
    for codes in _VARIED:
        start = codes.start
        for name, run in groupby(map(unicodedata.category, map(chr, codes))):
            end = start + sum(1 for _ in run)
            found[name].append((start, end - 1))
            start = end
    return {name: of_ranges(ranges) for name, ranges in found.items()}


@cache
def category(initials: str) -> Characters:
    """All categories that start with the letters: "L" is every kind of letter."""
    ranges = (
        some_range
        for name, members in by_category().items()
        if name.startswith(initials)
        for some_range in members.ranges
    )
    return of_ranges(ranges)


@cache
def digits() -> Characters:
    """The class ``\\d``."""
    return category("Nd")


@cache
def word_characters() -> Characters:
    """The class ``\\w``: alphabetic, marks, decimal digits, connectors and join controls."""
    alphabetic = category("L") | category("Nl") | _ALPHABETIC_SYMBOLS
    return alphabetic | category("M") | digits() | category("Pc") | JOIN_CONTROL


@cache
def uppercase() -> Characters:
    """The property Uppercase, which is more than the category Lu."""
    return of_codes(code for code in range(_LAST_CASED + 1) if chr(code).isupper())


@cache
def lowercase() -> Characters:
    """The property Lowercase, which is more than the category Ll."""
    return of_codes(code for code in range(_LAST_CASED + 1) if chr(code).islower())


@lru_cache(256)
def case_folded(members: Characters) -> Characters:
    """The set with every character that differs from a member only in case.

    That is Unicode's simple case folding: "ſ" goes with "s", and "K" (the sign) with "k".
    """
    variants = _case_variants()
    inside = members & _cased()
    if not inside:
        return members
    outside = _cased() - members
    if len(inside) <= len(outside):
        return members | of_codes(other for code in inside.codes() for other in variants[code])
    return members | of_codes(
        code for code in outside.codes() if any(other in members for other in variants[code])
    )


@cache
def _case_variants() -> Mapping[int, tuple[int, ...]]:
    # Python has only the full folding ("ß" to "ss"). Characters that are equal under it are equal
    # under the simple one, too; a fold of several characters is just no character itself.
    by_fold: defaultdict[str, list[int]] = defaultdict(list)
    for code in range(_LAST_CASED + 1):
        character = chr(code)
        if (fold := character.casefold()) != character:
            by_fold[fold].append(code)
    variants: dict[int, tuple[int, ...]] = {}
    for fold, codes in by_fold.items():
        group = (*codes, ord(fold)) if len(fold) == 1 else tuple(codes)
        variants.update((code, group) for code in group)
    return variants


@cache
def _cased() -> Characters:
    return of_codes(_case_variants())


def ascii_case_folded(members: Characters) -> Characters:
    """The set with both cases of each letter of ASCII, as without the flag ``u``."""
    upper = members & of_ranges([(0x41, 0x5A)])
    lower = members & of_ranges([(0x61, 0x7A)])
    return members | _shifted(upper, 0x20) | _shifted(lower, -0x20)


def _shifted(members: Characters, distance: int) -> Characters:
    return Characters(tuple((first + distance, last + distance) for first, last in members.ranges))
