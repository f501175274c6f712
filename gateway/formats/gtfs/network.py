"""A city's public transport as its static GTFS feed describes it: frozen, indexed, in WGS 84 (longitude, latitude)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import shapely
from msgspec import Struct
from shapely import LineString, STRtree
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.area import Position
from gateway.fault import Finding


class StopKind(IntEnum):
    """GTFS `location_type`."""

    STOP = 0
    STATION = 1
    ENTRANCE = 2
    NODE = 3
    BOARDING_AREA = 4


class Agency(Struct, frozen=True, kw_only=True):
    """An operator; `id` is empty in a feed of one agency that did not name it."""

    id: str
    name: str
    timezone: str
    language: str = ""


class Stop(Struct, frozen=True, kw_only=True):
    """A stop, platform or station; only nodes and boarding areas may lack a position."""

    id: str
    name: str
    position: Position | None
    kind: StopKind = StopKind.STOP
    parent: str | None = None


class Route(Struct, frozen=True, kw_only=True):
    """A line as riders know it; `type` is GTFS `route_type`."""

    id: str
    agency: str
    short_name: str
    long_name: str
    type: int


class Trip(Struct, frozen=True):
    """One run of a route; `pattern` is its place in Network.patterns."""

    id: str
    pattern: int


class Pattern(Struct, frozen=True):
    """A route's stops in the order in which some of its trips serve them."""

    route: str
    direction: int | None
    stops: tuple[str, ...]


class Course(Struct, frozen=True):
    """The way some of a route's trips take, as `shapes.txt` draws it."""

    route: str
    direction: int | None
    shape: str
    line: LineString


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Network:
    """Everything the static feed says that an alert needs; `findings` tell what was tolerated."""

    agencies: Mapping[str, Agency]
    stops: Mapping[str, Stop]
    routes: Mapping[str, Route]
    trips: Mapping[str, Trip]
    patterns: tuple[Pattern, ...]
    courses: tuple[Course, ...]
    version: str = ""
    findings: tuple[Finding, ...] = ()

    @cached_property
    def routes_at(self) -> Mapping[str, frozenset[str]]:
        """The routes that serve each stop."""
        serving: dict[str, set[str]] = {}
        for pattern in self.patterns:
            for stop in pattern.stops:
                serving.setdefault(stop, set()).add(pattern.route)
        return {stop: frozenset(routes) for stop, routes in serving.items()}

    @cached_property
    def platforms(self) -> Mapping[str, frozenset[str]]:
        """The boarding children of each station."""
        children: dict[str, set[str]] = {}
        for stop in self.stops.values():
            if stop.parent and stop.kind is StopKind.STOP:
                children.setdefault(stop.parent, set()).add(stop.id)
        return {station: frozenset(stops) for station, stops in children.items()}

    def station(self, stop: str) -> str:
        """Return the station a stop belongs to, or the stop itself where it stands alone."""
        return self.stops[stop].parent or stop

    def patterns_of(self, route: str | None, direction: int | None = None) -> Iterator[Pattern]:
        """Yield the stop orders of a route (of every route for None), in one direction where one is given."""
        for pattern in self.patterns:
            if route in (None, pattern.route) and direction in (None, pattern.direction):
                yield pattern

    def stops_in(self, place: BaseGeometry) -> frozenset[str]:
        """Return the stops and stations inside or on the edge of a surface."""
        ids, tree = self._boarding
        return frozenset(ids[index] for index in tree.query(place, predicate="intersects"))

    def courses_in(self, place: BaseGeometry, metres: float) -> tuple[Course, ...]:
        """Return the courses of which at least so many metres run inside a surface."""
        near = sorted(self._lines.query(place, predicate="intersects"))
        shapely.prepare(place)
        candidates = (self.courses[index] for index in near)
        return tuple(course for course in candidates if area.metres(course.line.intersection(place)) >= metres)

    @cached_property
    def _boarding(self) -> tuple[list[str], STRtree]:
        boardable = [s for s in self.stops.values() if s.kind in (StopKind.STOP, StopKind.STATION)]
        return [stop.id for stop in boardable], STRtree([Point(stop.position) for stop in boardable if stop.position])

    @cached_property
    def _lines(self) -> STRtree:
        return STRtree([course.line for course in self.courses])
