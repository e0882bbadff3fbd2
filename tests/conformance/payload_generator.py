"""Random payloads and random filters in the JSON of VectorAI's API, from one seeded generator.

Both are made of the same few keys and values, so that conditions meet what they ask for. What the
oracle, the in-memory mode of qdrant-client, takes otherwise than the specification (section 10) is
left out:

* ``text``, ``text_any`` and ``phrase``: it looks for words, the server without a text index for
  parts of the text;
* ``value`` with a float: its models know none;
* bounds of ranges that double precision does not hold: it rounds them, but not what is stored;
* ``min_should`` of none: it is refused there, and matches everything here;
* ``has_id`` and ``has_vector`` inside ``nested``: they are refused here;
* times in lower case, with "T" but without seconds, or with a 60th second: it takes them for none;
* fractions of a second with more than six digits: it reads no more.
"""

from __future__ import annotations

from random import Random
from typing import Any

Wire = Any

TEXTS = ["red", "green", "blue", "", "1", "true", "Rot", "été"]
SMALL = [-3, 0, 1, 2, 3, 7]
INTEGERS = [*SMALL, 2**53 + 1]
FLOATS = [0.5, 1.0, 2.5, -3.0, 1e-3]
TIMES = [
    "2024-01-01T00:00:00Z",
    "2024-01-01T00:30:00+01:00",
    "2024-02-29T12:00:00.250Z",
    "2024-02-29T12:00:00.250001-05:30",
    "1969-12-31T23:59:59Z",
    "2025-06-01T08:00:00+00:00",
]
# of these some have no offset, and some are no times
STORED_TIMES = [
    *TIMES,
    "2024-01-01",
    "2024-01-01 00:00:00",
    "2024-02-29T12:00:00",
    "2024-02-29 12:00",
    "2024-2-9",
    "2024-02-29 12:00:00.5-07",
    "2024-02-30",
    "yesterday",
    "",
]
IDS = range(200)
STRANGER = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
VECTORS = ["front", "back"]
PLAIN_KEYS = ["color", "size", "mixed", "when", "where"]
OBJECT_KEYS = [f"detail.{key}" for key in PLAIN_KEYS] + ['"dotted.key"', 'detail."dotted.key"']
ARRAY_KEYS = [f"parts[].{key}" for key in PLAIN_KEYS] + [f"parts[1].{key}" for key in PLAIN_KEYS]
EDGE_KEYS = ["tags", "tags[]", "tags[0]", "tags[][]", "tags[0][1]", "tags[9]", "nobody"]
EDGE_KEYS += ["detail", "parts", "color.size", "tags.color"]
KEYS = PLAIN_KEYS * 2 + OBJECT_KEYS + ARRAY_KEYS + EDGE_KEYS
NESTED_KEYS = ["parts", "parts[]", "detail.parts", "parts[].parts", "color", "detail", "nobody"]


def random_payload(rng: Random, depth: int = 2) -> dict[str, Wire]:
    """An object with some of the keys, and with objects and arrays of such objects in it."""
    payload: dict[str, Wire] = {}
    for key in PLAIN_KEYS:
        if rng.random() < 0.75:
            payload[key] = one_or_several(rng, key)
    if rng.random() < 0.5:
        payload["tags"] = [tag(rng) for _ in range(rng.randrange(4))]
    if rng.random() < 0.2:
        payload["dotted.key"] = scalar(rng, "color")
    if depth and rng.random() < 0.7:
        payload["detail"] = random_payload(rng, depth - 1)
    if depth and rng.random() < 0.8:
        payload["parts"] = [part(rng, depth - 1) for _ in range(rng.randrange(4))]
    return payload


def part(rng: Random, depth: int) -> Wire:
    return random_payload(rng, depth) if rng.random() < 0.9 else scalar(rng, "mixed")


def tag(rng: Random) -> Wire:
    one, other = (rng.choice([*TEXTS, *INTEGERS, None]) for _ in range(2))
    return [[one, other], [one], [], one, one, one, one][rng.randrange(7)]


def one_or_several(rng: Random, key: str) -> Wire:
    dice = rng.random()
    if dice < 0.1:
        return None
    if dice < 0.3:
        return [scalar(rng, key) for _ in range(rng.randrange(4))]
    return scalar(rng, key)


def scalar(rng: Random, key: str) -> Wire:
    """A value of the kind that usually stands at the key."""
    match key:
        case "color":
            return rng.choice(TEXTS)
        case "size":
            return rng.choice([*INTEGERS, *FLOATS])
        case "when":
            return rng.choice(STORED_TIMES)
        case "where":
            return place(rng) if rng.random() < 0.9 else rng.choice([{"lon": 1.5}, {}, "here"])
        case _:
            return rng.choice([*TEXTS, *INTEGERS, *FLOATS, True, False, None, {}, {"size": 1}])


def place(rng: Random) -> Wire:
    return {"lon": rng.uniform(-180, 180), "lat": rng.uniform(-85, 85)}


def random_filter(rng: Random, depth: int, *, is_nested: bool = False) -> dict[str, Wire]:
    """A filter of one to three clauses, with others among its conditions as deep as ``depth``."""
    clauses = rng.sample(["must", "should", "must_not", "min_should"], rng.choice([1, 1, 1, 2, 3]))
    return {clause: random_clause(rng, clause, depth, is_nested=is_nested) for clause in clauses}


def random_clause(rng: Random, clause: str, depth: int, *, is_nested: bool) -> Wire:
    count = rng.choice([1, 1, 2, 3])
    conditions = [random_condition(rng, depth, is_nested=is_nested) for _ in range(count)]
    if clause == "min_should":
        return {"conditions": conditions, "min_count": rng.randint(1, count + 1)}
    return conditions[0] if count == 1 and rng.random() < 0.3 else conditions


def random_condition(rng: Random, depth: int, *, is_nested: bool) -> Wire:
    dice = rng.random()
    if depth and dice < 0.3:
        return random_filter(rng, depth - 1, is_nested=is_nested)
    if depth and dice < 0.45:
        inner = random_filter(rng, depth - 1, is_nested=True)
        return {"nested": {"key": rng.choice(NESTED_KEYS), "filter": inner}}
    if dice < 0.52 and not is_nested:
        ids: list[Wire] = rng.sample(IDS, rng.randrange(60))
        return {"has_id": [*ids, STRANGER] if rng.random() < 0.2 else ids}
    if dice < 0.56 and not is_nested:
        return {"has_vector": rng.choice([*VECTORS, "side"])}
    if dice < 0.64:
        return {rng.choice(["is_empty", "is_null"]): {"key": rng.choice(KEYS)}}
    return field_condition(rng)


def field_condition(rng: Random) -> Wire:
    """One thing asked of a key: mostly what suits it."""
    key = rng.choice(KEYS)
    if rng.random() < 0.25:
        asked = rng.choice([match, numbers, times, counts, flags, area])(rng)
    elif "when" in key:
        asked = times(rng)
    elif "where" in key:
        asked = area(rng)
    elif "size" in key:
        asked = rng.choice([match, numbers])(rng)
    else:
        asked = rng.choice([match, match, match, counts, flags])(rng)
    return {"key": key, **asked}


def match(rng: Random) -> Wire:
    values = rng.choice([TEXTS, INTEGERS])
    few: list[Wire] = rng.sample(values, rng.randrange(4))
    match rng.randrange(4):
        case 0:
            return {"match": {"any": few}}
        case 1:
            return {"match": {"any": [*few, *range(100, 120)] if values is INTEGERS else few}}
        case 2:
            return {"match": {"except": few}}
        case _:
            return {"match": {"value": rng.choice([*TEXTS, *INTEGERS, True, False])}}


def numbers(rng: Random) -> Wire:
    return {"range": bounds(rng, [*SMALL, *FLOATS])}


def times(rng: Random) -> Wire:
    found = bounds(rng, TIMES)
    return {"range": found} if found else numbers(rng)


def counts(rng: Random) -> Wire:
    return {"values_count": bounds(rng, [0, 1, 2, 3])}


def bounds(rng: Random, values: list[Wire]) -> Wire:
    names = rng.sample(["gt", "gte", "lt", "lte"], rng.choice([0, 1, 1, 2, 2, 3]))
    return {name: rng.choice(values) for name in names}


def flags(rng: Random) -> Wire:
    return {rng.choice(["is_empty", "is_null"]): rng.random() < 0.5}


def area(rng: Random) -> Wire:
    match rng.randrange(3):
        case 0:
            return {"geo_radius": {"center": place(rng), "radius": rng.uniform(0, 12e6)}}
        case 1:
            one, other = place(rng), place(rng)
            high, low = max(one["lat"], other["lat"]), min(one["lat"], other["lat"])
            corners = {"top_left": {**one, "lat": high}, "bottom_right": {**other, "lat": low}}
            return {"geo_bounding_box": corners}
        case _:
            exterior, hole = square(rng, 60, 80), square(rng, 5, 20)
            return {"geo_polygon": {"exterior": exterior, "interiors": [hole]}}


def square(rng: Random, least: float, most: float) -> Wire:
    """A closed ring around the place where the equator begins, without a side along an axis."""
    ways = [(1, 0.1), (0.1, 1), (-1, 0.2), (0.1, -1)]
    points: list[Wire] = []
    for lon, lat in ways:
        far = rng.uniform(least, most)
        points.append({"lon": far * lon * 2, "lat": far * lat})
    return {"points": [*points, points[0]]}
