"""Shelters: read or refused with their place, open by the city's clock, and ordered by another library's distance."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import shapely
from pyproj import Geod

from gateway.area import Point, shape
from gateway.city import City, landmarks, shelters
from gateway.fault import BadInput, Faults

GEOD = Geod(ellps="WGS84")
SEOUL = ZoneInfo("Asia/Seoul")
OFFICE = [{"days": ["mo", "fr"], "from": "09:00", "until": "18:00"}]
SCHOOL: dict[str, Any] = {
    "id": "school",
    "name": {"ko": "학교", "en": "School"},
    "kind": "school",
    "capacity": 300,
    "open": "always",
    "hazards": ["flash-flood"],
    "accessible": True,
}


def collection(*properties: dict[str, Any], place: object = (127.352, 36.3625)) -> bytes:
    """Return a collection of features at the same place."""
    geometry = {"type": "Point", "coordinates": place}
    made = [{"type": "Feature", "properties": one, "geometry": geometry} for one in properties]
    return json.dumps({"type": "FeatureCollection", "features": made}).encode()


def test_a_shelter_is_read() -> None:
    read = shelters.read(collection(SCHOOL))["school"]

    assert (read.place, read.capacity, read.hazards) == ((127.352, 36.3625), 300, frozenset({"flash-flood"}))
    assert (read.name, read.kind, read.accessible) == ({"ko": "학교", "en": "School"}, "school", True)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-07-13T09:00:00", True),  # a Monday
        ("2026-07-13T08:59:59", False),
        ("2026-07-13T17:59:59", True),
        ("2026-07-13T18:00:00", False),
        ("2026-07-14T12:00:00", False),
        ("2026-07-17T12:00:00", True),
    ],
)
def test_a_shelter_with_hours_is_open_on_its_days(at: str, *, is_open: bool) -> None:
    read = shelters.read(collection(SCHOOL | {"open": OFFICE}))["school"]

    assert read.open_at(datetime.fromisoformat(at).replace(tzinfo=SEOUL)) is is_open


def test_midnight_is_the_end_of_a_day() -> None:
    late = [{"days": ["mo"], "from": "05:30", "until": "24:00"}]
    read = shelters.read(collection(SCHOOL | {"open": late}))["school"]

    assert read.open_at(datetime(2026, 7, 13, 23, 59, 59, tzinfo=SEOUL))
    assert not read.open_at(datetime(2026, 7, 14, 0, 0, tzinfo=SEOUL))


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"id": ""}, "shelter-invalid", "/properties"),
        ({"capacity": "many"}, "shelter-invalid", "/properties/capacity"),
        ({"capacity": -1}, "shelter-invalid", "/properties"),
        ({"name": {}}, "shelter-name", "/properties/name"),
        ({"hazards": ["dragon"]}, "hazard-unknown", "/properties/hazards"),
        ({"open": "sometimes"}, "shelter-hours", "/properties/open"),
        ({"open": []}, "shelter-hours", "/properties/open"),
        ({"open": [OFFICE[0] | {"days": ["someday"]}]}, "shelter-hours", "/properties/open"),
        ({"open": [OFFICE[0] | {"from": "19:00"}]}, "shelter-hours", "/properties/open"),
        ({"open": [OFFICE[0] | {"until": "25:00"}]}, "shelter-hours", "/properties/open"),
        ({"open": [{"days": ["mo"]}]}, "shelter-invalid", "/properties/open/0"),
        ({"colour": "red"}, "shelter-invalid", "/properties"),
    ],
)
def test_a_fault_is_told_with_its_feature(change: dict[str, Any], code: str, path: str) -> None:
    with pytest.raises(Faults) as refusal:
        shelters.read(collection(SCHOOL, SCHOOL | {"id": "two"} | change), "mine.geojson")

    (found,) = refusal.value.findings
    assert (found.rule, found.path, found.file) == (code, f"/features/1{path}", "mine.geojson")
    assert found.hint


@pytest.mark.parametrize("place", [None, (500, 36), (127.3,), "here", [[127, 36], [128, 36]]])
def test_a_shelter_that_stands_nowhere_is_refused(place: object) -> None:
    with pytest.raises(Faults, match="shelter-place"):
        shelters.read(collection(SCHOOL, place=place))


def test_two_shelters_of_one_id_are_refused() -> None:
    with pytest.raises(Faults, match="shelter-duplicate"):
        shelters.read(collection(SCHOOL, SCHOOL))


def test_a_collection_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="shelters-empty"):
        shelters.read(b'{"type": "FeatureCollection", "features": []}')


DANGER = shape(Point((127.3505, 36.3625), 800))
EVENING = datetime(2026, 7, 14, 18, 20, tzinfo=SEOUL)


def test_the_nearest_are_open_good_for_it_and_outside_the_danger(city: City) -> None:
    near = city.nearest_shelters(DANGER, "flash-flood", EVENING, most=4)

    assert len(near) == 4
    assert [one.metres for one in near] == sorted(one.metres for one in near)
    for one in near:
        assert "flash-flood" in one.shelter.hazards
        assert not DANGER.intersects(shapely.Point(one.shelter.place))
        middle = GEOD.inv(127.3505, 36.3625, *one.shelter.place)[2]
        assert abs(middle - 800 - one.metres) < 12


def test_none_that_is_nearer_is_left_out(city: City) -> None:
    near = city.nearest_shelters(DANGER, "flash-flood", EVENING, most=3)
    others = [one for one in city.shelters.values() if one.id not in {found.shelter.id for found in near}]

    for other in others:
        if "flash-flood" in other.hazards and not other.hours and not DANGER.intersects(shapely.Point(other.place)):
            assert GEOD.inv(127.3505, 36.3625, *other.place)[2] - 800 >= near[-1].metres - 12


def test_hours_are_the_city_s_own_whatever_clock_asks(city: City) -> None:
    seoul = City(city.zones, shelters=city.shelters, timezone=SEOUL)
    midnight_there = datetime(2026, 7, 14, 15, 30, tzinfo=UTC)

    def kinds(at: datetime) -> set[str]:
        return {one.shelter.kind for one in seoul.nearest_shelters(DANGER, "civil-defence", at, most=50)}

    assert kinds(datetime(2026, 7, 14, 3, 0, tzinfo=UTC)) == {"underground"}
    assert kinds(midnight_there) == set()


def test_no_shelter_is_good_for_everything(city: City) -> None:
    assert city.nearest_shelters(DANGER, "animal-disease", EVENING) == ()


@pytest.mark.parametrize(
    ("feature", "code"),
    [
        (
            {"properties": {"id": "a", "name": {"ko": "가"}}, "geometry": {"type": "Point", "coordinates": [1, 2]}},
            "landmark-invalid",
        ),
        ({"properties": {"id": "a", "kind": "park"}, "geometry": {"type": "Point", "coordinates": [1, 2]}}, "landmark-name"),
        ({"properties": {"id": "a", "kind": "park", "name": {"ko": "가"}}, "geometry": {"type": "Blob"}}, "landmark-invalid"),
        ({"properties": {"id": "a", "kind": "park", "name": {"ko": "가"}}, "geometry": None}, "landmark-invalid"),
        (
            {
                "properties": {"id": "a", "kind": "park", "name": {"ko": "가"}},
                "geometry": {"type": "Point", "coordinates": [1, 200]},
            },
            "landmark-invalid",
        ),
    ],
)
def test_a_landmark_that_cannot_be_drawn_is_refused(feature: dict[str, Any], code: str) -> None:
    body = json.dumps({"type": "FeatureCollection", "features": [{"type": "Feature", **feature}]}).encode()

    with pytest.raises(Faults) as refusal:
        landmarks.read(body)

    assert [(found.rule, found.path[:11]) for found in refusal.value.findings] == [(code, "/features/0")]
