"""Tables as text for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """A title, columns, rows of the same length, and what has to be said about them."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def as_text(table: Table) -> str:
    """Columns as wide as needed: the first to the left, the others to the right."""
    cells = [list(table.header), *map(list, table.rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(table.header))]
    lines = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    body = "\n".join(f"  {line}" for line in lines)
    return "\n".join(part for part in (table.title, body, table.note) if part)


def as_markdown(table: Table) -> str:
    lines = [
        f"| {' | '.join(table.header)} |",
        "|" + "---|" + "--:|" * (len(table.header) - 1),
        *(f"| {' | '.join(row)} |" for row in table.rows),
    ]
    return "\n\n".join(
        part for part in (f"### {table.title}", "\n".join(lines), table.note) if part
    )


def machine_lines(machine: dict[str, Any]) -> list[str]:
    settings = sorted(machine["settings"].items()) + sorted(machine["variables"].items())
    return [
        f"{machine['date']}, {machine['system']}, load {machine['load_before']} before",
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB",
        "Python {python}, PostgreSQL {postgresql}, pgvector {pgvector}".format(**machine),
        ", ".join(f"{name} {value}" for name, value in settings),
    ]
