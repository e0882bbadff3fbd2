"""Counts, sums and groups over all documents, over HTTP; with PostgreSQL's way of finding them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter, sleep

import orjson

from benchmarks.client import Client, connect
from benchmarks.documents import SECTIONS, Collection, Columns
from benchmarks.generated import Clustered
from benchmarks.loading import load
from benchmarks.server import Target
from benchmarks.state import QUIET, vacuum
from benchmarks.timing import Percentiles, percentiles, timed
from benchmarks.writing import drop_namespace

NAMESPACE = "aggregates"
GROUPS = 1000
SELDOM = 100  # one document in so many
PATIENCE, POLL = 300.0, 1.0
COUNT = {"count": ["Count"]}
QUESTIONS: Mapping[str, dict[str, object]] = {
    "Count": {"aggregate_by": COUNT},
    "Count, Eq on 1 %": {"aggregate_by": COUNT, "filters": ["seldom", "Eq", "yes"]},
    "Count, Gte on 10 %": {"aggregate_by": COUNT, "filters": ["place", "Gte", 0]},
    "Sum": {"aggregate_by": {"sum": ["Sum", "size"]}},
    "Count by 8 groups": {"aggregate_by": COUNT, "group_by": ["section"]},
    "Count and Sum by 1,000 groups": {
        "aggregate_by": {**COUNT, "sum": ["Sum", "size"]},
        "group_by": ["bucket"],
    },
}
# nodes of EXPLAIN that tell how rows are found; the last one is not that of the namespace's size
SCANS = re.compile(rf"((?:Parallel )?[A-Z][A-Za-z ]+ Scan)(?: using \S+)? on {NAMESPACE}\b")


@dataclass(frozen=True, slots=True)
class Scale:
    rows: int
    dimensions: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One aggregation: how PostgreSQL reads, the first time it was asked, and the times of all."""

    question: str
    scan: str
    first: float
    times: Percentiles


@dataclass(frozen=True, slots=True)
class Figures:
    title: str
    asked: list[Asked]


def measure(target: Target, scale: Scale) -> Figures:
    """Load documents whose vectors nobody searches, so that no index is built meanwhile."""
    vectors = Clustered(scale.dimensions, scale.rows)

    def columns(start: int, stop: int) -> Columns:
        return columns_of(start, stop, scale.rows)

    load(target, Collection(NAMESPACE, vectors, columns), searched=False)
    vacuum(target, NAMESPACE)
    with connect(target) as client:
        for body in QUESTIONS.values():
            post(client, "query", body)  # asks for the indexes that help
        await_indexes(client)
        asked = [ask(client, name, body, scale.rounds) for name, body in QUESTIONS.items()]
    drop_namespace(target, NAMESPACE)
    return Figures(f"generated {scale.rows:,} × {scale.dimensions}", asked)


def columns_of(start: int, stop: int, count: int) -> Columns:
    """``place`` is from -9/10 to 1/10 of the documents."""
    positions = range(start, stop)
    return {
        "section": [SECTIONS[position % len(SECTIONS)] for position in positions],
        "bucket": [f"bucket-{position % GROUPS:04}" for position in positions],
        "size": list(positions),
        "place": [position - count * 9 // 10 for position in positions],
        "seldom": ["yes" if position % SELDOM == 0 else None for position in positions],
    }


def ask(client: Client, name: str, body: dict[str, object], rounds: int) -> Asked:
    plan = orjson.loads(post(client, "explain_query", body))["plan_text"]
    found = SCANS.findall(plan)
    times = [timed(lambda: post(client, "query", body)) for _ in range(rounds)]
    return Asked(name, found[-1] if found else "?", times[0], percentiles(times))


def post(client: Client, path: str, body: dict[str, object]) -> bytes:
    return client.send("POST", f"/v2/namespaces/{NAMESPACE}/{path}", orjson.dumps(body))


def await_indexes(client: Client) -> None:
    """Wait until the indexer has made what the questions asked for, and has had time to see it."""
    give_up = perf_counter() + PATIENCE
    while perf_counter() < give_up:
        plan = orjson.loads(post(client, "explain_query", QUESTIONS["Count, Eq on 1 %"]))
        if "Bitmap" in plan["plan_text"]:
            sleep(QUIET)
            return
        sleep(POLL)
        post(client, "query", QUESTIONS["Count, Eq on 1 %"])
