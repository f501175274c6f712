from math import cos, pi, sin
from random import Random

import pyproj
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.city.outline import MOST_POSITIONS, Budget, growth, outline
from gateway.fault import BadInput

BUDGET = Budget(100, 0.10)
METRE = 1 / 111_000
GEOD = pyproj.Geod(ellps="WGS84")
EQUAL_AREA = pyproj.Proj("+proj=laea +lat_0=36.36 +lon_0=127.35 +ellps=WGS84")


def blot(corners: int, metres: float, roughness: float, seed: int) -> shapely.Polygon:
    """Return a round outline with a shaky hand, around a point in Hanbat."""
    rng = Random(seed)  # noqa: S311 - the same blot for the same seed
    rim = []
    for corner in range(corners):
        radius, turn = metres * METRE * (1 + roughness * (2 * rng.random() - 1)), 2 * pi * corner / corners
        rim.append((127.35 + radius * cos(turn) / cos(36.36 * pi / 180), 36.36 + radius * sin(turn)))
    return shapely.Polygon(rim)


roughnesses = st.floats(0, 0.3) | st.floats(0, 0.02)
blots = st.builds(blot, st.integers(4, 900), st.floats(20, 5000), roughnesses, st.integers(0, 10**6))
budgets = st.builds(Budget, st.floats(5, 100), st.floats(0.01, 0.2))


def flat(place: BaseGeometry) -> BaseGeometry:
    """Return a shape on a plane of true areas, its edges followed closely."""
    return shapely.transform(place.segmentize(5 * METRE), EQUAL_AREA, interleaved=False)


def farthest(drawn: BaseGeometry, told: BaseGeometry) -> float:
    """Measure on the ellipsoid how far the rim of what is told lies from the nearest ground that was drawn."""
    ways = shapely.shortest_line(shapely.points(shapely.get_coordinates(flat(told))), flat(drawn))
    x, y = shapely.get_coordinates(ways).T
    longitudes, latitudes = EQUAL_AREA(x, y, inverse=True)
    return float(GEOD.inv(longitudes[::2], latitudes[::2], longitudes[1::2], latitudes[1::2])[2].max())


def told_or_refused(drawn: shapely.Polygon, budget: Budget) -> BaseGeometry | str:
    """Return the outline, or the code of the refusal."""
    try:
        return outline(drawn, budget)
    except BadInput as refusal:
        return refusal.code


@settings(deadline=None, max_examples=60)
@given(blots, budgets)
@example(blot(460, 2415.0, 0.012717712240911363, 1), Budget(87.0, 0.125))
def test_an_outline_contains_what_was_drawn_and_stays_within_its_budget_or_is_refused(
    drawn: shapely.Polygon, budget: Budget
) -> None:
    told = told_or_refused(drawn, budget)

    if isinstance(told, str):
        assert told == "geometry-too-detailed"
        assert shapely.get_num_coordinates(drawn) > MOST_POSITIONS
        return
    assert told.covers(drawn)
    assert all(len(part.exterior.coords) <= MOST_POSITIONS and not part.interiors for part in shapely.get_parts(told))
    assert flat(told).area <= flat(drawn).area * (1 + budget.share + 1e-6)
    assert farthest(drawn, told) <= budget.metres + 0.001
    assert farthest(drawn, told) <= growth(drawn, told) + 0.001 <= budget.metres + 1


def test_a_simple_outline_is_told_as_it_was_drawn() -> None:
    drawn = blot(99, 400, 0.2, 1)

    assert shapely.get_parts(outline(drawn, Budget(0.6, 0))).tolist() == [drawn]


def test_a_finely_drawn_outline_is_simplified() -> None:
    drawn = blot(2000, 800, 0.004, 2)

    told = outline(drawn, BUDGET)

    assert shapely.get_num_coordinates(told) <= MOST_POSITIONS
    assert told.covers(drawn)
    assert 0 < growth(drawn, told) < 20


@pytest.mark.parametrize("budget", [Budget(100, 0.001), Budget(0.5, 0.1), Budget(1, 0.0)])
def test_a_ragged_outline_is_refused_rather_than_widened(budget: Budget) -> None:
    with pytest.raises(BadInput) as refusal:
        outline(blot(600, 800, 0.3, 3), budget, path="/areas/0")

    assert (refusal.value.code, refusal.value.path) == ("geometry-too-detailed", "/areas/0")


@pytest.mark.parametrize("count", [1, 2, 9])
def test_a_hole_is_cut_open_not_filled(count: int) -> None:
    holes = [shapely.box(127.351 + n * 0.001, 36.361, 127.3515 + n * 0.001, 36.362) for n in range(count)]
    drawn = shapely.Polygon(shapely.box(127.35, 36.36, 127.365, 36.37).exterior, [hole.exterior for hole in holes])

    told = outline(drawn, BUDGET)

    assert not any(part.interiors for part in shapely.get_parts(told))
    assert told.area == pytest.approx(drawn.area, rel=1e-9)
    assert told.symmetric_difference(drawn).area < 1e-15
    assert not any(told.intersects(hole.centroid) for hole in holes)


def test_islands_stay_islands() -> None:
    islands = shapely.MultiPolygon([shapely.box(127.35, 36.36, 127.351, 36.361), shapely.box(127.36, 36.36, 127.361, 36.361)])

    assert outline(islands, BUDGET).equals(islands)


def test_growth_is_the_farthest_new_ground_in_metres() -> None:
    drawn = shapely.box(127.35, 36.36, 127.36, 36.37)

    assert growth(drawn, area.buffer(drawn, 39.5)) == 40
    assert growth(drawn, drawn) == 0


def test_growth_is_seen_between_the_corners_and_inside_a_bay_that_was_closed() -> None:
    east, north = METRE / cos(36.36 * pi / 180), METRE
    square = shapely.box(127.35, 36.36, 127.35 + 600 * east, 36.36 + 600 * north)
    bay = shapely.box(127.35 + 200 * east, 36.36 + 200 * north, 127.35 + 400 * east, 36.36 + 400 * north)
    narrow = shapely.box(127.35 + 298 * east, 36.36 + 400 * north, 127.35 + 302 * east, 36.36 + 600 * north)
    wide = shapely.box(127.35 + 200 * east, 36.36 + 400 * north, 127.35 + 400 * east, 36.36 + 600 * north)

    assert growth(square.difference(bay | narrow), square) == pytest.approx(100, abs=2)
    assert growth(square.difference(bay | wide), square) == pytest.approx(100, abs=2)


@pytest.mark.parametrize(("metres", "allowed"), [(41, True), (39.9, False)])
@pytest.mark.parametrize("along", [(1, 0), (0, 1)])
def test_a_budget_is_in_metres_whichever_way_the_outline_grows(along: tuple[int, int], metres: float, *, allowed: bool) -> None:
    east, north = 40 * along[0] * METRE / cos(36.365 * pi / 180), 40 * along[1] * METRE
    drawn, told = shapely.box(127.35, 36.36, 127.36, 36.37), shapely.box(127.35, 36.36, 127.36 + east, 36.37 + north)

    assert Budget(metres, 1.0).allows(drawn, told) is allowed
