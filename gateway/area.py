"""Where something is: GeoJSON geometries in WGS 84 (longitude, latitude) and what they cover."""

import math
from array import array
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import pyproj
import shapely
import shapely.geometry
from msgspec import Struct
from shapely.geometry.base import BaseGeometry

from gateway.fault import BadInput

Position = tuple[float, float]
Ring = tuple[Position, ...]

MOST_POINTS = 50_000
MOST_RADIUS_M = 200_000
CENTIMETRE = 7  # decimals of a degree
_EARTH = pyproj.Geod(ellps="WGS84")
SHORT_EDGE = 0.002
"""Degrees over which an edge that is straight on a map and one that is straight on a plane part by less than a millimetre."""


class Role(StrEnum):
    """What an area means to the people in it."""

    DANGER = "danger"
    EVACUATE = "evacuate"
    SHELTER = "shelter"
    CLOSURE = "closure"
    INFORMED = "informed"


class Polygon(Struct, frozen=True, tag="Polygon", tag_field="type"):
    """A surface: outer ring, then holes."""

    coordinates: tuple[Ring, ...]


class MultiPolygon(Struct, frozen=True, tag="MultiPolygon", tag_field="type"):
    """Several surfaces."""

    coordinates: tuple[tuple[Ring, ...], ...]


class Point(Struct, frozen=True, tag="Point", tag_field="type"):
    """A circle around a position, radius in metres."""

    coordinates: Position
    radius_m: float


class LineString(Struct, frozen=True, tag="LineString", tag_field="type"):
    """A closed street; it becomes an area only through a playbook's declared buffer."""

    coordinates: tuple[Position, ...]


Geometry = Polygon | MultiPolygon | Point | LineString


class Area(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One place with its role; geometry alone targets, zones only label it, unless there is no geometry."""

    role: Role
    name: Mapping[str, str] = {}
    zones: tuple[str, ...] = ()
    geometry: Geometry | None = None


def geometry(document: Mapping[str, Any]) -> Geometry:
    """Read a GeoJSON geometry of one of our four kinds; raises BadInput("geometry-invalid")."""
    try:
        read: Geometry = msgspec.convert(document, Geometry)
    except msgspec.ValidationError as error:
        raise BadInput("geometry-invalid", str(error), hint="send a GeoJSON Polygon, MultiPolygon, Point or LineString") from None
    return read


def shape(place: Geometry, *, line_buffer_m: float = 0.0) -> BaseGeometry:
    """Return the surface a geometry covers, as it was drawn; raises BadInput for what covers none.

    A circle becomes a polygon that contains it; a line is buffered by `line_buffer_m` metres on each side.
    """
    if shapely.get_num_coordinates(drawn := _drawn(place)) > MOST_POINTS:
        raise BadInput("geometry-too-large", f"more than {MOST_POINTS} points", hint="simplify the outline")
    _inside_the_world(drawn)
    if isinstance(place, Point):
        return _circle(drawn, place.radius_m)
    if isinstance(place, LineString):
        return _street(drawn, line_buffer_m)
    if not drawn.is_valid or drawn.is_empty or not drawn.area:
        raise BadInput(
            "geometry-invalid", shapely.is_valid_reason(drawn), hint="draw a simple outline that does not cross itself"
        )
    return drawn


def union(shapes: Iterable[BaseGeometry]) -> BaseGeometry:
    """Return what all of them cover together."""
    return shapely.union_all(list(shapes))


def swapped(place: Geometry) -> Geometry:
    """Return the same drawing with longitude and latitude swapped, to find out whether somebody mixed them up."""
    return msgspec.structs.replace(place, coordinates=_swap(place.coordinates))


def buffer(place: BaseGeometry, metres: float) -> BaseGeometry:
    """Grow a shape by metres on the ground; positions come out rounded to a centimetre."""
    return in_metres(place, lambda flat: flat.buffer(metres))


def in_metres(place: BaseGeometry, reshape: Callable[[BaseGeometry], BaseGeometry]) -> BaseGeometry:
    """Reshape something on a plane in metres around its own centre, and bring it back rounded to a centimetre."""
    there, back = _around(place)
    flat = reshape(shapely.transform(place, there, interleaved=False))
    degrees = shapely.transform(flat, back, interleaved=False)
    return shapely.transform(degrees, lambda positions: positions.round(CENTIMETRE))


def on_a_plane(about: BaseGeometry, *others: BaseGeometry) -> tuple[BaseGeometry, ...]:
    """Return shapes on one plane in metres around the first one's centre; no distance comes out shorter than on the ground."""
    there, _ = _around(about)
    return tuple(shapely.transform(one.segmentize(SHORT_EDGE), there, interleaved=False) for one in (about, *others))


def square_metres(place: BaseGeometry) -> float:
    """Return how much ground a shape covers, whichever way round its rings were drawn."""
    return abs(_EARTH.geometry_area_perimeter(shapely.orient_polygons(place))[0])


def metres(line: BaseGeometry) -> float:
    """Return the length of a line on the ground."""
    return float(_EARTH.geometry_length(line))


def polygons(place: BaseGeometry) -> tuple[Polygon, ...]:
    """Return the surfaces of a shape as plain GeoJSON polygons, without holes filled or lost."""
    parts = [part for part in shapely.get_parts(place) if part.geom_type == "Polygon"]
    return tuple(Polygon(tuple(_ring(ring.coords) for ring in (part.exterior, *part.interiors))) for part in parts)


def _ring(coordinates: Iterable[Iterable[float]]) -> Ring:
    return tuple((float(x), float(y)) for x, y in coordinates)


def _swap(coordinates: Any) -> Any:
    if len(coordinates) == 2 and isinstance(coordinates[0], (int, float)):
        return (coordinates[1], coordinates[0])
    return tuple(_swap(part) for part in coordinates)


def _drawn(place: Geometry) -> BaseGeometry:
    try:
        if isinstance(place, Polygon) and all(place.coordinates):
            outer, *holes = map(_linear, place.coordinates)
            return shapely.polygons(outer, holes=holes or None)
        return shapely.geometry.shape({"type": type(place).__name__, "coordinates": place.coordinates})
    except (ValueError, TypeError, shapely.errors.ShapelyError) as error:
        raise BadInput("geometry-invalid", str(error), hint="close every ring and give it at least four positions") from None


def _linear(ring: Ring) -> BaseGeometry:
    """Return a ring as shapely reads it, without asking each of its positions what it is."""
    return shapely.linearrings(np.frombuffer(array("d", chain.from_iterable(ring))).reshape(-1, 2))


def _inside_the_world(drawn: BaseGeometry) -> None:
    if drawn.is_empty:
        raise BadInput("geometry-invalid", "the geometry is empty", hint="draw the area")
    west, south, east, north = drawn.bounds
    if not (west >= -180 and south >= -90 and east <= 180 and north <= 90):
        hint = "positions are longitude first, then latitude"
        raise BadInput("geometry-invalid", "a position lies outside the world", hint=hint)


def _circle(centre: BaseGeometry, radius_m: float) -> BaseGeometry:
    if not 1 <= radius_m <= MOST_RADIUS_M:
        message = f"radius_m must be from 1 to {MOST_RADIUS_M}"
        raise BadInput("geometry-invalid", message, hint="give the radius in metres")
    corners_of_64 = 1 / math.cos(math.pi / 64)
    rounding, long_edges = 0.05, 1.0001
    return buffer(centre, radius_m * corners_of_64 * long_edges + rounding)


def _street(line: BaseGeometry, buffer_m: float) -> BaseGeometry:
    if not buffer_m > 0:
        raise BadInput("geometry-line", "a line covers no ground", hint="set line_buffer_m in the playbook, or send a polygon")
    return buffer(line, buffer_m)


def _around(place: BaseGeometry) -> tuple[Any, Any]:
    return _local(round(place.centroid.x, 1), round(place.centroid.y, 1))


@lru_cache(maxsize=64)
def _local(longitude: float, latitude: float) -> tuple[Any, Any]:
    plane = pyproj.CRS.from_proj4(f"+proj=aeqd +lat_0={latitude} +lon_0={longitude} +units=m +ellps=WGS84")
    there = pyproj.Transformer.from_crs("EPSG:4326", plane, always_xy=True)
    back = pyproj.Transformer.from_crs(plane, "EPSG:4326", always_xy=True)
    return there.transform, back.transform
