"""Attributes: names, types, and the values that fit them."""

from typing import Any

import pytest

from service.core.attributes import (
    AttributeColumn,
    check_name,
    fit_values,
    infer_type,
    parse_type,
)
from service.core.errors import InvalidRequest

TYPES = ["string", "int", "uint", "float", "bool", "uuid", "datetime"]
UUID_TEXT = "6f9619ff-8b86-d011-b42d-00c04fc964ff"


@pytest.mark.parametrize("text", [*TYPES, *(f"[]{name}" for name in TYPES)])
def test_a_type_is_written_as_it_is_read(text: str):
    kind = parse_type(text)

    assert str(kind) == text
    assert kind.is_array is text.startswith("[]")


@pytest.mark.parametrize("text", ["", "[]", "text", "String", "[][]int", "int[]", "[2]f32"])
def test_an_unknown_type_is_named(text: str):
    with pytest.raises(InvalidRequest, match="unknown attribute type") as caught:
        parse_type(text)

    assert f"'{text}'" in caught.value.message


def test_only_numbers_are_numbers():
    assert {name for name in TYPES if parse_type(name).is_number} == {"int", "uint", "float"}


@pytest.mark.parametrize(
    "name", ["a", "100%", "it's", 'a"b', "a;b", "🐡", " ", "vectors", "ID", "a" * 128, "é" * 64]
)
def test_names_may_hold_any_characters(name: str):
    check_name(name, frozenset({"id", "vector"}))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        ("id", "reserved"),
        ("vector", "reserved"),
        ("$dist", "reserved"),
        ("a" * 129, "128 bytes"),
        ("é" * 65, "128 bytes"),
        ("🐡" * 33, "128 bytes"),
    ],
)
def test_a_name_that_cannot_be_stored_is_refused(name: str, reason: str):
    with pytest.raises(InvalidRequest, match=reason):
        check_name(name, frozenset({"id", "vector"}))


# (values, type)
INFERRED = [
    ((), None),
    ((None, None), None),
    (([], None), None),
    (("a", None), "string"),
    (("",), "string"),
    # never uuid or datetime
    ((UUID_TEXT,), "string"),
    (("2024-03-02",), "string"),
    ((1, -1), "int"),
    ((2**63 - 1, -(2**63)), "int"),
    ((2**63,), "uint"),
    ((1.5,), "float"),
    ((1, 1.5), "float"),
    ((True, None, False), "bool"),
    ((["a"], []), "[]string"),
    (([1], [2.5]), "[]float"),
    (([True], None), "[]bool"),
    (([2**63],), "[]uint"),
]


@pytest.mark.parametrize(("values", "kind"), INFERRED)
def test_the_type_of_values(values: tuple[Any, ...], kind: str | None):
    assert infer_type("a", values) == (kind and parse_type(kind))


@pytest.mark.parametrize(
    "values", [(1, "a"), (True, 1), (["a"], "a"), ([1, "a"],), ([None, 1],), ([[1]],), ({"a": 1},)]
)
def test_values_of_several_types_are_refused(values: tuple[Any, ...]):
    with pytest.raises(InvalidRequest, match="attribute 'colour' has values of type"):
        infer_type("colour", values)


# (type, a value that does not fit, what it is called)
MISFITS = [
    ("string", 1, "int"),
    ("int", "1", "string"),
    ("int", 1.5, "float"),
    ("int", True, "bool"),
    ("int", 2**63, "int"),
    ("int", -(2**63) - 1, "int"),
    ("uint", -1, "int"),
    ("uint", 2**64, "int"),
    ("float", "1", "string"),
    ("float", False, "bool"),
    ("bool", 0, "int"),
    ("bool", "true", "string"),
    ("uuid", "x", "string"),
    ("uuid", 1, "int"),
    ("datetime", "x", "string"),
    ("datetime", "", "string"),
    ("string", ["a"], "[]string"),
    ("string", {"a": 1}, "object"),
    ("[]string", "a", "string"),
    ("[]string", ["a", 1], "[]string"),
    ("[]string", ["a", None], "[]string"),
    ("[]uint", [-1], "[]int"),
    ("[]int", [True], "[]bool"),
    ("[]uuid", [UUID_TEXT, "x"], "[]string"),
]


@pytest.mark.parametrize(("kind", "value", "called"), MISFITS)
def test_a_value_that_does_not_fit_is_refused_by_attribute_and_both_types(
    kind: str, value: Any, called: str
):
    with pytest.raises(InvalidRequest) as caught:
        fit_values(AttributeColumn("colour", (None, value)), parse_type(kind))

    assert caught.value.message == (
        f"💔 attribute 'colour' has type {kind}, but a value of type {called} was sent"
    )


# (type, value, as stored)
STORED = [
    ("string", "", ""),
    ("string", "it's 100% 🐡", "it's 100% 🐡"),
    ("int", -(2**63), -(2**63)),
    ("uint", 2**64 - 1, 2**64 - 1),
    ("float", 1, 1),
    ("bool", False, False),
    ("[]int", [], []),
    ("[]string", ["b", "a", "b"], ["b", "a", "b"]),
    ("uuid", UUID_TEXT.upper(), UUID_TEXT),
    ("uuid", UUID_TEXT.replace("-", ""), UUID_TEXT),
    ("uuid", f"{{{UUID_TEXT}}}", UUID_TEXT),
    ("uuid", f"urn:uuid:{UUID_TEXT}", UUID_TEXT),
    ("[]uuid", [UUID_TEXT.upper()], [UUID_TEXT]),
    ("datetime", "2024-03-02", "2024-03-02T00:00:00.000000000Z"),
    ("datetime", "2024-03-02T01:00:00+01:00", "2024-03-02T00:00:00.000000000Z"),
    # milliseconds are kept
    ("datetime", "2024-03-02T01:02:03.4567Z", "2024-03-02T01:02:03.456000000Z"),
    ("datetime", "0999-12-31T00:00:00Z", "0999-12-31T00:00:00.000000000Z"),
    ("[]datetime", ["2024-03-02"], ["2024-03-02T00:00:00.000000000Z"]),
]


@pytest.mark.parametrize(("kind", "value", "stored"), STORED)
def test_a_value_is_stored_in_its_canonical_form(kind: str, value: Any, stored: Any):
    fitted = fit_values(AttributeColumn("a", (value, None)), parse_type(kind))

    assert fitted == AttributeColumn("a", (stored, None))
    assert type(fitted.values[0]) is type(stored)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_a_time_that_leaves_the_calendar_in_utc_is_refused(text: str):
    with pytest.raises(InvalidRequest, match="'at' has type datetime"):
        fit_values(AttributeColumn("at", (text,)), parse_type("datetime"))
