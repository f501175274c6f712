"""Where another agency's alert is about, as far as it can be drawn: whatever cannot is left to its words."""

from collections.abc import Iterator

import shapely
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.area import Point, Ring
from gateway.city import City
from gateway.fault import BadInput
from gateway.formats.cap import Area, Circle, Message


def ground(said: Message, city: City) -> BaseGeometry:
    """Return what all areas of all languages cover together; a geocode counts where it is one of the city's own zones."""
    return area.union(shape for info in said.infos for one in info.areas for shape in _shapes(one, city))


def _shapes(one: Area, city: City) -> Iterator[BaseGeometry]:
    yield from (_polygon(ring) for ring in one.polygons)
    yield from (_circle(circle) for circle in one.circles)
    yield from (city.codes[code.value].shape for code in one.geocodes if code.value in city.codes)


def _polygon(ring: Ring) -> BaseGeometry:
    """Return an outline with its crossings sorted out, as G06 and G04 were told already."""
    if any(abs(longitude) > 180 or abs(latitude) > 90 for longitude, latitude in ring):
        return shapely.Polygon()
    made = shapely.make_valid(shapely.Polygon(ring))
    return area.union(part for part in shapely.get_parts(made) if part.geom_type in ("Polygon", "MultiPolygon"))


def _circle(circle: Circle) -> BaseGeometry:
    try:
        return area.shape(Point(circle.centre, radius_m=min(circle.radius_km * 1000, area.MOST_RADIUS_M)))
    except BadInput:
        return shapely.Polygon()
