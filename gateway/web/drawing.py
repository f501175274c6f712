"""What our maps show: the city, the areas people are told of, and the stops that are touched."""

from collections.abc import Iterable, Iterator
from functools import cached_property

import shapely
from shapely.geometry.base import BaseGeometry

from gateway.alert import Version
from gateway.area import Ring
from gateway.city import City, Zone
from gateway.formats.svg import Backdrop, Label, Sight, draw
from gateway.words import languages

TOLERANCE = 0.0002


class Drawing:
    """Draws on the map of one city."""

    def __init__(self, city: City, names: str) -> None:
        """Draw this city, its places named in the language `names`."""
        self._city = city
        self._names = names

    def of(self, versions: Iterable[Version], *, title: str = "Map", whole: bool = True) -> str:
        """Return a map of what these versions tell: of the `whole` city, or of their surroundings."""
        told = list(versions)
        places = [place for version in told for place in version.places]
        stops = [stop for version in told for stop in self._stops(version)]
        return draw(self.backdrop, Sight(places=places, stops=stops), title=title, whole=whole)

    @cached_property
    def backdrop(self) -> Backdrop:
        """The city as its maps show it whatever happens."""
        zones = [zone.shape.simplify(TOLERANCE) for zone in self._city.zones.values()]
        labels = [Label(self._named(zone), (zone.shape.centroid.x, zone.shape.centroid.y)) for zone in self._city.zones.values()]
        return Backdrop(zones=tuple(ring for zone in zones for ring in _rings(zone)), labels=tuple(labels))

    def _named(self, zone: Zone) -> str:
        """Say a zone in our language, else in English, else as the city does."""
        for tag in (self._names, "en"):
            if found := languages.find(tag, zone.name):
                return zone.name[found]
        return next(iter(zone.name.values()), zone.code)

    def _stops(self, version: Version) -> Iterator[Label]:
        network = self._city.network
        if version.transit is None or network is None:
            return
        named = {selector.stop for selector in version.transit.selectors if selector.stop}
        for id in sorted(named & set(network.stops)):
            if (place := network.stops[id].position) is not None:
                yield Label(network.stops[id].name, place)


def _rings(shape: BaseGeometry) -> Iterator[Ring]:
    for polygon in shapely.get_parts(shape):
        yield tuple((float(x), float(y)) for x, y, *_ in shapely.get_exterior_ring(polygon).coords)
