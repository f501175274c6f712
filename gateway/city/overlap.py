"""Whether two alerts speak of the same ground."""

from collections.abc import Iterable, Sequence

import shapely.geometry
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.alert import Place
from gateway.area import Role


def overlaps(a: Sequence[Place], b: Sequence[Place]) -> bool:
    """Tell whether the places of two alerts share ground; a common border is none, and shelters do not count."""
    return bool(_ground(a).intersection(_ground(b)).area > 0)


def _ground(places: Iterable[Place]) -> BaseGeometry:
    surfaces = (polygon for place in places if place.role is not Role.SHELTER for polygon in place.polygons)
    return area.union(shapely.geometry.shape({"type": "Polygon", "coordinates": one.coordinates}) for one in surfaces)
