"""Results as text for people."""

from __future__ import annotations

from typing import Any

from benchmarks.latency import TURN
from benchmarks.writes import ROUNDS


def render(results: dict[str, Any]) -> str:
    parts = [render_machine(results["machine"])]
    if "latency" in results:
        parts.append(render_latency(results["latency"]))
    if "writes" in results:
        parts.append(render_writes(results["writes"]))
    return "\n\n".join(parts)


def render_machine(machine: dict[str, Any]) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in sorted(machine["settings"].items()))
    return (
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, "
        f"{machine['system']}, load {machine['load_before']} before\n"
        f"Python {machine['python']}, PostgreSQL {machine['postgresql']}, "
        f"pgvector {machine['pgvector']}\n{settings}"
    )


def render_latency(latency: dict[str, Any]) -> str:
    sizes = latency["sizes"]
    rows = [
        ["query", "p50", "p90", "p99"],
        ["HTTP, ms", *milliseconds(latency["http"])],
        ["same SQL, psycopg, ms", *milliseconds(latency["sql"])],
        ["difference, ms", *milliseconds(latency["overhead"]["difference"])],
        ["ratio", *(f"{value:.2f}" for value in latency["overhead"]["ratio"].values())],
        ["client alone, ms", *milliseconds(latency["client"])],
    ]
    return (
        f"Latency: {sizes.rows:,} × {sizes.dimensions}, k={sizes.k}, {sizes.queries:,} queries "
        f"each way in turns of {TURN}, one keep-alive client\n"
        f"{table(rows)}\n"
        "Client alone: the same requests to a server that does nothing (part of the difference)."
    )


def render_writes(writes: dict[str, Any]) -> str:
    sizes = writes["sizes"]
    rows = [["write", "rows/s", "of COPY", "rounds"]]
    for name, way in writes["ways"].items():
        rounds = ", ".join(f"{rate:,.0f}" for rate in writes["rounds"][name])
        rows.append([name, f"{way['rows_per_second']:,.0f}", f"{way['share_of_copy']:.0%}", rounds])
    return (
        f"Writes: {sizes.rows:,} × {sizes.dimensions} into an empty namespace, in batches of "
        f"{sizes.batch:,}, one client; median of {ROUNDS} rounds\n"
        f"{table(rows)}\n"
        "Request bodies and COPY data are encoded before the clock starts. COPY is one command and "
        "one\ntransaction; every HTTP batch is a transaction of its own."
    )


def milliseconds(values: dict[str, float]) -> list[str]:
    return [f"{value:.2f}" for value in values.values()]


def table(rows: list[list[str]]) -> str:
    """Columns as wide as needed: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    lines.insert(1, "  ".join("─" * width for width in widths))
    return "\n".join(f"  {line}" for line in lines)
