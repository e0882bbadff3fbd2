"""Debian's packages in Vectable: loads them with turbopuffer's own client and searches them.

The client is the official one from PyPI, unmodified; all it is told is another base URL. Everything
between the two comments "the client" is what an application would write. Run it with ``make demo``.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shlex
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import requests
import server
import turbopuffer as tpuf
from tqdm import tqdm

HERE = Path(__file__).resolve().parent
ATTRIBUTES = (
    "name", "section", "version", "size", "installed_size", "priority", "filename", "tags",
    "description",
)  # fmt: skip
SHOWN = ["name", "section", "description"]
COLUMNS = (("name", 30), ("section", 11), ("distance", 8), ("description", 60))
BATCH = 1000
METRIC = "cosine_distance"


@dataclass(frozen=True)
class Search:
    """One question of queries.json, with the filter that it is asked with."""

    text: str
    filters: list | None = None


SEARCHES = (
    Search("a fast web server"),
    Search("game with tanks", ["section", "Eq", "games"]),
    Search(
        "read email in a terminal",
        ["tags", "In", ["mail::user-agent", "interface::text-mode"]],
    ),
    Search("python library for machine learning", ["filename", "Glob", "pool/main/p/**"]),
    Search(
        "edit photos and images",
        ["And", [
            ["Or", [["section", "Eq", "graphics"], ["tags", "In", ["works-with::image:raster"]]]],
            ["name", "NotGlob", "{lib*,*-{data,common,dev,doc}}"],
            ["installed_size", "Lt", 20_000],
        ]],
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Data:
    """The three files of a data folder."""

    documents: list[dict]
    vectors: np.ndarray
    questions: dict[str, list[float]]


class DemoError(Exception):
    """What ends the demo, in one line."""


def main() -> None:
    options = read_options()
    try:
        data = read_data(options.all or HERE)
        with server.running(options.url, options.serve):
            run(options, data)
    except tpuf.APIError as error:
        sys.exit(f"demo: {explain(error)}")
    except requests.RequestException as error:
        sys.exit(f"demo: the server at {options.url} went away: {type(error).__name__}")
    except (DemoError, server.ServerError) as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Load Debian's packages and search them.")
    # Of several keys that a server knows, any will do.
    keys = os.environ.get("VECTABLE_API_KEYS", "").split(",")[0].strip()
    parser.add_argument(
        "--url",
        default=os.environ.get("VECTABLE_URL") or "http://127.0.0.1:8080",
        help="address of the server (VECTABLE_URL; %(default)s)",
    )
    parser.add_argument("--namespace", default="debian-packages", help="(%(default)s)")
    parser.add_argument(
        "--all", type=Path, metavar="DIR", help="load the whole data set from this folder"
    )
    parser.add_argument(
        "--api-key",
        default=keys or os.environ.get("TURBOPUFFER_API_KEY") or "none",
        help="key of the server (the first of VECTABLE_API_KEYS)",
    )
    parser.add_argument(
        "--serve", type=shlex.split, metavar="COMMAND",
        help="what to run while the demo runs, when no server answers",
    )  # fmt: skip
    options = parser.parse_args()
    options.url = options.url.rstrip("/")
    return options


def read_data(folder: Path) -> Data:
    """Documents, their vectors in the same order, and questions with theirs."""
    if not folder.is_dir():
        raise DemoError(f"there is no folder {folder}")
    try:
        with gzip.open(folder / "documents.jsonl.gz", "rt", encoding="utf8") as lines:
            documents = [json.loads(line) for line in lines]
        vectors = np.load(folder / "vectors.f16.npy")
        questions = json.loads((folder / "queries.json").read_text(encoding="utf8"))
    except FileNotFoundError as error:
        raise DemoError(f"{folder} has no {Path(error.filename).name}") from error
    except (OSError, EOFError, ValueError) as error:
        raise DemoError(f"{folder} cannot be read: {error}") from error
    if len(documents) != len(vectors):
        raise DemoError(f"{folder} has {len(documents)} documents but {len(vectors)} vectors")
    return Data(documents, vectors, {entry["text"]: entry["vector"] for entry in questions})


def run(options: argparse.Namespace, data: Data) -> None:
    # the client
    tpuf.api_base_url = options.url
    tpuf.max_retries = 3
    namespace = tpuf.Namespace(options.namespace, api_key=options.api_key)
    # the client
    load(namespace, data)
    for search in SEARCHES:
        show(namespace, search, data.questions)
    print("The same table in SQL (while a server runs, such as `make serve`):\n")
    print(f"  {psql(options.namespace)}\n")


def load(namespace: tpuf.Namespace, data: Data) -> None:
    """Upsert everything in batches; loading it again replaces every document by itself."""
    total, started = len(data.documents), time.perf_counter()
    print(f"Loading {total:,} documents into namespace {namespace.name!r}", flush=True)
    with tqdm(total=total, unit=" rows", ncols=88, file=sys.stdout) as progress:
        for start in range(0, total, BATCH):
            documents = data.documents[start : start + BATCH]
            # Seven decimals are finer than float16 anywhere, and half as long as all digits.
            vectors = data.vectors[start : start + BATCH].astype(np.float64).round(7).tolist()
            # the client
            namespace.upsert(
                ids=[document["id"] for document in documents],
                vectors=vectors,
                attributes={name: [d[name] for d in documents] for name in ATTRIBUTES},
                distance_metric=METRIC,
            )
            # the client
            progress.update(len(documents))
    seconds = time.perf_counter() - started
    print(
        f"{total:,} rows in {seconds:.1f} s: {total / seconds:,.0f} rows/s, client included. "
        f"The namespace has {namespace.approx_count():,} documents.\n"
    )


def show(namespace: tpuf.Namespace, search: Search, questions: dict[str, list[float]]) -> None:
    """Ask one question and print what comes back."""
    if search.text not in questions:
        raise DemoError(f"queries.json has no question {search.text!r}")
    # the client
    rows = namespace.query(
        vector=questions[search.text],
        distance_metric=METRIC,
        top_k=5,
        include_attributes=SHOWN,
        filters=search.filters,
    )
    # the client
    milliseconds = rows.performance["server_time"] * 1000
    print(f"“{search.text}”  {json.dumps(search.filters) if search.filters else '(no filter)'}")
    print_table([{**row.attributes, "distance": f"{row.dist:.4f}"} for row in rows.data or []])
    print(f"{milliseconds:.1f} ms on the server\n")


def print_table(rows: list[dict[str, str]]) -> None:
    lines = [{name: name for name, _ in COLUMNS}, *rows]
    for number, row in enumerate(lines):
        cells = (
            textwrap.shorten(row[name], width, placeholder="…").ljust(width)
            for name, width in COLUMNS
        )
        print("  " + "  ".join(cells).rstrip())
        if number == 0:
            print("  " + "  ".join("─" * width for _, width in COLUMNS))


def psql(namespace: str) -> str:
    """One line for a shell that shows the namespace as the table that it is."""
    socket = server.HOME / ".data" / "postgres"
    address = '"$DATABASE_URL"'
    if not os.environ.get("DATABASE_URL") and socket.is_dir():
        address = f'"postgresql://postgres@/postgres?host={socket}&port=5432"'
    statement = (
        "SELECT id, attributes ->> 'name' AS name, attributes ->> 'section' AS section "
        f'FROM vectable.\\"{namespace}\\" ORDER BY id LIMIT 5'
    )
    return f'psql {address} -c "{statement}"'


def explain(error: tpuf.APIError) -> str:
    if error.status_code == 401:
        return "the server wants a key (401): give one of VECTABLE_API_KEYS with --api-key"
    return " ".join(str(error).split())


if __name__ == "__main__":
    main()
