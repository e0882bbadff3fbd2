"""The filter tree as an SQL condition: one function per node.

Takes bound trees (``service/core/binding.py``): types are known and operands fit. An attribute
without a type is missing in every document.

Where an index may exist (``compile/indexes.py``), the condition has the index's expression in it;
where that is not the whole condition, the exact one stands beside it. Conditions that reject most
rows stand first: they cost as much as ever where there is no index.
"""

from __future__ import annotations

from functools import singledispatch

from psycopg.types.json import Jsonb

from service.compile.attributes import (
    INDEXED_CHARACTERS,
    as_json,
    as_number,
    as_start,
    as_text,
    elements_of,
    texts_of,
)
from service.compile.booleans import all_of, any_of, at_least, negated
from service.compile.comparisons import (
    OPERATORS,
    as_characters,
    as_decimal,
    compare,
    compare_element,
    is_within,
)
from service.compile.elements import compile_at
from service.compile.fragment import Fragment, identifier, raw
from service.compile.globs import compile_glob
from service.compile.new_values import compare_new, equals_new
from service.compile.regexes import compile_regex
from service.core.attributes import ANY
from service.core.elements import AtPath, Counted, Element, Empty, HasVector, Nested, Null
from service.core.filters import (
    And,
    AnyElement,
    AnyOf,
    AtLeast,
    Attribute,
    Between,
    Compare,
    ComparesNew,
    Equal,
    EqualsNew,
    Field,
    Filter,
    Glob,
    Holds,
    IdField,
    Missing,
    Not,
    Operand,
    Or,
    Regex,
)
from service.core.indexing import few_values


@singledispatch
def compile_filter(node: Filter) -> Fragment:
    """The condition that is true for exactly the documents that match; else false or NULL."""
    raise TypeError(node)


@compile_filter.register
def _and(node: And) -> Fragment:
    return all_of(map(compile_filter, node.parts))


@compile_filter.register
def _or(node: Or) -> Fragment:
    return any_of(map(compile_filter, node.parts))


@compile_filter.register
def _not(node: Not) -> Fragment:
    return negated(compile_filter(node.part))


@compile_filter.register
def _at_least(node: AtLeast) -> Fragment:
    return at_least(node.count, map(compile_filter, node.parts))


@compile_filter.register(Element)
@compile_filter.register(Counted)
@compile_filter.register(Empty)
@compile_filter.register(Null)
@compile_filter.register(Nested)
def _at_path(node: AtPath) -> Fragment:
    return compile_at(node)


@compile_filter.register
def _has_vector(node: HasVector) -> Fragment:
    return identifier(node.column) + raw(" IS NOT NULL")


@compile_filter.register
def _missing(node: Missing) -> Fragment:
    # ->> makes NULL of a JSON null as well, which SQL and the other dialect can store
    return as_text(node.field) + raw(" IS NULL")


@compile_filter.register
def _equal(node: Equal) -> Fragment:
    if isinstance(node.field, IdField):
        return raw("id = %s", node.value)
    if isinstance(node.value, tuple):
        return equal_array(node.field, node.value)
    # containment is what a GIN index serves; inside an object it is equality for scalars
    return raw("attributes @> %s", Jsonb({node.field.name: node.value}))


def equal_array(field: Attribute, values: tuple[Operand, ...]) -> Fragment:
    """The same elements in the same order; containment finds candidates by index."""
    exact = as_json(field) + raw(" = %s", Jsonb(list(values)))
    if not values:
        # every document would be a candidate
        return exact
    held = raw("attributes @> %s", Jsonb({field.name: list(values)}))
    return raw("(") + exact + raw(" AND ") + held + raw(")")


@compile_filter.register
def _any_of(node: AnyOf) -> Fragment:
    if isinstance(node.field, IdField):
        return raw("id = ANY (%s)", list(node.values))
    if node.field.type and node.field.type.is_array:
        return holds_any(node.field, node.values)
    # "= ANY" rather than "IN (…)": an empty list is legal, and the text does not change with the
    # length of the list
    if len(node.values) <= few_values(node.field):
        documents = [Jsonb({node.field.name: value}) for value in node.values]
        return raw("attributes @> ANY (%s::jsonb[])", documents)
    return is_one_of(node.field, node.values)


def is_one_of(field: Attribute, values: tuple[Operand, ...]) -> Fragment:
    """A scalar out of many: containment would try all of them on every candidate that it finds,
    equality is looked up by hash and found by the index on the one attribute."""
    exact = as_json(field) + raw(" = ANY (%s::jsonb[])", [Jsonb(value) for value in values])
    if field.type is None or field.type == ANY:
        return exact
    if field.type.is_number:
        numbers = [as_decimal(value) for value in values]
        indexed = as_number(field) + raw(" = ANY (%s::numeric[])", numbers)
    else:
        starts = [as_characters(value)[:INDEXED_CHARACTERS] for value in values]
        indexed = as_start(field) + raw(" = ANY (%s)", starts)
    return raw("(") + exact + raw(" AND ") + indexed + raw(")")


def holds_any(field: Attribute, values: tuple[Operand, ...]) -> Fragment:
    """An array with one of the values in it."""
    if len(values) <= few_values(field):
        holders = [Jsonb({field.name: [value]}) for value in values]
        return raw("attributes @> ANY (%s::jsonb[])", holders)
    # each element is looked up in a hash table, where containment would try every value in turn
    wanted = raw("element = ANY (%s::jsonb[])", [Jsonb(value) for value in values])
    return exists(elements_of(field), wanted)


@compile_filter.register
def _holds(node: Holds) -> Fragment:
    return holds_any(of_attribute(node.field), node.values)


@compile_filter.register
def _any_element(node: AnyElement) -> Fragment:
    elements = elements_of(of_attribute(node.field))
    return exists(elements, compare_element(raw("element"), node.order, node.value))


@compile_filter.register
def _compare(node: Compare) -> Fragment:
    if isinstance(node.field, IdField):
        return raw("id") + OPERATORS[node.order] + raw("%s", node.value)
    return compare(node.field, node.order, node.value)


@compile_filter.register
def _between(node: Between) -> Fragment:
    return is_within(node.field, node.bounds)


@compile_filter.register
def _glob(node: Glob) -> Fragment:
    if isinstance(node.field, IdField):
        return compile_glob(as_text(node.field), node.pattern, node.ignore_case)
    if not (node.field.type and node.field.type.is_array):
        text, start = as_text(node.field), as_start(node.field)
        return compile_glob(text, node.pattern, node.ignore_case, start)
    return exists(
        texts_of(node.field), compile_glob(raw("element"), node.pattern, node.ignore_case)
    )


@compile_filter.register
def _regex(node: Regex) -> Fragment:
    field = of_attribute(node.field)
    if not (field.type and field.type.is_array):
        return compile_regex(as_text(field), node.pattern)
    return exists(texts_of(field), compile_regex(raw("element"), node.pattern))


@compile_filter.register
def _equals_new(node: EqualsNew) -> Fragment:
    return equals_new(of_attribute(node.field), node.new)


@compile_filter.register
def _compares_new(node: ComparesNew) -> Fragment:
    return compare_new(of_attribute(node.field), node.order, node.new)


def of_attribute(field: Field) -> Attribute:
    """The field of a leaf that is never bound to the id."""
    assert isinstance(field, Attribute)
    return field


def exists(elements: Fragment, condition: Fragment) -> Fragment:
    """Whether one of the elements, each called ``element``, meets the condition."""
    return (
        raw("EXISTS (SELECT FROM ") + elements + raw(" AS element WHERE ") + condition + raw(")")
    )  # fmt: skip
