"""Hanbat is what its seed draws, its feed is a valid one, and its flood touches exactly these stops and lines."""

import csv
import io
import json
import tomllib
import zipfile
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import pyproj
import pytest
import shapely
from gtfs_validator.notices import NoticeContainer
from gtfs_validator.pipeline import run_validation
from gtfs_validator.report import build_report

from gateway import area
from gateway.area import Area, Role
from gateway.city import City
from gateway.demo.hanbat.build import HERE, build, write
from gateway.hazard import hazards
from gateway.incident import TransitPart

SIZES = {"cells.csv": 60, "gtfs.zip": 400, "landmarks.geojson": 60, "shelters.geojson": 40, "zones.geojson": 60}
"""Every drawn file, and how many kilobytes it may have."""
GEOD = pyproj.Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def city() -> City:
    """The city as it stands in its folder."""
    return City.load(HERE)


def landmark(city: City, id: str) -> shapely.Geometry:
    """Return the shape of one landmark."""
    return next(one.shape for one in city.landmarks if one.id == id)


def tables(feed: bytes) -> dict[str, bytes]:
    """Return what is packed in a zip, by name and in its order."""
    with zipfile.ZipFile(io.BytesIO(feed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Measure on the ellipsoid."""
    return float(GEOD.inv(*a, *b)[2])


def test_every_drawn_file_is_what_the_seed_draws(tmp_path: Path) -> None:
    write(tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == list(SIZES)
    for name, most in SIZES.items():
        made, shipped = (tmp_path / name).read_bytes(), (HERE / name).read_bytes()
        mend = f"{name}: run python -m gateway.demo.hanbat.build"
        assert made == shipped or (name.endswith(".zip") and list(tables(made).items()) == list(tables(shipped).items())), mend
        assert len(shipped) < most * 1024


def test_another_seed_draws_another_city() -> None:
    other = build(1)

    assert all(other[name] != (HERE / name).read_bytes() for name in SIZES)


def test_the_feed_is_valid_gtfs() -> None:
    notices, broken = NoticeContainer(), NoticeContainer()

    facts, opened = run_validation(HERE / "gtfs.zip", notices, broken, validation_date=date(2026, 7, 14))

    assert opened
    assert facts is not None
    assert build_report(broken) == {"notices": []}
    told = {(notice["severity"], notice["code"]) for notice in build_report(notices)["notices"]}
    assert told == {("WARNING", "mixed_case_recommended_field")}, "Hangul knows no capitals; nothing else may be said"


DISTRICTS = {
    "9911000000": ("동문구", "Dongmun-gu", 4),
    "9914000000": ("서림구", "Seorim-gu", 6),
    "9917000000": ("남촌구", "Namchon-gu", 4),
    "9920000000": ("한내구", "Hannae-gu", 5),
    "9923000000": ("새벌구", "Saebeol-gu", 6),
}


def test_five_districts_of_25_neighbourhoods_share_their_borders_and_leave_no_gap(city: City) -> None:
    shapes = [zone.shape for zone in city.zones.values()]

    assert {code: (zone.name["ko"], zone.name["en"], len(zone.parts)) for code, zone in city.districts.items()} == DISTRICTS
    assert len(shapes) == 25
    assert shapely.coverage_is_valid(shapes)
    assert isinstance(city.boundary, shapely.Polygon)
    assert not city.boundary.interiors
    assert all(isinstance(zone.shape, shapely.Polygon) for zone in city.districts.values())
    assert sum(zone.population or 0 for zone in city.districts.values()) == 711_200


def test_nobody_can_mistake_a_code_or_a_name(city: City) -> None:
    names = [zone.name[language] for zone in city.codes.values() for language in ("ko", "en")]

    assert all(code.startswith("99") and len(code) == 10 and code.isdigit() for code in city.codes)
    assert not [name for name, times in Counter(names).items() if times > 1]
    assert all(zone.name["ko"][-1] + zone.name["en"].rpartition("-")[2] in ("동dong", "구gu") for zone in city.codes.values())


def test_everything_stands_in_the_city(city: City) -> None:
    assert city.network is not None
    stops = [shapely.Point(stop.position) for stop in city.network.stops.values()]
    west, south, east, north = city.boundary.bounds

    assert all(city.boundary.contains(stop) for stop in stops)
    assert all(city.boundary.contains(course.line) for course in city.network.courses)
    assert all(city.boundary.covers(shapely.Point(one.place)) for one in city.shelters.values())
    assert all(city.boundary.covers(one.shape) for one in city.landmarks if one.kind not in {"river", "rail"})
    assert apart((west, south), (east, south)) < 20_000
    assert apart((west, south), (west, north)) < 20_000


def test_the_river_is_crossed_by_bridges_alone_and_measured_by_three_gauges(city: City) -> None:
    assert city.network is not None
    river = landmark(city, "hannae")
    bridges = [one.shape for one in city.landmarks if one.kind == "bridge"]
    near = area.buffer(shapely.union_all(bridges), 60)
    buses = [course.line for course in city.network.courses if course.route != "1"]

    assert all(len(shapely.get_parts(river.boundary.intersection(bridge))) == 2 for bridge in bridges)
    assert all(line.intersection(river).difference(near).length == 0 for line in buses)
    assert not [stop.id for stop in city.network.stops.values() if stop.kind == 0 and river.covers(shapely.Point(stop.position))]
    assert [one.id for one in city.landmarks if one.kind == "gauge" and river.covers(one.shape)] == ["G-01", "G-03", "G-05"]
    assert landmark(city, "hannae-bridge").distance(landmark(city, "G-03")) < 1e-5


def test_the_metro_has_22_stations_of_two_platforms_a_walk_apart(city: City) -> None:
    assert city.network is not None
    assert {station: sorted(platforms) for station, platforms in city.network.platforms.items()} == {
        f"S{number:02}": [f"S{number:02}-1", f"S{number:02}-2"] for number in range(1, 23)
    }
    places = [city.network.stops[f"S{number:02}"].position for number in range(1, 23)]
    assert all(800 < apart(a, b) < 1500 for a, b in pairwise(places) if a and b)
    assert sorted(city.network.routes) == ["1", *(str(bus) for bus in range(101, 113))]


def test_stations_have_their_names_in_three_languages_and_some_in_a_fourth() -> None:
    rows = csv.DictReader(io.StringIO(tables((HERE / "gtfs.zip").read_bytes())["translations.txt"].decode()))
    said = {(row["record_id"], row["language"]): row["translation"] for row in rows if row["table_name"] == "stops"}

    assert {said["S08", language] for language in ("en", "ja", "zh-Hans")} == {"Dongmun", "東門", "东门"}
    assert all((f"S{number:02}", language) in said for number in range(1, 23) for language in ("en", "ja"))


def test_a_holiday_runs_the_weekend_s_timetable() -> None:
    rows = [*csv.DictReader(io.StringIO(tables((HERE / "gtfs.zip").read_bytes())["calendar_dates.txt"].decode()))]

    assert all(date.fromisoformat(row["date"]).weekday() < 5 for row in rows)
    assert [(row["service_id"], row["exception_type"]) for row in rows if row["date"] == "20260925"] == [
        ("weekday", "2"),
        ("weekend", "1"),
    ]


def test_cells_are_denser_in_the_old_town_and_leave_almost_nobody_out(city: City) -> None:
    sites = {cell.site: cell.place for cell in city.radio.all}
    old_town = city.districts["9920000000"].shape
    inside = sum(old_town.covers(shapely.Point(place)) for place in sites.values())
    share = area.square_metres(old_town) / area.square_metres(city.boundary)
    served = shapely.union_all(city.radio.sectors)

    assert 550 <= len(sites) <= 650
    assert all(cell.id.startswith("450-99-") for cell in city.radio.all)
    assert inside / len(sites) > 2 * share
    assert city.boundary.intersection(served).area > 0.97 * city.boundary.area


def test_every_hazard_that_drives_people_out_finds_a_shelter_at_night(city: City) -> None:
    good_for = {hazard for one in city.shelters.values() if not one.hours for hazard in one.hazards}

    assert {"flash-flood", "earthquake", "structure-fire", "hazardous-material", "air-quality"} <= good_for <= set(hazards())


FLOODED_STOPS = ["H05E", "H05W", "R04N", "R04S", "R05N", "R05S", "R06N", "R06S", "S04", "S04-1", "S04-2"]
FLOODED_ROUTES = ["102"]


def test_a_flooded_riverside_touches_exactly_these_stops_and_lines(city: City) -> None:
    (riverside,) = area.polygons(landmark(city, "hannae-riverside"))

    chosen = city.selectors([Area(role=Role.DANGER, geometry=riverside)], [])

    assert [one.stop for one in chosen if one.stop] == FLOODED_STOPS
    assert [one.route for one in chosen if one.route] == FLOODED_ROUTES
    assert len(chosen) == len(FLOODED_STOPS) + len(FLOODED_ROUTES)


def test_the_gauge_s_playbook_speaks_for_the_riverside_that_is_drawn(city: City) -> None:
    book = tomllib.loads((HERE / "playbooks" / "river-flood.toml").read_text(encoding="utf-8"))
    (spoken_for,) = book["watch"]["areas"]

    assert shapely.geometry.shape(spoken_for["geometry"]).equals(landmark(city, "hannae-riverside"))


def test_the_crowd_counters_speak_for_the_festival_street(city: City) -> None:
    book = tomllib.loads((HERE / "playbooks" / "festival-crowd.toml").read_text(encoding="utf-8"))
    (spoken_for,) = book["watch"]["areas"]

    assert shapely.geometry.shape(spoken_for["geometry"]).covers(landmark(city, "byeolbit-street"))


def test_places_that_facts_may_name_are_those_on_the_map(city: City) -> None:
    places = tomllib.loads((HERE / "city.toml").read_text(encoding="utf-8"))["places"]
    drawn = {one.id: dict(one.name) for one in city.landmarks}

    assert {id: names for id, names in places.items() if id in drawn} == {id: drawn[id] for id in places if id in drawn}
    assert places.keys() - drawn.keys() == {"gapcheon-bridge", "hanbat-station"}


def test_the_metro_closed_between_two_stations_keeps_serving_both(city: City) -> None:
    closed = TransitPart(route="1", from_stop="S03", to_stop="S05", closed=True)

    assert [one.stop for one in city.selectors([], [closed])] == ["S04", "S04-1", "S04-2"]


def test_the_sample_s_names_mean_something_here(city: City) -> None:
    sample = json.loads('{"zones": ["yuseong"], "route": "1", "from_stop": "S07", "to_stop": "S09"}')
    part = TransitPart(route=sample["route"], direction=0, from_stop=sample["from_stop"], to_stop=sample["to_stop"], closed=True)

    assert city.neighbourhoods(sample["zones"]) == ("9920010100",)
    assert [one.stop for one in city.selectors([], [part])] == ["S08-1"]
