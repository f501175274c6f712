"""Where things are in Hanbat: metres east and north of the bridge, and the same in WGS 84.

The river runs from south to north through the middle; Hannae Bridge crosses it beside the origin. The ground is cut into
columns from west to east, and every column into neighbourhoods from south to north.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

Metres = tuple[float, float]
Degrees = tuple[float, float]
Line = list[Metres]

ORIGIN = (127.352, 36.3625)
METRES_PER_DEGREE = (89_600.0, 111_000.0)
SOUTH, NORTH = -5600, 7000
STEP = 100
COARSE_STEP = 700
HALF_RIVER = 60
CALM, BEND = 2200, 0.00005
FLOODED = (-700, 500)
PARK_EDGE = 190
WANDER, RIM_WANDER = 110, 330
RIVER = 0
EDGES = (-6500, -4400, -2350, RIVER, 3050, 5600, 8200)
COLUMNS: Sequence[Sequence[str]] = (
    ("9914010400", "9914010300", "9914010500"),
    ("9917010200", "9914010100", "9914010200", "9914010600"),
    ("9917010100", "9920010500", "9920010400", "9923010200", "9923010300"),
    ("9917010300", "9920010200", "9920010100", "9920010300", "9923010100", "9923010400"),
    ("9917010400", "9911010100", "9911010200", "9923010500"),
    ("9911010300", "9911010400", "9923010600"),
)
CUTS: Sequence[Sequence[int]] = (
    (-1500, 2700),
    (-2900, -300, 2600),
    (-2200, 300, 2200, 4500),
    (-2200, -700, 800, 2200, 4400),
    (-2400, 300, 3000),
    (-1200, 2700),
)
"""The heights at which each column is cut, and above them the codes of what lies between, from the south."""


def degrees(place: Metres) -> Degrees:
    """Return a place as longitude and latitude, rounded to about a metre."""
    (east, north), (longitude, latitude), (one, other) = place, ORIGIN, METRES_PER_DEGREE
    return round(longitude + east / one, 5), round(latitude + north / other, 5)


@dataclass(frozen=True)
class Layout:
    """The lie of the land; the same seed gives the same land."""

    seed: int

    def jitter(self, what: str, most: float) -> float:
        """Return a number within `most` of 0 that belongs to this thing and this seed for ever."""
        return round((2 * self.chance(what).random() - 1) * most, 1)

    def chance(self, what: str) -> Random:
        """Return the throws of dice that belong to this thing and this seed for ever."""
        return Random(f"{self.seed}/{what}")  # noqa: S311 - a drawing, not a secret

    def river(self, north: float) -> float:
        """Return how far east the middle of the river is at that height; beyond the old town it bends away."""
        beyond = max(0.0, abs(north) - CALM)
        bends = 170 * math.sin(north / 650) + self.jitter("bend", 30) * math.sin(north / 310)
        return round(bends + math.copysign(BEND * beyond * beyond, north), 1)

    def along_river(self, start: int, end: int, *, east: float = 0.0, step: int = STEP) -> Line:
        """Return a line from south to north so many metres east of the river's middle."""
        return [(round(self.river(north) + east, 1), float(north)) for north in range(start, end + 1, step)]

    def water(self) -> Line:
        """Return the outline of the river."""
        east, west = (self.along_river(SOUTH, NORTH, east=side, step=2 * STEP) for side in (HALF_RIVER, -HALF_RIVER))
        return ring(east, west[::-1])

    def riverside(self) -> Line:
        """Return the park on the west bank at the bridge: what floods first."""
        east, west = (self.along_river(*FLOODED, east=-side) for side in (HALF_RIVER, PARK_EDGE))
        return ring(east, west[::-1])

    def zones(self) -> Mapping[str, Line]:
        """Return the outline of each neighbourhood by its code; they share their borders point by point."""
        return dict(sorted((code, outline) for number in range(len(COLUMNS)) for code, outline in self._column(number)))

    def _column(self, number: int) -> Iterator[tuple[str, Line]]:
        left, right = self._border(number), self._border(number + 1)
        heights = (SOUTH, *CUTS[number], NORTH)
        for code, (south, north) in zip(COLUMNS[number], pairwise(heights), strict=True):
            west, east = _between(left, south, north), _between(right, south, north)
            below, above = self._cut(west[0], east[0]), self._cut(west[-1], east[-1])
            yield code, ring(below, east, above[::-1], west[::-1])

    def _border(self, number: int) -> Line:
        """Return the border between two columns, with a point wherever either of them is cut."""
        edge = EDGES[number]
        beside = [cut for column in (number - 1, number) if 0 <= column < len(CUTS) for cut in CUTS[column]]
        step = 2 * STEP if edge == RIVER else COARSE_STEP
        heights = sorted({*range(SOUTH, NORTH + 1, step), *beside, NORTH})
        if edge == RIVER:
            return [(self.river(height), float(height)) for height in heights]
        most = RIM_WANDER if edge in (EDGES[0], EDGES[-1]) else WANDER
        return [(edge + self.jitter(f"edge {edge} {height}", most), float(height)) for height in heights]

    def _cut(self, start: Metres, end: Metres) -> Line:
        inner, most = [], RIM_WANDER if start[1] in (SOUTH, NORTH) else WANDER
        for part in (1, 2):
            east = start[0] + part * (end[0] - start[0]) / 3
            inner.append((round(east, 1), start[1] + self.jitter(f"cut {start} {part}", most)))
        return [start, *inner, end]


def ring(*lines: Line) -> Line:
    """Return the lines joined to a closed outline, without repeating the points where they meet."""
    points = [point for line in lines for point in line]
    points.append(points[0])
    return [points[0], *(after for before, after in pairwise(points) if after != before)]


def _between(line: Line, south: float, north: float) -> Line:
    return [point for point in line if south <= point[1] <= north]
