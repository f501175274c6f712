"""Cells are judged by another road: distance and bearing on the ellipsoid, not by the polygons the city draws."""

import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.area import Area, Point, Role, shape
from gateway.city import City, cells
from gateway.city.cells import Cell
from gateway.fault import BadInput, Faults

GEOD = pyproj.Geod(ellps="WGS84")
HEADER = "cell,site,lat,lon,azimuth,beamwidth,range_m,technology\n"
FAN = "450-99-9920-11,M1,36.3625,127.352,90,120,1000,lte\n"
ROUND = "450-99-9920-21,P1,36.3625,127.352,,,300,gsm\n"


def table(*rows: str, header: str = HEADER) -> bytes:
    """Return a table of cells."""
    return (header + "".join(rows)).encode()


def away(metres: float, bearing: float) -> shapely.Point:
    """Return a place so far from the mast at the bridge."""
    east, north, _ = GEOD.fwd(127.352, 36.3625, bearing, metres)
    return shapely.Point(east, north)


def test_a_row_is_a_sector_or_a_round_cell() -> None:
    fan, circle = cells.read(table(FAN, ROUND)).all

    assert fan == Cell(
        id="450-99-9920-11",
        site="M1",
        place=(127.352, 36.3625),
        azimuth=90,
        beamwidth=120,
        range_m=1000,
        technology="lte",
    )
    assert (circle.azimuth, circle.beamwidth, circle.range_m, circle.technology) == (0, 360, 300, "gsm")


def test_columns_may_stand_in_any_order_and_beside_others() -> None:
    header, row = "owner,technology,range_m,beamwidth,azimuth,lon,lat,site,cell\n", "city,lte,1000,120,90,127.352,36.3625,M1,A\n"

    (read,) = cells.read(table(row, header=header)).all

    assert (read.id, read.place, read.azimuth, read.range_m) == ("A", (127.352, 36.3625), 90, 1000)


@pytest.mark.parametrize(
    ("metres", "bearing", "reached"),
    [
        (990, 90, {"450-99-9920-11"}),
        (999.9, 31, {"450-99-9920-11"}),
        (999.9, 149, {"450-99-9920-11"}),
        (1100, 90, set()),
        (500, 25, set()),
        (500, 270, set()),
        (299, 270, {"450-99-9920-21"}),
        (299, 90, {"450-99-9920-11", "450-99-9920-21"}),
        (320, 270, set()),
    ],
)
def test_a_cell_reaches_what_lies_in_its_sector(metres: float, bearing: float, reached: set[str]) -> None:
    found = cells.read(table(FAN, ROUND)).reaching(away(metres, bearing))

    assert {cell.id for cell in found} == reached


@settings(deadline=None, max_examples=200)
@given(st.floats(1, 1000), st.floats(31, 149))
def test_no_place_in_a_sector_is_ever_left_out(metres: float, bearing: float) -> None:
    assert cells.read(table(FAN)).reaching(away(metres, bearing))


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("A,M1,north,127.3,90,120,1000,lte\n", "cell-number"),
        ("A,M1,91,127.3,90,120,1000,lte\n", "cell-number"),
        ("A,M1,36.3,127.3,90,120,0,lte\n", "cell-number"),
        ("A,M1,36.3,127.3,90,120,nan,lte\n", "cell-number"),
        ("A,M1,36.3,127.3,90,,1000,lte\n", "cell-sector"),
        ("A,M1,36.3,127.3,90,120,1000,smoke\n", "cell-technology"),
        (",M1,36.3,127.3,90,120,1000,lte\n", "cell-name"),
        ("A B,M1,36.3,127.3,90,120,1000,lte\n", "cell-name"),
        ("A,M1,36.3\n", "cell-technology"),
        (FAN, "cell-duplicate"),
    ],
)
def test_a_fault_is_told_with_its_line(row: str, rule: str) -> None:
    with pytest.raises(Faults) as refusal:
        cells.read(table(FAN, row), "mine.csv")

    assert [(found.rule, found.file, found.line) for found in refusal.value.findings] == [(rule, "mine.csv", 3)]
    assert refusal.value.findings[0].hint


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(Faults) as refusal:
        cells.read(table("A,M,x,127,,,9,lte\n", FAN, "B,M,36,127,,,9,5g\n"))

    assert [found.line for found in refusal.value.findings] == [2, 4]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "cells-column"),
        (b"cell,site\nA,B\n", "cells-column"),
        (table(), "cells-empty"),
        (b"\xff\xfe\x00", "cells-table"),
        (table('"A,M1\n'), "cells-table"),
    ],
)
def test_what_is_no_table_is_refused(raw: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        cells.read(raw)

    assert refusal.value.code == code


CIRCLE = shape(Point((127.352, 36.3625), 400))


def test_hanbat_s_cells_at_the_bridge_are_those_whose_sector_comes_near(city: City) -> None:
    """By bearing and distance: within 400 m of the bridge a cell reaches for sure, from beyond range and 400 m it cannot."""
    reached = {cell.id for cell in city.cells(CIRCLE)}

    for cell in city.radio.all:
        bearing, _, metres = GEOD.inv(*cell.place, 127.352, 36.3625)
        off = abs((bearing - cell.azimuth + 180) % 360 - 180)
        if metres < cell.range_m and off < cell.beamwidth / 2:
            assert cell.id in reached
        if metres > 1.02 * cell.range_m + 410:
            assert cell.id not in reached
    assert len(reached) > 20


def test_what_a_broadcast_spills_over_is_shown_and_lies_outside(city: City) -> None:
    spilled = city.bleed(CIRCLE)

    assert spilled.intersection(CIRCLE).area < 1e-15
    known = shapely.union_all([CIRCLE, spilled])
    assert all(known.distance(shapely.Point(cell.place)) < 1e-9 for cell in city.cells(CIRCLE))
    assert (city.people(spilled) or 0) > (city.people(CIRCLE) or 0)


def test_a_city_without_cells_reaches_nobody(city: City) -> None:
    bare = City(city.zones)

    assert bare.cells(CIRCLE) == ()
    assert bare.bleed(CIRCLE).is_empty


def test_people_are_counted_by_the_ground_they_live_on(city: City) -> None:
    hannae = city.zones["9920010100"]
    west, south, east, north = hannae.shape.bounds
    half = shapely.box(west, south, (west + east) / 2, north)

    assert city.people(hannae.shape) == 38_000
    assert city.people(city.boundary) == 710_000
    assert abs((city.people(half.intersection(hannae.shape)) or 0) - 19_200) < 2_500
    assert city.people(shapely.box(0, 0, 1, 1)) == 0


def test_people_of_a_zone_that_nobody_counted_are_unknown(city: City) -> None:
    counted = {code: zone for code, zone in city.zones.items() if code != "9920010100"}
    bare = City(
        {**counted, "9920010100": type(zone := city.zones["9920010100"])(code=zone.code, name=zone.name, shape=zone.shape)}
    )

    assert bare.people(bare.boundary) is None
    assert bare.people(counted["9914010400"].shape.buffer(-0.001)) is not None


def test_a_district_names_all_its_neighbourhoods(city: City) -> None:
    place = city.place(Area(role=Role.DANGER, zones=("9920000000",)), line_buffer_m=0)

    assert place.zones == tuple(f"992001{number:04}" for number in range(100, 600, 100))
    assert city.canonical(Area(role=Role.DANGER, zones=("9920000000", "9920010100"))).zones == tuple(place.zones)
    assert city.within(city.zones["9920010300"].shape, ["9920000000"])
    assert not city.within(city.boundary, ["9920000000"])


def test_a_whole_city_is_called_by_its_districts(city: City) -> None:
    everywhere = city.place(Area(role=Role.DANGER, zones=tuple(city.districts)), line_buffer_m=0)

    assert set(everywhere.name["en"].split(", ")) == {"Dongmun-gu", "Seorim-gu", "Namchon-gu", "Hannae-gu", "Saebeol-gu"}
    assert everywhere.zones == tuple(sorted(city.zones))
