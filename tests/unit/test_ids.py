"""Document ids: which values are ids, of which type, and what a namespace takes afterwards."""

from typing import Any
from uuid import UUID

import pytest

from service.core.documents import Write, duplicates
from service.core.errors import InvalidRequest
from service.core.ids import IdType, check_id, coerce_ids, infer_id_type

KEY = UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")


@pytest.mark.parametrize("value", [0, 1, 2**53 + 1, 2**63, 2**64 - 1, "a", "7", "é" * 32, KEY])
def test_an_id_is_kept_as_it_is(value: Any):
    assert check_id(value) is value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "null is not a valid ID type"),
        (True, "bool is not a valid ID type"),
        (1.0, "float is not a valid ID type"),
        ([1], "array is not a valid ID type"),
        ({}, "object is not a valid ID type"),
        (-1, "id -1 is out of range"),
        (2**64, "out of range"),
        ("", "got one of 0"),
        ("a" * 65, "got one of 65"),
        ("é" * 33, "got one of 66"),
    ],
)
def test_what_is_no_id_is_refused_with_the_reason(value: Any, reason: str):
    with pytest.raises(InvalidRequest, match=reason):
        check_id(value)


# (ids, the column's type, its name for callers)
INFERRED = [
    ((1, 2), IdType.BIGINT, "uint"),
    ((0, 2**63 - 1), IdType.BIGINT, "uint"),
    ((1, 2**63), IdType.NUMERIC, "uint"),
    (("a", "b"), IdType.TEXT, "string"),
    # it may look like one, but was not declared to be one
    ((str(KEY),), IdType.TEXT, "string"),
    ((KEY,), IdType.UUID, "uuid"),
]


@pytest.mark.parametrize(("ids", "kind", "spelled"), INFERRED)
def test_the_first_ids_choose_the_type(ids: tuple[Any, ...], kind: IdType, spelled: str):
    assert infer_id_type(ids) is kind
    assert kind.spelled == spelled


@pytest.mark.parametrize("ids", [(), (1, "a"), (KEY, "a"), (1, KEY)])
def test_ids_of_several_types_choose_none(ids: tuple[Any, ...]):
    with pytest.raises(InvalidRequest, match="all be of one type"):
        infer_id_type(ids)


@pytest.mark.parametrize(
    "text", [str(KEY), str(KEY).upper(), KEY.hex, f"{{{KEY}}}", f"urn:uuid:{KEY}"]
)
def test_a_uuid_is_read_from_any_of_its_spellings(text: str):
    assert coerce_ids([text], IdType.UUID) == (KEY,)


def test_a_string_that_is_no_uuid_is_refused_where_ids_are_uuids():
    with pytest.raises(InvalidRequest) as caught:
        coerce_ids(["a"], IdType.UUID)

    assert caught.value.message == (
        "💔 namespace ID type is uuid, but a written ID could not be parsed as uuid"
    )


# (id, the namespace's type, the message's start)
MIXED = [
    (1, IdType.TEXT, "💔 namespace ID type is string, but you sent uint; "),
    ("a", IdType.BIGINT, "💔 namespace ID type is uint, but you sent string; "),
    ("a", IdType.NUMERIC, "💔 namespace ID type is uint, but you sent string; "),
    (1, IdType.UUID, "💔 namespace ID type is uuid, but you sent uint; "),
]


@pytest.mark.parametrize(("value", "kind", "start"), MIXED)
def test_an_id_of_another_type_is_refused_with_both_names(value: Any, kind: IdType, start: str):
    with pytest.raises(InvalidRequest) as caught:
        coerce_ids([value], kind)

    assert caught.value.message == (
        start + "you are not allowed to mix ID types in the same namespace"
    )


@pytest.mark.parametrize("deletes", [(1, 1), ("a", "b", "a")])
def test_an_id_named_twice_is_refused(deletes: tuple[Any, ...]):
    with pytest.raises(InvalidRequest, match="contains duplicate document IDs"):
        Write(deletes=deletes)


def test_duplicates_are_listed_up_to_ten():
    message = duplicates(tuple(range(20)) * 2).message

    assert message.endswith("the following: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9")


def test_uuids_spelled_differently_are_the_same_id():
    ids = coerce_ids([str(KEY), KEY.hex], IdType.UUID)

    with pytest.raises(InvalidRequest, match="duplicate"):
        Write(deletes=ids)
