"""Attributes without a schema: what the catalog records of them."""

from __future__ import annotations

import pytest

from service.core.attributes import ANY, AttributeSpec, AttributeType, JsonAny, Scalar, parse_type
from service.core.free_form import record_types

NO_VECTORS = frozenset[str]()


def recorded(*objects: dict[str, JsonAny], known: dict[str, str] | None = None) -> dict[str, str]:
    specs = {name: AttributeSpec(parse_type(kind)) for name, kind in (known or {}).items()}
    found = record_types(specs, objects, NO_VECTORS)
    return {name: str(spec.type) for name, spec in found.items()}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a", "b"], "string"),
        ([1, 2], "int"),
        ([1, 2.5], "float"),
        ([True], "bool"),
        ([2**63], "uint"),
        ([["a"], []], "[]string"),
        ([[1], [2.5]], "[]float"),
        ([[]], "any"),
        ([1, "a"], "any"),
        ([1, True], "any"),
        ([{"b": 1}], "any"),
        ([["a", None]], "any"),
        ([["a", 1]], "any"),
        ([[["a"]]], "any"),
        (["a", ["a"]], "any"),
        ([-1, 2**63], "any"),
    ],
)
def test_a_new_attribute_gets_the_type_of_its_values(values: list[JsonAny], kind: str):
    assert recorded(*({"a": value} for value in values)) == {"a": kind}


@pytest.mark.parametrize("objects", [[{}], [{"a": None}]])
def test_what_shows_no_type_is_not_recorded(objects: list[dict[str, JsonAny]]):
    assert recorded(*objects) == {}


@pytest.mark.parametrize(
    ("known", "value", "kind"),
    [
        ("int", 7, "int"),
        ("int", 7.5, "float"),
        ("int", None, "int"),
        ("float", 7, "float"),
        ("int", "7", "any"),
        ("int", [7], "any"),
        ("[]int", [7.5], "[]float"),
        ("[]int", [], "[]int"),
        ("[]string", "a", "any"),
        ("string", "a", "string"),
        ("any", {"b": [1]}, "any"),
        ("bool", 1, "any"),
        ("datetime", "2024-03-02T00:00:00.000000000Z", "datetime"),
        ("datetime", "2024-03-02", "any"),
        ("datetime", "yesterday", "any"),
        ("uuid", "7a3c2a3e-5b1c-4e8e-9d5e-0123456789ab", "uuid"),
        ("uuid", "7A3C2A3E5B1C4E8E9D5E0123456789AB", "any"),
    ],
)
def test_a_type_becomes_wider_when_it_must(known: str, value: JsonAny, kind: str):
    assert recorded({"a": value}, known={"a": known}) == {"a": kind}


def test_options_of_an_attribute_stay_when_its_type_becomes_wider():
    known = {"a": AttributeSpec(AttributeType(Scalar.INT), filterable=False, regex=True)}

    found = record_types(known, [{"a": "x"}], NO_VECTORS)

    assert found["a"] == AttributeSpec(ANY, filterable=False, regex=True)


@pytest.mark.parametrize("name", ["", "id", "$a", "image", "x" * 129])
def test_names_that_the_other_api_does_not_have_are_not_recorded(name: str):
    assert record_types({}, [{name: 1}], frozenset({"image"})) == {}


def test_no_more_attributes_are_recorded_than_a_namespace_has():
    many: dict[str, JsonAny] = {f"a{number}": number for number in range(2_000)}

    assert len(recorded(many)) == 1_024


def test_nothing_new_is_the_same_schema():
    known = {"a": AttributeSpec(AttributeType(Scalar.INT))}

    assert record_types(known, [{"a": 1}], NO_VECTORS) is known
