"""The current client ranks by expressions over attributes and filters.

Run by ``official_client_v2_scenario.py``, never collected; every public function is one check.
"""

from __future__ import annotations

from typing import Any

from official_client_v2_shared import near, reason, refusal

STARS = ("Attribute", "stars")
IS_NEW = ("new", "Eq", True)


def _fill(ns: Any) -> None:
    ns.write(
        upsert_rows=[
            {"id": 1, "stars": 4, "price": 10.0, "new": True, "at": "2024-01-01"},
            {"id": 2, "stars": 1, "price": 30.0, "new": False, "at": "2024-01-11"},
            {"id": 3, "stars": 2, "price": 20.0, "new": True, "at": "2024-01-21"},
            {"id": 4},
        ],
        schema={"at": "datetime"},
    )


def _expect(ns: Any, rank_by: object, expected: list[tuple[int, float]]) -> None:
    near(ns.query(rank_by=rank_by, top_k=10).rows, expected)


def the_value_of_an_attribute_is_a_score(ns: Any) -> None:
    _fill(ns)
    _expect(ns, STARS, [(1, 4), (3, 2), (2, 1)])


def a_filter_is_a_score(ns: Any) -> None:
    _fill(ns)
    _expect(ns, ("Sum", [IS_NEW, ("stars", "Gte", 2)]), [(1, 2), (3, 2)])


def scores_are_added_and_compared(ns: Any) -> None:
    _fill(ns)
    price = ("Attribute", "price")
    _expect(ns, ("Sum", [STARS, price]), [(2, 31), (3, 22), (1, 14)])
    _expect(ns, ("Max", [STARS, ("Product", 3, IS_NEW)]), [(1, 4), (3, 3), (2, 1)])


def weights_stand_on_either_side(ns: Any) -> None:
    _fill(ns)
    expected = [(1, 2), (3, 1), (2, 0.5)]
    for rank_by in (
        ("Product", 0.5, STARS),
        ("Product", STARS, 0.5),
        ("Product", [0.5, STARS]),
        ("Product", [STARS, 0.5]),
    ):
        _expect(ns, rank_by, expected)


def scores_are_saturated(ns: Any) -> None:
    _fill(ns)
    _expect(ns, ("Saturate", STARS, {"midpoint": 2}), [(1, 4 / 6), (3, 0.5), (2, 1 / 3)])
    squared = {"midpoint": 2, "exponent": 2}
    _expect(ns, ("Saturate", STARS, squared), [(1, 16 / 20), (3, 0.5), (2, 1 / 5)])


def scores_decay_with_the_distance_from_an_origin(ns: Any) -> None:
    _fill(ns)
    distance = ("Dist", ("Attribute", "price"), 25)
    _expect(ns, distance, [(1, 15), (2, 5), (3, 5)])
    near(
        ns.query(rank_by=("Decay", distance, {"midpoint": 5}), top_k=3, filters=IS_NEW).rows,
        [(3, 0.5), (1, 0.25)],
    )


def times_decay_by_durations(ns: Any) -> None:
    _fill(ns)
    age = ("Dist", ("Attribute", "at"), "2024-01-21T00:00:00Z")
    near(
        ns.query(
            rank_by=("Decay", age, {"midpoint": "10d", "exponent": 1}),
            top_k=3,
            filters=("at", "NotEq", None),
        ).rows,
        [(3, 1), (2, 0.5), (1, 1 / 3)],
    )


def expressions_are_nested(ns: Any) -> None:
    _fill(ns)
    rank_by = ("Sum", [("Product", 10, IS_NEW), ("Saturate", STARS, {"midpoint": 2})])
    _expect(ns, rank_by, [(1, 10 + 4 / 6), (3, 10.5), (2, 1 / 3)])


def what_has_no_number_is_no_score(ns: Any) -> None:
    _fill(ns)
    error = refusal(ns.query, rank_by=("Attribute", "new"), top_k=1)
    assert (error.status_code, "has type bool" in reason(error)) == (400, True)
