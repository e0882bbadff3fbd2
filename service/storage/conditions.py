"""Conditional writes: what of a write may be carried out, as the documents are now.

What was looked at stays locked until the commit, and other writers wait for their turn (turns.py):
so nothing changes between the look and the write.
"""

from __future__ import annotations

from collections.abc import Sequence

from service.compile.filters import compile_filter
from service.compile.fragment import raw
from service.core.documents import Patch, Upsert
from service.core.filters import Filter
from service.core.ids import DocumentId, storable
from service.core.namespace import Namespace
from service.storage import patches
from service.storage.pool import Session
from service.storage.projections import stored_id
from service.storage.tables import table
from service.storage.writes import attribute_rows, ids_array

NOTHING_NEW = "{}"


def upsertable(session: Session, namespace: Namespace, batch: Upsert, condition: Filter) -> Upsert:
    """The documents that do not exist, and those that meet a bound condition."""
    new = [row.decode() for row in attribute_rows(batch)]
    found = met(session, namespace, batch.ids, new, condition)
    kept = [row for row, identity in enumerate(batch.ids) if found.get(identity, True)]
    return batch.only(kept)


def patchable(session: Session, namespace: Namespace, patch: Patch, condition: Filter) -> Patch:
    """The documents that exist and meet a bound condition."""
    new = [patches.given(values) for _, values in patches.rows_of(patch)]
    found = met(session, namespace, patch.ids, new, condition)
    kept = [row for row, identity in enumerate(patch.ids) if found.get(identity, False)]
    return patch.only(kept)


def deletable(
    session: Session, namespace: Namespace, ids: Sequence[DocumentId], condition: Filter
) -> tuple[DocumentId, ...]:
    """The documents that exist and meet a bound condition; what is new counts as missing."""
    found = met(session, namespace, ids, [NOTHING_NEW] * len(ids), condition)
    return tuple(identity for identity in ids if found.get(identity, False))


def met(
    session: Session,
    namespace: Namespace,
    ids: Sequence[DocumentId],
    new: Sequence[str],
    condition: Filter,
) -> dict[DocumentId, bool]:
    """For each document that exists: whether it meets the condition.

    ``new``: the attributes about to be written as JSON, one for each id.
    """
    rows = [(i, n) for i, n in zip(ids, new, strict=True) if storable(i, namespace.id_type)]
    statement = session.schemas.statement(
        "check_condition",
        table=table(session, namespace.table),
        ids=ids_array(tuple([identity for identity, _ in rows]), namespace.id_type),
        new=raw("%s", [text for _, text in rows]),
        condition=compile_filter(condition),
    )
    return {stored_id(identity): bool(holds) for identity, holds in session.execute(statement)}
