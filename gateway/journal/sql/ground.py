"""Where a version tells people, roughly: what the record looks through before it reads any text."""

from collections.abc import Iterable

from gateway.alert import Place
from gateway.area import Role

Box = tuple[float, float, float, float] | tuple[None, None, None, None]


def box(places: Iterable[Place]) -> Box:
    """Return west, south, east and north of all places but shelters, in degrees of WGS 84; four times None for no place."""
    surfaces = (surface for place in places if place.role is not Role.SHELTER for surface in place.polygons)
    points = [(point[0], point[1]) for surface in surfaces for ring in surface.coordinates for point in ring]
    if not points:
        return None, None, None, None
    east, north = zip(*points, strict=True)
    return min(east), min(north), max(east), max(north)
