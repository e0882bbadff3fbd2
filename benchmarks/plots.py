"""Figures as pictures (PNG), by matplotlib when it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.attributes import FAR, INDEPENDENT, KINDS, NEAR
from benchmarks.store import Results

Figures = dict[str, Any]
WIDTH, HEIGHT, DPI = 8.5, 4.2, 120
COLOURS = dict(zip(KINDS, ("tab:blue", "tab:orange", "tab:green", "tab:red"), strict=True))
LINES = {INDEPENDENT: "-", NEAR: ":", FAR: "--"}


def draw(results: Results, folder: Path) -> list[tuple[str, str]]:
    """Write the pictures that the results suffice for; returns their titles and file names."""
    try:
        import matplotlib as mpl
    except ModuleNotFoundError:
        return []
    mpl.use("Agg")
    drawn = []
    for part, draw_part in DRAWERS.items():
        if part in results:
            drawn += draw_part(results[part]["figures"], folder)
    return drawn


def recall_against_latency(figures: list[Figures], folder: Path) -> list[tuple[str, str]]:
    figure, axes = canvas("p50 over HTTP, ms", "recall@10")
    for one in figures:
        points = [(row["http"]["p50"], row["quality"]["recall"]) for row in one["tuned"]]
        axes.plot(*zip(*points, strict=True), marker="o", label=one["title"])
        for row, point in zip(one["tuned"], points, strict=True):
            axes.annotate(
                str(row["ef_search"]),
                point,
                textcoords="offset points",
                xytext=(4, -10),
                fontsize=8,
            )
    return [save(figure, axes, folder, "recall-latency.png", "Recall against latency (ef_search)")]


def latency_against_size(figures: list[Figures], folder: Path) -> list[tuple[str, str]]:
    figure, axes = canvas("documents", "ms over HTTP")
    sizes = figures[0]["sizes"]
    for tail, style in (("empty", "-"), ("full", "--")):
        for which in ("p50", "p90", "p99"):
            points = [(size[tail]["rows"], size[tail]["http"][which]) for size in sizes]
            label = f"{which}, {tail} tail"
            axes.plot(*zip(*points, strict=True), style, marker="o", label=label)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    return [save(figure, axes, folder, "latency-size.png", "Latency against size, 768 dimensions")]


def latency_against_share(figures: list[Figures], folder: Path) -> list[tuple[str, str]]:
    """One picture per collection with made attributes: a curve per kind and correlation."""
    drawn = []
    for one in figures:
        rows = [row for row in one["rows"] if row["correlation"] != "real"]
        if not rows:
            continue
        figure, axes = canvas("share of documents that match", "p50 over HTTP, ms")
        for name in dict.fromkeys(row["name"] for row in rows):
            points = [(row["share"], row["http"]["p50"]) for row in rows if row["name"] == name]
            kind, correlation = name.split(", ")
            style = {"color": COLOURS[kind], "linestyle": LINES[correlation], "label": name}
            axes.plot(*zip(*points, strict=True), marker=".", **style)
        axes.set_xscale("log")
        axes.set_yscale("log")
        file = f"selectivity-{'-'.join(one['title'].replace(',', '').split()[:2]).lower()}.png"
        drawn.append(save(figure, axes, folder, file, f"Latency against share: {one['title']}"))
    return drawn


def peers_side_by_side(figures: list[Figures], folder: Path) -> list[tuple[str, str]]:
    bars: dict[str, dict[str, float]] = {}
    for one in figures:
        for store in one["stores"]:
            for answer in store["answers"]:
                name = f"{one['title'].split()[0]}\n{answer['question']}"
                bars.setdefault(store["name"], {})[name] = answer["times"]["p50"]
    figure, axes = canvas("", "p50, ms")
    groups = list(dict.fromkeys(name for store in bars.values() for name in store))
    width = 0.8 / len(bars)
    for number, (store, values) in enumerate(bars.items()):
        places = [group + number * width for group in range(len(groups))]
        axes.bar(places, [values.get(name, 0) for name in groups], width, label=store)
    axes.set_xticks([group + 0.4 - width / 2 for group in range(len(groups))], groups, fontsize=8)
    axes.set_yscale("log")
    return [save(figure, axes, folder, "peers.png", "Peers, at equal recall or their best")]


DRAWERS = {
    "unfiltered": recall_against_latency,
    "growth": latency_against_size,
    "filters": latency_against_share,
    "peers": peers_side_by_side,
}


def canvas(across: str, up: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = figure.add_subplot(xlabel=across, ylabel=up)
    axes.grid(visible=True, alpha=0.3)
    return figure, axes


def save(figure: Any, axes: Any, folder: Path, file: str, title: str) -> tuple[str, str]:
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.savefig(folder / file, dpi=DPI)
    return title, file
