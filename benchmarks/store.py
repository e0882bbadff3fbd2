"""The file of results: one entry per part, so that parts can be measured one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

# machine: what the figures depend on; figures: one entry per collection
Entry = dict[str, Any]
Results = dict[str, Entry]


def load(file: Path) -> Results:
    return orjson.loads(file.read_bytes()) if file.exists() else {}


def save(file: Path, part: str, machine: dict[str, object], figures: list[object]) -> Results:
    """Replace one part and keep the others; returns all, as read from the file."""
    results = load(file) | {part: {"machine": machine, "figures": figures}}
    file.parent.mkdir(parents=True, exist_ok=True)
    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY
    file.write_bytes(orjson.dumps(results, option=options) + b"\n")
    return load(file)
