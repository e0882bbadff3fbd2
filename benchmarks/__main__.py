"""``python -m benchmarks``: measures, prints a table, and writes the same as JSON.

Ends with 0 however slow it was: figures are judged by people, not here.
"""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from benchmarks import latency, machine, writes
from benchmarks.report import render
from benchmarks.server import running

SIZE = click.IntRange(min=1)


@click.command(context_settings={"show_default": True})
@click.argument("which", type=click.Choice(["latency", "writes", "all"]), default="all")
@click.option("--rows", type=SIZE, help="Documents.  [default: latency 10,000, writes 50,000]")
@click.option("--dimensions", type=SIZE, default=384, help="Numbers in a vector.")
@click.option("--queries", type=SIZE, default=1000, help="Queries timed each way.")
@click.option("--k", type=click.IntRange(1, 10_000), default=10, help="Documents asked for.")
@click.option("--batch", type=SIZE, default=1000, help="Documents in one write.")
@click.option(
    "--json",
    "file",
    type=click.Path(path_type=Path),
    default=".data/benchmarks.json",
    help="Where the figures go.",
)
@click.option("--database-url", help="A PostgreSQL to use instead of a temporary one.")
def main(
    which: str,
    rows: int | None,
    dimensions: int,
    queries: int,
    k: int,
    batch: int,
    file: Path,
    database_url: str | None,
) -> None:
    """Measure query latency and write throughput."""
    with running(database_url) as target:
        results: dict[str, object] = {"machine": machine.describe(target.database_url)}
        if which != "writes":
            click.echo("Measuring latency …", err=True)
            sizes = latency.Sizes(rows or 10_000, dimensions, queries, k)
            results["latency"] = latency.measure(target, sizes)
        if which != "latency":
            click.echo("Measuring writes …", err=True)
            results["writes"] = writes.measure(
                target, writes.Sizes(rows or 50_000, dimensions, batch)
            )
    click.echo(render(results))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
    click.echo(f"\nWritten to {file}")


if __name__ == "__main__":
    main()
