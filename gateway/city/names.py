"""What people call an area: its own name first, then the names of the zones it lies in."""

from collections.abc import Iterable, Mapping, Sequence

from shapely.geometry.base import BaseGeometry

from gateway.area import Area
from gateway.city import zones
from gateway.city.zones import Zone

MOST_NAMES = 5
"""More neighbourhoods than this are called by their districts."""


def names(area: Area, place: BaseGeometry, among: Mapping[str, Zone]) -> Mapping[str, str]:
    """Return an area's name by language; a language in which one of its zones has no name is left out."""
    inside = _few(zones.touched(place, [zone for zone in among.values() if not zone.parts]), among)
    languages = set.intersection(*(set(zone.name) for zone in inside)) if inside else set()
    of_zones = {language: ", ".join(zone.name[language] for zone in inside) for language in sorted(languages)}
    return of_zones | dict(area.name)


def codes(place: BaseGeometry, among: Iterable[Zone]) -> tuple[str, ...]:
    """Return the codes of the zones a surface covers, sorted: a district's code says all of it, so part of it has none."""
    return tuple(sorted(zone.code for zone in zones.covered(place, among)))


def _few(inside: Sequence[Zone], among: Mapping[str, Zone]) -> Sequence[Zone]:
    if len(inside) <= MOST_NAMES:
        return inside
    return tuple({zone.code: zone for zone in (among.get(one.district, one) for one in inside)}.values())
