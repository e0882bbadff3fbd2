"""The range of an index in which a pattern with a literal start can match.

PostgreSQL derives such a range from ``LIKE 'src/%'`` by itself, but not from ``LIKE $1`` in a
generic plan: written beside it, the range works in both.
"""

from __future__ import annotations

from service.compile.attributes import INDEXED_CHARACTERS
from service.compile.fragment import Fragment, raw
from service.compile.globs.nodes import Sequence, Text
from service.compile.globs.subjects import Subject

_LAST = "\U0010ffff"


def literal_prefix(sequence: Sequence) -> str:
    """The text that every match starts with; empty if there is none."""
    match sequence:
        case (Text(text), *_):
            return text
        case _:
            return ""


def prefix_range(subject: Subject, sequence: Sequence) -> list[Fragment]:
    """The comparisons that hold for exactly the texts with the literal prefix, in collation "C".

    For those with the start of the prefix, if it is longer than what an index has of a text.
    """
    prefix = literal_prefix(sequence)[:INDEXED_CHARACTERS]
    if not prefix:
        return []
    bounds = [subject.start + raw(" >= %s", prefix)]
    if (end := successor(prefix)) is not None:
        bounds.append(subject.start + raw(" < %s", end))
    return bounds


def successor(prefix: str) -> str | None:
    """The smallest text after all texts with the prefix; ``None`` if there is none."""
    kept = prefix.rstrip(_LAST)
    if not kept:
        return None
    # Surrogates are no characters of UTF-8.
    following = "\ue000" if kept[-1] == "\ud7ff" else chr(ord(kept[-1]) + 1)
    return kept[:-1] + following
