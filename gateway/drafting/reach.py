"""Whom a version's areas reach: the cells that serve them, the people who live there, and the nearest open shelters."""

import msgspec

from gateway.alert import Refuge, Version
from gateway.area import Role, shape, union
from gateway.city import City

MOST_SHELTERS = 3
DERIVED = "area-derived"


def reached(version: Version, city: City) -> Version:
    """Return the version with its cells, people and shelters; ground that only stops or routes led to reaches no cell.

    Shelters are those open when the version is written, outside its areas, nearest first.
    """
    told = [place for place in version.places if place.role is not Role.SHELTER]
    surface = union(shape(polygon) for place in told for polygon in place.polygons)
    derived = any(finding.rule == DERIVED for finding in version.findings)
    cells = () if derived or surface.is_empty else city.cells(surface)
    near = () if surface.is_empty else city.nearest_shelters(surface, version.hazard, version.effective, MOST_SHELTERS)
    return msgspec.structs.replace(
        version,
        cells=tuple(cell.id for cell in cells),
        people=None if surface.is_empty else city.people(surface),
        shelters=tuple(
            Refuge(
                id=one.shelter.id,
                name=one.shelter.name,
                position=one.shelter.place,
                metres=one.metres,
                capacity=one.shelter.capacity,
                accessible=one.shelter.accessible,
            )
            for one in near
        ),
    )
