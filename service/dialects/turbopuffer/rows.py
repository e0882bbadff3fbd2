"""Documents in v2 writes (section 6.2): rows and columns with flattened attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from service.core.attributes import AttributeColumn, JsonValue, check_name
from service.core.documents import Patch, Upsert
from service.core.errors import InvalidRequest, MalformedRequest
from service.core.ids import DocumentId
from service.dialects.turbopuffer.documents import MAX_ROWS, expect, parse_ids
from service.dialects.turbopuffer.names import ID, TARGET, VECTOR
from service.dialects.turbopuffer.vectors import parse_flat_vectors
from service.dialects.turbopuffer.wire import Wire

ONLY_ID = frozenset({ID})

ColumnReader = Callable[[str, Wire, int], Sequence[Wire]]


@dataclass(frozen=True, slots=True)
class Table:
    """Ids with columns of one value each."""

    ids: tuple[DocumentId, ...]
    columns: Mapping[str, Sequence[Wire]]

    def attributes(self) -> tuple[AttributeColumn, ...]:
        return tuple(
            AttributeColumn(name, tuple(cast(Sequence[JsonValue], values)))
            for name, values in self.columns.items()
        )


def parse_upsert(rows: Wire, columns: Wire) -> Upsert | None:
    """``upsert_rows`` and ``upsert_columns`` as one batch; None when there are neither."""
    tables: list[Table] = []
    if rows is not None:
        tables.append(read_rows("upsert_rows", rows))
    if columns is not None:
        tables.append(read_columns("upsert_columns", columns, read_column_of_any_kind))
    if not tables:
        return None
    table = tables[0] if len(tables) == 1 else joined(tables)
    return Upsert(table.ids, table.attributes())


def parse_patches(rows: Wire, columns: Wire) -> tuple[Patch, ...] | None:
    """``patch_rows`` and ``patch_columns``; None when there are neither."""
    if rows is None and columns is None:
        return None
    tables = [] if rows is None else rows_by_keys("patch_rows", rows)
    if columns is not None:
        tables.append(read_columns("patch_columns", columns, read_column))
    return tuple(Patch(table.ids, table.attributes()) for table in tables)


def parse_patch(wire: Wire) -> tuple[AttributeColumn, ...]:
    """The attributes that ``patch_by_filter`` sets."""
    values = cast(dict[str, Wire], expect("patch_by_filter.patch", wire, dict, "a map"))
    for name in values:
        check_name(name, ONLY_ID)
    return Table((), {name: [value] for name, value in values.items()}).attributes()


def entries_of(where: str, wire: Wire) -> list[dict[str, Wire]]:
    """Rows, each with an id."""
    rows = cast(list[Wire], expect(where, wire, list, "a sequence"))
    if len(rows) > MAX_ROWS:
        raise InvalidRequest(f"💔 a write has at most {MAX_ROWS} documents, got {len(rows)}")
    entries = [
        cast(dict[str, Wire], expect(f"{where}[{index}]", row, dict, "a map"))
        for index, row in enumerate(rows)
    ]
    for index, entry in enumerate(entries):
        if entry.get(ID) is None:
            raise MalformedRequest(f"{TARGET}{where}[{index}]: missing field `id`")
        if type(entry[ID]) not in (int, str):
            raise MalformedRequest(
                f"{TARGET}{where}[{index}].id: data did not match any variant of untagged enum Id"
            )
    return entries


def read_rows(where: str, wire: Wire) -> Table:
    return as_table(where, entries_of(where, wire))


def as_table(where: str, entries: list[dict[str, Wire]]) -> Table:
    names = dict.fromkeys(name for entry in entries for name in entry if name != ID)
    for name in names:
        check_name(name, ONLY_ID)
    ids = parse_ids([entry[ID] for entry in entries], where)
    return Table(ids, {name: [entry.get(name) for entry in entries] for name in names})


def rows_by_keys(where: str, wire: Wire) -> list[Table]:
    """Rows in groups that name the same attributes: what a row does not name is not changed."""
    groups: dict[frozenset[str], list[dict[str, Wire]]] = {}
    for entry in entries_of(where, wire):
        groups.setdefault(frozenset(entry), []).append(entry)
    return [as_table(where, entries) for entries in groups.values()]


def read_columns(where: str, wire: Wire, read: ColumnReader) -> Table:
    """Columns of one length."""
    given = cast(dict[str, Wire], expect(where, wire, dict, "a map"))
    if given.get(ID) is None:
        raise MalformedRequest(f"{TARGET}{where}: missing field `id`")
    ids = parse_ids(given[ID], f"{where}.id")
    columns: dict[str, Sequence[Wire]] = {}
    for name, values in given.items():
        if name != ID and values is not None:
            check_name(name, ONLY_ID)
            columns[name] = read(f"{where}.{name}", values, len(ids))
    return Table(ids, columns)


def read_column_of_any_kind(where: str, wire: Wire, count: int) -> Sequence[Wire]:
    """One value for each id, or the vectors of all documents in one string."""
    if isinstance(wire, str):
        try:
            return parse_flat_vectors(wire, count)
        except InvalidRequest:
            if where.endswith(f".{VECTOR}"):
                raise
    return read_column(where, wire, count)


def read_column(where: str, wire: Wire, count: int) -> Sequence[Wire]:
    """One value for each id."""
    values = cast(list[Wire], expect(where, wire, list, "a sequence"))
    if len(values) != count:
        raise InvalidRequest(f"💔 {where} has {len(values)} values for {count} ids")
    return values


def joined(tables: Sequence[Table]) -> Table:
    """One table below the other; what one does not have is null in it."""
    names = dict.fromkeys(name for table in tables for name in table.columns)
    columns = {
        name: [v for table in tables for v in table.columns.get(name, [None] * len(table.ids))]
        for name in names
    }
    return Table(tuple(identity for table in tables for identity in table.ids), columns)
