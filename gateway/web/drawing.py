"""What our maps show: the city, the areas people are told of, who is reached, and where people can go."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.alert import Place, Version
from gateway.area import Area, Ring, Role
from gateway.city import City
from gateway.city.backdrop import TOLERANCE, backdrop, named, rings
from gateway.fault import BadInput
from gateway.formats.svg import Backdrop, Label, Sight, draw

AROUND = 0.1


class Drawing:
    """Draws on the map of one city."""

    def __init__(self, city: City, names: str) -> None:
        """Draw this city, its places named in the language `names`."""
        self._city = city
        self._names = names
        self._last: tuple[object, str] = (None, "")

    def of(self, version: Version, *, title: str) -> str:
        """Return a map of what a version tells, of the cells it reaches, and of the shelters it names."""
        sight = Sight(
            places=version.places,
            stops=list(self._stops(version)),
            cells=self._reached(version),
            shelters=[Label(named(one.name, self._names, one.id), one.position) for one in version.shelters],
        )
        return draw(self.backdrop, sight, title=title)

    def city(self, versions: Iterable[Version], *, title: str) -> str:
        """Return a map of the whole city and of what these issued versions tell."""
        told = list(versions)
        key = (title, tuple((version.alert, version.number) for version in told))
        if self._last[0] != key:
            places = [place for version in told for place in version.places]
            stops = [stop for version in told for stop in self._stops(version)]
            self._last = key, draw(self.backdrop, Sight(places=places, stops=stops), title=title, whole=True)
        return self._last[1]

    def areas(self, areas: Sequence[Area], *, title: str) -> str:
        """Return a map of what a source reported, "" where that is nowhere on the map."""
        places = list(self._places(areas))
        return draw(self.backdrop, Sight(places=places), title=title) if places else ""

    def foreign(self, ground: BaseGeometry, *, title: str) -> str:
        """Return a map of the whole city and of what another agency's area covers in its view, "" where that is nothing."""
        west, south, east, north = self._city.boundary.bounds
        view = self._city.boundary.envelope.buffer(AROUND * max(east - west, north - south), join_style="mitre")
        seen = ground.intersection(view).simplify(TOLERANCE)
        if not seen.area:
            return ""
        place = Place(role=Role.DANGER, name={}, polygons=area.polygons(seen), zones=())
        return draw(self.backdrop, Sight(places=[place]), title=title, whole=True)

    def _places(self, areas: Sequence[Area]) -> Iterator[Place]:
        for one in areas:
            try:
                surface = self._city.surface(one, line_buffer_m=20.0).shape
            except BadInput:
                continue
            yield Place(role=one.role, name=one.name, polygons=area.polygons(surface), zones=one.zones)

    @cached_property
    def backdrop(self) -> Backdrop:
        """The city as its maps show it whatever happens."""
        return backdrop(self._city, self._names)

    def _reached(self, version: Version) -> tuple[Ring, ...]:
        if not version.cells or not self._city.radio.all:
            return ()
        reached = set(version.cells)
        sectors = zip(self._city.radio.all, self._city.radio.sectors, strict=True)
        return tuple(rings(area.union(shape for cell, shape in sectors if cell.id in reached).simplify(TOLERANCE)))

    def _stops(self, version: Version) -> Iterator[Label]:
        network = self._city.network
        if version.transit is None or network is None:
            return
        touched = {selector.stop for selector in version.transit.selectors if selector.stop}
        for id in sorted(touched & set(network.stops)):
            if (place := network.stops[id].position) is not None:
                yield Label(network.stops[id].name, place)


class Drawings:
    """Draws on the map of one city, for readers of any language."""

    def __init__(self, city: City) -> None:
        """Draw this city."""
        self._city = city
        self._made: dict[str, Drawing] = {}

    def naming(self, language: str) -> Drawing:
        """Return the drawing whose places are named in a language."""
        if language not in self._made:
            self._made[language] = Drawing(self._city, language)
        return self._made[language]
