"""Hanbat is what its seed draws, its feed is a valid one, and its flood touches exactly these stops and lines."""

import json
from datetime import date
from pathlib import Path

import pytest
import shapely
from gtfs_validator.notices import NoticeContainer
from gtfs_validator.pipeline import run_validation
from gtfs_validator.report import build_report

from gateway import area
from gateway.area import Area, Role
from gateway.city import City
from gateway.demo.hanbat.build import HERE, build, write
from gateway.incident import TransitPart

NAMES = ("gtfs.zip", "landmarks.geojson", "riverside.geojson", "zones.geojson")


@pytest.fixture(scope="module")
def city() -> City:
    """The city as it stands in its folder."""
    return City.load(HERE)


def feature(name: str, index: int | None = None) -> dict[str, object]:
    """Return the geometry of one feature of a drawn file."""
    document = json.loads((HERE / name).read_bytes())
    geometry: dict[str, object] = (document if index is None else document["features"][index])["geometry"]
    return geometry


def test_every_drawn_file_is_what_the_seed_draws(tmp_path: Path) -> None:
    write(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == list(NAMES)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (HERE / name).read_bytes(), f"{name}: run python -m gateway.demo.hanbat.build"


def test_another_seed_draws_another_city() -> None:
    assert all(build(1)[name] != (HERE / name).read_bytes() for name in NAMES if name != "landmarks.geojson")


def test_the_feed_is_valid_gtfs() -> None:
    notices, broken = NoticeContainer(), NoticeContainer()

    facts, opened = run_validation(HERE / "gtfs.zip", notices, broken, validation_date=date(2026, 7, 14))

    assert opened
    assert facts is not None
    assert build_report(broken) == {"notices": []}
    told = {(notice["severity"], notice["code"]) for notice in build_report(notices)["notices"]}
    assert told == {("WARNING", "mixed_case_recommended_field")}, "Hangul knows no capitals; nothing else may be said"


def test_five_neighbourhoods_share_their_borders_and_leave_no_gap(city: City) -> None:
    shapes = [zone.shape for zone in city.zones.values()]

    assert {code: dict(zone.name) for code, zone in city.zones.items()} == {
        "9920010100": {"ko": "한내동", "en": "Hannae-dong"},
        "9920010200": {"ko": "물빛동", "en": "Mulbit-dong"},
        "9920010300": {"ko": "별터동", "en": "Byeolteo-dong"},
        "9920010400": {"ko": "솔마루동", "en": "Solmaru-dong"},
        "9920010500": {"ko": "느티동", "en": "Neuti-dong"},
    }
    assert shapely.coverage_is_valid(shapes)
    assert isinstance(city.boundary, shapely.Polygon)
    assert not city.boundary.interiors


def test_everything_stands_in_the_city(city: City) -> None:
    assert city.network is not None
    stops = [shapely.Point(stop.position) for stop in city.network.stops.values()]

    assert all(city.boundary.contains(stop) for stop in stops)
    assert all(city.boundary.contains(course.line) for course in city.network.courses)
    assert city.boundary.covers(shapely.geometry.shape(feature("riverside.geojson")))


def test_the_water_gauge_hangs_on_the_bridge_over_the_river() -> None:
    river, bridge, gauge = (shapely.geometry.shape(feature("landmarks.geojson", index)) for index in range(3))

    assert river.contains(gauge)
    assert bridge.distance(gauge) < 1e-6
    assert river.covers(gauge)
    assert len(shapely.get_parts(river.boundary.intersection(bridge))) == 2


def test_the_metro_has_nine_stations_of_two_platforms(city: City) -> None:
    assert city.network is not None
    assert {station: sorted(platforms) for station, platforms in city.network.platforms.items()} == {
        f"S{number:02}": [f"S{number:02}-1", f"S{number:02}-2"] for number in range(1, 10)
    }
    assert sorted(city.network.routes) == ["1", "101", "102", "103"]


FLOODED_STOPS = ["H05E", "H05W", "R04N", "R04S", "R05N", "R05S", "R06N", "R06S", "S04", "S04-1", "S04-2"]
FLOODED_ROUTES = ["102"]


def test_a_flooded_riverside_touches_exactly_these_stops_and_lines(city: City) -> None:
    flooded = Area(role=Role.DANGER, geometry=area.geometry(feature("riverside.geojson")))

    chosen = city.selectors([flooded], [])

    assert [one.stop for one in chosen if one.stop] == FLOODED_STOPS
    assert [one.route for one in chosen if one.route] == FLOODED_ROUTES
    assert len(chosen) == len(FLOODED_STOPS) + len(FLOODED_ROUTES)


def test_the_metro_closed_between_two_stations_keeps_serving_both(city: City) -> None:
    closed = TransitPart(route="1", from_stop="S03", to_stop="S05", closed=True)

    assert [one.stop for one in city.selectors([], [closed])] == ["S04", "S04-1", "S04-2"]
