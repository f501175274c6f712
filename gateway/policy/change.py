"""What has changed since people were told: only that is worth telling them again."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from shapely.geometry.base import BaseGeometry

from gateway.alert import Place, Selector, Version
from gateway.area import Area, shape, union
from gateway.incident import Incident
from gateway.playbook import Level, Playbook

LAST_PART = 4
NOISE = 1e-6


class Due(Struct, frozen=True, kw_only=True):
    """What ought to be told at `now`; `selectors` are what the incident touches of the network, None: not to be compared."""

    incident: Incident
    level: Level
    playbook: Playbook
    selectors: tuple[Selector, ...] | None
    now: datetime


def changes(live: Version, due: Due) -> Iterator[str]:
    """Yield in words what differs of level, area, action and expiry from what people were told."""
    if due.level.name != live.level:
        yield f"level {live.level} became {due.level.name}"
    if not _drawn_by_hand(live):
        yield from _where(live, due)
    if set(due.level.responses) != set(live.responses):
        yield f"the action became {', '.join(due.level.responses)}"
    if due.now >= fades(live, due.level):
        yield "it goes on, and what was told is about to expire"


def fades(live: Version, level: Level) -> datetime:
    """Return when the last quarter begins of what was told; whoever still acts on it then must hear that it goes on."""
    return live.expires - min(level.duration, live.expires - live.effective) / LAST_PART


def _where(live: Version, due: Due) -> Iterator[str]:
    if not _same_places(due.incident.areas, live.places, due.playbook):
        yield "the area changed"
    elif due.selectors is not None and set(due.selectors) != set(live.transit.selectors if live.transit else ()):
        yield "the part of the network changed"


def _drawn_by_hand(live: Version) -> bool:
    """A person drew what is told; only a person decides whether the source knows better."""
    return any(finding.rule == "area-edited" for finding in live.findings)


def _same_places(areas: Sequence[Area], places: Sequence[Place], playbook: Playbook) -> bool:
    return len(areas) == len(places) and all(any(_told(area, place, playbook) for place in places) for area in areas)


def _told(area: Area, place: Place, playbook: Playbook) -> bool:
    """Tell whether a place is how this area was told: all of it, and no more than simplifying may add."""
    if area.role is not place.role:
        return False
    if area.geometry is None:
        return set(area.zones) <= set(place.zones)
    drawn = shape(area.geometry, line_buffer_m=playbook.line_buffer_m)
    told = union(shape(polygon) for polygon in place.polygons)
    return _covers(told, drawn) and bool(told.area <= drawn.area * (1 + playbook.growth_share + NOISE))


def _covers(told: BaseGeometry, drawn: BaseGeometry) -> bool:
    return bool(drawn.difference(told).area <= NOISE * drawn.area)
