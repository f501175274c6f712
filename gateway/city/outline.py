"""Outlines that every receiver can draw: no holes, few corners, and never less ground than was meant.

CAP 1.2 section 3.2.4 knows polygons without holes only; a hole is cut open, not filled.
"""

from collections.abc import Iterator
from functools import partial

import shapely
from msgspec import Struct
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.fault import BadInput

MOST_POSITIONS = 100
FINEST_M = 0.5


class Budget(Struct, frozen=True):
    """How far and by what share of its area an outline may grow to become simpler."""

    metres: float
    share: float

    def allows(self, drawn: Polygon, simpler: Polygon) -> bool:
        """Tell whether the simpler outline contains what was drawn and has not grown too much."""
        if simpler.area > drawn.area * (1 + self.share) or not simpler.covers(drawn):
            return False
        return bool(area.buffer(drawn, self.metres).covers(simpler))


def outline(place: BaseGeometry, budget: Budget, *, path: str = "") -> BaseGeometry:
    """Return a surface's outline in polygons without holes, at most 100 positions each, containing all that was drawn.

    Raises BadInput("geometry-too-detailed") where the budget does not allow that.
    """
    pieces = [piece for part in shapely.get_parts(place) for piece in _without_holes(part)]
    return shapely.multipolygons([_simple(piece, budget, path) for piece in pieces])


def growth(drawn: BaseGeometry, told: BaseGeometry) -> float:
    """Return how many metres the farthest ground that was added lies from what was drawn."""
    added = shapely.get_coordinates(told)
    near = shapely.shortest_line(shapely.points(added), drawn)
    return max(area.metres(line) for line in near)


def _simple(drawn: Polygon, budget: Budget, path: str) -> Polygon:
    if _positions(drawn) <= MOST_POSITIONS:
        return drawn
    for step in _steps(budget.metres):
        simpler = area.in_metres(drawn, partial(_around, metres=step))
        if _positions(simpler) <= MOST_POSITIONS and budget.allows(drawn, simpler):
            return simpler
    message = f"{_positions(drawn)} positions cannot become {MOST_POSITIONS} within {budget.metres} m and {budget.share:.0%}"
    raise BadInput("geometry-too-detailed", message, path=path, hint="draw a simpler outline, or split it")


def _steps(most: float) -> Iterator[float]:
    step = FINEST_M
    while step < most / 2:
        yield step
        step *= 2
    yield most / 2


def _around(flat: Polygon, metres: float) -> Polygon:
    return Polygon(flat.buffer(metres, quad_segs=4).simplify(0.9 * metres).exterior)


def _positions(drawn: Polygon) -> int:
    return len(drawn.exterior.coords)


def _without_holes(drawn: Polygon) -> Iterator[Polygon]:
    if not drawn.interiors:
        yield drawn
        return
    middles = sorted(hole.centroid.x for hole in drawn.interiors)
    cut = middles[len(middles) // 2]
    west, south, east, north = drawn.bounds
    for half in (shapely.box(west, south, cut, north), shapely.box(cut, south, east, north)):
        for part in shapely.get_parts(drawn.intersection(half)):
            if part.geom_type == "Polygon":
                yield from _without_holes(part)
