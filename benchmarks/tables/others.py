"""Tables of writes, of searches beside them, and of peers."""

from __future__ import annotations

from benchmarks.report import Table
from benchmarks.tables.cells import MS, Figures, recall, times


def writes(one: Figures) -> list[Table]:
    rates = {way["name"]: way["rows_per_second"] for way in one["ways"]}
    copy = rates["binary COPY"]
    rows = [
        [
            way["name"], f"{way['rows_per_second']:,.0f}", f"{way['rows_per_second'] / copy:.1%}",
            f"{way['rows']:,}", ", ".join(f"{rate:,.0f}" for rate in way["rounds"]),
        ]
        if way["missing"] is None
        else [way["name"], "–", "–", "–", way["missing"]]
        for way in one["ways"]
    ]  # fmt: skip
    return [
        Table(
            f"Writes: {one['title']}, in batches of {one['batch']:,}",
            ("", "rows/s", "of COPY", "rows", "rounds"),
            rows,
            "Median of the rounds. Bodies and COPY data are encoded before the clock starts. COPY: "
            "one connection, one\ncommand; every HTTP batch is a transaction of its own.",
        )
    ]


def mixed(one: Figures) -> list[Table]:
    quiet = one["phases"][0]["http"]
    rows = [
        [
            phase["name"], *times(phase["http"]), f"{phase['http']['p99'] / quiet['p99']:.2f}",
            f"{phase['searches_per_second']:,.0f}", f"{phase['rows_per_second']:,.0f}",
            str(phase["refused"]), str(phase["failed"]), f"{phase['largest_tail']:,}",
        ]
        for phase in one["phases"]
    ]  # fmt: skip
    return [
        Table(
            f"Searches beside writes: {one['title']}, k={one['k']}, {one['searchers']} searching "
            f"clients, VECTABLE_MAX_UNINDEXED={one['max_unindexed']}, ms",
            (
                "writers", *MS, "p99 to quiet", "searches/s", "rows/s", "429", "failed",
                "largest tail",
            ),
            rows,
        )
    ]  # fmt: skip


def bulk(one: Figures) -> list[Table]:
    quiet = one["phases"][0]["http"]
    rows = [
        [
            phase["name"], *times(phase["http"]), f"{phase['http']['p99'] / quiet['p99']:.2f}",
            f"{phase['searches_per_second']:,.0f}", f"{phase['changed']:,}",
            ", ".join(f"{seconds:.1f}" for seconds in phase["seconds"]) or "–",
        ]
        for phase in one["phases"]
    ]  # fmt: skip
    return [
        Table(
            f"Searches beside changes by filter: {one['title']}, k={one['k']}, "
            f"{one['searchers']} searching clients, ms",
            ("", *MS, "p99 to quiet", "searches/s", "documents", "requests, s"),
            rows,
        )
    ]


def aggregates(one: Figures) -> list[Table]:
    rows = [
        [asked["question"], *times(asked["times"]), f"{asked['first']:.1f}", asked["scan"]]
        for asked in one["asked"]
    ]
    return [
        Table(
            f"Aggregations: {one['title']}, one client, over HTTP, ms",
            ("", *MS, "first", "read by"),
            rows,
        )
    ]


def peers(one: Figures) -> list[Table]:
    ours = {answer["question"]: answer["times"] for answer in one["stores"][0]["answers"]}
    rows = [
        [
            f"{answer['question']}: {store['name']}", f"{answer['matching']:,}",
            str(answer["ef_search"] or "auto"), *recall(answer["quality"]),
            *times(answer["times"]),
            f"{answer['times']['p50'] / ours[answer['question']]['p50']:.1f} ×",
        ]
        for question in ours
        for store in one["stores"]
        for answer in store["answers"]
        if answer["question"] == question
    ]  # fmt: skip
    stores = [
        f"{store['name']} {store['version']} ({store['way']}), "
        f"loaded and indexed with {store['rows_per_second']:,.0f} rows/s"
        if store["missing"] is None
        else f"{store['name']}: left out, {store['missing']}"
        for store in one["stores"][1:]
    ]
    return [
        Table(
            f"Peers: {one['title']}, k={one['k']}, one client, ms",
            ("", "matching", "ef", f"recall@{one['k']}", "worst", "short", *MS, "p50 to ours"),
            rows,
            f"ef: the smallest with our recall, or {one['enough']}, whichever is less; else the "
            "best.\n" + ";\n".join(stores) + ".",
        )
    ]  # fmt: skip
