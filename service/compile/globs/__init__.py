"""Globs as conditions in SQL, with exactly the matches that globset finds.

A pattern goes through four steps: ``parser`` (what is written), ``simplifier`` (what it means),
``expansion`` (its spellings) and ``translation`` (SQL). Nothing here talks to the database.
"""

from __future__ import annotations

from service.compile.fragment import Fragment, raw
from service.compile.globs.limits import MAX_REGEX_LENGTH
from service.compile.globs.parser import GlobSyntaxError, parse
from service.compile.globs.regex import RegexTooLong
from service.compile.globs.simplifier import simplified
from service.compile.globs.subjects import Subject
from service.compile.globs.translation import translated
from service.compile.patterns import shown
from service.core.errors import InvalidRequest

__all__ = ["GlobSyntaxError", "check_glob", "compile_glob"]


def compile_glob(
    text: Fragment, pattern: str, ignore_case: bool, start: Fragment | None = None
) -> Fragment:
    """A condition, in parentheses, that holds where the text matches the pattern.

    ``text`` is a column or an expression in parentheses, and is repeated as often as needed. Where
    it is NULL, so is the condition. ``start`` is what an index has of the text, if not all of it.
    """
    sequence = simplified(parse(pattern), ignore_case)
    try:
        return translated(_subject(text, ignore_case, start), sequence)
    except RegexTooLong as error:
        raise InvalidRequest(
            f"glob {shown(pattern)} needs a regular expression that is too long,"
            f" the limit is {MAX_REGEX_LENGTH} characters"
        ) from error


def check_glob(pattern: str) -> None:
    """Raise the ``InvalidRequest`` that compiling the pattern would raise, for early answers."""
    compile_glob(raw("text"), pattern, ignore_case=False)


def _subject(text: Fragment, ignore_case: bool, start: Fragment | None) -> Subject:
    if ignore_case:
        # In collation "C" only ASCII letters have a lower case, as in globset.
        lowered = raw("lower(") + text + raw(' COLLATE "C")')
        return Subject(lowered, lowered)
    compared = text + raw(' COLLATE "C"')
    return Subject(compared, start or compared)
