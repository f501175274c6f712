"""The dispatch of a fire service: every report becomes one Incident, for responders only until it is made public."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gateway.area import Area, Point, Role
from gateway.doors import json
from gateway.doors.text import one_line
from gateway.fault import BadInput
from gateway.incident import Certainty, Ended, EndReason, Incident, Scope, Severity, Urgency
from gateway.source import Item, Raw, each, known, named, shaped

Instant = Annotated[datetime, Meta(tz=True)]
Metres = Annotated[float, Meta(ge=1, le=50_000)]

ALARM = {"0": Severity.MINOR, "1": Severity.MODERATE, "2": Severity.SEVERE, "3": Severity.EXTREME}
STATUS = {
    "dispatched": Certainty.LIKELY,
    "on-scene": Certainty.OBSERVED,
    "under-control": Certainty.OBSERVED,
    "closed": Certainty.OBSERVED,
    "false-alarm": Certainty.UNLIKELY,
}
ENDED = {"closed": EndReason.OVER, "false-alarm": EndReason.ERROR}
WITH_RADIUS = frozenset({"hazardous-material", "gas-leak"})


class Type(Struct, frozen=True, forbid_unknown_fields=True):
    """What a type code means, and how far around such an incident it is dangerous before the commander has said so."""

    hazard: str
    radius_m: Metres


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What the dispatch system's type codes mean."""

    types: Mapping[str, Type]


class Location(Struct, frozen=True):
    """A position in degrees (WGS 84)."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]


class Wind(Struct, frozen=True):
    """Where the wind comes from, in degrees clockwise from north, and how fast, in m/s."""

    from_deg: Annotated[float, Meta(ge=0, le=360)]
    speed_ms: Annotated[float, Meta(ge=0)]


class Substance(Struct, frozen=True):
    """A dangerous substance by its UN number and its name."""

    un: Annotated[str, Meta(pattern="^[0-9]{4}$")]
    name: Annotated[str, Meta(min_length=1)]


class Camera(Struct, frozen=True):
    """A camera that sees the place."""

    name: Annotated[str, Meta(min_length=1)]
    url: Annotated[str, Meta(pattern="^https://")]
    media_type: str = "video/mp4"


class Report(Struct, frozen=True, kw_only=True):
    """What the dispatch system says of an incident; `public` only when its dispatcher has said so."""

    number: Annotated[str, Meta(min_length=1)] = msgspec.field(name="incident_no")
    sequence: Annotated[int, Meta(ge=0)]
    type: str = msgspec.field(name="type_code")
    alarm: int = msgspec.field(name="alarm_level")
    status: str
    public: bool = False
    called: Instant = msgspec.field(name="called_at")
    updated: Instant = msgspec.field(name="updated_at")
    address: Annotated[Mapping[str, str], Meta(min_length=1)]
    location: Location
    radius_m: Metres | None = msgspec.field(name="evacuation_radius_m", default=None)
    wind: Wind | None = None
    substance: Substance | None = None
    cameras: Annotated[tuple[Camera, ...], Meta(max_length=20)] = ()


def parse(raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
    """Read one report or an array of them; pure.

    An unknown type, alarm level or status refuses that report; raises BadInput("json-...") for what is no JSON.
    """
    explained = msgspec.convert(settings, Settings)
    document = json.load(raw.body)
    return each(document if isinstance(document, list) else [document], lambda part: _incident(part, raw.source, explained))


def _incident(part: object, source: str, settings: Settings) -> Incident:
    report = shaped(part, Report, code="report-invalid", hint="README.md of dispatch_119 lists every field")
    type = known(settings.types, report.type, what="type", path="/type_code")
    reason = ENDED.get(report.status)
    radius_m = report.radius_m or type.radius_m
    return Incident(
        source=source,
        id=_number(report.number),
        sequence=report.sequence,
        reported=report.updated,
        hazard=type.hazard,
        severity=known(ALARM, str(report.alarm), what="alarm-level", path="/alarm_level"),
        urgency=Urgency.IMMEDIATE,
        certainty=known(STATUS, report.status, what="status", path="/status"),
        onset=report.called,
        areas=(_area(report, radius_m),),
        facts=_facts(report, type.hazard, radius_m),
        scope=Scope.PUBLIC if report.public else Scope.RESTRICTED,
        resources=() if report.public else tuple(_resource(camera, f"/cameras/{n}") for n, camera in enumerate(report.cameras)),
        extensions=_extensions(report),
        ended=Ended(reason=reason, at=report.updated) if reason else None,
    )


def _number(number: str) -> str:
    allowed = number.isascii() and number[0].isalnum() and all(sign.isalnum() or sign in "._:/@+~=-" for sign in number)
    if not allowed or len(number) > 200:
        hint = "begin with a letter or digit, then use letters, digits and . _ : / @ + ~ = - only, at most 200"
        raise BadInput("number-invalid", f"{number!r:.80} is no incident number", path="/incident_no", hint=hint)
    return number


def _area(report: Report, radius_m: float) -> Area:
    circle = Point((report.location.lon, report.location.lat), radius_m)
    return named(Area(role=Role.DANGER, name=report.address, geometry=circle), "/address")


def _facts(report: Report, hazard: str, radius_m: float) -> Mapping[str, object]:
    place = {tag: one_line(words, most=120, path=f"/address/{tag}") for tag, words in report.address.items()}
    return {"place": place} | ({"radius": {"value": radius_m, "unit": "m"}} if hazard in WITH_RADIUS else {})


def _resource(camera: Camera, path: str) -> Mapping[str, object]:
    return {"description": one_line(camera.name, path=f"{path}/name"), "media_type": camera.media_type, "uri": camera.url}


def _extensions(report: Report) -> Mapping[str, object]:
    told = {"status": report.status, "wind": report.wind, "substance": report.substance}
    return {name: msgspec.to_builtins(value) for name, value in told.items() if value is not None}
