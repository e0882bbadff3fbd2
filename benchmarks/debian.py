"""The packages of Debian 12 with real embeddings: documents, and queries that are held out."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from benchmarks.documents import Columns, Stored
from benchmarks.generated import normalised
from benchmarks.server import ROOT

SUBSET = ROOT / "examples" / "debian-packages"
ATTRIBUTES = (
    "name", "section", "version", "size", "installed_size", "priority", "filename", "tags",
    "description",
)  # fmt: skip
# the question whose surroundings are "the region" of filters that go with the query or against it
REGION_QUESTION = "python library for machine learning"
GENERAL, NEAR = 180, 50


@dataclass(frozen=True, slots=True)
class Debian:
    """Documents to load, and vectors to ask with: real questions and documents held out."""

    documents: list[dict[str, object]]
    vectors: Stored
    queries: np.ndarray
    region: np.ndarray  # held-out documents from around the centre
    centre: np.ndarray

    def columns(self, start: int, stop: int) -> Columns:
        part = self.documents[start:stop]
        return {name: [document[name] for document in part] for name in ATTRIBUTES}


def read(folder: Path | None) -> Debian:
    """The data set in ``folder``, or the subset that the repository carries."""
    place = folder or SUBSET
    with gzip.open(place / "documents.jsonl.gz", "rb") as lines:
        documents = [orjson.loads(line) for line in lines]
    vectors = normalised(np.load(place / "vectors.f16.npy").astype(np.float32))
    questions = orjson.loads((place / "queries.json").read_bytes())
    centre = next(entry for entry in questions if entry["text"] == REGION_QUESTION)["vector"]
    return hold_out(
        documents,
        vectors,
        np.array([entry["vector"] for entry in questions], dtype=np.float32),
        np.array(centre, dtype=np.float32),
    )


def hold_out(
    documents: list[dict[str, object]],
    vectors: np.ndarray,
    questions: np.ndarray,
    centre: np.ndarray,
) -> Debian:
    """Take every n-th document away for queries, and every tenth of those nearest to the centre."""
    count = len(vectors)
    general = np.arange(0, count, max(count // min(GENERAL, max(count // 20, 1)), 1))
    nearest = np.argsort(-(vectors @ centre), kind="stable")
    near = nearest[: 10 * min(NEAR, count // 40) : 10]
    kept = np.ones(count, dtype=bool)
    kept[general] = kept[near] = False
    return Debian(
        [document for document, keep in zip(documents, kept, strict=True) if keep],
        Stored(vectors[kept]),
        np.concatenate([normalised(questions), vectors[general]]),
        vectors[near],
        centre,
    )
