"""Outlines that every receiver can draw: no holes, few corners, and never less ground than was meant.

CAP 1.2 section 3.2.4 knows polygons without holes only; a hole is cut open, not filled.
"""

from bisect import bisect_left
from collections.abc import Iterator
from functools import partial
from itertools import count

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
        # in square degrees too, for that is how a later report's area is compared with what was told
        grown = max(simpler.area / drawn.area, area.square_metres(simpler) / area.square_metres(drawn))
        if grown > 1 + self.share or not simpler.covers(drawn):
            return False
        here, there = area.on_a_plane(drawn, simpler)
        return _reaches(here, there, self.metres)


def outline(place: BaseGeometry, budget: Budget, *, path: str = "") -> BaseGeometry:
    """Return a surface's outline in polygons without holes, at most 100 positions each, containing all that was drawn.

    Raises BadInput("geometry-too-detailed") where the budget does not allow that.
    """
    pieces = [piece for part in shapely.get_parts(place) for piece in _without_holes(part)]
    return shapely.multipolygons([_simple(piece, budget, path) for piece in pieces])


def growth(drawn: BaseGeometry, told: BaseGeometry) -> int:
    """Return how many metres the farthest ground that was added lies from what was drawn, rounded up."""
    here, there = area.on_a_plane(drawn, told)
    most = next(metres for metres in (2**power for power in count()) if _reaches(here, there, metres))
    return bisect_left(range(most), x=True, key=partial(_reaches, here, there))


def _reaches(drawn: BaseGeometry, told: BaseGeometry, metres: float) -> bool:
    """Tell whether all that is told lies so near to what was drawn; a yes is sure.

    A buffer's arcs are cut short, and a coarser drawing, which is quicker, gives up as many metres as it may be off.
    """
    return any(drawn.simplify(off).buffer(metres - off).covers(told) for off in (metres / 4, metres / 16, metres / 256))


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
    grown = flat.simplify(0.1 * metres).buffer(metres, quad_segs=4).simplify(0.9 * metres)
    return Polygon(max(shapely.get_parts(grown), key=shapely.area).exterior)


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
