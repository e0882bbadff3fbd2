"""How large a glob may be, and how an error message shows one.

Beyond these sizes PostgreSQL gets slow, long before globset itself would refuse the pattern. Only
the text as such is checked here; every other limit is enforced where the size comes up.
"""

from __future__ import annotations

from service.core.errors import InvalidRequest

MAX_PATTERN_BYTES = 1024
MAX_BRANCHES = 256
MAX_NESTING = 16
# Not an error: a pattern with more spellings than this becomes one regular expression.
MAX_SPELLINGS = 32
MAX_REGEX_LENGTH = 16_384

_SHOWN_CHARACTERS = 60


def shown(pattern: str) -> str:
    """The pattern quoted for a message: short, and printable whatever it holds."""
    if len(pattern) > _SHOWN_CHARACTERS:
        return repr(pattern[:_SHOWN_CHARACTERS]) + "…"
    return repr(pattern)


def check_text(pattern: str) -> None:
    """Refuse what can be no UTF-8 text of PostgreSQL, and what is too long to look at."""
    if "\0" in pattern:
        raise InvalidRequest(f"glob {shown(pattern)} contains a NUL character")
    try:
        size = len(pattern.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"glob {shown(pattern)} contains a lone surrogate") from error
    if size > MAX_PATTERN_BYTES:
        raise InvalidRequest(
            f"glob {shown(pattern)} is {size} bytes long, the limit is {MAX_PATTERN_BYTES} bytes"
        )
