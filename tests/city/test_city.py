import shutil
from pathlib import Path

import pytest
import shapely

from gateway import area as geo
from gateway.area import Area, LineString, Point, Polygon, Role
from gateway.city import City
from gateway.fault import BadInput, Gravity
from gateway.incident import TransitPart

HANBAT = Path(__file__).parents[2] / "gateway/demo/hanbat"
HANNAE, NEUTI, SOLMARU = "9920010100", "9920010500", "9920010400"
MIDDLE = (127.356, 36.362, 127.36, 36.365)


def box(west: float, south: float, east: float, north: float) -> Polygon:
    """Return an upright rectangle."""
    return Polygon((((west, south), (east, south), (east, north), (west, north), (west, south)),))


def circle(corners: int, metres: float) -> Polygon:
    """Return a finely drawn circle in Hannae-dong."""
    rim = shapely.Point(127.358, 36.363).buffer(metres / 100_000, quad_segs=corners // 4)
    return geo.polygons(rim)[0]


def test_a_city_folder_without_a_feed_has_no_network(tmp_path: Path) -> None:
    shutil.copy(HANBAT / "zones.geojson", tmp_path)

    city = City.load(tmp_path)

    assert city.network is None
    assert city.selectors([], []) == ()
    with pytest.raises(BadInput, match="transit-no-network"):
        city.selectors([], [TransitPart(route="1")])


def test_a_folder_without_zones_is_no_city(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="zones-missing"):
        City.load(tmp_path)


def test_places_have_names_in_the_languages_the_city_gave(city: City) -> None:
    assert city.place_name("hannae-bridge", "ko") == "한내대교"
    assert city.place_name("hannae-bridge", "ja") is None
    assert city.place_name("gapcheon-bridge", "ko") is None


def test_geometry_alone_targets_and_zones_only_label(city: City) -> None:
    drawn = Area(role=Role.DANGER, geometry=box(*MIDDLE), zones=(HANNAE, NEUTI))

    ground = city.surface(drawn, line_buffer_m=0)

    assert ground.shape.equals(shapely.box(*MIDDLE))
    assert [(found.rule, found.severity) for found in ground.findings] == [("zone-apart", Gravity.WARNING)]
    assert city.place(drawn, line_buffer_m=0).zones == (), "part of a district has no code that says all of it"


def test_zones_are_the_target_where_nothing_was_drawn(city: City) -> None:
    place = city.place(Area(role=Role.DANGER, zones=(HANNAE, NEUTI)), line_buffer_m=0)

    told = shapely.union_all([shapely.Polygon(polygon.coordinates[0]) for polygon in place.polygons])
    assert told.equals(city.zones[HANNAE].shape.union(city.zones[NEUTI].shape))
    assert place.zones == (HANNAE, NEUTI)
    assert place.name == {"ko": "느티동, 한내동", "en": "Neuti-dong, Hannae-dong"}


@pytest.mark.parametrize(
    ("geometry", "zones", "code", "path"),
    [
        (None, (), "geometry-missing", "/areas/2"),
        (None, ("daedeok",), "zone-unknown", "/areas/2/zones/0"),
        (Point((127.35, 36.36), 100), (HANNAE, "daedeok"), "zone-unknown", "/areas/2/zones/1"),
        (Point((127.0, 37.0), 100), (), "geometry-outside", "/areas/2/geometry"),
        (Point((36.36, 127.35), 100), (), "geometry-swapped", "/areas/2/geometry"),
        (LineString(((36.36, 127.35), (36.361, 127.35))), (), "geometry-swapped", "/areas/2/geometry"),
        (
            Polygon((((36.36, 127.35), (36.37, 127.35), (36.37, 127.36), (36.36, 127.35)),)),
            (),
            "geometry-swapped",
            "/areas/2/geometry",
        ),
        (Polygon((((1, 1), (2, 2), (2, 1), (1, 2), (1, 1)),)), (), "geometry-invalid", "/areas/2/geometry"),
        (Point((500, 36), 100), (), "geometry-invalid", "/areas/2/geometry"),
    ],
)
def test_an_area_that_is_missing_or_elsewhere_is_refused(
    city: City,
    geometry: geo.Geometry | None,
    zones: tuple[str, ...],
    code: str,
    path: str,
) -> None:
    with pytest.raises(BadInput) as refusal:
        city.surface(Area(role=Role.DANGER, geometry=geometry, zones=zones), line_buffer_m=15, path="/areas/2")

    assert (refusal.value.code, refusal.value.path) == (code, path)
    assert refusal.value.hint


def test_an_area_partly_outside_is_flagged_and_not_cut(city: City) -> None:
    drawn = box(127.36, 36.41, 127.37, 36.44)

    ground = city.surface(Area(role=Role.DANGER, geometry=drawn), line_buffer_m=0, path="/areas/0")

    assert ground.shape.equals(shapely.box(127.36, 36.41, 127.37, 36.44))
    assert [(found.rule, found.path) for found in ground.findings] == [("geometry-partly-outside", "/areas/0")]


def test_a_closed_street_is_widened_by_the_playbooks_buffer_and_says_so(city: City) -> None:
    street = Area(role=Role.CLOSURE, geometry=LineString(((127.352, 36.36), (127.357, 36.36))))

    located = city.locate(street, line_buffer_m=20)

    assert [found.rule for found in located.findings] == ["geometry-buffered"]
    assert "20 m" in located.findings[0].message
    with pytest.raises(BadInput, match="geometry-line"):
        city.locate(street, line_buffer_m=0)


def test_the_areas_own_name_comes_first_and_its_zones_speak_the_other_languages(city: City) -> None:
    own = Area(role=Role.DANGER, geometry=box(*MIDDLE), name={"ko": "한내 둔치"})

    assert city.place(own, line_buffer_m=0).name == {"ko": "한내 둔치", "en": "Hannae-dong"}


def test_a_zones_code_stands_only_where_it_is_covered(city: City) -> None:
    whole = Area(role=Role.DANGER, geometry=box(127.2, 36.2, 127.5, 36.5))
    half = Area(role=Role.DANGER, geometry=box(127.2, 36.3625, 127.5, 36.4))

    assert city.place(whole, line_buffer_m=0).zones == tuple(sorted(city.zones))
    assert city.place(half, line_buffer_m=0).zones == ("9911010200", "9920010300", SOLMARU)


def test_simplifying_is_told_with_its_growth(city: City) -> None:
    located = city.locate(Area(role=Role.DANGER, geometry=circle(800, 400)), line_buffer_m=0, path="/areas/1")

    (told,) = located.findings
    assert (told.rule, told.path, told.severity) == ("geometry-simplified", "/areas/1", Gravity.WARNING)
    assert len(located.place.polygons[0].coordinates[0]) <= 100


def test_a_budget_that_does_not_suffice_is_a_refusal(city: City) -> None:
    with pytest.raises(BadInput, match="geometry-too-detailed"):
        city.locate(Area(role=Role.DANGER, geometry=circle(800, 400)), line_buffer_m=0, growth_share=0.0)


@pytest.mark.parametrize(
    ("shape", "codes", "inside"),
    [
        (shapely.box(*MIDDLE), (HANNAE,), True),
        (shapely.box(*MIDDLE), (NEUTI,), False),
        (shapely.box(127.34, 36.36, 127.36, 36.363), (HANNAE,), False),
        (shapely.box(127.34, 36.36, 127.36, 36.363), (HANNAE, NEUTI), True),
    ],
)
def test_a_vendors_ground_is_held_to_its_zones(
    city: City, shape: shapely.Polygon, codes: tuple[str, ...], *, inside: bool
) -> None:
    assert city.within(shape, codes) is inside


def test_a_grant_for_a_zone_that_is_not_there_is_refused(city: City) -> None:
    with pytest.raises(BadInput, match="zone-unknown"):
        city.within(shapely.box(*MIDDLE), ("daedeok",))


def test_a_zone_answers_to_what_sources_call_it_and_is_told_by_its_code(city: City) -> None:
    called = Area(role=Role.DANGER, zones=("yuseong",))

    assert city.canonical(called).zones == (HANNAE,)
    assert city.place(called, line_buffer_m=0).zones == (HANNAE,)
    with pytest.raises(BadInput, match="zone-unknown"):
        city.canonical(Area(role=Role.DANGER, zones=("elsewhere",)), path="/areas/0")
