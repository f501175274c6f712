"""Where people are who wait for what does not run: the ground around the stops that an operator named, and nothing more."""

import math
from collections.abc import Sequence

import shapely

from gateway import area
from gateway.area import Area, MultiPolygon, Role
from gateway.city.segment import fitting
from gateway.city.transit import choose
from gateway.fault import BadInput
from gateway.formats.gtfs import Network
from gateway.incident import TransitPart

REACH_M = 150.0
MOST_STOPS = 100
_CORNERS = 16


def around(network: Network, parts: Sequence[TransitPart]) -> Area:
    """Return the ground within 150 m of every stop that the parts name, as one area of closure without a name.

    Of a segment these are its ends and what lies between, of a whole line, trip or agency all its stops. Raises
    BadInput("area-missing") where there is no such stop or more than 100 of them, and as `choose` does.
    """
    stops = {stop for part in parts for stop in _stops(network, part)}
    positions = sorted({position for stop in stops if (position := network.stops[stop].position)})
    if not 0 < len(positions) <= MOST_STOPS:
        message, hint = f"{len(positions)} stops are no place to draw", "send areas, or draw them by hand in a new alert"
        raise BadInput("area-missing", message, path="/areas", hint=hint)
    radius = REACH_M / math.cos(math.pi / _CORNERS)
    ground = area.in_metres(shapely.multipoints(positions), lambda flat: flat.buffer(radius, quad_segs=_CORNERS // 4))
    return Area(role=Role.CLOSURE, geometry=MultiPolygon(tuple(one.coordinates for one in area.polygons(ground))))


def _stops(network: Network, part: TransitPart) -> set[str]:
    named = {one.stop for one in choose(network, (), (part,)).selectors if one.stop}
    ends = {end for end in (part.from_stop, part.to_stop) if end}
    return named | ends or {stop for pattern in fitting(network, part, "/transit") for stop in pattern.stops}
