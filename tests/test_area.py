from math import pi
from typing import Any

import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gateway import area
from gateway.area import LineString, MultiPolygon, Point, Polygon
from gateway.fault import BadInput

GEOD = pyproj.Geod(ellps="WGS84")
SQUARE = ((127.35, 36.36), (127.36, 36.36), (127.36, 36.37), (127.35, 36.37), (127.35, 36.36))
HOLE = ((127.353, 36.363), (127.357, 36.363), (127.357, 36.367), (127.353, 36.367), (127.353, 36.363))
STREET = LineString(((127.35, 36.36), (127.36, 36.36)))


@given(st.floats(-60, 60), st.floats(-170, 170), st.floats(1, 50_000))
def test_a_circle_contains_the_true_circle_and_little_more(north: float, east: float, radius: float) -> None:
    drawn = area.shape(Point((east, north), radius))

    rim = [GEOD.fwd(east, north, bearing, radius)[:2] for bearing in range(0, 360, 3)]
    assert all(drawn.contains(shapely.Point(place)) for place in rim)
    assert area.square_metres(drawn) < pi * (radius * 1.002 + 0.1) ** 2


def test_a_street_becomes_a_strip_of_so_many_metres_to_either_side() -> None:
    strip = area.shape(STREET, line_buffer_m=15)

    for bearing in (0, 180):
        assert strip.covers(shapely.Point(GEOD.fwd(127.355, 36.36, bearing, 14.9)[:2]))
        assert not strip.covers(shapely.Point(GEOD.fwd(127.355, 36.36, bearing, 15.1)[:2]))


def test_made_outlines_are_rounded_to_a_centimetre_so_that_every_machine_writes_the_same() -> None:
    drawn = area.shape(Point((127.35, 36.36), 300))

    assert all(value == round(value, 7) for value in shapely.get_coordinates(drawn).flatten())


def test_a_drawn_surface_is_taken_as_it_was_drawn() -> None:
    drawn = area.shape(Polygon((SQUARE, HOLE)))

    assert area.polygons(drawn) == (Polygon((SQUARE, HOLE)),)
    assert area.polygons(area.shape(MultiPolygon(((SQUARE, HOLE),)))) == (Polygon((SQUARE, HOLE)),)


def test_lengths_and_areas_are_measured_on_the_ground() -> None:
    degree_of_longitude, degree_of_latitude = 111_319.49, 110_574.39

    assert area.metres(shapely.LineString([(0, 0), (1, 0)])) == pytest.approx(degree_of_longitude, abs=0.01)
    assert area.metres(shapely.LineString([(0, 0), (0, 1)])) == pytest.approx(degree_of_latitude, abs=0.01)
    assert area.square_metres(shapely.box(0, 0, 0.001, 0.001)) == pytest.approx(111.31949 * 110.57428, rel=1e-5)


def test_ground_is_the_same_whichever_way_round_a_ring_runs() -> None:
    square, other = shapely.box(0, 0, 0.001, 0.001), shapely.box(0.002, 0, 0.003, 0.001)
    hole = shapely.box(0.0002, 0.0002, 0.0007, 0.0007)
    ground = 111.31949 * 110.57428

    assert area.square_metres(shapely.MultiPolygon([square, other.reverse()])) == pytest.approx(2 * ground, rel=1e-5)
    for ring in (hole.exterior, hole.exterior.reverse()):
        assert area.square_metres(shapely.Polygon(square.exterior, [ring])) == pytest.approx(0.75 * ground, rel=1e-5)


def test_no_distance_on_a_plane_is_shorter_than_on_the_ground() -> None:
    far_apart = shapely.LineString([(126.5, 36.9), (128.1, 37.0)])

    plane, line = area.on_a_plane(shapely.Point(127.3, 36.4), far_apart)

    assert plane.geom_type == "Point"
    assert area.metres(far_apart) <= line.length <= area.metres(far_apart) * 1.0002


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (Polygon((((127.35, 36.36), (127.36, 36.37), (127.36, 36.36), (127.35, 36.37), (127.35, 36.36)),)), "geometry-invalid"),
        (Polygon((((127.35, 36.36), (127.36, 36.36)),)), "geometry-invalid"),
        (Polygon(()), "geometry-invalid"),
        (MultiPolygon(()), "geometry-invalid"),
        (Polygon((((36.36, 127.35), (36.36, 127.36), (36.37, 127.36), (36.36, 127.35)),)), "geometry-invalid"),
        (Point((float("nan"), 36.36), 100), "geometry-invalid"),
        (Point((127.35, 36.36), 0), "geometry-invalid"),
        (Point((127.35, 36.36), -5), "geometry-invalid"),
        (Point((127.35, 36.36), float("nan")), "geometry-invalid"),
        (Point((127.35, 36.36), float("inf")), "geometry-invalid"),
        (STREET, "geometry-line"),
        (LineString(tuple((127.35 + i * 1e-6, 36.36) for i in range(50_001))), "geometry-too-large"),
    ],
)
def test_what_covers_no_ground_is_refused(geometry: area.Geometry, code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        area.shape(geometry)

    assert refusal.value.code == code
    assert refusal.value.hint


@pytest.mark.parametrize(
    "document",
    [
        {"type": "Circle", "coordinates": [127.35, 36.36]},
        {"type": "Point", "coordinates": [127.35, 36.36]},
        {"type": "Polygon", "coordinates": [[[127.35, "36.36"]]]},
        {"coordinates": [127.35, 36.36]},
    ],
)
def test_a_geometry_of_no_kind_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="geometry-invalid"):
        area.geometry(document)


@pytest.mark.parametrize(
    ("drawn", "other_way"),
    [
        (Point((127.35, 36.36), 50), Point((36.36, 127.35), 50)),
        (LineString(((1, 2), (3, 4))), LineString(((2, 1), (4, 3)))),
        (Polygon((((1, 2), (3, 4), (5, 6), (1, 2)),)), Polygon((((2, 1), (4, 3), (6, 5), (2, 1)),))),
        (MultiPolygon(((((1, 2), (3, 4), (5, 6), (1, 2)),),)), MultiPolygon(((((2, 1), (4, 3), (6, 5), (2, 1)),),))),
    ],
)
def test_swapping_turns_every_position_round(drawn: area.Geometry, other_way: area.Geometry) -> None:
    assert area.swapped(drawn) == other_way
