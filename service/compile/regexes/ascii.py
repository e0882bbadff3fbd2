"""The classes of ASCII: ``[:alpha:]`` and its like, and what ``\\w`` is without the flag ``u``."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Final

from service.compile.regexes.characters import ASCII, Characters, of_ranges, of_text

POSIX: Final[Mapping[str, Characters]] = {
    "alnum": of_text(string.ascii_letters + string.digits),
    "alpha": of_text(string.ascii_letters),
    "ascii": ASCII,
    "blank": of_text("\t "),
    "cntrl": of_ranges([(0x00, 0x1F), (0x7F, 0x7F)]),
    "digit": of_text(string.digits),
    "graph": of_ranges([(0x21, 0x7E)]),
    "lower": of_text(string.ascii_lowercase),
    "print": of_ranges([(0x20, 0x7E)]),
    "punct": of_text(string.punctuation),
    "space": of_text("\t\n\v\f\r "),
    "upper": of_text(string.ascii_uppercase),
    "word": of_text(string.ascii_letters + string.digits + "_"),
    "xdigit": of_text(string.hexdigits),
}
