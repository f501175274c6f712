"""Reads the tables of a static feed, telling every unknown reference with its file and line."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from msgspec import Struct
from shapely import LineString

from gateway.area import Position
from gateway.fault import Finding, Gravity
from gateway.formats.gtfs.archive import Archive, Faultlist, Row
from gateway.formats.gtfs.network import Agency, Course, Network, Pattern, Route, Stop, StopKind, Trip

T = TypeVar("T", Agency, Stop, Route)
Number = TypeVar("Number", int, float)
Lines = Mapping[str, LineString | None]


class _TripRow(Struct, frozen=True):
    id: str
    route: str
    direction: int | None
    shape: str


def load(data: bytes) -> Network:
    """Read a static GTFS feed (a zip); raises Faults with everything that is wrong, BadInput for what is no feed at all.

    Needs agency, stops, routes, trips and stop_times; reads shapes and feed_info where they are. A shape of fewer than two
    distinct points is tolerated and told in the network's findings. GTFS Schedule reference, field definitions.
    """
    return _Reading(data).network()


class _Reading:
    def __init__(self, data: bytes) -> None:
        self.faults = Faultlist()
        self.archive = Archive(data, self.faults)
        self.findings: list[Finding] = []

    def network(self) -> Network:
        agencies = self._by_id("agency.txt", self._agencies())
        stops = self._by_id("stops.txt", self._stops())
        self._parents(stops)
        routes = self._by_id("routes.txt", self._routes(agencies))
        lines = self._shapes()
        runs = {run.id: run for run in self._trips(routes, lines)}
        trips, patterns = self._patterns(runs, self._stop_times(runs, stops))
        version = self._version()
        self.faults.settle()
        return Network(
            agencies=agencies,
            stops=stops,
            routes=routes,
            trips=trips,
            patterns=patterns,
            courses=_courses(runs.values(), lines),
            version=version,
            findings=tuple(self.findings),
        )

    def _by_id(self, file: str, things: Iterable[tuple[Row, T]]) -> dict[str, T]:
        known: dict[str, T] = {}
        for row, thing in things:
            if thing.id in known:
                self.faults.add("gtfs-duplicate", f"{thing.id!r} stands there twice", file, row.line)
            known[thing.id] = thing
        return known

    def _agencies(self) -> Iterator[tuple[Row, Agency]]:
        for row in self.archive.rows("agency.txt", ("agency_name", "agency_timezone"), ("agency_id", "agency_lang")):
            name, timezone, id, language = row.cells
            yield row, Agency(id=id, name=name, timezone=timezone, language=language)

    def _stops(self) -> Iterator[tuple[Row, Stop]]:
        optional = ("stop_name", "stop_lat", "stop_lon", "location_type", "parent_station")
        for row in self.archive.rows("stops.txt", ("stop_id",), optional):
            id, name, latitude, longitude, type, parent = row.cells
            kind = StopKind(self._one_of(type or "0", "01234", "location_type", "stops.txt", row))
            position = self._position(latitude, longitude, "stops.txt", row)
            if position is None and kind <= StopKind.ENTRANCE:
                self.faults.add("gtfs-position", f"stop {id!r} has no position", "stops.txt", row.line)
            yield row, Stop(id=id, name=name, position=position, kind=kind, parent=parent or None)

    def _parents(self, stops: Mapping[str, Stop]) -> None:
        for row in self.archive.rows("stops.txt", (), ("parent_station",)) if stops else ():
            if parent := row.cells[0]:
                self._known(parent, stops, "parent_station", "stops.txt", row)

    def _routes(self, agencies: Mapping[str, Agency]) -> Iterator[tuple[Row, Route]]:
        only = next(iter(agencies)) if len(agencies) == 1 else ""
        optional = ("agency_id", "route_short_name", "route_long_name")
        for row in self.archive.rows("routes.txt", ("route_id", "route_type"), optional):
            id, type, agency, short, long = row.cells
            self._known(agency or only, agencies, "agency_id", "routes.txt", row)
            kind = self._number(int, type, "route_type", "routes.txt", row)
            yield row, Route(id=id, agency=agency or only, short_name=short, long_name=long, type=kind)

    def _shapes(self) -> Lines:
        points: dict[str, list[tuple[int, Position]]] = defaultdict(list)
        if "shapes.txt" not in self.archive.files:
            self._tell("gtfs-no-shapes", "without shapes.txt an area selects stops only", "shapes.txt")
            return {}
        columns = ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")
        for row in self.archive.rows("shapes.txt", columns):
            id, latitude, longitude, sequence = row.cells
            position = self._position(latitude, longitude, "shapes.txt", row)
            order = self._number(int, sequence, "shape_pt_sequence", "shapes.txt", row)
            if position:
                points[id].append((order, position))
        return {id: self._line(id, [position for _, position in sorted(drawn)]) for id, drawn in points.items()}

    def _line(self, id: str, positions: list[Position]) -> LineString | None:
        if len(set(positions)) > 1:
            return LineString(positions)
        self._tell("gtfs-shape", f"shape {id!r} has fewer than two distinct points", "shapes.txt")
        return None

    def _trips(self, routes: Mapping[str, Route], lines: Lines) -> Iterator[_TripRow]:
        seen: set[str] = set()
        for row in self.archive.rows("trips.txt", ("route_id", "trip_id"), ("direction_id", "shape_id")):
            route, id, way, shape = row.cells
            self._known(route, routes, "route_id", "trips.txt", row)
            if shape:
                self._known(shape, lines, "shape_id", "trips.txt", row)
            if id in seen:
                self.faults.add("gtfs-duplicate", f"{id!r} stands there twice", "trips.txt", row.line)
            seen.add(id)
            direction = self._one_of(way, "01", "direction_id", "trips.txt", row) if way else None
            yield _TripRow(id, route, direction, shape)

    def _stop_times(self, runs: Mapping[str, _TripRow], stops: Mapping[str, Stop]) -> Mapping[str, list[tuple[int, str]]]:
        calls: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for row in self.archive.rows("stop_times.txt", ("trip_id", "stop_sequence"), ("stop_id",)):
            trip, sequence, stop = row.cells
            self._known(trip, runs, "trip_id", "stop_times.txt", row)
            if stop:  # a flexible service calls at a location instead
                self._known(stop, stops, "stop_id", "stop_times.txt", row)
                calls[trip].append((self._number(int, sequence, "stop_sequence", "stop_times.txt", row), stop))
        return calls

    def _patterns(
        self, runs: Mapping[str, _TripRow], calls: Mapping[str, list[tuple[int, str]]]
    ) -> tuple[dict[str, Trip], tuple[Pattern, ...]]:
        numbers: dict[Pattern, int] = {}
        trips = {}
        for run in runs.values():
            served = tuple(stop for _, stop in sorted(calls.get(run.id, ())))
            pattern = Pattern(run.route, run.direction, served)
            trips[run.id] = Trip(run.id, numbers.setdefault(pattern, len(numbers)))
        return trips, tuple(numbers)

    def _version(self) -> str:
        if "feed_info.txt" not in self.archive.files:
            return ""
        row = next(self.archive.rows("feed_info.txt", (), ("feed_version",)), None)
        return row.cells[0] if row else ""

    def _position(self, latitude: str, longitude: str, file: str, row: Row) -> Position | None:
        if not latitude.strip() or not longitude.strip():
            return None
        north = self._number(float, latitude, "latitude", file, row)
        east = self._number(float, longitude, "longitude", file, row)
        if not (-90 <= north <= 90 and -180 <= east <= 180):
            self.faults.add("gtfs-position", f"{latitude}, {longitude} lies outside the world", file, row.line)
            return None
        return east, north

    def _number(self, kind: Callable[[str], Number], text: str, column: str, file: str, row: Row) -> Number:
        try:
            return kind(text)
        except ValueError:
            self.faults.add("gtfs-number", f"{column} is {text!r}, which is no number", file, row.line)
            return kind("0")

    def _one_of(self, text: str, allowed: str, column: str, file: str, row: Row) -> int:
        if text in allowed and len(text) == 1:
            return int(text)
        self.faults.add("gtfs-value", f"{column} is {text!r}; it may be one of {', '.join(allowed)}", file, row.line)
        return 0

    def _known(self, id: str, among: Mapping[str, object], column: str, file: str, row: Row) -> None:
        if id not in among:
            self.faults.add("gtfs-reference", f"{column} {id!r} is unknown", file, row.line)

    def _tell(self, rule: str, message: str, file: str) -> None:
        self.findings.append(Finding(rule=rule, message=message, severity=Gravity.WARNING, file=file))


def _courses(runs: Iterable[_TripRow], lines: Lines) -> tuple[Course, ...]:
    ways = sorted({(run.route, run.shape, -1 if run.direction is None else run.direction) for run in runs})
    drawn = ((route, shape, way, lines.get(shape)) for route, shape, way in ways)
    return tuple(Course(route, None if way < 0 else way, shape, line) for route, shape, way, line in drawn if line)
