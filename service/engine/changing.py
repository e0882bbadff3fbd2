"""The parts of one write, carried out in their order inside its transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from service.core.binding import bind
from service.core.documents import Affected, Matching, Patch, Write, Written
from service.core.filters import Filter
from service.core.ids import DocumentId, shown_id
from service.core.namespace import Namespace
from service.storage import conditions, matching, patches, writes
from service.storage.pool import Session

# draws the write numbers for so many documents, or refuses because too many wait for an index
Numbers = Callable[[int], list[int]]


@dataclass(frozen=True, slots=True)
class Change:
    """One write on a namespace that has been brought to the shape it needs."""

    session: Session
    namespace: Namespace
    write: Write

    def apply(self, numbers: Numbers) -> Written:
        """Carry out every part; the counts are those of documents really touched, except that an
        unconditional delete counts every id (turbopuffer, section 6.2)."""
        deleted, remaining = self.delete_matching()
        patched, more = self.patch_matching()
        upserted, sent = self.upsert(numbers)
        bounded = [flag for flag in (remaining, more) if flag is not None]
        return Written(
            upserted=upserted,
            patched=total(patched, self.patch()),
            deleted=total(deleted, self.delete()),
            remaining=any(bounded) if bounded else None,
            logical_bytes=sent,
        )

    def delete_matching(self) -> tuple[Affected | None, bool | None]:
        wanted = self.write.delete_where
        if wanted is None:
            return None, None
        bound = self.bound(wanted)
        return matching.delete(self.session, self.namespace, bound, with_ids=self.write.with_ids)

    def patch_matching(self) -> tuple[Affected | None, bool | None]:
        wanted = self.write.patch_where
        if wanted is None:
            return None, None
        bound = replace(wanted, matching=self.bound(wanted.matching))
        return matching.patch(self.session, self.namespace, bound, with_ids=self.write.with_ids)

    def upsert(self, numbers: Numbers) -> tuple[Affected | None, int]:
        batch, condition = self.write.upsert, self.write.conditions.upsert
        if batch is None:
            return None, 0
        if condition is not None and batch.ids:
            bound = bind(condition, self.namespace)
            batch = conditions.upsertable(self.session, self.namespace, batch, bound)
        if not batch.ids:
            return Affected(), 0
        sent = writes.upsert(self.session, self.namespace, batch, numbers(len(batch.ids)))
        return Affected(len(batch.ids), self.shown(batch.ids)), sent

    def patch(self) -> Affected | None:
        wanted, condition = self.write.patches, self.write.conditions.patch
        if wanted is None:
            return None
        if condition is not None:
            wanted = tuple(self.patchable(one, condition) for one in wanted)
        return patches.patch(self.session, self.namespace, wanted, with_ids=self.write.with_ids)

    def patchable(self, one: Patch, condition: Filter) -> Patch:
        bound = bind(condition, self.namespace)
        return conditions.patchable(self.session, self.namespace, one, bound)

    def delete(self) -> Affected | None:
        ids, condition = self.write.deletes, self.write.conditions.delete
        if ids is None:
            return None
        if condition is not None:
            bound = bind(condition, self.namespace)
            ids = conditions.deletable(self.session, self.namespace, ids, bound)
        if ids:
            writes.delete(self.session, self.namespace, ids)
        return Affected(len(ids), self.shown(ids))

    def shown(self, ids: Sequence[DocumentId]) -> tuple[DocumentId, ...]:
        """The ids for the answer, if it is to name them."""
        kind = self.namespace.id_type
        return tuple([shown_id(i, kind) for i in ids]) if self.write.with_ids else ()

    def bound(self, wanted: Matching) -> Matching:
        return replace(wanted, filter=bind(wanted.filter, self.namespace))


def total(one: Affected | None, other: Affected | None) -> Affected | None:
    """Both parts together; None when the write had neither."""
    if one is None or other is None:
        return one or other
    return one + other
