"""The page of results: tables and plots of the file, as Markdown beside it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.plots import draw
from benchmarks.report import as_markdown, machine_lines
from benchmarks.scales import PARTS
from benchmarks.store import Results
from benchmarks.tables import tables

TITLES = {
    "latency": "What HTTP adds",
    "unfiltered": "Searches without a filter",
    "filters": "Searches with filters",
    "writes": "Writes",
    "mixed": "Searches beside writes",
    "bulk": "Searches beside changes by filter",
    "aggregates": "Aggregations",
    "dialects": "Both APIs",
    "snapshots": "Snapshots",
    "growth": "Growth",
    "peers": "Peers",
}
HEAD = """# Results

Written by `python -m benchmarks`; do not edit. [How the figures come about](../README.md)."""


def write_page(results: Results, file: Path) -> Path:
    """Write README.md and the pictures into the folder of ``file``; returns the page."""
    pictures = [f"![{title}]({name})" for title, name in draw(results, file.parent)]
    sections = [HEAD, *pictures]
    for part in PARTS:
        if part in results:
            sections += [f"## {TITLES[part]}", *section(results, part)]
    page = file.with_name("README.md")
    page.write_text("\n\n".join(sections) + "\n", encoding="utf8")
    return page


def section(results: Results, part: str) -> list[str]:
    entry = results[part]
    return [
        "  \n".join(machine_lines(entry["machine"])),
        *(as_markdown(table) for table in tables(part, entry["figures"])),
    ]
