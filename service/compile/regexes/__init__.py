"""Regular expressions as conditions in SQL, with exactly the matches of Rust's regex crate.

A pattern goes through three steps: ``parser`` (what is written, and what it means by its flags),
``simplifier`` (a shorter form of the same) and ``translation`` (an expression of PostgreSQL). What
PostgreSQL cannot find out is refused. Nothing here talks to the database.
"""

from __future__ import annotations

from functools import lru_cache

from service.compile.fragment import Fragment, raw
from service.compile.patterns import shown
from service.compile.regexes.limits import MAX_TRANSLATION_LENGTH
from service.compile.regexes.parser import parse
from service.compile.regexes.sizes import check_size
from service.compile.regexes.translation import expression
from service.core.errors import InvalidRequest

__all__ = ["check_regex", "compile_regex"]

CACHED_PATTERNS = 100


def compile_regex(text: Fragment, pattern: str) -> Fragment:
    """A condition, in parentheses, that holds where the pattern matches some part of the text.

    ``text`` is a column or an expression in parentheses. Where it is NULL, so is the condition.
    """
    return raw("(") + text + raw(' COLLATE "C" ~ %s)', _translated(pattern))


def check_regex(pattern: str) -> None:
    """Raise the ``InvalidRequest`` that compiling the pattern would raise, for early answers."""
    _translated(pattern)


@lru_cache(CACHED_PATTERNS)
def _translated(pattern: str) -> str:
    node = parse(pattern)
    check_size(node, pattern)
    written = expression(node)
    if len(written) > MAX_TRANSLATION_LENGTH:
        raise InvalidRequest(
            f"regex {shown(pattern)} needs a regular expression that is too long,"
            f" the limit is {MAX_TRANSLATION_LENGTH} characters"
        )
    return written
