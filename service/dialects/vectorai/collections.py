"""Bodies of requests about collections (section 6), and the core values they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from marshmallow import post_load

from service.core.attributes import JsonAny, JsonObject
from service.core.configuration import Configuration
from service.core.errors import InvalidRequest
from service.core.evolution import Shape
from service.core.ids import IdType, kind_of
from service.core.index_settings import BOUNDS
from service.core.indexing import AttributeIndex
from service.core.namespace import VectorColumn
from service.core.vector_columns import MAX_VECTOR_COLUMNS
from service.core.vectors import MAX_DIMENSIONS, Metric, Precision
from service.dialects.vectorai.bodies import Request, an_object, anything, malformed
from service.dialects.vectorai.field_indexes import indexes_of, read_schemas
from service.dialects.vectorai.vectors import column_name

METRICS = {
    "Cosine": Metric.COSINE,
    "Euclid": Metric.EUCLIDEAN,
    "Dot": Metric.DOT,
    "Manhattan": Metric.MANHATTAN,
}
PRECISIONS = {"float32": Precision.SINGLE, "float16": Precision.HALF}
# names of this API for what has a setting here; ef_search is measured for each segment instead
SETTINGS = {"m": "m", "ef_construct": "ef_construction"}
VECTORS = "vectors"
PAYLOAD_SCHEMA = "payload_schema"
# kept as they were given, and shown
KEPT = (
    "hnsw_config", "optimizers_config", "wal_config", "quantization_config", "strict_mode_config",
    "params", "metadata", "shard_number", "replication_factor", "write_consistency_factor",
    "on_disk_payload", "sharding_method",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Creation:
    """A collection to be made: its shape, how it is configured, and the indexes that it has."""

    shape: Shape
    configuration: Configuration
    indexes: tuple[AttributeIndex, ...]


class Create(Request):
    """``PUT /collections/:name`` (section 6.2)."""

    vectors = anything()
    payload_schema = an_object()
    hnsw_config = an_object()
    optimizers_config = an_object()
    wal_config = an_object()
    quantization_config = an_object()
    strict_mode_config = an_object()
    sparse_vectors = an_object()
    metadata = an_object()
    params = an_object()
    shard_number = anything()
    replication_factor = anything()
    write_consistency_factor = anything()
    on_disk_payload = anything()
    sharding_method = anything()

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Creation:
        if data["vectors"] is None:
            raise InvalidRequest("vectors_config is required")
        if data["sparse_vectors"]:
            raise InvalidRequest("sparse_vectors are not supported")
        columns = read_vectors(data["vectors"])
        config = kept(data)
        config[VECTORS] = cast(JsonAny, described(data["vectors"]))
        declared = read_schemas(data[PAYLOAD_SCHEMA] or {})
        if declared:
            config[PAYLOAD_SCHEMA] = {**declared}
        shape = Shape(IdType.BIGINT, columns, {})
        configuration = Configuration(read_settings(data["hnsw_config"]), config)
        return Creation(shape, configuration, indexes_of(declared))


class Update(Create):
    """``PATCH /collections/:name`` (section 6.4)."""

    @post_load
    def build(self, data: dict[str, Any], **_: object) -> Configuration:
        refuse_changed_vectors(data["vectors"])
        return Configuration(read_settings(data["hnsw_config"]), kept(data))


def kept(data: Mapping[str, Any]) -> dict[str, JsonAny]:
    """What is kept of a configuration for whoever asks for it."""
    return {name: data[name] for name in KEPT if data.get(name) is not None}


def read_vectors(wire: JsonAny) -> tuple[VectorColumn, ...]:
    """The vector columns: one without a name, or several by their names."""
    if not isinstance(wire, dict):
        raise malformed(VECTORS, f"{kind_of(wire)}, expected an object")
    given = wire
    if is_single(given):
        return (read_column("", given),)
    if len(given) > MAX_VECTOR_COLUMNS:
        raise InvalidRequest(f"vectors: at most {MAX_VECTOR_COLUMNS} of them in a collection")
    columns = tuple(read_column(name, one) for name, one in given.items())
    if len({column.name for column in columns}) < len(columns):
        raise InvalidRequest("vectors: '' and 'vector' are the same name")
    return columns


def is_single(given: Mapping[str, JsonAny]) -> bool:
    """Whether these are the parameters of the one vector without a name."""
    return not isinstance(given.get("size"), dict) and (
        "size" in given or ("distance" in given and not isinstance(given["distance"], dict))
    )


def read_column(name: str, wire: JsonAny) -> VectorColumn:
    """One vector's size, distance and type of numbers."""
    where = f"{VECTORS}.{name}" if name else VECTORS
    if not isinstance(wire, dict):
        raise malformed(where, f"{kind_of(wire)}, expected an object")
    given = wire
    size = given.get("size")
    if isinstance(size, bool) or not isinstance(size, int):
        raise malformed(f"{where}.size", "expected an integer")
    if not 1 <= size <= MAX_DIMENSIONS:
        raise malformed(f"{where}.size", f"value {size} invalid, must be 1 to {MAX_DIMENSIONS}")
    if given.get("multivector_config"):
        raise InvalidRequest(f"{where}: vectors of several vectors are not supported")
    return VectorColumn(column_name(name), size, read_distance(given), read_precision(given, where))


def read_distance(given: Mapping[str, JsonAny]) -> Metric:
    """The metric; Cosine when none is said."""
    wire = given.get("distance") or "Cosine"
    metric = METRICS.get(wire) if isinstance(wire, str) else None
    if metric is None:
        expected = ", ".join(METRICS)
        raise InvalidRequest(f"Invalid distance: {str(wire)[:64]!r}; expected one of {expected}")
    return metric


def read_precision(given: Mapping[str, JsonAny], where: str) -> Precision:
    wire = given.get("datatype") or "float32"
    precision = PRECISIONS.get(wire) if isinstance(wire, str) else None
    if precision is None:
        raise malformed(f"{where}.datatype", f"expected one of {', '.join(PRECISIONS)}")
    return precision


def described(wire: Mapping[str, JsonAny]) -> JsonObject:
    """The vectors as they are shown: with the distance that was meant."""
    if is_single(wire):
        return {"distance": "Cosine", **wire}
    return {name: {"distance": "Cosine", **cast(Any, one)} for name, one in wire.items()}


def read_settings(hnsw: Mapping[str, JsonAny] | None) -> dict[str, JsonAny]:
    """The index settings among the parameters of HNSW.

    Raises:
        InvalidRequest: for a value that the index cannot have.
    """
    settings: dict[str, JsonAny] = {}
    for name, setting in SETTINGS.items():
        value = (hnsw or {}).get(name)
        if value is None:
            continue
        low, high = BOUNDS[setting]
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= high:
            raise malformed(f"hnsw_config.{name}", f"expected an integer from {low} to {high}")
        settings[setting] = max(value, int(low))
    return settings


def refuse_changed_vectors(wire: JsonAny) -> None:
    """Sizes and distances stay as they were made; other parameters of vectors are taken."""
    if not isinstance(wire, dict):
        return
    given = wire
    parts = [given, *(part for part in given.values() if isinstance(part, dict))]
    if any("size" in part or "distance" in part for part in parts):
        raise InvalidRequest("the size and the distance of vectors cannot be changed")
