"""Selection is judged by literal tables for Hanbat, and by brute force: every stop and every segment, one by one."""

from dataclasses import replace
from functools import cache
from itertools import pairwise
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import pyproj
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gateway.alert import Selector
from gateway.area import Area, Geometry, LineString, Point, Polygon, Role
from gateway.city import City
from gateway.city.transit import choose, street
from gateway.fault import BadInput, Gravity
from gateway.formats.gtfs import Agency, Course, Network, Pattern, Route, Stop, StopKind
from gateway.incident import TransitPart

HANBAT = Path(__file__).parents[2] / "gateway/demo/hanbat"
GEOD = pyproj.Geod(ellps="WGS84")
MILLIMETRE = 0.001


def words(selectors: tuple[Selector, ...]) -> list[str]:
    """Return selectors as words, such as `route=102` or `route=1 stop=S05-1`."""
    fields = ("agency", "route", "direction", "stop", "trip")
    return [" ".join(f"{f}={getattr(one, f)}" for f in fields if getattr(one, f) is not None) for one in selectors]


def danger(geometry: Geometry, role: Role = Role.DANGER) -> Area:
    """Return an area drawn with that geometry."""
    return Area(role=role, geometry=geometry)


def parts(**fields: Any) -> list[TransitPart]:
    """Return one part of the network."""
    return [TransitPart(**fields)]


S04 = ["stop=S04", "stop=S04-1", "stop=S04-2"]
S05 = ["stop=S05", "stop=S05-1", "stop=S05-2"]
BANK = (127.3499, 36.3616)
BANK_CHOSEN = ["stop=H05E", "stop=H05W", "stop=R05N", "stop=R05S", "route=101", "route=102"]


@pytest.mark.parametrize(
    ("part", "selectors"),
    [
        ({"agency": "hanbat"}, ["agency=hanbat"]),
        ({"route": "101"}, ["route=101"]),
        ({"route": "101", "agency": "hanbat"}, ["route=101"]),
        ({"route": "101", "direction": 1}, ["route=101", "route=101 direction=1"]),
        ({"route": "101", "direction": 1, "closed": True}, ["route=101 direction=1"]),
        ({"stop": "H05E"}, ["stop=H05E"]),
        ({"stop": "S05"}, S05),
        ({"stop": "S05-1"}, ["stop=S05-1"]),
        ({"route": "1", "stop": "S05"}, S05),
        ({"route": "1", "stop": "S05", "direction": 0}, ["stop=S05-1"]),
        ({"trip": "1-0-weekday-0600"}, ["trip=1-0-weekday-0600"]),
        ({"trip": "1-0-weekday-0600", "route": "1", "direction": 0}, ["trip=1-0-weekday-0600"]),
        ({"trip": "1-0-weekday-0600", "stop": "S05"}, ["stop=S05-1 trip=1-0-weekday-0600"]),
        (
            {"trip": "1-0-weekday-0600", "from_stop": "S03", "to_stop": "S06"},
            ["stop=S04-1 trip=1-0-weekday-0600", "stop=S05-1 trip=1-0-weekday-0600"],
        ),
        ({"route": "1", "direction": 0, "from_stop": "S07", "to_stop": "S09"}, ["stop=S08-1"]),
        ({"route": "1", "from_stop": "S03", "to_stop": "S06"}, S04 + S05),
        ({"route": "1", "from_stop": "S06", "to_stop": "S03"}, S04 + S05),
        ({"route": "1", "from_stop": "S06-2", "to_stop": "S04-2"}, S05),
        ({"from_stop": "S04", "to_stop": "S06"}, S05),
        ({"route": "1", "from_stop": "S05", "to_stop": "S06"}, ["route=1"]),
        ({"route": "1", "direction": 1, "from_stop": "S06", "to_stop": "S05"}, ["route=1", "route=1 direction=1"]),
        ({"route": "102", "from_stop": "R03N", "to_stop": "R05N"}, ["stop=R04N"]),
    ],
)
def test_what_an_operator_names_is_selected(city: City, part: dict[str, object], selectors: list[str]) -> None:
    assert words(city.selectors([], parts(**part))) == selectors


@pytest.mark.parametrize(
    ("part", "closed"),
    [
        ({"route": "101", "closed": True}, ["route=101"]),
        ({"route": "101"}, []),
        ({"route": "101", "direction": 0, "closed": True}, ["route=101 direction=0"]),
        ({"route": "1", "direction": 0, "from_stop": "S07", "to_stop": "S09", "closed": True}, ["stop=S08-1"]),
        ({"route": "1", "from_stop": "S05", "to_stop": "S06", "closed": True}, []),
    ],
)
def test_only_what_the_operator_called_closed_is_closed(city: City, part: dict[str, object], closed: list[str]) -> None:
    assert words(city.transit([], parts(**part)).closed) == closed


@pytest.mark.parametrize(
    ("part", "code", "path"),
    [
        ({}, "transit-empty", ""),
        ({"closed": True}, "transit-empty", ""),
        ({"agency": "busan"}, "transit-unknown", "/agency"),
        ({"agency": ""}, "transit-unknown", "/agency"),
        ({"route": "999"}, "transit-unknown", "/route"),
        ({"stop": "S99"}, "transit-unknown", "/stop"),
        ({"route": "1", "from_stop": "S99", "to_stop": "S01"}, "transit-unknown", "/from_stop"),
        ({"route": "1", "from_stop": "S01", "to_stop": "S99"}, "transit-unknown", "/to_stop"),
        ({"trip": "T"}, "transit-unknown", "/trip"),
        ({"direction": 0}, "transit-inconsistent", "/direction"),
        ({"direction": 0, "stop": "S05"}, "transit-inconsistent", "/direction"),
        ({"route": "1", "from_stop": "S05"}, "transit-inconsistent", ""),
        ({"route": "1", "to_stop": "S05"}, "transit-inconsistent", ""),
        ({"route": "1", "stop": "S05", "from_stop": "S04", "to_stop": "S06"}, "transit-inconsistent", ""),
        ({"route": "101", "trip": "1-0-weekday-0600"}, "transit-inconsistent", ""),
        ({"route": "1", "direction": 1, "trip": "1-0-weekday-0600"}, "transit-inconsistent", ""),
        ({"route": "1", "stop": "H05E"}, "transit-inconsistent", "/stop"),
        ({"route": "1", "direction": 0, "stop": "S05-2"}, "transit-inconsistent", "/stop"),
        ({"trip": "1-0-weekday-0600", "stop": "S05-2"}, "transit-inconsistent", "/stop"),
        ({"route": "1", "direction": 0, "from_stop": "S06", "to_stop": "S04"}, "transit-order", "/from_stop"),
        ({"route": "1", "from_stop": "S04", "to_stop": "S04"}, "transit-order", "/from_stop"),
        ({"from_stop": "S04", "to_stop": "H05E"}, "transit-order", "/from_stop"),
    ],
)
def test_what_the_feed_does_not_know_is_refused_with_its_path(city: City, part: dict[str, object], code: str, path: str) -> None:
    with pytest.raises(BadInput) as refusal:
        city.selectors([], [TransitPart(route="101"), *parts(**part)])

    assert (refusal.value.code, refusal.value.path) == (code, f"/transit/1{path}")
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("area", "selectors"),
    [
        (danger(Point((127.336, 36.3628), 30)), ["route=1"]),
        (danger(Point((127.336, 36.36314), 30)), []),
        (danger(Point(BANK, 120)), BANK_CHOSEN),
        (danger(Point(BANK, 120), Role.CLOSURE), BANK_CHOSEN),
        (danger(Point(BANK, 120), Role.EVACUATE), BANK_CHOSEN),
        (danger(Point(BANK, 120), Role.SHELTER), []),
        (danger(Point(BANK, 120), Role.INFORMED), []),
    ],
)
def test_an_area_selects_stops_inside_and_routes_that_run_inside(city: City, area: Area, selectors: list[str]) -> None:
    assert words(city.selectors([area], [])) == selectors


def test_a_closed_street_selects_what_runs_along_it_and_not_what_crosses_it(city: City) -> None:
    riverside_road = LineString(((127.349962, 36.360698), (127.350438, 36.3625), (127.350913, 36.364302)))

    assert words(city.selectors([danger(riverside_road, Role.CLOSURE)], [])) == [
        "stop=R05N",
        "stop=R05S",
        "stop=R06N",
        "stop=R06S",
        "route=102",
    ]


ALONG = shapely.LineString([(127.35, 36.36), (127.354, 36.36)])
ACROSS = shapely.LineString([(127.352, 36.358), (127.352, 36.362)])
STREET = LineString(((127.3505, 36.36), (127.3535, 36.36)))


def network(**stops_of: tuple[str, ...]) -> Network:
    """Return one-way routes by the names of their stops; the route `across` crosses the street, all others follow it."""
    stops = {stop for served in stops_of.values() for stop in served}
    return Network(
        agencies={"A": Agency(id="A", name="A", timezone="Asia/Seoul")},
        stops={stop: Stop(id=stop, name=stop, position=(127.352, 36.36)) for stop in stops},
        routes={route: Route(id=route, agency="A", short_name=route, long_name="", type=3) for route in stops_of},
        trips={},
        patterns=tuple(Pattern(route, 0, served) for route, served in stops_of.items()),
        courses=tuple(Course(route, 0, route, ACROSS if route == "across" else ALONG) for route in stops_of),
    )


def test_at_a_corner_only_the_routes_along_a_closed_street_are_hit() -> None:
    corner = network(along=("B", "C"), across=("C", "D"))

    assert words(choose(corner, [street(STREET)], []).selectors) == ["stop=B", "route=along", "route=along stop=C"]


def test_a_stop_of_which_only_some_routes_are_named_is_named_with_them() -> None:
    shared = network(one=("B", "C", "D"), other=("C", "D"))

    chosen = choose(shared, [], [TransitPart(route="one", from_stop="B", to_stop="D", closed=True)])

    assert words(chosen.selectors) == words(chosen.closed) == ["route=one stop=C"]
    assert words(choose(shared, [], [TransitPart(route="other", stop="D")]).selectors) == ["route=other stop=D"]
    assert words(choose(shared, [], [TransitPart(agency="A", stop="D")]).selectors) == ["stop=D"]


def test_a_route_that_runs_inside_in_one_of_its_directions_is_named_with_it() -> None:
    both = network(one=("B",))
    both = replace(
        both, patterns=(*both.patterns, Pattern("one", 1, ("B",))), courses=(*both.courses, Course("one", 1, "r", ACROSS))
    )

    assert words(choose(both, [street(STREET)], []).selectors) == ["stop=B", "route=one", "route=one direction=0"]


def test_five_hundred_selectors_are_not_too_many() -> None:
    line = network(one=tuple(f"S{number:03}" for number in range(500)))

    chosen = choose(line, [], [TransitPart(stop=stop) for stop in line.stops])

    assert len(chosen.selectors) == 500
    assert not chosen.findings


def test_too_many_stops_become_their_routes() -> None:
    line = network(one=tuple(f"S{number:03}" for number in range(501)))

    chosen = choose(line, [], [TransitPart(stop=stop, closed=True) for stop in line.stops])

    assert words(chosen.selectors) == ["route=one"]
    assert not chosen.closed
    assert [(found.rule, found.severity) for found in chosen.findings] == [("transit-too-many", Gravity.WARNING)]


def test_too_many_pairs_become_stops_and_routes() -> None:
    served = tuple(f"S{number:03}" for number in range(251))
    shared = network(one=served, two=served, three=served)

    chosen = choose(shared, [], [TransitPart(route=route, stop=stop) for route in ("one", "two") for stop in served])

    assert words(chosen.selectors) == [*(f"stop={stop}" for stop in served), "route=one", "route=two"]
    assert len(chosen.findings) == 1


def test_too_many_routes_become_their_agency() -> None:
    wide = network(**{f"R{number:03}": ("B",) for number in range(501)})

    chosen = choose(wide, [], [TransitPart(route=route) for route in wide.routes])

    assert words(chosen.selectors) == ["agency=A"]


def far(line: shapely.LineString, place: shapely.Polygon) -> float:
    """Measure what runs inside, segment by segment."""
    pieces = (shapely.LineString(ends).intersection(place) for ends in pairwise(line.coords))
    return sum(GEOD.geometry_length(piece) for piece in pieces)


@cache
def hanbat() -> City:
    """Return the city, where a fixture would be printed with every example."""
    return City.load(HANBAT)


def drawn(corner: tuple[float, float], corners: int, metres: float, flat: float, turn: float) -> shapely.Polygon:
    """Return an ellipse of a few corners, turned."""
    rim = [(cos(2 * pi * n / corners), flat * sin(2 * pi * n / corners)) for n in range(corners)]
    turned = [(x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)) for x, y in rim]
    return shapely.Polygon([(corner[0] + x * metres / 89_600, corner[1] + y * metres / 111_000) for x, y in turned])


corners = st.tuples(st.floats(127.32, 127.39), st.floats(36.34, 36.385))
places = st.builds(drawn, corners, st.integers(3, 12), st.floats(50, 1500), st.floats(0.3, 1), st.floats(0, pi))


@settings(deadline=None, max_examples=100)
@given(places)
@example(drawn((127.32, 36.3625), 6, 1253.0, 1.0, 0.0))
def test_selection_equals_brute_force(place: shapely.Polygon) -> None:
    city = hanbat()
    assume(place.intersection(city.boundary).area > 0)
    feed = city.network
    assert feed is not None
    boarding = [stop for stop in feed.stops.values() if stop.kind is not StopKind.ENTRANCE]

    west, south, east, north = place.bounds
    sides = GEOD.inv(west, south, east, south)[2], GEOD.inv(west, south, west, north)[2]
    enough = min(max(sides) / 2, 200)
    lengths = {(course.route, course.direction): far(course.line, place) for course in feed.courses}
    assume(all(abs(length - enough) > MILLIMETRE for length in lengths.values()))
    inside = {way for way, length in lengths.items() if length >= enough}
    one_way = {(route, way) for route, way in inside if (route, 1 - (way or 0)) in lengths.keys() - inside}
    stops = {stop.id for stop in boarding if place.covers(shapely.Point(stop.position))}
    for station in (stop.id for stop in feed.stops.values() if stop.kind is StopKind.STATION):
        platforms = {stop.id for stop in boarding if stop.parent == station}
        if platforms <= stops or station in stops:
            stops |= platforms | {station}

    ring = tuple((x, y) for x, y in place.exterior.coords)
    chosen = city.selectors([danger(Polygon((ring,)))], [])
    assert {one.stop for one in chosen if one.stop} == stops
    assert {one.route for one in chosen if one.route} == {route for route, _ in inside}
    assert {(one.route, one.direction) for one in chosen if one.direction is not None} == one_way
