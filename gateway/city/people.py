"""How many people live somewhere, as far as the zones' numbers tell: spread evenly, and no more exact than two digits."""

from collections.abc import Iterable

import shapely
from shapely.geometry.base import BaseGeometry

from gateway.city.zones import Zone


def estimate(place: BaseGeometry, zones: Iterable[Zone]) -> int | None:
    """Return each zone's people by the share of its ground that is covered; None where a touched zone was not counted."""
    shapely.prepare(place)
    total = 0.0
    for zone in (zone for zone in zones if place.intersects(zone.shape)):
        if zone.population is None:
            return None
        total += zone.population * place.intersection(zone.shape).area / zone.shape.area
    return int(float(f"{total:.1e}"))
