"""Generated vectors: clusters in few dimensions, spread over many, the same in every run.

Embeddings of texts are neither uniform nor independent: they lie in clusters, and their intrinsic
dimension is far below the number of their components. So: a Gaussian mixture of rank 64, times one
random 64 × d matrix, plus a little isotropic noise, at length 1. Everything follows from ``SEED``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

SEED = 20_240_601
RANK = 64
CLUSTERS = 200
SPREAD = 1.2  # of a cluster, where centres have 1.0: about as hard as the Debian documents
NOISE = 0.1  # per component, where the signal has about 1.6
CHUNK = 20_000

# streams of random numbers: what is drawn from one never shows up in another
DOCUMENTS, QUERIES, REGION, TAIL, WRITES = 0, 1, 2, 3, 1000


@dataclass(frozen=True, slots=True)
class Clustered:
    """``count`` unit vectors of one stream; with ``cluster``, all from that one."""

    dimensions: int
    count: int
    stream: int = DOCUMENTS
    cluster: int | None = None

    def chunks(self) -> Iterator[np.ndarray]:
        """All vectors in order, some at a time; every call draws the same."""
        for number, start in enumerate(range(0, self.count, CHUNK)):
            yield self._draw(number, min(CHUNK, self.count - start))

    def all(self) -> np.ndarray:
        return np.concatenate(list(self.chunks()))

    def _draw(self, number: int, size: int) -> np.ndarray:
        centres, directions = _model(self.dimensions)
        random = np.random.default_rng([SEED, self.dimensions, self.stream, number])
        drawn = random.integers(CLUSTERS, size=size)
        chosen = drawn if self.cluster is None else np.full(size, self.cluster)
        latent = random.standard_normal((size, RANK), dtype=np.float32)
        vectors = (centres[chosen] + SPREAD * latent) @ directions
        noise = random.standard_normal((size, self.dimensions), dtype=np.float32)
        return normalised(vectors + NOISE * noise)


@lru_cache(4)
def _model(dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres of the clusters, and the directions that the latent dimensions have."""
    random = np.random.default_rng([SEED, dimensions])
    centres = random.standard_normal((CLUSTERS, RANK), dtype=np.float32)
    directions = random.standard_normal((RANK, dimensions), dtype=np.float32)
    return centres, directions / np.float32(np.sqrt(RANK))


def centre(dimensions: int, cluster: int) -> np.ndarray:
    """Where a cluster lies."""
    centres, directions = _model(dimensions)
    return normalised((centres[cluster] @ directions)[None, :])[0]


def normalised(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
