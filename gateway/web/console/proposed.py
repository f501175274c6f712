"""What another agency's alert fills in of the form for an incident: a proposal, never more."""

import math
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import msgspec
import shapely
from shapely.geometry.base import BaseGeometry

from gateway import area
from gateway.city import City, zones
from gateway.formats.cap import Info
from gateway.hazard import Hazard, hazards
from gateway.journal.records import Heard
from gateway.web.console.ground import ground

Fields = Sequence[tuple[str, str]]

MOST_CORNERS = 100
LONGEST_H = 24
KNOWN = {
    "severity": ("extreme", "severe", "moderate", "minor"),
    "urgency": ("immediate", "expected", "future"),
    "certainty": ("observed", "likely", "possible"),
}


def proposed(heard: Heard, city: City, playbooks: Collection[str], now: datetime) -> Fields:
    """Return the fields of the form; its hazard only where one code list names one hazard, and a playbook is about it."""
    return list(_fields(heard, city, playbooks, now))


def _fields(heard: Heard, city: City, playbooks: Collection[str], now: datetime) -> Iterator[tuple[str, str]]:
    said = heard.foreign.message
    yield "cap", heard.foreign.id
    yield "scope", "public" if said.scope == "Public" else "restricted"
    yield "hours", f"{_hours(heard.foreign.expires, now):g}"
    for info in said.infos[:1]:
        if (hazard := known_hazard(info)) in playbooks:
            yield "hazard", hazard
        yield from ((name, word) for name, words in KNOWN.items() if (word := getattr(info, name).lower()) in words)
    yield from _where(ground(said, city), city)
    for info in said.infos:
        if info.areas and (tag := info.language.partition("-")[0].lower()) in ("ko", "en"):
            yield f"name.{tag}", info.areas[0].description[:200]


def known_hazard(info: Info) -> str:
    """Return the hazard that its event codes name, "" where they name none or more than one."""
    for code in info.event_codes:
        named = [one.id for one in hazards().values() if code.value and _code(one, code.name) == code.value]
        if len(named) == 1:
            return named[0]
    return ""


def _code(one: Hazard, name: str) -> str | None:
    """Return a hazard's code in the list of that name; OET-000 says only that there is none."""
    if name.startswith("OET"):
        return one.oet if one.oet != "OET-000" else None
    if name == "SAME":
        return one.same
    return one.dmb if name.startswith("TTAS.KO-07.0046") else None


def _hours(expires: datetime, now: datetime) -> float:
    left = (expires - now).total_seconds() / 3600
    return min(max(math.ceil(left * 2) / 2, 0.5), LONGEST_H)


def _where(shape: BaseGeometry, city: City) -> Iterator[tuple[str, str]]:
    """Tick every zone it touches where it covers a whole one; draw what is smaller."""
    inside = shape.intersection(city.boundary)
    if not inside.area:
        return
    if zones.covered(inside, city.zones.values()):
        yield "where", "zones"
        yield from (("zone", zone.code) for zone in zones.touched(inside, list(city.zones.values())))
        return
    drawn = area.polygons(inside)
    if sum(shapely.get_num_coordinates(shapely.Polygon(one.coordinates[0])) for one in drawn) <= MOST_CORNERS:
        yield "where", "geojson"
        shown = {"type": "MultiPolygon", "coordinates": [one.coordinates for one in drawn]}
        yield "geojson", msgspec.json.encode(shown).decode()
