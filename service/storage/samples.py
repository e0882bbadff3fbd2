"""Samples of attributes, from which the number of matches of a filter is estimated."""

from __future__ import annotations

from service.compile.fragment import number
from service.core.namespace import Namespace
from service.core.segments import Layout
from service.storage import segments
from service.storage.building import new_name
from service.storage.pool import Session
from service.storage.segments import segment_table
from service.storage.tables import table

ROWS = 2_000
# a sample is drawn anew when the namespace has grown or shrunk by so much
DRIFT = 1.5


def is_due(layout: Layout, size: int) -> bool:
    """Whether the namespace has no sample that resembles it."""
    sample = layout.sample
    return sample is None or not sample.size / DRIFT <= size <= sample.size * DRIFT


def draw(session: Session, namespace: Namespace, layout: Layout, size: int) -> None:
    """Draw a sample of a namespace of ``size`` documents, in the place of the one before.

    Raises:
        Stale: when the namespace's table is gone.
    """
    documents = segments.file_of(session, namespace)
    name = new_name(session, namespace)
    statement = session.schemas.statement(
        "create_sample",
        sample=segment_table(session, name),
        table=table(session, namespace.table),
        count=number(ROWS),
    )
    rows = session.execute(statement).rowcount
    segments.claim(session, namespace, documents)
    if layout.sample is not None:
        segments.drop(session, layout.sample.table)
    session.execute(
        session.schemas.statement("record_sample", namespace.id, documents, name, rows, size)
    )
