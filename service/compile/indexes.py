"""What the indexes on attributes are made of.

An index has the expressions that conditions have, from the same functions. None of them can refuse
a write: GIN keeps hashes, and what the btrees keep of a value is bounded.
"""

from __future__ import annotations

from service.compile.attributes import as_number, as_start
from service.compile.fragment import Fragment, raw
from service.core.filters import Attribute
from service.core.indexing import AttributeIndex, IndexKind

# Writers append to a pending list that every search reads through; who fills it up empties it. At
# 1 MB that costs a search 0.2 ms and that writer 0.1 s; at 4 MB, the default, 0.6 ms and 0.3 s.
# Without a list a load takes 1.5 times as long and writes 1.6 times as much WAL.
GIN = raw(
    "USING gin (attributes jsonb_path_ops) WITH (fastupdate = on, gin_pending_list_limit = 1024)"
)


def definition(index: AttributeIndex) -> Fragment:
    """What stands behind ``CREATE INDEX … ON table``."""
    attribute = Attribute(index.attribute)
    match index.kind:
        case IndexKind.MEMBERSHIP:
            return GIN
        case IndexKind.NUMBER:
            return btree(as_number(attribute))
        case IndexKind.TEXT:
            return btree(as_start(attribute))


def btree(expression: Fragment) -> Fragment:
    # missing values first, as they are ordered: a search in the attribute's order uses it as well
    return raw("USING btree ((") + expression + raw(") NULLS FIRST)")
