"""Indexes on attributes: what was asked for, and what is there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import cast

from service.compile.fragment import Fragment, identifier, number
from service.core.indexing import MEMBERSHIP, AttributeIndex, IndexKind
from service.core.namespace import short_identifier
from service.storage.pool import Session

MAX_BTREES = 8
PLAIN_NAME = re.compile(r"[A-Za-z0-9_]{1,16}")
HASH_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Wanted:
    """An index that was asked for, on the table of a namespace."""

    namespace_id: int
    table: str
    index: AttributeIndex

    @property
    def key(self) -> tuple[int, str, str]:
        return self.namespace_id, self.index.kind.value, self.index.attribute


def find(session: Session, namespace_id: int) -> frozenset[AttributeIndex]:
    """The indexes that are there."""
    rows = session.execute(session.schemas.statement("find_attribute_indexes", namespace_id))
    return frozenset(read_index(kind, attribute) for kind, attribute in rows)


def ask(session: Session, namespace_id: int, indexes: Iterable[AttributeIndex]) -> None:
    """Have indexes built that are not there, and kept that are."""
    asked = tuple(indexes)
    kinds, attributes = [i.kind.value for i in asked], [i.attribute for i in asked]
    session.execute(
        session.schemas.statement("ask_attribute_indexes", kinds, attributes, namespace_id)
    )


def work(session: Session) -> list[Wanted]:
    """What was asked for and can be built, the longest waiting first."""
    statement = session.schemas.statement("list_wanted_indexes", most=number(MAX_BTREES))
    return read_all(session, statement)


def btrees(session: Session, namespace_id: int) -> list[tuple[AttributeIndex, bool]]:
    """A namespace's indexes on single attributes, and whether nobody has needed them for a day.

    The least recently asked for is the first.
    """
    rows = session.execute(session.schemas.statement("list_btrees", namespace_id))
    return [(read_index(kind, attribute), bool(idle)) for kind, attribute, idle in rows]


def finish(session: Session, wanted: Wanted) -> bool:
    """Let searches count on an index, if it is whole and still asked for."""
    values = (*wanted.key, relation(session, wanted).text)
    statement = session.schemas.statement("finish_attribute_index", *values)
    return session.execute(statement).rowcount == 1


def forget(session: Session, wanted: Wanted) -> None:
    """Neither ask for an index any longer nor count on it."""
    session.execute(session.schemas.statement("forget_attribute_index", *wanted.key))


def retract_missing(session: Session) -> int:
    """Have built again what a DBA has dropped; returns how many indexes that are."""
    ready = read_all(session, session.schemas.statement("list_ready_indexes"))
    keys = [wanted.key for wanted in ready]
    names = [relation(session, wanted).text for wanted in ready]
    columns = [[key[at] for key in keys] for at in range(3)]
    statement = session.schemas.statement("retract_missing_indexes", *columns, names)
    return cast(tuple[int], session.execute(statement).fetchone())[0]


def index_name(table_name: str, index: AttributeIndex) -> str:
    """``books:number:size``; an attribute with an unusual name has its hash there."""
    if index == MEMBERSHIP:
        return short_identifier(table_name, index.kind.value)
    attribute = index.attribute
    if not PLAIN_NAME.fullmatch(attribute):
        attribute = "#" + sha256(attribute.encode()).hexdigest()[:HASH_DIGITS]
    return short_identifier(table_name, f"{index.kind.value}:{attribute}")


def relation(session: Session, wanted: Wanted) -> Fragment:
    """The index, qualified."""
    return identifier(session.schemas.documents, index_name(wanted.table, wanted.index))


def read_all(session: Session, statement: Fragment) -> list[Wanted]:
    rows = cast(list[tuple[int, str, str, str]], session.execute(statement).fetchall())
    return [Wanted(key, name, read_index(kind, attr)) for key, name, kind, attr in rows]


def read_index(kind: object, attribute: object) -> AttributeIndex:
    return AttributeIndex(IndexKind(str(kind)), str(attribute))
