"""A part of the app feed for who asks for one zone or one language; what might concern them is never left out."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress

import msgspec
from msgspec import Struct

from gateway import area
from gateway.channel import Published
from gateway.city import Zone
from gateway.fault import BadInput
from gateway.feeds import FeedSettings
from gateway.feeds.written import Written
from gateway.formats import app
from gateway.formats.app import Area
from gateway.words import languages

ZONE = "zone"
LANGUAGE = "lang"


class Part(Struct, frozen=True, kw_only=True):
    """What somebody asked for: a zone, a language, or both; `default` is the language of what was not said in theirs."""

    zone: Zone | None
    language: str | None
    default: str

    @property
    def query(self) -> str:
        """The part as a query, spelled in one way only."""
        asked = ((ZONE, self.zone.code if self.zone else None), (LANGUAGE, self.language))
        return "&".join(f"{name}={value}" for name, value in asked if value)

    def concerned(self, row: Published, _: str = "") -> bool:
        """Tell whether a row concerns the zone; an alert without an area may concern everybody."""
        areas = app.frozen(row.body).areas
        return self.zone is None or not areas or any(_meets(one, self.zone) for one in areas)

    def told(self, row: Published, _: str = "") -> bytes:
        """Return a row's entry with its text in the one language."""
        entry = app.frozen(row.body)
        if self.language is None or not entry.texts:
            return row.body
        said = languages.find(self.language, entry.texts) or languages.find(self.default, entry.texts)
        texts = {said: entry.texts[said]} if said else entry.texts
        return app.encoded(msgspec.structs.replace(entry, texts=texts))


class Parts:
    """What is known of the rows that are shown: whom of the zones each concerns, and how it reads in each language."""

    def __init__(self) -> None:
        """Know nothing yet; a city has few zones and languages, and only those that are asked for count."""
        self._concerned: dict[str, Written[bool]] = {}
        self._told: dict[str, Written[bytes]] = {}

    def of(self, part: Part, rows: Sequence[Published]) -> Iterable[bytes]:
        """Return the entries of the rows that concern the zone, each with its text in one language."""
        told: Iterable[bytes] = (row.body for row in rows)
        if part.language is not None:
            told = self._told.setdefault(part.language, Written(part.told)).of(rows)
        if part.zone is None:
            return told
        return compress(told, self._concerned.setdefault(part.zone.code, Written(part.concerned)).of(rows))


def part(asked: Mapping[str, str], settings: FeedSettings) -> Part:
    """Return the part that a query names; raises BadInput parameter-zone, parameter-lang."""
    zone, language = asked.get(ZONE), asked.get(LANGUAGE)
    return Part(
        zone=None if zone is None else _zone(zone, settings.zones),
        language=None if language is None else _language(language, settings.languages),
        default=settings.language,
    )


def _zone(asked: str, zones: Mapping[str, Zone]) -> Zone:
    if asked in zones:
        return zones[asked]
    for zone in zones.values():
        if asked in zone.aliases:
            return zone
    hint = "use a code or an alias of the city's zones.geojson"
    raise BadInput("parameter-zone", f"the city has no zone {asked!r:.60}", path=ZONE, hint=hint)


def _language(asked: str, spoken: Sequence[str]) -> str:
    if (found := languages.find(asked, spoken)) is None:
        hint = f"use one of {', '.join(spoken)}"
        raise BadInput("parameter-lang", f"the city does not speak {asked!r:.60}", path=LANGUAGE, hint=hint)
    return found


def _meets(one: Area, zone: Zone) -> bool:
    if one.geometry is None:
        return not one.zones or not {zone.code, *zone.parts}.isdisjoint(one.zones)
    shape = area.shape(one.geometry)
    return bool(shape.intersects(zone.shape) and not shape.touches(zone.shape))
