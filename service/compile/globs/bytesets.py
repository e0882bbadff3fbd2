"""Which bytes a character class holds.

globset matches bytes: a class is a set of bytes even where it is written with other characters, and
ignoring case concerns ASCII letters only. NUL is in no set, since no text of PostgreSQL has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import ascii_lowercase, ascii_uppercase

from service.compile.globs.tokens import CharacterClass

ByteSet = frozenset[int]

ASCII: ByteSet = frozenset(range(0x01, 0x80))
NON_ASCII: ByteSet = frozenset(range(0x80, 0x100))
ANY: ByteSet = ASCII | NON_ASCII

_UPPER: ByteSet = frozenset(ascii_uppercase.encode())
_LOWER_OF = str.maketrans(ascii_uppercase, ascii_lowercase)


def lowered(text: str) -> str:
    """The text with its ASCII letters in lower case, and only those."""
    return text.translate(_LOWER_OF)


def members(token: CharacterClass) -> ByteSet:
    """The bytes that the class matches. Never empty: no UTF-8 has 0xFF, so no class excludes it."""
    written = _written(token)
    return ANY - written if token.negated else written


def folded_members(token: CharacterClass) -> ByteSet:
    """The bytes that the class matches in lower-cased text when case is ignored.

    Both cases of each letter count before negation. Upper case does not occur in the text then, so
    it is put wherever it makes the written set shortest.
    """
    written = _written(token)
    letters = {byte ^ 0x20 for byte in written if chr(byte) in ascii_lowercase + ascii_uppercase}
    both_cases = written | letters
    matched = ANY - both_cases if token.negated else both_cases
    return matched | _UPPER if matched >= NON_ASCII else matched - _UPPER


def ranges(byte_set: ByteSet) -> Iterator[tuple[int, int]]:
    """The set as its runs of adjacent bytes, first and last of each."""
    ordered = sorted(byte_set)
    starts = [byte for byte in ordered if byte - 1 not in byte_set]
    ends = [byte for byte in ordered if byte + 1 not in byte_set]
    return zip(starts, ends, strict=True)


def _written(token: CharacterClass) -> ByteSet:
    return frozenset(byte for pair in token.ranges for byte in _range_bytes(*pair))


def _range_bytes(first: str, last: str) -> Iterable[int]:
    # globset writes both characters into a class of bytes, with one "-" between: only the byte
    # before it and the byte after it make a range.
    if first == last:
        return first.encode()
    *before, start = first.encode()
    end, *after = last.encode()
    return (*before, *range(start, end + 1), *after)
