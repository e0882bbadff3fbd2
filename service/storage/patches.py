"""Changes of attributes in place: documents keep their vectors and their place in write order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson
from psycopg.types.json import Jsonb

from service.compile.fragment import Fragment, raw
from service.core.attributes import AttributeColumn, JsonValue
from service.core.documents import Affected, Patch
from service.core.ids import DocumentId, storable
from service.core.namespace import Namespace
from service.storage.pool import Session
from service.storage.tables import table
from service.storage.writes import affected, ids_array, returning

Values = dict[str, JsonValue]


def patch(
    session: Session, namespace: Namespace, patches: Sequence[Patch], *, with_ids: bool
) -> Affected:
    """Change documents by id; those that do not exist are passed over."""
    rows = sorted(
        (row for one in patches for row in rows_of(one) if storable(row[0], namespace.id_type)),
        key=lambda row: row[0],
    )
    if not rows:
        return Affected()
    statement = session.schemas.statement(
        "patch_documents",
        table=table(session, namespace.table),
        ids=ids_array(tuple([identity for identity, _ in rows]), namespace.id_type),
        given=raw("%s", [given(values) for _, values in rows]),
        removed=raw("%s", [orjson.dumps(removed(values)).decode() for _, values in rows]),
        returning=returning("document.id") if with_ids else raw(""),
    )
    return affected(session, namespace, statement, with_ids=with_ids)


def patch_where(
    session: Session,
    namespace: Namespace,
    predicate: Fragment,
    columns: Iterable[AttributeColumn],
    *,
    with_ids: bool,
) -> Affected:
    """Change all documents that meet a condition."""
    values = {column.name: column.values[0] for column in columns}
    statement = session.schemas.statement(
        "patch_where",
        table=table(session, namespace.table),
        given=raw("%s", Jsonb({n: v for n, v in values.items() if v is not None})),
        removed=raw("%s", removed(values)),
        predicate=predicate,
        returning=returning("id") if with_ids else raw(""),
    )
    return affected(session, namespace, statement, with_ids=with_ids)


def drop_attributes(session: Session, namespace: Namespace, names: Sequence[str]) -> None:
    """Remove attributes from all documents."""
    session.execute(
        session.schemas.statement(
            "drop_attributes", table=table(session, namespace.table), names=raw("%s", list(names))
        )
    )


def rows_of(one: Patch) -> Iterable[tuple[DocumentId, Values]]:
    """Each document's id with its new values."""
    names = [column.name for column in one.attributes]
    values = zip(*[column.values for column in one.attributes], strict=True)
    if not names:
        return [(identity, {}) for identity in one.ids]
    return [
        (identity, dict(zip(names, row, strict=True)))
        for identity, row in zip(one.ids, values, strict=True)
    ]


def given(values: Values) -> str:
    """The values to set, as JSON."""
    return orjson.dumps({n: v for n, v in values.items() if v is not None}).decode()


def removed(values: Values) -> list[str]:
    """The names to remove."""
    return [name for name, value in values.items() if value is None]
