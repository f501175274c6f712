"""What people call an area: its own name first, then the names of the zones it lies in."""

from collections.abc import Iterable, Mapping

from shapely.geometry.base import BaseGeometry

from gateway.area import Area
from gateway.city import zones
from gateway.city.zones import Zone


def names(area: Area, place: BaseGeometry, among: Iterable[Zone]) -> Mapping[str, str]:
    """Return an area's name by language; a language in which one of its zones has no name is left out."""
    inside = zones.touched(place, among)
    languages = set.intersection(*(set(zone.name) for zone in inside)) if inside else set()
    of_zones = {language: ", ".join(zone.name[language] for zone in inside) for language in sorted(languages)}
    return of_zones | dict(area.name)


def codes(place: BaseGeometry, among: Iterable[Zone]) -> tuple[str, ...]:
    """Return the codes of the zones a surface covers, sorted: a district's code says all of it, so part of it has none."""
    return tuple(sorted(zone.code for zone in zones.covered(place, among)))
