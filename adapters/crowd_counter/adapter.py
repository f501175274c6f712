"""Cameras that count people: every count becomes one Reading of crowd density, and no small count is kept by anybody."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.doors import json
from gateway.fault import BadInput
from gateway.incident import Quality, Reading
from gateway.source import Item, Raw, each, known, shaped

FEWEST = 30
WITHHELD = "<30"
MASK = "#"
LEAST_M2 = 30.0

Instant = Annotated[datetime, Meta(tz=True)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Which counting zone is which of the city's sensors, and from which confidence on a count is good, or at least suspect."""

    zones: Mapping[str, str]
    good: Share = 0.8
    suspect: Share = 0.5


class Count(Struct, frozen=True, kw_only=True):
    """How many people stood in a zone at one moment; the area in square metres."""

    zone: str
    at: Instant = msgspec.field(name="captured_at")
    people: Annotated[int, Meta(ge=FEWEST)] | Literal["<30"]
    area_m2: Annotated[float, Meta(gt=0)]
    confidence: Share


READ = frozenset({"zone", "captured_at", "people", "area_m2", "confidence"})
_DIGIT = re.compile(rb"[0-9]")


def redact(body: bytes) -> bytes:
    """Return the counts with "<30" for every number of people under 30, and with nothing but the fields that are read.

    What is no count of people is masked, and of what is no JSON every digit.
    """
    try:
        document = json.load(body)
    except BadInput:
        return _DIGIT.sub(MASK.encode(), body)
    kept = [_kept(part) for part in document] if isinstance(document, list) else _kept(document)
    return msgspec.json.encode(kept)


def parse(raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
    """Read one redacted count or an array of them; pure.

    An unknown zone, or one too small to withhold counts in, refuses that item; raises BadInput("counts-unreadable").
    """
    explained = msgspec.convert(settings, Settings)
    try:
        document = json.load(raw.body)
    except BadInput:
        hint = "send one complete JSON document in UTF-8; no digit of it was kept, so look into the sender's own log"
        raise BadInput("counts-unreadable", "the bytes are no JSON document", hint=hint) from None
    return each(document if isinstance(document, list) else [document], lambda part: _reading(part, raw.source, explained))


def _kept(part: object) -> object:
    if not isinstance(part, dict):
        return MASK
    return {name: _people(value) if name == "people" else value for name, value in part.items() if name in READ}


def _people(said: object) -> object:
    if said == WITHHELD or not isinstance(said, int) or isinstance(said, bool) or said < 0:
        return WITHHELD if said == WITHHELD else MASK
    return said if said >= FEWEST else WITHHELD


def _reading(part: object, source: str, settings: Settings) -> Reading:
    hint = 'send zone, captured_at with its offset from UTC, people (a whole number or "<30"), area_m2 and confidence from 0 to 1'
    seen = shaped(part, Count, code="count-invalid", hint=hint)
    if seen.area_m2 < LEAST_M2:
        message, hint = (
            f"{seen.area_m2:g} m2 is too small a zone",
            f"fewer than {FEWEST} people could be a crowd there: count on more",
        )
        raise BadInput("zone-too-small", message, path="/area_m2", hint=hint)
    return Reading(
        source=source,
        sensor=known(settings.zones, seen.zone, what="zone", path="/zone"),
        property="crowd-density",
        value=0.0 if isinstance(seen.people, str) else round(seen.people / seen.area_m2, 2),
        unit="persons/m2",
        at=seen.at,
        quality=_quality(seen.confidence, settings),
    )


def _quality(confidence: float, settings: Settings) -> Quality:
    if confidence >= settings.good:
        return Quality.GOOD
    return Quality.SUSPECT if confidence >= settings.suspect else Quality.BAD
