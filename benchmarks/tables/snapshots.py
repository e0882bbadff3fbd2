"""The table of snapshots."""

from __future__ import annotations

from benchmarks.report import Table
from benchmarks.tables.cells import Figures


def snapshots(one: Figures) -> list[Table]:
    rows = [
        [
            step["name"], f"{step['seconds']:.1f}", f"{step['megabytes']:,.0f}",
            f"{step['megabytes'] / step['seconds']:,.0f}",
            "–" if step["rows_per_second"] is None else f"{step['rows_per_second']:,.0f}",
        ]
        for step in one["steps"]
    ]  # fmt: skip
    found = one["verified"]
    return [
        Table(
            f"Snapshots: {one['title']}, {one['writers']} writing clients",
            ("", "s", "MB", "MB/s", "rows/s written meanwhile"),
            rows,
            f"At rest: {found['documents']:,} documents compared, {found['different']:,} differ; "
            f"{found['queries']:,} exact searches, {found['different_answers']:,} differ.\n"
            f"Under writers: {found['stamped']:,} documents rewritten before the snapshot, "
            f"{found['torn']:,} writes there in part.",
        )
    ]
