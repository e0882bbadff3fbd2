"""A statement as PostgreSQL will run it: its text, its values, its plan."""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.compile.fragment import Fragment
from service.core.vectors import Vector
from service.storage.pool import Session

SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Explained:
    """The statement with numbered parameters, their values shortened, and the lines of EXPLAIN."""

    text: str
    values: tuple[str, ...]
    lines: tuple[str, ...]


def explain(session: Session, statement: Fragment, *, analyze: bool) -> Explained:
    """EXPLAIN, and with ``analyze`` a run: only of statements that read."""
    options = "ANALYZE, BUFFERS" if analyze else "COSTS"
    asked = Fragment(f"EXPLAIN ({options})\n{statement.text}", statement.values)
    lines = tuple(str(line) for (line,) in session.execute(asked).fetchall())
    return Explained(numbered(statement.text), tuple(map(shown, statement.values)), lines)


def numbered(text: str) -> str:
    """The text with ``$1, $2 …`` as psql takes them, and percent signs as they were."""
    count = 0

    def replaced(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "%%":
            return "%"
        count += 1
        return f"${count}"

    return re.sub(r"%[s%]", replaced, text)


def shown(value: object) -> str:
    if isinstance(value, Vector):
        return f"a vector of {value.dimensions} dimensions"
    obj = getattr(value, "obj", value)  # what is inside a JSON parameter
    text = repr(obj)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
