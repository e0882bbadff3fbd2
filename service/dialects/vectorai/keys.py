"""Keys of payloads on the wire (section 10): ``a.b``, ``a[].b``, ``a[0].b`` and ``"a.b".c``.

A name may have any characters but dots, brackets and quotes; in quotes, any but quotes.
"""

from __future__ import annotations

import re

from service.core.errors import InvalidRequest
from service.core.paths import Each, Item, Key, Path, Step
from service.dialects.vectorai.filter_errors import quoted

MAX_STEPS = 64
NAME = r'(?:"([^"]*)"|([^."\[\]]+))'
FIRST = re.compile(NAME)
NEXT = re.compile(rf"\.{NAME}|\[([0-9]{{0,18}})\]")


def parse_path(text: str) -> Path:
    """The path that a key spells.

    Raises:
        InvalidRequest: for what is no key, saying where it ends to be one.
    """
    first = FIRST.match(text)
    if first is None:
        raise wrong_key(text, "expected a name, or one in quotes")
    steps: list[Step] = [name_of(first)]
    end = first.end()
    while end < len(text):
        found = NEXT.match(text, end)
        if found is None:
            raise wrong_key(text, f"unexpected character {text[end]!r} at position {end}")
        if len(steps) == MAX_STEPS:
            raise wrong_key(text, f"more than {MAX_STEPS} steps")
        steps.append(step_of(found))
        end = found.end()
    return Path(tuple(steps))


def name_of(found: re.Match[str]) -> Key:
    return Key(found[2] if found[1] is None else found[1])


def step_of(found: re.Match[str]) -> Step:
    if found[3] is None:
        return name_of(found)
    return Item(int(found[3])) if found[3] else Each()


def wrong_key(text: str, reason: str) -> InvalidRequest:
    return InvalidRequest(f"Invalid key {quoted(text)}: {reason}")
