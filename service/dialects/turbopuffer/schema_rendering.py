"""Schemas in answers, in their two shapes (sections 5.3 and 9.3)."""

from __future__ import annotations

from service.core.attributes import AttributeSpec
from service.core.namespace import Namespace
from service.core.vectors import Metric
from service.dialects.turbopuffer.attribute_schema import PATTERN_OPTIONS
from service.dialects.turbopuffer.full_text import render_full_text
from service.dialects.turbopuffer.names import ID, METRICS
from service.dialects.turbopuffer.wire import Wire

Entry = dict[str, Wire]

METRIC_NAMES = {metric: name for name, metric in METRICS.items()}


def render_schema(namespace: Namespace) -> dict[str, Wire]:
    """The whole schema, id and vectors included; every entry has the same keys (section 5.3)."""
    rendered: dict[str, Wire] = {ID: {**entry_of_id(namespace), **NO_OPTIONS}}
    for name, spec in namespace.attributes.items():
        entry = entry_of_attribute(spec)
        entry["full_text_search"] = render_full_text(spec.full_text)
        rendered[name] = entry
    for column in namespace.vectors:
        rendered[column.name] = {"type": column.kind, "ann": True, **NO_OPTIONS}
    return rendered


NO_OPTIONS: Entry = {"filterable": None, "full_text_search": None}


def render_schema_v2(namespace: Namespace) -> dict[str, Wire]:
    """The whole schema, without what is not set, as metadata has it (section 9.3)."""
    rendered: dict[str, Wire] = {ID: entry_of_id(namespace)}
    for name, spec in namespace.attributes.items():
        entry = entry_of_attribute(spec)
        if spec.full_text:
            entry["full_text_search"] = render_full_text(spec.full_text)
        rendered[name] = entry
    for column in namespace.vectors:
        metric = METRIC_NAMES.get(column.metric or Metric.COSINE, METRIC_NAMES[Metric.COSINE])
        rendered[column.name] = {"type": column.kind, "ann": {"distance_metric": metric}}
    return rendered


def entry_of_id(namespace: Namespace) -> Entry:
    return {"type": namespace.id_type.spelled}


def entry_of_attribute(spec: AttributeSpec) -> Entry:
    """Type and options; those for patterns only where they are on."""
    entry: Entry = {"type": str(spec.type), "filterable": spec.filterable}
    entry.update({option: True for option in PATTERN_OPTIONS if getattr(spec, option)})
    return entry
