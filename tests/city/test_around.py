"""The ground around the stops that an operator named; distances are measured by another library's geodesic."""

import dataclasses

import pytest
from msgspec.structs import replace
from pyproj import Geod

from gateway import shipped
from gateway.area import MultiPolygon, Role
from gateway.city import City
from gateway.city.around import around
from gateway.fault import BadInput
from gateway.formats.gtfs import Network, Pattern
from gateway.incident import TransitPart

GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def network() -> Network:
    found = City.load(shipped.folder("gateway") / "demo" / "hanbat").network
    assert found is not None
    return found


def distance(network: Network, stop: str, corner: tuple[float, float]) -> float:
    position = network.stops[stop].position
    assert position is not None
    return abs(float(GEOD.inv(position[0], position[1], corner[0], corner[1])[2]))


def corners(network: Network, *parts: TransitPart) -> list[tuple[float, float]]:
    area = around(network, parts)
    assert (area.role, area.name, area.zones) == (Role.CLOSURE, {}, ())
    assert isinstance(area.geometry, MultiPolygon)
    return [corner for polygon in area.geometry.coordinates for corner in polygon[0]]


def test_one_stop_is_a_circle_of_150_metres(network: Network) -> None:
    away = [distance(network, "H05E", corner) for corner in corners(network, TransitPart(stop="H05E", closed=True))]
    assert 150 <= min(away) <= max(away) < 153.5


def test_stops_far_apart_are_places_apart(network: Network) -> None:
    area = around(network, (TransitPart(stop="H05E"), TransitPart(stop="S09-1")))
    assert isinstance(area.geometry, MultiPolygon)
    assert len(area.geometry.coordinates) == 2


@pytest.mark.parametrize(
    ("part", "stops"),
    [
        (TransitPart(route="102"), {"R04N", "R05N", "R06N", "R04S", "R05S", "R06S"}),
        (TransitPart(route="102", direction=0), None),
        (TransitPart(stop="S04"), {"S04-1", "S04-2"}),
    ],
)
def test_every_stop_named_lies_inside_and_no_corner_lies_far_from_all(
    network: Network, part: TransitPart, stops: set[str] | None
) -> None:
    found = corners(network, part)
    named = stops if part.stop else {stop for pattern in network.patterns_of("102", part.direction) for stop in pattern.stops}
    assert named
    assert stops is None or stops <= named
    assert max(min(distance(network, stop, corner) for stop in named) for corner in found) < 153.5
    assert min(distance(network, stop, corner) for stop in named for corner in found) > 149.9


def test_a_segment_is_its_ends_and_what_lies_between(network: Network) -> None:
    order = next(iter(network.patterns_of("102", 0))).stops
    part = TransitPart(route="102", direction=0, from_stop=order[1], to_stop=order[4])
    found = corners(network, part)
    assert max(min(distance(network, stop, corner) for stop in order[1:5]) for corner in found) < 153.5
    for stop in order[1:5]:
        assert min(distance(network, stop, corner) for corner in found) < 160 or len(found) > 16
    neighbours = TransitPart(route="102", direction=0, from_stop=order[1], to_stop=order[2])
    assert max(min(distance(network, stop, corner) for stop in order[1:3]) for corner in corners(network, neighbours)) < 153.5


def test_more_than_a_line_is_no_place_to_draw(network: Network) -> None:
    stops = [stop for stop in network.stops.values() if stop.position]
    many = {f"X{number}": replace(stops[0], id=f"X{number}", position=(127.35 + number / 1000, 36.36)) for number in range(101)}
    long = dataclasses.replace(
        network, stops={**network.stops, **many}, patterns=(*network.patterns, Pattern("102", 0, tuple(many)))
    )
    with pytest.raises(BadInput) as refused:
        around(long, (TransitPart(route="102"),))
    assert (refused.value.code, refused.value.path) == ("area-missing", "/areas")


def test_what_the_feed_does_not_know_is_refused(network: Network) -> None:
    with pytest.raises(BadInput, match="no stop 'Z99'"):
        around(network, (TransitPart(stop="Z99"),))
