"""Places on the globe as SQL: objects with ``lon`` and ``lat``, in degrees.

What is not on the globe is no place. Both sides are rounded to less than a billionth of a metre: no
difference of two numbers is then so small that a product of such leaves double precision.
"""

from __future__ import annotations

from itertools import pairwise
from typing import LiteralString

from service.compile.fragment import Fragment, raw
from service.core.elements import GeoPoint, InBox, InPolygon, InRadius

DECIMALS = 15


def in_box(value: Fragment, box: InBox) -> Fragment:
    """Inside, and not on the edge."""
    (left, top), (right, bottom) = corner(box.top_left), corner(box.bottom_right)
    across = raw("lon > %s::float8 OR lon < %s::float8", left, right)
    along = raw("lon > %s::float8 AND lon < %s::float8", left, right)
    high = raw(") AND lat < %s::float8 AND lat > %s::float8", top, bottom)
    return of_place(value, raw("(") + (across if left > right else along) + high)


def in_radius(value: Fragment, circle: InRadius) -> Fragment:
    """By the haversine formula."""
    lon, lat = corner(circle.center)
    haversine = raw(
        "sin(radians(lat - %s::float8) / 2) ^ 2 + cos(radians(lat)) * cos(radians(%s::float8))"
        " * sin(radians(lon - %s::float8) / 2) ^ 2",
        lat, lat, lon,
    )  # fmt: skip
    # the Earth's mean radius in metres; rounding may take the antipodes beyond 1
    distance = raw("2 * 6371008.8 * asin(sqrt(least(1, ") + haversine + raw(")))")
    return of_place(value, distance + raw(" < %s::float8", circle.radius))


def in_polygon(value: Fragment, polygon: InPolygon) -> Fragment:
    """In the exterior, which is ring 0, and in none of the interiors.

    A place is in a ring when a line from there to the east crosses it an odd number of times.
    """
    edges = [
        (number, *corner(start), *corner(end))
        for number, ring in enumerate(polygon.rings)
        for start, end in pairwise(ring)
    ]
    crossed = raw(
        "SELECT ring, mod(count(*), 2) = 1 AS around"
        " FROM unnest(%s::int[], %s::float8[], %s::float8[], %s::float8[], %s::float8[])"
        " AS edge (ring, lon1, lat1, lon2, lat2)"
        " WHERE CASE WHEN (lat1 > lat) <> (lat2 > lat)"
        " THEN lon < lon1 + (lon2 - lon1) * ((lat - lat1) / (lat2 - lat1)) END GROUP BY ring",
        *map(list, zip(*edges, strict=True)),
    )
    return of_place(
        value,
        raw("(SELECT coalesce(bool_or(ring = 0 AND around), false)")
        + raw(" AND NOT bool_or(ring > 0 AND around) FROM (")
        + crossed + raw(") AS crossed)"),
    )  # fmt: skip


def of_place(value: Fragment, condition: Fragment) -> Fragment:
    """A condition on the ``lon`` and ``lat`` of a JSON value; false for what has none."""
    lon, lat = degrees(value, "lon", "180"), degrees(value, "lat", "90")
    return (
        raw("(SELECT lon IS NOT NULL AND lat IS NOT NULL AND ") + condition
        + raw(" FROM (SELECT ") + lon + raw(" AS lon, ") + lat
        + raw(" AS lat OFFSET 0) AS place)")
    )  # fmt: skip


def degrees(value: Fragment, name: LiteralString, most: LiteralString) -> Fragment:
    """A number of degrees; NULL beyond ``most``, and for what is no number."""
    member = raw("(") + value + raw(" -> '") + raw(name) + raw("')")
    amount = raw("(") + member + raw(" #>> '{}')::varchar(400)::numeric")
    return (
        raw("CASE WHEN jsonb_typeof(") + member + raw(") = 'number' THEN CASE WHEN abs(") + amount
        + raw(") <= ") + raw(most) + raw(" THEN round(") + amount + raw(", 15)::float8 END END")
    )  # fmt: skip


def corner(point: GeoPoint) -> tuple[float, float]:
    """Longitude and latitude, rounded as stored ones are."""
    return round(point.lon, DECIMALS), round(point.lat, DECIMALS)
