"""``python -m benchmarks``: measures, prints tables, and writes the same as JSON and as a page.

Ends with 0 however slow it was: figures are judged by people, not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from benchmarks import machine, store
from benchmarks.page import write_page
from benchmarks.parts import MEASURES, Run, measure_mixed
from benchmarks.report import as_text, machine_lines
from benchmarks.scales import FULL, PARTS, QUICK, Scale
from benchmarks.server import ROOT, running
from benchmarks.tables import tables

QUICK_FILE = ROOT / ".data" / "benchmarks" / "results.json"
FULL_FILE = ROOT / "benchmarks" / "results" / "results.json"
DATA = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command(context_settings={"show_default": True})
@click.argument("which", type=click.Choice([*PARTS, "all", "page"]), nargs=-1)
@click.option("--full", is_flag=True, help="Sizes to show figures of, and peers.")
@click.option(
    "--size",
    "sizes",
    type=click.IntRange(min=100),
    multiple=True,
    help="Generated documents, for all parts; may be repeated.  [default: by --full]",
)
@click.option(
    "--data",
    type=DATA,
    envvar="VECTABLE_BENCHMARK_DATA",
    help="Folder of the whole Debian data set.  [default: the subset in examples]",
)
@click.option(
    "--json",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of results; parts that are not measured keep theirs.",
)
@click.option("--database-url", help="A PostgreSQL to use instead of temporary ones.")
def main(
    which: tuple[str, ...],
    full: bool,
    sizes: tuple[int, ...],
    data: Path | None,
    file: Path | None,
    database_url: str | None,
) -> None:
    """Measure the parts WHICH (all: every one; none named: those that --full or not stands for).

    "page" measures nothing and writes the page of results anew.
    """
    scale = scaled(FULL if full else QUICK, sizes)
    file = file or (FULL_FILE if full else QUICK_FILE)
    chosen = PARTS if "all" in which else which or scale.parts
    for part in (part for part in PARTS if part in chosen):
        measure(part, scale, data, file, database_url)
    click.echo(f"Written to {file} and {write_page(store.load(file), file)}")


def scaled(scale: Scale, sizes: tuple[int, ...]) -> Scale:
    """The scale with other numbers of generated documents."""
    if not sizes:
        return scale
    return replace(
        scale,
        sizes=sizes,
        latency=replace(scale.latency, rows=sizes[0]),
        writes=replace(scale.writes, rows=sizes[0]),
        mixed=replace(scale.mixed, rows=sizes[0]),
        growth=replace(scale.growth, sizes=sizes),
    )


def measure(
    part: str, scale: Scale, data: Path | None, file: Path, database_url: str | None
) -> None:
    """One part on a server of its own; its figures are printed and kept as soon as it is done."""
    click.echo(f"Measuring {part} …", err=True)
    with figures_of(part, scale, data, database_url) as (described, measured):
        figures = list(measured)
    results = store.save(file, part, described, figures)
    entry = results[part]
    click.echo("\n".join(machine_lines(entry["machine"])) + "\n")
    for table in tables(part, entry["figures"]):
        click.echo(as_text(table) + "\n")


@contextmanager
def figures_of(
    part: str, scale: Scale, data: Path | None, database_url: str | None
) -> Iterator[tuple[dict[str, object], Iterator[object]]]:
    """What the part depends on, and its figures as they come."""
    with running(database_url) as target:
        described = machine.describe(target.database_url)
        if part != "mixed":
            yield described, MEASURES[part](Run(target, scale, data))
            return
    # described with the defaults, measured with settings of its own
    yield described, measure_mixed(database_url, scale)


if __name__ == "__main__":
    main()
