"""Every filter node as SQL: the text, and the values bound in it."""

from decimal import Decimal
from typing import Any, cast, get_args
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from service.compile.filters import compile_filter
from service.core.attributes import parse_type
from service.core.binding import bind
from service.core.bounds import Bounds
from service.core.elements import (
    Counted,
    Element,
    Empty,
    FromId,
    HasId,
    HasVector,
    IsValue,
    Nested,
    Null,
)
from service.core.filters import (
    EVERYTHING,
    NOTHING,
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
    Filter,
    Glob,
    Holds,
    IdField,
    Misfit,
    Missing,
    Not,
    Or,
    Order,
    Regex,
)
from service.core.paths import Item, Key, Path

ID = IdField()
KEY = UUID("00000000-0000-0000-0000-000000000001")
HOST = Attribute("n", parse_type("int"))
TAGS = Attribute("tags", parse_type("[]string"))
N = (
    "(CASE jsonb_typeof((attributes -> 'n')) WHEN 'number' THEN"
    " (attributes ->> 'n')::varchar(400)::numeric END)"
)
TEXT, START = "(attributes ->> 's')", "(attributes ->> 's')::varchar(256) COLLATE \"C\""
LOWER = f'lower({TEXT} COLLATE "C")'
LONG = "x" * 300
TAGS_ARRAY = (
    "(CASE jsonb_typeof((attributes -> 'tags')) WHEN 'array' THEN (attributes -> 'tags')"
    " ELSE '[]' END)"
)
TAGS_ELEMENTS = f"EXISTS (SELECT FROM jsonb_array_elements_text({TAGS_ARRAY}) AS element"
ELEMENTS = f"EXISTS (SELECT FROM jsonb_array_elements({TAGS_ARRAY}) AS element"
ELEMENT_NUMBER = (
    "(CASE jsonb_typeof(element) WHEN 'number' THEN (element #>> '{}')::varchar(400)::numeric END)"
)
NEW_N, NEW_TEXT = (sql.replace("attributes", "new_attributes") for sql in (N, TEXT))
GIVEN_N, STORED_S = "(new_attributes ->> 'n') IS NOT NULL", "(attributes ->> 's') IS NOT NULL"
NO_NEW_N = "(new_attributes ->> 'n') IS NULL"
NO_NEW_S, BYTES = "(new_attributes ->> 's') IS NULL", 'COLLATE "C"'
S, A = Attribute("s", parse_type("string")), Equal(Attribute("a"), 1)


def J(value: object) -> tuple[str, object]:  # noqa: N802 - short, for the table
    return ("jsonb", value)


AT_A, FIRST = Path((Key("a"),)), Path((Key("a"), Item(0)))
A_TAG, B_TAG = {"tags": ["a"]}, {"tags": ["b"]}

# (filter, SQL, values): one row per node and per surprise
CASES: list[tuple[Filter, str | None, tuple[object, ...]]] = [
    (EVERYTHING, "true", ()),
    (NOTHING, "false", ()),
    (And((A,)), "(attributes @> %s)", (J({"a": 1}),)),
    (And((A, NOTHING)), "(attributes @> %s AND false)", (J({"a": 1}),)),
    (Or((A, EVERYTHING)), "(attributes @> %s OR true)", (J({"a": 1}),)),
    (Not(A), "(attributes @> %s) IS NOT TRUE", (J({"a": 1}),)),
    (Not(Not(A)), "((attributes @> %s) IS NOT TRUE) IS NOT TRUE", (J({"a": 1}),)),
    # values stand in the order of their placeholders
    (
        And((Equal(S, "x"), Or((Compare(HOST, Order.GREATER, 1), Equal(ID, 2))))),
        f"(attributes @> %s AND ({N} > %s OR id = %s))",
        (J({"s": "x"}), Decimal(1), 2),
    ),
    (Missing(S), "(attributes ->> 's') IS NULL", ()),
    (Missing(ID), "id IS NULL", ()),
    (Equal(S, "it's"), "attributes @> %s", (J({"s": "it's"}),)),
    (Equal(S, True), "attributes @> %s", (J({"s": True}),)),
    # containment finds them by index
    (
        Equal(TAGS, ("a", "b")),
        "((attributes -> 'tags') = %s AND attributes @> %s)",
        (J(["a", "b"]), J({"tags": ["a", "b"]})),
    ),
    (Equal(TAGS, ()), "(attributes -> 'tags') = %s", (J([]),)),
    (Equal(ID, 7), "id = %s", (7,)),
    (Equal(ID, "seven"), "id = %s", ("seven",)),
    (Equal(ID, KEY), "id = %s", (KEY,)),
    (AnyOf(ID, (1, 2)), "id = ANY (%s)", ([1, 2],)),
    (AnyOf(ID, ()), "id = ANY (%s)", ([],)),
    (AnyOf(S, ("a",)), "attributes @> ANY (%s::jsonb[])", ([J({"s": "a"})],)),
    (AnyOf(S, ()), "attributes @> ANY (%s::jsonb[])", ([],)),
    (AnyOf(TAGS, ("a",)), "attributes @> ANY (%s::jsonb[])", ([J({"tags": ["a"]})],)),
    (Compare(ID, Order.GREATER, 5), "id > %s", (5,)),
    (Compare(ID, Order.LESS_OR_EQUAL, "e"), "id <= %s", ("e",)),
    (Compare(HOST, Order.GREATER, 5), f"{N} > %s", (Decimal(5),)),
    (Compare(HOST, Order.GREATER_OR_EQUAL, 0.1), f"{N} >= %s", (Decimal("0.1"),)),
    # 64 bits would be lost in a double
    (Compare(HOST, Order.GREATER, 2**63 - 1), f"{N} > %s", (Decimal(2**63 - 1),)),
    # a missing value sorts below all others
    (
        Compare(HOST, Order.LESS, 1e300),
        f"({N} < %s OR ((attributes ->> 'n') IS NULL AND {N} IS NULL))",
        (Decimal("1e300"),),
    ),
    (Compare(S, Order.GREATER, "x"), f"{START} > %s", ("x",)),
    (Compare(S, Order.LESS_OR_EQUAL, ""), f"({START} <= %s OR {START} IS NULL)", ("",)),
    # an index has the start of a string
    (
        Compare(S, Order.GREATER, LONG),
        f'({START} >= %s AND {TEXT} COLLATE "C" > %s)',
        (LONG[:256], LONG),
    ),
    # a boolean is no number, though Python says so
    (Compare(S, Order.GREATER, False), f"{START} > %s", ("false",)),
    (
        Glob(S, "a*"),
        f'({START} >= %s AND {START} < %s AND {TEXT} COLLATE "C" LIKE %s)',
        ("a", "b", "a%"),
    ),
    (Glob(S, LONG + "*"), None, (LONG[:256], "x" * 255 + "y", LONG + "%")),
    (Glob(S, "abc"), f"({START} = %s)", ("abc",)),
    (Glob(S, LONG), f'({START} = %s AND {TEXT} COLLATE "C" = %s)', (LONG[:256], LONG)),
    (Glob(S, "{a,b}"), f"({START} = ANY (%s))", (["a", "b"],)),
    # a range of bytes does not follow the case of letters
    (
        Glob(S, "a*", ignore_case=True),
        f"({LOWER} >= %s AND {LOWER} < %s AND {LOWER} LIKE %s)",
        ("a", "b", "a%"),
    ),
    (Glob(ID, "abc"), '(id COLLATE "C" = %s)', ("abc",)),
    (
        Glob(S, "abc", ignore_case=True),
        "(lower((attributes ->> 's') COLLATE \"C\") = %s)",
        ("abc",),
    ),
    (
        Glob(TAGS, "abc"),
        f'{TAGS_ELEMENTS} WHERE (element COLLATE "C" = %s))',
        ("abc",),
    ),
    (Holds(TAGS, ("a", "b")), "attributes @> ANY (%s::jsonb[])", ([J(A_TAG), J(B_TAG)],)),
    (Holds(TAGS, ()), "attributes @> ANY (%s::jsonb[])", ([],)),
    # of an attribute that no document has
    (Holds(Attribute("tags"), ("a",)), "attributes @> ANY (%s::jsonb[])", ([J(A_TAG)],)),
    (
        AnyElement(TAGS, Order.GREATER_OR_EQUAL, "a"),
        f"{ELEMENTS} WHERE (element #>> '{{}}') COLLATE \"C\" >= %s)",
        ("a",),
    ),
    (
        AnyElement(TAGS, Order.LESS, 0.1),
        f"{ELEMENTS} WHERE {ELEMENT_NUMBER} < %s)",
        (Decimal("0.1"),),
    ),
    (Regex(S, "a+b"), f'({TEXT} COLLATE "C" ~ %s)', ("a+b",)),
    (Regex(TAGS, "a+b"), f'{TAGS_ELEMENTS} WHERE (element COLLATE "C" ~ %s))', ("a+b",)),
    (
        EqualsNew(S, S),
        "nullif((attributes -> 's'), 'null') IS NOT DISTINCT FROM (new_attributes -> 's')",
        (),
    ),
    # a missing value is below every other, and neither below nor above a missing one
    (
        ComparesNew(HOST, Order.LESS_OR_EQUAL, HOST),
        f"({N} <= {NEW_N} OR ((attributes ->> 'n') IS NULL AND {GIVEN_N}))",
        (),
    ),
    (
        ComparesNew(S, Order.GREATER, S),
        f"({TEXT} {BYTES} > {NEW_TEXT} {BYTES} OR ({STORED_S} AND {NO_NEW_S}))",
        (),
    ),
    # the type of the new value tells how an attribute that no document has is compared
    (
        ComparesNew(Attribute("n"), Order.GREATER, HOST),
        f"({N} > {NEW_N} OR ((attributes ->> 'n') IS NOT NULL AND {NO_NEW_N}))",
        (),
    ),
    (
        AtLeast(1, (A, NOTHING)),
        "cardinality(array_positions(ARRAY[attributes @> %s, false], true)) >= 1",
        (J({"a": 1}),),
    ),
    (AtLeast(0, (A,)), "true", ()),
    (AtLeast(2, (A,)), "false", ()),
    (
        Between(HOST, Bounds(((Order.GREATER, 1), (Order.LESS_OR_EQUAL, 2.5)))),
        f"({N} > %s AND {N} <= %s)",
        (Decimal(1), Decimal("2.5")),
    ),
    (Between(S, Bounds(((Order.LESS, "x"),))), f"({START} < %s)", ("x",)),
    # more of these: test_compile_elements.py
    (
        Element(AT_A, IsValue("x")),
        "attributes @> ANY (%s::jsonb[])",
        ([J({"a": "x"}), J({"a": ["x"]})],),
    ),
    (Null(AT_A), "attributes @> ANY (%s::jsonb[])", ([J({"a": None}), J({"a": [None]})],)),
    (Empty(AT_A), "((attributes -> 'a') NOT IN ('null', '[]')) IS NOT TRUE", ()),
    (Counted(FIRST, Bounds(((Order.GREATER, 3),))), None, (3,)),
    (Nested(AT_A, Null(AT_A)), None, ([J({"a": None}), J({"a": [None]})],)),
    (HasVector("b", "vector_b"), '"vector_b" IS NOT NULL', ()),
    # names: no placeholders, no escapes, no ends of the constant
    (Missing(Attribute("100%s")), "(attributes ->> '100%%s') IS NULL", ()),
    (Missing(Attribute("it's")), "(attributes ->> 'it''s') IS NULL", ()),
    (Missing(Attribute('a"b')), "(attributes ->> 'a\"b') IS NULL", ()),
    (Missing(Attribute("a;--")), "(attributes ->> 'a;--') IS NULL", ()),
    (Missing(Attribute("🐡")), "(attributes ->> '🐡') IS NULL", ()),
    (Missing(Attribute("{hole}")), "(attributes ->> '{hole}') IS NULL", ()),
    (Missing(Attribute("a\\b")), "(attributes ->> E'a\\\\b') IS NULL", ()),
    (Equal(Attribute("%(x)s"), "%s"), "attributes @> %s", (J({"%(x)s": "%s"}),)),
]


def plain(value: Any) -> object:
    """Values that compare: psycopg's wrapper of JSON does not."""
    if isinstance(value, Jsonb):
        return J(value.obj)
    return list(map(plain, cast(list[Any], value))) if isinstance(value, list) else value


@pytest.mark.parametrize(("tree", "sql", "values"), CASES, ids=lambda case: str(case)[:60])
def test_compiles_to(tree: Filter, sql: str | None, values: tuple[object, ...]):
    fragment = compile_filter(tree)

    assert tuple(plain(value) for value in fragment.values) == values
    if sql is not None:
        assert fragment.text == sql


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case[0])[:60])
def test_there_are_as_many_placeholders_as_values(case: tuple[Filter, Any, Any]):
    fragment = compile_filter(case[0])

    assert fragment.text.replace("%%", "").count("%s") == len(fragment.values)
    assert fragment.text.replace("%%", "").count("%") == len(fragment.values)


def test_booleans_are_bound_as_booleans():
    (value,) = compile_filter(Equal(S, True)).values

    assert isinstance(value, Jsonb)
    assert value.obj == {"s": True}
    assert value.obj["s"] is True


# binding refuses a misfit, and makes of ids what is said of the field: none is ever compiled
NODES = [node for node in get_args(Filter) if node not in (Misfit, HasId, FromId)]


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_filter_node_has_sql(node: type):
    assert compile_filter.dispatch(node) is not compile_filter.dispatch(object)


@pytest.mark.parametrize("node", get_args(Filter), ids=lambda node: node.__name__)
def test_every_filter_node_can_be_bound(node: type):
    assert bind.dispatch(node) is not bind.dispatch(object)


@pytest.mark.parametrize("node", NODES, ids=lambda node: node.__name__)
def test_every_filter_node_is_in_the_table(node: type):
    assert any(type(tree) is node for tree, _, _ in CASES)


def test_many_values_are_looked_up_by_hash_and_by_the_index_on_the_attribute():
    texts = tuple(map(str, range(9)))

    fragment = compile_filter(AnyOf(S, texts))

    assert fragment.text == f"((attributes -> 's') = ANY (%s::jsonb[]) AND {START} = ANY (%s))"
    assert plain(fragment.values[0]) == [J(text) for text in texts]
    assert fragment.values[1] == list(texts)


def test_many_numbers_are_looked_up_by_hash_and_by_the_index_on_the_attribute():
    fragment = compile_filter(AnyOf(HOST, (0.1, *range(8))))

    assert (
        fragment.text == f"((attributes -> 'n') = ANY (%s::jsonb[]) AND {N} = ANY (%s::numeric[]))"
    )
    assert fragment.values[1] == [Decimal("0.1"), *map(Decimal, range(8))]


def test_many_booleans_are_compared_with_what_json_spells():
    fragment = compile_filter(AnyOf(Attribute("s", parse_type("bool")), (True, False) * 5))

    assert fragment.values[1] == ["true", "false"] * 5


def test_many_values_for_an_attribute_that_no_document_has_need_no_index():
    fragment = compile_filter(AnyOf(Attribute("s"), tuple(range(9))))

    assert fragment.text == "(attributes -> 's') = ANY (%s::jsonb[])"


@pytest.mark.parametrize("leaf", [AnyOf, Holds])
def test_many_values_for_an_array_are_looked_up_by_hash(leaf: type[AnyOf | Holds]):
    texts = tuple(map(str, range(17)))

    fragment = compile_filter(leaf(TAGS, texts))

    assert fragment.text == f"{ELEMENTS} WHERE element = ANY (%s::jsonb[]))"
    assert plain(fragment.values[0]) == [J(text) for text in texts]


def test_a_misfit_is_never_compiled():
    with pytest.raises(TypeError, match="Misfit"):
        compile_filter(Misfit(S, ["a"], wants_list=False, spelled="Contains"))
