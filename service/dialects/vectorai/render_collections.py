"""Collections as this API describes them (sections 6.3 and 13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from service.core.namespace import Namespace, VectorColumn
from service.core.vectors import Metric, Precision
from service.dialects.vectorai.collections import KEPT, PAYLOAD_SCHEMA, VECTORS
from service.dialects.vectorai.envelope import Rendered
from service.dialects.vectorai.errors import vector_name
from service.engine.collections import State

DISTANCES = {
    Metric.COSINE: "Cosine",
    Metric.EUCLIDEAN: "Euclid",
    Metric.EUCLIDEAN_SQUARED: "Euclid",
    Metric.DOT: "Dot",
    Metric.MANHATTAN: "Manhattan",
}
# what is shown where nothing was given: defaults of ours or, without effect here, of Qdrant's
HNSW: Mapping[str, object] = {
    "m": 16, "ef_construct": 128, "full_scan_threshold": 10_000, "max_indexing_threads": 0,
    "on_disk": False, "payload_m": None,
}  # fmt: skip
OPTIMIZER: Mapping[str, object] = {
    "deleted_threshold": 0.2, "vacuum_min_vector_number": 1_000, "default_segment_number": 0,
    "max_segment_size": None, "memmap_threshold": None, "indexing_threshold": 10_000,
    "flush_interval_sec": 5, "max_optimization_threads": None,
}  # fmt: skip
WAL: Mapping[str, object] = {
    "wal_capacity_mb": 32, "wal_segments_ahead": 0, "wal_retain_closed": 1
}  # fmt: skip
PARAMS = ("shard_number", "replication_factor", "write_consistency_factor", "on_disk_payload")


def render_collection(state: State) -> Rendered:
    """Everything about a collection."""
    namespace = state.namespace
    return {
        "status": status_of(state),
        "optimizer_status": {"ok": True, "error": None},
        "warnings": [],
        "indexed_vectors_count": state.indexed,
        "points_count": state.size,
        "vectors_count": state.size * len(namespace.vectors),
        "segments_count": max(1, state.segments),
        "config": render_config(namespace),
        "payload_schema": render_payload_schema(namespace, state.size),
        "name_ext": namespace.name,
        "health_status_ext": "HEALTH_GREEN",
        "index_type_ext": "INDEX_TYPE_HNSW",
    }


def status_of(state: State) -> str:
    return "Grey" if state.namespace.closed else "Green"


def render_config(namespace: Namespace) -> Rendered:
    config = cast(Mapping[str, Any], namespace.config)
    rendered: Rendered = {
        "params": {
            "shard_number": 1,
            "replication_factor": 1,
            "write_consistency_factor": 1,
            "on_disk_payload": True,
            **config.get("params", {}),
            **{name: config[name] for name in PARAMS if name in config},
            "vectors": config.get(VECTORS) or render_vectors(namespace),
        },
        "hnsw_config": {**HNSW, **config.get("hnsw_config", {})},
        "optimizer_config": {**OPTIMIZER, **config.get("optimizers_config", {})},
        "wal_config": {**WAL, **config.get("wal_config", {})},
        "quantization_config": config.get("quantization_config"),
    }
    rest = ("strict_mode_config", "metadata", "sharding_method")
    rendered.update({name: config[name] for name in rest if name in KEPT and name in config})
    return rendered


def render_vectors(namespace: Namespace) -> object:
    """The vectors of a collection that was made without this API."""
    columns = {vector_name(column.name): render_column(column) for column in namespace.vectors}
    return columns[""] if set(columns) == {""} else columns


def render_column(column: VectorColumn) -> Rendered:
    rendered: Rendered = {
        "size": column.dimensions,
        "distance": DISTANCES[column.metric or Metric.COSINE],
    }
    if column.precision is Precision.HALF:
        rendered["datatype"] = "float16"
    return rendered


def render_payload_schema(namespace: Namespace, size: int) -> Rendered:
    """The declared keys. How many points have one is not counted: at most all do."""
    declared = cast(Mapping[str, Mapping[str, object]], namespace.config.get(PAYLOAD_SCHEMA) or {})
    return {key: {**schema, "points": size} for key, schema in declared.items()}


def render_state(state: State) -> Rendered:
    """A collection's state in short."""
    return {
        "state": "closed" if state.namespace.closed else "ready",
        "status": status_of(state),
        "points_count": state.size,
        "vectors_count": state.size * len(state.namespace.vectors),
        "indexed_vectors_count": state.indexed,
    }
