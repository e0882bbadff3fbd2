"""The words of this dialect for core values."""

from __future__ import annotations

from service.core.errors import MalformedRequest
from service.core.ids import kind_of
from service.core.vectors import Metric
from service.dialects.turbopuffer.wire import Wire, shortened

METRICS = {
    "cosine_distance": Metric.COSINE,
    "euclidean_squared": Metric.EUCLIDEAN_SQUARED,
    "euclidean": Metric.EUCLIDEAN,
}
ID = "id"
VECTOR = "vector"
RESERVED = frozenset({ID, VECTOR})
# how messages about a body of the wrong shape begin (section 3.2)
TARGET = "Failed to deserialize the JSON body into the target type: "


def malformed_schema(name: str, wire: Wire) -> MalformedRequest:
    """The error for a schema of the wrong shape at this place of it."""
    where = f"schema.{name}" if name else "schema"
    return MalformedRequest(
        f"{TARGET}{where}: "
        f"data did not match any variant of untagged enum AttributeSchemaInput, got {kind_of(wire)}"
    )


def parse_metric(wire: Wire) -> Metric | None:
    """A distance metric; null means that none is given."""
    if wire is None:
        return None
    if isinstance(wire, str) and wire in METRICS:
        return METRICS[wire]
    known = ", ".join(f"`{name}`" for name in METRICS)
    raise MalformedRequest(
        f"{TARGET}distance_metric: unknown variant `{shortened(wire)}`, expected one of {known}"
    )
