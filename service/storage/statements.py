"""The SQL files: where they are, and how their holes are filled.

A statement is one file with ``{holes}``; the holes take fragments, values and all. The first line,
``-- name: purpose``, stays in the text, so that it shows in ``pg_stat_activity``; the other
comments are for readers and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import LiteralString, cast

from service.compile.fragment import Fragment, constant, identifier, joined, raw

PACKAGE = Path(__file__).parent.parent


@cache
def sql_folder() -> Path:
    """``sql/``: inside the package when installed from a wheel, beside it in a checkout."""
    packaged = PACKAGE / "_sql"
    return packaged if packaged.is_dir() else PACKAGE.parent / "sql"


@cache
def read_statement(name: str) -> str:
    """The text of ``sql/statements/<name>.sql`` without its comments but the first."""
    text = (sql_folder() / "statements" / f"{name}.sql").read_text(encoding="utf8")
    title, *lines = text.strip().splitlines()
    return "\n".join([title, *(line for line in lines if not line.lstrip().startswith("--"))])


@cache
def pieces(text: str) -> tuple[tuple[Fragment, str | None], ...]:
    """The text cut at its holes: what stands before each, and the hole's name."""
    # the text comes from a file of this project, never from a caller
    return tuple(
        (raw(cast(LiteralString, literal)), hole) for literal, hole, _, _ in Formatter().parse(text)
    )


def fill(text: str, **holes: Fragment) -> Fragment:
    """The text with every ``{hole}`` replaced; ``{{`` and ``}}`` stand for braces."""
    parts: list[Fragment] = []
    for before, hole in pieces(text):
        parts.append(before)
        if hole is not None:
            parts.append(holes[hole])
    return joined("", parts)


@dataclass(frozen=True, slots=True)
class Schemas:
    """The names of our three schemas, after the one that is set."""

    documents: str

    @property
    def catalog(self) -> str:
        return f"{self.documents}_catalog"

    @property
    def segments(self) -> str:
        return f"{self.documents}_segments"

    def holes(self) -> dict[str, Fragment]:
        return {
            "documents": identifier(self.documents),
            "catalog": identifier(self.catalog),
            "segments": identifier(self.segments),
            "documents_name": constant(self.documents),
            "segments_name": constant(self.segments),
        }

    def statement(self, name: str, *values: object, **holes: Fragment) -> Fragment:
        """A statement by the name of its file; ``values`` go to its own placeholders.

        A file that has both placeholders and holes with values would mix their order: such a file
        has holes only.
        """
        filled = fill(read_statement(name), **self.holes(), **holes)
        if values and filled.values:
            raise ValueError(f"{name}: give the values inside the holes")
        return Fragment(filled.text, values or filled.values)
