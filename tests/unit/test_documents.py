"""The parts of a write: what fits together, what must wait for others, what was done."""

from __future__ import annotations

from typing import Any

import pytest

from service.core.attributes import AttributeColumn
from service.core.documents import (
    Affected,
    Conditions,
    Matching,
    Patch,
    PatchMatching,
    Upsert,
    Write,
    Written,
)
from service.core.errors import InvalidRequest
from service.core.filters import EVERYTHING, Attribute, Equal
from service.core.vectors import MAX_DIMENSIONS, VectorBatch

ALL = Matching(EVERYTHING)
SET_A = (AttributeColumn("a", (1,)),)
ONE, CONDITION = Upsert((1,)), Equal(Attribute("a"), 1)


def batch(count: int, dimensions: int = 1) -> VectorBatch:
    return VectorBatch(dimensions, bytes(4 * count * dimensions))


# (write, whether it keeps other writers out, whether it changes documents in place)
TURNS: list[tuple[Write, bool, bool]] = [
    (Write(), False, False),
    (Write(upsert=ONE), False, False),
    (Write(deletes=(1,)), False, True),
    (Write(patches=(Patch((1,), SET_A),)), False, True),
    (Write(delete_where=ALL), False, True),
    (Write(patch_where=PatchMatching(ALL, SET_A)), False, True),
    # parts without documents are no parts
    (Write(deletes=(), patches=(), upsert=ONE), False, False),
    # several parts see the same documents
    (Write(upsert=ONE, deletes=(2,)), True, True),
    (Write(upsert=ONE, delete_where=ALL), True, True),
    (Write(patch_where=PatchMatching(ALL, SET_A), delete_where=ALL), True, True),
    (Write(patches=(Patch((1,), SET_A),), deletes=(2,)), True, True),
    # what a condition saw stays so until the write is done
    (Write(upsert=ONE, conditions=Conditions(upsert=CONDITION)), True, False),
    (Write(deletes=(1,), conditions=Conditions(delete=CONDITION)), True, True),
]


@pytest.mark.parametrize(("write", "alone", "in_place"), TURNS, ids=range(len(TURNS)))
def test_a_write_says_how_it_goes_beside_others(write: Write, alone: bool, in_place: bool):
    assert write.needs_turn is alone
    assert write.changes_in_place is in_place


@pytest.mark.parametrize(
    "parts",
    [
        {"upsert": (1, 2, 1)},
        {"deletes": (1, 1)},
        {"patches": (1, 1)},
        {"upsert": (1,), "deletes": (1,)},
        {"upsert": (1,), "patches": (1,)},
        {"patches": (1,), "deletes": (2, 1)},
    ],
    ids=str,
)
def test_no_document_is_named_twice(parts: dict[str, tuple[int, ...]]):
    made: dict[str, Any] = {
        "upsert": Upsert(parts.get("upsert", ())),
        "patches": (Patch(parts.get("patches", ()), ()),),
        "deletes": parts.get("deletes"),
    }

    with pytest.raises(InvalidRequest) as caught:
        Write(**made)

    assert caught.value.message == (
        "💔 This upsert contains duplicate document IDs and was not written. "
        "You should ensure that individual upserts do not include duplicate documents. "
        "The duplicated IDs in this batch were the following: 1"
    )


def test_of_many_duplicates_some_are_shown():
    ids = tuple(f"id{number}" for number in range(100)) * 2

    with pytest.raises(InvalidRequest) as caught:
        Write(deletes=ids)

    assert caught.value.message.endswith(": " + ", ".join(ids[:10]))


# (what is made, words)
UNEVEN: list[tuple[Any, str]] = [
    (lambda: Upsert((1, 2), SET_A), "'a' has 1 values for 2 ids"),
    (lambda: Patch((1, 2), SET_A), "'a' has 1 values for 2 ids"),
    (lambda: Upsert((1,), (), {"v": batch(2)}), "2 vectors for 1 ids"),
    (lambda: Upsert((1,), (), {"v": batch(1), "w": batch(0)}), "0 vectors for 1 ids"),
    (
        lambda: Upsert((1,), (), {"v": batch(1, MAX_DIMENSIONS + 1)}),
        "at most 16000 dimensions, got 16001",
    ),
]


@pytest.mark.parametrize(("make", "words"), UNEVEN, ids=range(len(UNEVEN)))
def test_every_column_has_one_value_for_each_document(make: Any, words: str):
    with pytest.raises(InvalidRequest, match=words):
        make()


def test_chosen_documents_keep_their_values_and_vectors():
    columns = (AttributeColumn("a", ("x", None, "z")),)
    vectors = {"v": VectorBatch(1, b"aaaacccc", frozenset({1}))}

    chosen = Upsert((7, 8, 9), columns, vectors).only([2, 1])

    kept = (AttributeColumn("a", ("z", None)),)
    assert chosen == Upsert((9, 8), kept, {"v": VectorBatch(1, b"cccc", frozenset({1}))})
    assert Patch((7, 8, 9), columns).only([2, 1]) == Patch((9, 8), kept)
    assert Upsert((7, 8, 9), columns, vectors).only([]).ids == ()


def test_what_was_done_adds_up():
    written = Written(upserted=Affected(2), deleted=Affected(3, (1, 2, 3)))

    assert written.affected == 5
    assert Written().affected == 0
    assert Affected(1, ("a",)) + Affected(2, ("b", "c")) == Affected(3, ("a", "b", "c"))
