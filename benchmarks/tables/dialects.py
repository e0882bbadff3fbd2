"""The tables of searches through both APIs, and of scrolling."""

from __future__ import annotations

from benchmarks.report import Table
from benchmarks.tables.cells import MS, Figures, times


def dialects(one: Figures) -> list[Table]:
    return [searches(one), scrolled(one["scrolled"])]


def searches(one: Figures) -> Table:
    rows = [
        [
            row["name"], *times(row["turbopuffer"]), *times(row["vectorai"]),
            f"{row['vectorai']['p50'] / row['turbopuffer']['p50']:.2f}",
        ]
        for row in one["rows"]
    ]  # fmt: skip
    compared = sum(row["compared"] for row in one["rows"])
    different = sum(row["different"] for row in one["rows"])
    header = ("", *(f"turbopuffer {p}" for p in MS), *(f"VectorAI {p}" for p in MS), "p50 ratio")
    return Table(
        f"The same search through both APIs: {one['title']}, k={one['k']}, one client, ms",
        header,
        rows,
        f"{one['rows'][0]['vectorai']['count']:,} searches each way in turns; of {compared:,} "
        f"answers {different:,} differ.",
    )


def scrolled(found: Figures) -> Table:
    pages = {"first": "the first 5 %", "last": "the last 5 %", "every": "all"}
    return Table(
        f"Scrolling through {found['points']:,} points, {found['page']:,} a page, ms a page",
        ("pages", *MS, "pages timed"),
        [[name, *times(found[key]), str(found[key]["count"])] for key, name in pages.items()],
        f"{found['seconds']:.1f} s in all, the client's reading of JSON included.",
    )
