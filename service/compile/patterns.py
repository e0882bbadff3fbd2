"""What all kinds of patterns have in common: the size of their text, and how messages show it."""

from __future__ import annotations

from service.core.errors import InvalidRequest

SHOWN_CHARACTERS = 60


def shown(pattern: str) -> str:
    """The pattern quoted for a message: short, and printable whatever it holds."""
    if len(pattern) > SHOWN_CHARACTERS:
        return repr(pattern[:SHOWN_CHARACTERS]) + "…"
    return repr(pattern)


def check_text(kind: str, pattern: str, most_bytes: int) -> None:
    """Refuse what is no UTF-8 text, and what is too long; ``kind`` is for the message."""
    try:
        size = len(pattern.encode())
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"{kind} {shown(pattern)} contains a lone surrogate") from error
    if size > most_bytes:
        raise InvalidRequest(
            f"{kind} {shown(pattern)} is {size} bytes long, the limit is {most_bytes} bytes"
        )
