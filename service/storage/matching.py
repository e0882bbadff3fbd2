"""Deletes and patches of all documents that a filter matches, within a bound."""

from __future__ import annotations

from collections.abc import Callable

from service.compile.filters import compile_filter
from service.compile.fragment import Fragment
from service.core.documents import (
    MAX_DELETED,
    MAX_PATCHED,
    Affected,
    Matching,
    PatchMatching,
)
from service.core.errors import InvalidRequest
from service.core.namespace import Namespace
from service.storage import patches, reads, writes
from service.storage.pool import Session

Change = Callable[[Fragment], Affected]


def delete(
    session: Session, namespace: Namespace, matching: Matching, *, with_ids: bool
) -> tuple[Affected, bool]:
    """Delete what a bound filter matches; says how many, and whether there are more."""

    def change(predicate: Fragment) -> Affected:
        return writes.delete_where(session, namespace, predicate, with_ids=with_ids)

    return bounded(session, namespace, matching, MAX_DELETED, change)


def patch(
    session: Session, namespace: Namespace, patching: PatchMatching, *, with_ids: bool
) -> tuple[Affected, bool]:
    """Patch what a bound filter matches; says how many, and whether there are more."""

    def change(predicate: Fragment) -> Affected:
        return patches.patch_where(
            session, namespace, predicate, patching.attributes, with_ids=with_ids
        )

    return bounded(session, namespace, patching.matching, MAX_PATCHED, change)


def bounded(
    session: Session, namespace: Namespace, matching: Matching, bound: int, change: Change
) -> tuple[Affected, bool]:
    """Change all that matches, or as many as the bound allows where a part will do.

    Raises:
        InvalidRequest: for more matches than that, where all are wanted.
    """
    predicate = compile_filter(matching.filter)
    if matching.partial:
        more = reads.count_matches(session, namespace, matching.filter, bound + 1) > bound
        if more:
            predicate = writes.first_matches(session, namespace, predicate, bound)
        return change(predicate), more
    done = change(predicate)
    if done.count > bound:
        raise InvalidRequest(
            f"💔 the filter matches {done.count} documents, and one write changes at most {bound}: "
            "narrow it, or allow a partial change and repeat it while rows_remaining is true"
        )
    return done, False
