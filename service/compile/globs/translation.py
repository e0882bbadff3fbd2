"""Turns the meaning of a glob into SQL, each spelling in the cheapest form that is exact.

The subject must be in collation "C" already: ranges, classes and case then follow the bytes,
whatever the collation of the column. The database must be in UTF-8.
"""

from __future__ import annotations

from typing import LiteralString

from service.compile.fragment import Fragment, joined, raw
from service.compile.globs.alignment import is_aligned
from service.compile.globs.expansion import expanded
from service.compile.globs.like import exact_like, is_likeable, loose_like
from service.compile.globs.nodes import Sequence, Text
from service.compile.globs.prefixes import literal_prefix, prefix_range
from service.compile.globs.regex import byte_regex, character_regex
from service.compile.globs.subjects import Subject


def translated(subject: Subject, sequence: Sequence) -> Fragment:
    """A condition in parentheses; NULL for a subject that is NULL."""
    flats = expanded(sequence)
    if flats is None:
        return _either(
            [prefix_range(subject, sequence) + _matches_as_bytes(subject.text, sequence)]
        )
    equal = [text for flat in flats if (text := _plain_text(flat)) is not None]
    patterns = [flat for flat in flats if _plain_text(flat) is None]
    alternatives = [subject.is_one_of(equal)] if equal else []
    alternatives += _pattern_alternatives(subject, patterns)
    return _either(alternatives) if alternatives else _never(subject.text)


def _never(subject: Fragment) -> Fragment:
    # Not the constant false: the negation of a glob must be NULL, too, where the text is.
    return raw("(") + subject + raw(" <> ") + subject + raw(")")


def _plain_text(flat: Sequence) -> str | None:
    match flat:
        case ():
            return ""
        case (Text(text),):
            return text
        case _:
            return None


def _pattern_alternatives(subject: Subject, flats: list[Sequence]) -> list[list[Fragment]]:
    # An alternative that needs the whole table makes the index useless to the others as well.
    if all(map(literal_prefix, flats)):
        return [prefix_range(subject, flat) + _matches(subject.text, flat) for flat in flats]
    return [_matches(subject.text, flat) for flat in flats]


def _matches(subject: Fragment, flat: Sequence) -> list[Fragment]:
    aligned = is_aligned(flat)
    if is_likeable(flat):
        return _matches_like(subject, flat) if aligned else _matches_bytea_like(subject, flat)
    return _matches_as_characters(subject, flat) if aligned else _matches_as_bytes(subject, flat)


def _matches_like(subject: Fragment, flat: Sequence) -> list[Fragment]:
    return [subject + raw(" LIKE %s", exact_like(flat))]


def _matches_bytea_like(subject: Fragment, flat: Sequence) -> list[Fragment]:
    # In LIKE on bytea, "_" is one byte.
    octets = raw("convert_to(") + subject + raw(", 'UTF8')")
    exact = octets + raw(" LIKE %s", exact_like(flat).encode())
    return [*_prefilter(subject, flat), exact]


def _matches_as_characters(subject: Fragment, flat: Sequence) -> list[Fragment]:
    return [*_prefilter(subject, flat), subject + raw(" ~ %s", character_regex(flat))]


def _matches_as_bytes(subject: Fragment, sequence: Sequence) -> list[Fragment]:
    exact = _byte_view(subject) + raw(" ~ %s", byte_regex(sequence))
    return [*_prefilter(subject, sequence), exact]


def _byte_view(subject: Fragment) -> Fragment:
    """The subject with each byte of its UTF-8 as one character; costs nothing for ASCII."""
    return (
        raw("CASE WHEN octet_length(")
        + subject
        + raw(") = char_length(")
        + subject
        + raw(") THEN ")
        + subject
        + raw(" ELSE convert_from(convert_to(")
        + subject
        + raw(", 'UTF8'), 'LATIN1') END COLLATE \"C\"")
    )


def _prefilter(subject: Fragment, sequence: Sequence) -> list[Fragment]:
    """LIKE rejects most rows several times faster than what follows it."""
    pattern = loose_like(sequence)
    return [] if pattern == "%" else [subject + raw(" LIKE %s", pattern)]


def _either(alternatives: list[list[Fragment]]) -> Fragment:
    if len(alternatives) == 1:
        return _group(" AND ", alternatives[0])
    return _group(" OR ", [_unit(conditions) for conditions in alternatives])


def _unit(conditions: list[Fragment]) -> Fragment:
    return conditions[0] if len(conditions) == 1 else _group(" AND ", conditions)


def _group(operator: LiteralString, parts: list[Fragment]) -> Fragment:
    return raw("(") + joined(operator, parts) + raw(")")
