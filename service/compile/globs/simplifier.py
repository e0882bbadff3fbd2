"""Turns tokens into nodes: what was written becomes what it means.

This is where case is ignored: text and classes are lower-cased here, and the SQL lower-cases the
subject. It decides nothing about SQL.
"""

from __future__ import annotations

from service.compile.globs.bytesets import ANY, folded_members, lowered, members
from service.compile.globs.nodes import (
    Choice,
    Directories,
    OneByte,
    Sequence,
    Star,
    Text,
    normalized,
    one_byte,
)
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


def simplified(tokens: Tokens, ignore_case: bool) -> Sequence:
    """The nodes of a whole pattern."""
    if tokens == (RecursivePrefix(),):
        # Only when it is the whole pattern does "**" match what does not end in "/".
        return (Star(),)
    return _sequence(tokens, ignore_case)


def _sequence(tokens: Tokens, ignore_case: bool) -> Sequence:
    return normalized(node for token in tokens for node in _nodes(token, ignore_case))


def _nodes(token: Token, ignore_case: bool) -> Sequence:
    match token:
        case Literal(character):
            return (Text(lowered(character) if ignore_case else character),)
        case AnyByte():
            return (OneByte(ANY),)
        case ZeroOrMore():
            return (Star(),)
        case RecursivePrefix():
            return (Directories(),)
        case RecursiveSuffix():
            return (Text("/"), Star())
        case RecursiveMiddle():
            return (Text("/"), Directories())
        case CharacterClass():
            return (one_byte(folded_members(token) if ignore_case else members(token)),)
        case Alternates(branches):
            return _choice(branches, ignore_case)


def _choice(branches: tuple[Tokens, ...], ignore_case: bool) -> Sequence:
    sequences = (_sequence(branch, ignore_case) for branch in branches)
    # globset drops branches that are empty: "{,a}" does not match the empty text.
    distinct = tuple(dict.fromkeys(sequence for sequence in sequences if sequence))
    return (Choice(distinct),) if len(distinct) > 1 else distinct[0] if distinct else ()
