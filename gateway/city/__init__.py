"""One city: its districts, its network and its named places, loaded from a folder and never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from pathlib import Path

import shapely
from msgspec import Struct, structs
from shapely.geometry.base import BaseGeometry

from gateway import area as geo
from gateway.alert import Place, Selector
from gateway.area import Area, LineString, Role
from gateway.city import cells, landmarks, names, outline, people, shelters, transit, zones
from gateway.city.cells import Cell, Cells
from gateway.city.files import Files
from gateway.city.landmarks import Landmark
from gateway.city.outline import Budget
from gateway.city.overlap import overlaps
from gateway.city.shelters import Near, Shelter
from gateway.city.transit import Chosen, Ground
from gateway.city.zones import Zone
from gateway.fault import BadInput, Finding, Gravity
from gateway.formats import gtfs
from gateway.incident import TransitPart

__all__ = ["Cell", "Chosen", "City", "Landmark", "Located", "Near", "Shelter", "Surface", "Zone", "overlaps"]

STOPS_TRAVEL = frozenset({Role.DANGER, Role.EVACUATE, Role.CLOSURE})
ZONES = "zones.geojson"
GROWTH_M = 100.0
GROWTH_SHARE = 0.10


class Surface(Struct, frozen=True):
    """The ground an area means, as it was drawn, and what a person should know about it."""

    shape: BaseGeometry
    findings: tuple[Finding, ...] = ()


class Located(Struct, frozen=True):
    """A place as it will be told, and what a person should know about how it came to be."""

    place: Place
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class City:
    """Answers every question about where; `places` are the city's named places, id to name by language.

    `zones` are its neighbourhoods, `districts` what they make up together; a code of either names a zone.
    """

    zones: Mapping[str, Zone]
    network: gtfs.Network | None = None
    places: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    districts: Mapping[str, Zone] = field(default_factory=dict)
    radio: Cells = field(default_factory=Cells)
    shelters: Mapping[str, Shelter] = field(default_factory=dict)
    landmarks: tuple[Landmark, ...] = ()
    timezone: tzinfo = UTC

    @classmethod
    def load(
        cls, folder: Path, *, places: Mapping[str, Mapping[str, str]] | None = None, timezone: tzinfo | None = None
    ) -> "City":
        """Read `zones.geojson` and, where they are there, `gtfs.zip`, `cells.csv`, `shelters.geojson`, `landmarks.geojson`.

        `timezone` is the one in which shelters keep their hours (UTC where none is given). Raises BadInput("zones-missing"),
        and Faults with everything that is wrong in all files.
        """
        if not (folder / ZONES).is_file():
            hint = "draw the city's districts, or ask its statistics office"
            raise BadInput("zones-missing", f"there is no {ZONES} in {folder}", path=str(folder / ZONES), hint=hint)
        files = Files(folder)
        drawn = files.read(ZONES, zones.read) or {}
        city = cls(
            zones={code: zone for code, zone in drawn.items() if not zone.parts},
            districts={code: zone for code, zone in drawn.items() if zone.parts},
            network=files.read("gtfs.zip", gtfs.load),
            radio=files.read("cells.csv", cells.read) or Cells(),
            shelters=files.read("shelters.geojson", shelters.read) or {},
            landmarks=files.read("landmarks.geojson", landmarks.read) or (),
            places=places or {},
            timezone=timezone or UTC,
        )
        files.settle()
        return city

    @cached_property
    def boundary(self) -> BaseGeometry:
        """The ground of all zones together, prepared to be asked often."""
        ground = geo.union(zone.shape for zone in self.zones.values())
        shapely.prepare(ground)
        return ground

    @cached_property
    def codes(self) -> Mapping[str, Zone]:
        """Every neighbourhood and district by its code."""
        return {**self.zones, **self.districts}

    def neighbourhoods(self, codes: Sequence[str], *, path: str = "") -> tuple[str, ...]:
        """Return the codes of the neighbourhoods that these codes or aliases mean; raises BadInput("zone-unknown")."""
        named = zones.of(codes, self.codes, path=path)
        return tuple(dict.fromkeys(code for zone in named for code in zone.parts or (zone.code,)))

    def place_name(self, id: str, language: str) -> str | None:
        """Return what people call a place in a language, or None where the city has no such name."""
        return self.places.get(id, {}).get(language)

    def canonical(self, area: Area, *, path: str = "") -> Area:
        """Return an area with the codes of its neighbourhoods, whatever its source calls them; raises zone-unknown."""
        return structs.replace(area, zones=self.neighbourhoods(area.zones, path=path))

    def surface(self, area: Area, *, line_buffer_m: float, path: str = "") -> Surface:
        """Return the ground an area means: its geometry, or its zones where nothing was drawn.

        Raises BadInput geometry-missing, geometry-outside, geometry-swapped, zone-unknown, or what `area.shape` refuses.
        """
        named = zones.of(area.zones, self.codes, path=path)
        if area.geometry is None:
            return Surface(_whole(named, path))
        drawn = self._drawn(area.geometry, line_buffer_m, path)
        told = (*_buffered(area.geometry, line_buffer_m, path), *self._partly(drawn, path), *_apart(drawn, named, path))
        return Surface(drawn, told)

    def place(self, area: Area, *, line_buffer_m: float) -> Place:
        """Return an area as it will be told, within the default budget; raises as `locate` does."""
        return self.locate(area, line_buffer_m=line_buffer_m).place

    def locate(
        self,
        area: Area,
        *,
        line_buffer_m: float,
        growth_m: float = GROWTH_M,
        growth_share: float = GROWTH_SHARE,
        path: str = "",
    ) -> Located:
        """Return an area as it will be told, in polygons without holes of at most 100 positions.

        They contain what was drawn and grow by no more than the budget; by how much is among the findings. Zone codes are
        those the surface covers: a code beside a smaller polygon would widen the alert. Raises BadInput
        geometry-too-detailed, and as `surface` does.
        """
        ground = self.surface(area, line_buffer_m=line_buffer_m, path=path)
        simple = outline.outline(ground.shape, Budget(growth_m, growth_share), path=path)
        codes = names.codes(ground.shape, self.zones.values())
        name = names.names(area, ground.shape, self.codes)
        place = Place(role=area.role, name=name, polygons=geo.polygons(simple), zones=codes)
        return Located(place, (*ground.findings, *_simplified(ground.shape, simple, path)))

    def within(self, shape: BaseGeometry, codes: Sequence[str]) -> bool:
        """Tell whether a surface lies wholly in these zones; raises BadInput("zone-unknown")."""
        allowed = geo.union(zone.shape for zone in zones.of(codes, self.codes))
        return bool(shape.difference(allowed).area <= zones.NOISE * shape.area)

    def selectors(self, areas: Sequence[Area], parts: Sequence[TransitPart]) -> tuple[Selector, ...]:
        """Return what an incident touches of the network, sorted; raises as `transit` does."""
        return self.transit(areas, parts).selectors

    def transit(self, areas: Sequence[Area], parts: Sequence[TransitPart]) -> Chosen:
        """Return what an incident touches of the network and which of it an operator called closed.

        Only areas of danger, evacuation and closure touch it. Raises BadInput transit-no-network, transit-unknown,
        transit-empty, transit-inconsistent, transit-order, and as `surface` does.
        """
        if self.network is None:
            if parts:
                hint = "put the city's static feed beside city.toml as gtfs.zip"
                raise BadInput("transit-no-network", "the city has no static feed", path="/transit", hint=hint)
            return Chosen()
        grounds = [self._ground(area, f"/areas/{index}") for index, area in enumerate(areas) if area.role in STOPS_TRAVEL]
        return transit.choose(self.network, grounds, parts)

    def cells(self, shape: BaseGeometry) -> tuple[Cell, ...]:
        """Return the cells that serve a surface: every one whose sector meets it, for a broadcast must miss nobody."""
        return self.radio.reaching(shape)

    def bleed(self, shape: BaseGeometry) -> BaseGeometry:
        """Return the ground outside a surface that its cells serve too, as their sectors promise: an estimate, to be shown."""
        return self.radio.ground(shape).difference(shape)

    def people(self, shape: BaseGeometry) -> int | None:
        """Return how many people live on a surface, an estimate of two digits; None where a zone is not counted."""
        return people.estimate(shape, self.zones.values())

    def nearest_shelters(self, shape: BaseGeometry, hazard: str, at: datetime, most: int = 3) -> tuple[Near, ...]:
        """Return the nearest shelters outside a surface that are good for a hazard and open at that time, nearest first."""
        return shelters.nearest(self.shelters.values(), shape, hazard, at.astimezone(self.timezone), most)

    def _ground(self, area: Area, path: str) -> Ground:
        shape = self.surface(area, line_buffer_m=transit.STREET_BUFFER_M, path=path).shape
        return transit.street(area.geometry) if isinstance(area.geometry, LineString) else transit.surface(shape)

    def _drawn(self, geometry: geo.Geometry, line_buffer_m: float, path: str) -> BaseGeometry:
        try:
            drawn = geo.shape(geometry, line_buffer_m=line_buffer_m)
        except BadInput as fault:
            self._not_swapped(geometry, path)
            raise BadInput(fault.code, fault.message, path=f"{path}/geometry", hint=fault.hint) from None
        if not self.boundary.covers(drawn) and not drawn.intersection(self.boundary).area:
            self._not_swapped(geometry, path)
            message, hint = "the area lies wholly outside the city", "check the coordinates, or the zones of the city"
            raise BadInput("geometry-outside", message, path=f"{path}/geometry", hint=hint)
        return drawn

    def _not_swapped(self, geometry: geo.Geometry, path: str) -> None:
        try:
            other_way = geo.shape(geo.swapped(geometry), line_buffer_m=1.0)
        except BadInput:
            return
        if other_way.intersects(self.boundary):
            message, hint = "latitude stands before longitude", "GeoJSON positions are [longitude, latitude]"
            raise BadInput("geometry-swapped", message, path=f"{path}/geometry", hint=hint)

    def _partly(self, drawn: BaseGeometry, path: str) -> tuple[Finding, ...]:
        outside = 0.0 if self.boundary.covers(drawn) else drawn.difference(self.boundary).area / drawn.area
        if outside <= zones.NOISE:
            return ()
        return (_warning("geometry-partly-outside", f"{outside:.1%} of the area lies outside the city", path),)


def _whole(named: Sequence[Zone], path: str) -> BaseGeometry:
    if not named:
        hint = "draw the area, or name the zones it is"
        raise BadInput("geometry-missing", "an area has neither geometry nor zones", path=path, hint=hint)
    return geo.union(zone.shape for zone in named)


def _buffered(geometry: geo.Geometry, line_buffer_m: float, path: str) -> tuple[Finding, ...]:
    if not isinstance(geometry, LineString):
        return ()
    return (_warning("geometry-buffered", f"the line became a strip of {line_buffer_m:g} m to either side", path),)


def _apart(drawn: BaseGeometry, named: Sequence[Zone], path: str) -> tuple[Finding, ...]:
    apart = [zone.code for zone in named if not zone.shape.intersects(drawn)]
    return tuple(_warning("zone-apart", f"the area does not touch zone {code}, which it names", path) for code in apart)


def _simplified(drawn: BaseGeometry, simple: BaseGeometry, path: str) -> tuple[Finding, ...]:
    told = geo.union(shapely.get_parts(simple))
    if told.difference(drawn).area <= 1e-9 * drawn.area:
        return ()
    metres, share = outline.growth(drawn, told), geo.square_metres(told) / geo.square_metres(drawn) - 1
    message = f"the outline was simplified and grew by up to {metres} m and {share:.1%} of its area"
    return (_warning("geometry-simplified", message, path),)


def _warning(rule: str, message: str, path: str) -> Finding:
    return Finding(rule=rule, message=message, severity=Gravity.WARNING, path=path)
