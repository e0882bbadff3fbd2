"""The catalog: one row per namespace, and this process's cache of such rows.

A cached row may be old. That never makes an answer wrong: the statements that use it return the
version they saw, and whoever finds another one than the cached raises ``Stale``.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, cast

from psycopg.types.json import Jsonb

from service.compile.fragment import Fragment, number, raw
from service.core.attributes import AttributeSpec, FullText, JsonAny, parse_type
from service.core.configuration import Configuration
from service.core.errors import NamespaceNotFound
from service.core.evolution import Shape
from service.core.ids import IdType
from service.core.namespace import Namespace, NamespacePage, VectorColumn, short_identifier
from service.core.vectors import Metric, Precision
from service.storage.faults import Stale
from service.storage.pool import Row, Session

RowValues = tuple[
    str, str, str, list[Any], dict[str, Any], int, datetime, int, dict[str, object], bool,
    dict[str, JsonAny], bool,
]  # fmt: skip

CACHED = 10_000
# options of an attribute that are written only where they are set
PATTERNS = ("regex", "glob", "fuzzy")


class NamespaceCache:
    """Catalog rows by name, shared by the threads of one process."""

    def __init__(self) -> None:
        self._known: dict[str, Namespace] = {}

    def get(self, name: str) -> Namespace | None:
        return self._known.get(name)

    def put(self, name: str, namespace: Namespace) -> None:
        """Keep a namespace under the name that it was asked for by: its own, or an alias."""
        if len(self._known) >= CACHED:
            # names that others have dropped would stay for good; reading a row again is cheap
            self._known.clear()
        self._known[name] = namespace

    def forget(self, name: str) -> None:
        self._known.pop(name, None)


def find(session: Session, name: str) -> Namespace:
    """The namespace of this name, or with this alias, as it is now.

    Raises:
        NamespaceNotFound: when there is none.
    """
    row = session.execute(
        session.schemas.statement("find_namespace", wanted=raw("%s", name))
    ).fetchone()
    if row is None:
        raise NamespaceNotFound(name)
    return read_row(row)


def lock_name(session: Session, name: str) -> None:
    """Wait until nobody else creates a namespace of this name; held until the commit."""
    session.execute(session.schemas.statement("lock_name", f"{session.schemas.catalog} {name}"))


def create(session: Session, name: str, shape: Shape) -> Namespace:
    """Record a new namespace; its table is made by ``tables.create``."""
    table = short_identifier(name)
    statement = session.schemas.statement("create_namespace", name, table, *shape_values(shape))
    row = session.execute(statement).fetchone()
    version, created_at, key = cast(tuple[int, datetime, int], row)
    return Namespace(
        name, table, shape.id_type, shape.vectors, shape.attributes, version, created_at, key
    )


def update(session: Session, namespace: Namespace, shape: Shape) -> Namespace:
    """Record a changed shape.

    Raises:
        Stale: when the row is no longer the one that ``namespace`` was read from.
    """
    values = (*shape_values(shape), namespace.name, namespace.version)
    row = session.execute(session.schemas.statement("update_namespace", *values)).fetchone()
    if row is None:
        raise Stale
    return replace(
        namespace,
        id_type=shape.id_type,
        vectors=shape.vectors,
        attributes=shape.attributes,
        version=cast(int, row[0]),
    )


def configure(session: Session, namespace: Namespace, wanted: Configuration) -> Namespace:
    """Record what is configured; returns the namespace as it is then."""
    session.execute(
        session.schemas.statement(
            "configure_namespace",
            settings=raw("%s", Jsonb(dict(wanted.settings))),
            config=raw("%s", Jsonb(dict(wanted.config))),
            closed=raw("%s::boolean", wanted.closed),
            namespace=number(namespace.id),
        )
    )
    return find(session, namespace.name)


def delete(session: Session, name: str) -> Namespace:
    """Remove the row; returns what it said.

    Raises:
        NamespaceNotFound: when there is none.
    """
    row = session.execute(session.schemas.statement("delete_namespace", name)).fetchone()
    if row is None:
        raise NamespaceNotFound(name)
    return read_row(row)


def list_names(session: Session, prefix: str, after: str, limit: int) -> NamespacePage:
    """Names that start with ``prefix``, after the position that the page before gave."""
    start = f"{after}-table/" if after else ""
    statement = session.schemas.statement("list_namespaces", start, prefix, limit=number(limit + 1))
    names = [str(name) for (name,) in session.execute(statement)]
    page = tuple(names[:limit])
    return NamespacePage(page, page[-1] if len(names) > limit else None)


def version_of(session: Session, namespace: Namespace) -> Fragment:
    """A sub-select of the version, for statements that say what they saw; NULL when dropped."""
    return (
        raw("(SELECT version FROM ") + session.schemas.holes()["catalog"]
        + raw(".namespaces WHERE name = %s)", namespace.name)
    )  # fmt: skip


def check_version(session: Session, namespace: Namespace) -> None:
    """Raises ``Stale`` unless the namespace is still as it was read.

    At the end of a write: its statements hold a lock on the table, so it cannot be dropped
    between this and the commit.
    """
    seen = session.execute(raw("SELECT ") + version_of(session, namespace)).fetchone()
    if seen != (namespace.version,):
        raise Stale


def read_row(row: Row) -> Namespace:
    (
        name, table, id_type, vectors, attributes, version, created_at, key, settings, read_only,
        config, closed,
    ) = cast(RowValues, row)  # fmt: skip
    return Namespace(
        name=name,
        table=table,
        id_type=IdType(id_type),
        vectors=tuple(read_vector_column(entry) for entry in vectors),
        attributes={key: read_spec(entry) for key, entry in attributes.items()},
        version=version,
        created_at=created_at,
        id=key,
        settings=settings,
        read_only=read_only,
        config=config,
        closed=closed,
    )


def shape_values(shape: Shape) -> tuple[object, ...]:
    """The shape as the catalog's columns id_type, vectors and attributes."""
    vectors = [write_vector_column(column) for column in shape.vectors]
    attributes = {name: write_spec(spec) for name, spec in shape.attributes.items()}
    return shape.id_type.value, Jsonb(vectors), Jsonb(attributes)


def read_vector_column(entry: dict[str, Any]) -> VectorColumn:
    metric = entry["metric"]
    precision = Precision(entry.get("precision", Precision.SINGLE.value))
    return VectorColumn(entry["name"], entry["dimensions"], metric and Metric(metric), precision)


def write_vector_column(column: VectorColumn) -> dict[str, object]:
    metric = column.metric.value if column.metric else None
    entry: dict[str, object]
    entry = {"name": column.name, "dimensions": column.dimensions, "metric": metric}
    if column.precision is not Precision.SINGLE:
        entry["precision"] = column.precision.value
    return entry


def read_spec(entry: dict[str, Any]) -> AttributeSpec:
    text = entry.get("full_text")
    patterns = {name: True for name in PATTERNS if entry.get(name)}
    return AttributeSpec(
        parse_type(entry["type"]),
        entry["filterable"],
        FullText(**text) if text else None,
        **patterns,
    )


def write_spec(spec: AttributeSpec) -> dict[str, object]:
    entry: dict[str, object] = {"type": str(spec.type), "filterable": spec.filterable}
    if spec.full_text:
        entry["full_text"] = asdict(spec.full_text)
    entry.update({name: True for name in PATTERNS if getattr(spec, name)})
    return entry
