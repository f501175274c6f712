"""Which parts of the network an incident touches, said in selectors that the strictest common consumers honour.

A selector names a route, a route in one direction, a stop, a stop of one route, a trip, or an agency: never a route type,
never a direction beside a stop.
"""

from collections.abc import Iterable, Iterator, Sequence

import shapely
from msgspec import Struct, structs
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.alert import Selector
from gateway.area import LineString
from gateway.city.segment import between, fitting
from gateway.fault import BadInput, Finding, Gravity
from gateway.formats.gtfs import Course, Network, Pattern
from gateway.incident import TransitPart

MOST_SELECTORS = 500
STREET_BUFFER_M = 15.0
LONG_ENOUGH_M = 200.0


class Chosen(Struct, frozen=True, kw_only=True):
    """What an incident touches; `closed` are those selectors that the operator or agency itself said are closed."""

    selectors: tuple[Selector, ...] = ()
    closed: tuple[Selector, ...] = ()
    findings: tuple[Finding, ...] = ()


class Ground(Struct, frozen=True):
    """Where an incident meets the network: a course counts that runs inside for so many metres.

    On a street a stop counts only for the routes that run along it, for a crossing bus goes on.
    """

    shape: BaseGeometry
    metres: float
    street: bool = False


def surface(place: BaseGeometry) -> Ground:
    """Return a surface as ground: half the longer side of its bounding box, or 200 m, make a course run inside."""
    west, south, east, north = place.bounds
    sides = (shapely.LineString([(west, south), end]) for end in ((east, south), (west, north)))
    return Ground(place, min(max(area.metres(side) for side in sides) / 2, LONG_ENOUGH_M))


def street(line: LineString) -> Ground:
    """Return a closed street as ground: a course that follows it for half its length runs along it."""
    drawn = shapely.LineString(line.coordinates)
    return Ground(area.buffer(drawn, STREET_BUFFER_M), area.metres(drawn) / 2, street=True)


def choose(network: Network, grounds: Iterable[Ground], parts: Sequence[TransitPart]) -> Chosen:
    """Return everything touched, sorted and without repetition; raises BadInput for a part the feed does not know."""
    picked: set[Selector] = set()
    closed: set[Selector] = set()
    for ground in grounds:
        picked |= set(_on(network, ground))
    for index, part in enumerate(parts):
        named = set(_named(network, part, f"/transit/{index}"))
        picked |= named
        if part.closed:  # between neighbouring stops only the line is left to name, and the line is not closed
            closed |= {one for one in named if part.from_stop is None or one.stop}
    return _capped(network, _tidy(network, picked), closed)


def _on(network: Network, ground: Ground) -> Iterator[Selector]:
    courses = network.courses_in(ground.shape, ground.metres)
    yield from _routes(network, courses)
    stops = network.stops_in(ground.shape)
    if ground.street:
        yield from _served(network, stops, {course.route for course in courses})
    else:
        yield from (Selector(stop=stop) for stop in stops)


def _routes(network: Network, courses: Iterable[Course]) -> Iterator[Selector]:
    directions: dict[str, set[int | None]] = {}
    for course in courses:
        directions.setdefault(course.route, set()).add(course.direction)
    for route, ways in directions.items():
        yield Selector(route=route)
        if len(ways) == 1 and ways != {pattern.direction for pattern in network.patterns_of(route)}:
            yield Selector(route=route, direction=ways.pop())


def _served(network: Network, stops: Iterable[str], routes: set[str]) -> Iterator[Selector]:
    for stop in stops:
        serving = network.routes_at.get(stop, frozenset())
        if serving and serving <= routes:
            yield Selector(stop=stop)
        else:
            yield from (Selector(route=route, stop=stop) for route in serving & routes)


def _named(network: Network, part: TransitPart, path: str) -> Iterator[Selector]:
    patterns = fitting(network, part, path)
    if part.from_stop is not None:
        yield from _segment(network, part, patterns, path)
    elif part.stop is not None:
        yield from _stop(network, part, part.stop, patterns, path)
    elif part.trip is not None:
        yield Selector(trip=part.trip)
    elif part.route is not None:
        yield from _route(part.route, part)
    else:
        yield Selector(agency=part.agency)


def _route(route: str, part: TransitPart) -> Iterator[Selector]:
    # A planner that knows no direction needs the whole route; but a closed direction must never close both.
    if part.direction is None or not part.closed:
        yield Selector(route=route)
    if part.direction is not None:
        yield Selector(route=route, direction=part.direction)


def _stop(network: Network, part: TransitPart, stop: str, patterns: Sequence[Pattern], path: str) -> Iterator[Selector]:
    family = {stop} | network.platforms.get(stop, frozenset())
    if part.route is part.trip is part.agency is None:
        yield from (Selector(stop=member) for member in family)
        return
    served = {member for member in family for pattern in patterns if member in pattern.stops}
    if not served:
        hint = "name a stop on the route, or leave the route out"
        raise BadInput("transit-inconsistent", f"no such trip calls at {stop!r}", path=f"{path}/stop", hint=hint)
    yield from _on_trips(network, part, served, patterns)


def _segment(network: Network, part: TransitPart, patterns: Sequence[Pattern], path: str) -> Iterator[Selector]:
    inner, serving = between(network, part, patterns, path)
    if inner:
        yield from _on_trips(network, part, inner, serving)
    else:
        touched = structs.replace(part, closed=False)
        yield from (one for route in {pattern.route for pattern in serving} for one in _route(route, touched))


def _on_trips(network: Network, part: TransitPart, stops: set[str], patterns: Sequence[Pattern]) -> Iterator[Selector]:
    if part.trip is not None:
        yield from (Selector(trip=part.trip, stop=stop) for stop in stops)
    else:
        yield from _served(network, stops, {pattern.route for pattern in patterns})


def _tidy(network: Network, picked: set[Selector]) -> set[Selector]:
    bare = {one.stop for one in picked if one.stop and one.route is one.trip is None}
    whole = {station for station, platforms in network.platforms.items() if platforms <= bare}
    family = {platform for station in bare | whole for platform in network.platforms.get(station or "", ())}
    stops = bare | whole | family
    return {one for one in picked if one.stop not in stops or one.trip} | {Selector(stop=stop) for stop in stops}


def _capped(network: Network, picked: set[Selector], closed: set[Selector]) -> Chosen:
    selectors, findings = picked, []
    for coarser, words in ((_stops_and_routes, "stops and routes"), (_routes_only, "routes"), (_agencies, "agencies")):
        if len(selectors) <= MOST_SELECTORS:
            break
        message = f"{len(selectors)} selectors are more than {MOST_SELECTORS}: whole {words} are named instead"
        findings = [Finding(rule="transit-too-many", message=message, severity=Gravity.WARNING, path="/transit")]
        selectors = coarser(network, picked)
    return Chosen(selectors=_sorted(selectors), closed=_sorted(closed & selectors), findings=tuple(findings))


def _stops_and_routes(_: Network, picked: set[Selector]) -> set[Selector]:
    split = {one for one in picked if one.route is None or one.stop is None}
    pairs = picked - split
    return split | {Selector(stop=one.stop) for one in pairs} | {Selector(route=one.route) for one in pairs}


def _routes_only(network: Network, picked: set[Selector]) -> set[Selector]:
    at_stops = {route for one in picked if one.stop for route in network.routes_at.get(one.stop, ())}
    of_trips = {network.patterns[network.trips[one.trip].pattern].route for one in picked if one.trip}
    routes = at_stops | of_trips | {one.route for one in picked if one.route}
    return {Selector(route=route) for route in routes} | {one for one in picked if one.agency}


def _agencies(network: Network, picked: set[Selector]) -> set[Selector]:
    return {_operator(network, one) for one in _routes_only(network, picked)}


def _operator(network: Network, one: Selector) -> Selector:
    agency = network.routes[one.route].agency if one.route else one.agency
    return Selector(agency=agency) if agency else one


def _sorted(selectors: Iterable[Selector]) -> tuple[Selector, ...]:
    return tuple(sorted(selectors, key=lambda one: [(field is not None, str(field)) for field in structs.astuple(one)]))
