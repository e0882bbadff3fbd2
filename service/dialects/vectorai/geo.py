"""Areas on the globe in filters (section 10): boxes, circles and polygons, in degrees."""

from __future__ import annotations

from service.core.elements import GeoPoint, InBox, InPolygon, InRadius, Ring, Test
from service.core.filters import MAX_VALUES
from service.dialects.vectorai.filter_errors import unreadable
from service.dialects.vectorai.shapes import members, number, one_member, parts_of

# a triangle, whose last point is the first
LEAST_POINTS = 4


def parse_box(wire: object) -> Test:
    given = members(wire, "geo_bounding_box", ("top_left", "bottom_right"))
    top_left = parse_point(given.get("top_left"), "top_left")
    return InBox(top_left, parse_point(given.get("bottom_right"), "bottom_right"))


def parse_radius(wire: object) -> Test:
    given = members(wire, "geo_radius", ("center", "radius"))
    radius = number(given.get("radius"), "radius")
    if radius < 0:
        raise unreadable("radius: expected 0 or more metres")
    return InRadius(parse_point(given.get("center"), "center"), float(radius))


def parse_polygon(wire: object) -> Test:
    given = members(wire, "geo_polygon", ("exterior", "interiors"))
    interiors = [parse_ring(ring, "interiors") for ring in parts_of(given.get("interiors", []))]
    return InPolygon(parse_ring(given.get("exterior"), "exterior"), tuple(interiors))


def parse_ring(wire: object, name: str) -> Ring:
    """The points of a closed line."""
    wires = parts_of(one_member(wire, name, "points"))
    if not LEAST_POINTS <= len(wires) <= MAX_VALUES:
        raise unreadable(f"{name}: expected {LEAST_POINTS} to {MAX_VALUES} points")
    points = tuple([parse_point(point, name) for point in wires])
    if points[0] != points[-1]:
        raise unreadable(f"{name}: the last point has to be the first one again")
    return points


def parse_point(wire: object, name: str) -> GeoPoint:
    """``{lon, lat}``."""
    given = members(wire, name, ("lon", "lat"))
    lon, lat = number(given.get("lon"), f"{name}.lon"), number(given.get("lat"), f"{name}.lat")
    if not -180 <= lon <= 180:
        raise unreadable(f"{name}.lon: expected -180 to 180 degrees")
    if not -90 <= lat <= 90:
        raise unreadable(f"{name}.lat: expected -90 to 90 degrees")
    return GeoPoint(float(lon), float(lat))
