"""Conditions between what a document is and what is about to be written (``$ref_new``).

The attributes about to be written stand in the statement as ``new_attributes``.
"""

from __future__ import annotations

from service.compile.attributes import as_json, as_number, as_text
from service.compile.comparisons import OPERATORS
from service.compile.fragment import Fragment, raw
from service.core.filters import Attribute, Order

NEW = "new_attributes"


def equals_new(field: Attribute, new: Attribute) -> Fragment:
    """Both have the same value, or neither has one; a stored JSON null is none."""
    stored = raw("nullif(") + as_json(field) + raw(", 'null')")
    return stored + raw(" IS NOT DISTINCT FROM ") + as_json(new, NEW)


def compare_new(field: Attribute, order: Order, new: Attribute) -> Fragment:
    """The comparison; one for smaller values holds also where only the stored one is missing."""
    missing, given = as_text(field) + raw(" IS NULL"), as_text(new, NEW) + raw(" IS NOT NULL")
    compared = compare_values(field, order, new)
    if order in (Order.LESS, Order.LESS_OR_EQUAL):
        return raw("(") + compared + raw(" OR (") + missing + raw(" AND ") + given + raw("))")
    without = as_text(field) + raw(" IS NOT NULL AND ") + as_text(new, NEW) + raw(" IS NULL")
    return raw("(") + compared + raw(" OR (") + without + raw("))")


def compare_values(field: Attribute, order: Order, new: Attribute) -> Fragment:
    """NULL where one of the two is missing."""
    kind = field.type or new.type
    if kind is not None and kind.is_number:
        return as_number(field) + OPERATORS[order] + as_number(new, NEW)
    stored, wanted = as_text(field), as_text(new, NEW)
    return stored + raw(' COLLATE "C"') + OPERATORS[order] + wanted + raw(' COLLATE "C"')
