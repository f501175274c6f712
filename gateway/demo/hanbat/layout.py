"""Where things are in Hanbat: metres east and north of the bridge, and the same in WGS 84.

The river runs from south to north through the middle; Hannae Bridge crosses it at the origin.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from random import Random

Metres = tuple[float, float]
Degrees = tuple[float, float]
Line = list[Metres]

ORIGIN = (127.352, 36.3625)
METRES_PER_DEGREE = (89_600.0, 111_000.0)
WEST, EAST, SOUTH, NORTH = -2350, 3050, -2200, 2200
STEP = 100
HALF_RIVER = 60
FLOODED = (-700, 500)
PARK_EDGE = 190
WEST_CUT = 300
EAST_CUTS = (-700, 800)


def degrees(place: Metres) -> Degrees:
    """Return a place as longitude and latitude, rounded to a tenth of a metre."""
    (east, north), (longitude, latitude), (one, other) = place, ORIGIN, METRES_PER_DEGREE
    return round(longitude + east / one, 6), round(latitude + north / other, 6)


@dataclass(frozen=True)
class Layout:
    """The lie of the land; the same seed gives the same land."""

    seed: int

    def jitter(self, what: str, most: float) -> float:
        """Return a number within `most` of 0 that belongs to this thing and this seed for ever."""
        return round((2 * Random(f"{self.seed}/{what}").random() - 1) * most, 1)  # noqa: S311 - a drawing, not a secret

    def river(self, north: float) -> float:
        """Return how far east the middle of the river is at that height."""
        return round(170 * math.sin(north / 650) + self.jitter("bend", 30) * math.sin(north / 310), 1)

    def along_river(self, start: int, end: int, *, east: float = 0.0) -> Line:
        """Return a line from south to north so many metres east of the river's middle."""
        return [(round(self.river(north) + east, 1), float(north)) for north in range(start, end + 1, STEP)]

    def water(self) -> Line:
        """Return the outline of the river."""
        east, west = (self.along_river(SOUTH, NORTH, east=side) for side in (HALF_RIVER, -HALF_RIVER))
        return ring(east, west[::-1])

    def riverside(self) -> Line:
        """Return the park on the west bank at the bridge: what floods first."""
        east, west = (self.along_river(*FLOODED, east=-side) for side in (HALF_RIVER, PARK_EDGE))
        return ring(east, west[::-1])

    def zones(self) -> dict[str, Line]:
        """Return the outline of each neighbourhood; they share their borders point by point."""
        low, high = EAST_CUTS
        return {
            "9920010100": self._bank(EAST, low, high),
            "9920010200": self._bank(EAST, SOUTH, low),
            "9920010300": self._bank(EAST, high, NORTH),
            "9920010400": self._bank(WEST, WEST_CUT, NORTH),
            "9920010500": self._bank(WEST, SOUTH, WEST_CUT),
        }

    def _bank(self, edge: int, south: int, north: int) -> Line:
        border = [(edge + self.jitter(f"edge {edge} {height}", 60), float(height)) for height in _heights(south, north)]
        below, above = self._cut(south, border[0]), self._cut(north, border[-1])
        return ring(below, border, above[::-1], self.along_river(south, north)[::-1])

    def _cut(self, height: int, end: Metres) -> Line:
        start = (self.river(height), float(height))
        middle = round((start[0] + end[0]) / 2, 1), height + self.jitter(f"cut {end}", 50)
        return [start, middle, end]


def ring(*lines: Line) -> Line:
    """Return the lines joined to a closed outline, without repeating the points where they meet."""
    points = [point for line in lines for point in line]
    points.append(points[0])
    return [points[0], *(after for before, after in pairwise(points) if after != before)]


def _heights(south: int, north: int) -> list[int]:
    return sorted({south, north} | {height for height in range(-2000, 2001, 500) if south < height < north})
