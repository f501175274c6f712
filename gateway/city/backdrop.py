"""What a city's maps show whatever happens: its zones, water, parks, roads and rails, named in one language."""

from collections.abc import Iterator, Mapping

import shapely
from shapely.geometry.base import BaseGeometry

from gateway.area import Ring
from gateway.city import City
from gateway.formats.svg import Backdrop, Label

TOLERANCE = 0.0002
WATER = frozenset({"river", "lake", "stream", "sea"})
GREEN = frozenset({"park", "forest"})
WAYS = frozenset({"street", "road", "bridge", "underpass"})
LABELLED = WATER | GREEN


def backdrop(city: City, language: str) -> Backdrop:
    """Return the city as its maps show it, its places named in a language, else in English, else as the city does."""
    zones = [zone.shape.simplify(TOLERANCE) for zone in city.zones.values()]
    marks = city.landmarks
    return Backdrop(
        zones=tuple(ring for zone in zones for ring in rings(zone)),
        water=tuple(ring for mark in marks if mark.kind in WATER for ring in rings(mark.shape)),
        green=tuple(ring for mark in marks if mark.kind in GREEN for ring in rings(mark.shape)),
        lines=tuple(line for mark in marks if mark.kind in WAYS for line in _lines(mark.shape)),
        rails=tuple(line for mark in marks if mark.kind == "rail" for line in _lines(mark.shape)),
        labels=tuple(_labels(city, language)),
    )


def named(names: Mapping[str, str], language: str, otherwise: str) -> str:
    """Return a name in a language, else in English, else as the city does."""
    return names.get(language) or names.get("en") or next(iter(names.values()), otherwise)


def rings(shape: BaseGeometry) -> Iterator[Ring]:
    """Yield the outline of every polygon of a shape."""
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type == "Polygon":
            yield _ring(shapely.get_exterior_ring(polygon))


def _labels(city: City, language: str) -> Iterator[Label]:
    for zone in city.zones.values():
        yield Label(named(zone.name, language, zone.code), (zone.shape.centroid.x, zone.shape.centroid.y))
    for mark in city.landmarks:
        if mark.kind in LABELLED:
            middle = mark.shape.representative_point()
            yield Label(named(mark.name, language, mark.id), (middle.x, middle.y), quiet=True)


def _lines(shape: BaseGeometry) -> Iterator[Ring]:
    yield from (_ring(line) for line in shapely.get_parts(shape) if line.geom_type == "LineString")


def _ring(line: BaseGeometry) -> Ring:
    return tuple((float(x), float(y)) for x, y, *_ in line.coords)
