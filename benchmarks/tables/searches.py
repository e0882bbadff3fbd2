"""Tables of searches alone."""

from __future__ import annotations

from benchmarks.report import Table
from benchmarks.tables.cells import MS, Figures, recall, times


def latency(one: Figures) -> list[Table]:
    return [overhead(one["title"], one["k"], one["overhead"])]


def overhead(title: str, k: int, found: Figures) -> Table:
    http, sql, client = found["http"], found["sql"], found["client"]
    return Table(
        f"Latency beside psycopg: {title}, k={k}, one client, ms",
        ("", *MS),
        [
            ["HTTP", *times(http)],
            ["same SQL, psycopg", *times(sql)],
            ["difference", *(f"{http[p] - sql[p]:.2f}" for p in MS)],
            ["ratio", *(f"{http[p] / sql[p]:.2f}" for p in MS)],
            ["client alone", *times(client)],
        ],
        f"{http['count']:,} queries each way in turns. Client alone: the same requests to a server "
        "that does nothing\n(part of the difference).",
    )


def unfiltered(one: Figures) -> list[Table]:
    title, k, state, quality = one["title"], one["k"], one["state"], one["quality"]
    loaded = one["loaded"]
    rates = [
        [
            f"{row['clients']}", f"{row['http']:,.0f}", f"{row['sql']:,.0f}",
            f"{row['http'] / row['sql']:.0%}", f"{row['failed']}",
        ]
        for row in one["throughput"]
    ]  # fmt: skip
    tuned = [
        [str(row["ef_search"]), *recall(row["quality"]), *times(row["http"])]
        for row in one["tuned"]
    ]
    first = overhead(title, k, one["overhead"])
    note = (
        f"recall@{k} {quality['recall']:.4f}, worst query {quality['worst']:.2f}, "
        f"{quality['short']} answers short.\nLoaded with {loaded['rows'] / loaded['seconds']:,.0f} "
        f"rows/s, settled {one['settled']:.0f} s later: {state['segments']} segments with "
        f"{state['rows']:,} rows, tail about {state['tail_rows']:,}."
    )
    return [
        Table(first.title, first.header, first.rows, f"{first.note}\n{note}"),
        Table(
            f"Requests per second: {title}, k={k}",
            ("clients", "HTTP", "same SQL, psycopg", "share", "failed"),
            rates,
        ),
        Table(
            f"Recall against latency: {title}, k={k}, one client, over HTTP, ms",
            ("ef_search", f"recall@{k}", "worst", "short", *MS),
            tuned,
        ),
    ]


def filters(one: Figures) -> list[Table]:
    rows = [
        [
            row["name"], f"{row['share']:.2%}", f"{row['matching']:,}", *recall(row["quality"]),
            str(row["quality"]["foreign"]), *times(row["http"]), str(row["http"]["count"]),
        ]
        for row in one["rows"]
    ]  # fmt: skip
    state = one["state"]
    return [
        Table(
            f"Filters: {one['title']}, k={one['k']}, one client, over HTTP, ms",
            (
                "filter", "share", "matching", f"recall@{one['k']}", "worst", "short", "foreign",
                *MS, "timed",
            ),
            rows,
            f"{state['segments']} segments, {state['indexes']} attribute indexes. short: answers "
            "with fewer rows than min(k, matching).\nforeign: rows that do not match.",
        )
    ]  # fmt: skip


def growth(one: Figures) -> list[Table]:
    rows, built = [], []
    for size in one["sizes"]:
        loaded, state = size["loaded"], size["state"]
        built.append([
            size["title"], f"{loaded['rows'] / loaded['seconds']:,.0f}",
            f"{size['build_seconds']:,.0f}", str(state["segments"]),
            f"{state['bytes'] / 2**20:,.0f}", size["build_memory"],
        ])  # fmt: skip
        for name in ("empty", "full"):
            moment = size[name]
            rows.append([
                f"{size['title']}, tail of {moment['tail']:,}",
                *recall(moment["quality"]), *times(moment["http"]),
            ])  # fmt: skip
    return [
        Table(
            f"Growth: k={one['k']}, one client, over HTTP, ms",
            ("", f"recall@{one['k']}", "worst", "short", *MS),
            rows,
        ),
        Table(
            "Growth: from the end of the load until the indexer is done",
            ("", "load, rows/s", "build, s", "segments", "MiB", "VECTABLE_BUILD_MEMORY"),
            built,
        ),
    ]
