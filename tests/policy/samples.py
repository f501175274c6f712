"""A river with a plan for it, reports and readings of it, and what people were told about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from gateway.alert import Kind, Place, Version
from gateway.area import Area, Polygon, Role
from gateway.incident import Certainty, Incident, Quality, Reading, Scope, Severity, Status, Urgency
from gateway.playbook import Level, Playbook, Watch

T0 = datetime(2026, 7, 14, 9, 0, tzinfo=UTC)
SQUARE = Polygon((((127.35, 36.36), (127.36, 36.36), (127.36, 36.37), (127.35, 36.37), (127.35, 36.36)),))
BANKS = (Area(role=Role.DANGER, name={"ko": "갑천"}, geometry=SQUARE),)


def second(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def minute(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def incident(**changes: Any) -> Incident:
    plain = Incident(
        source="river-telemetry",
        id="gapcheon-03",
        hazard="flash-flood",
        severity=Severity.SEVERE,
        urgency=Urgency.IMMEDIATE,
        certainty=Certainty.OBSERVED,
        onset=T0,
        areas=BANKS,
    )
    return replace(plain, **changes)


def reading(value: float, seconds: float, sensor: str = "G-03", quality: Quality = Quality.GOOD, **changes: Any) -> Reading:
    plain = Reading(
        source="river-telemetry",
        sensor=sensor,
        property="water-level",
        value=value,
        unit="m",
        at=second(seconds),
        quality=quality,
    )
    return replace(plain, **changes)


def level(name: str, severity: Severity, rise: float, fall: float, **changes: Any) -> Level:
    plain = Level(
        name=name,
        severity=severity,
        urgency=Urgency.EXPECTED,
        certainty=Certainty.LIKELY,
        responses=("Avoid",),
        targets=("cap/broadcaster",),
        duration=timedelta(hours=2),
        rise=rise,
        fall=fall,
    )
    return replace(plain, **changes)


LEVELS = (
    level("watch", Severity.MODERATE, 2.5, 2.0, of=(Severity.MODERATE, Severity.MINOR)),
    level("danger", Severity.SEVERE, 4.0, 3.5, of=(Severity.SEVERE, Severity.EXTREME), responses=("Evacuate", "Avoid")),
)


def watching(**changes: Any) -> Watch:
    plain = Watch(
        incident="gapcheon",
        source="river-telemetry",
        property="water-level",
        unit="m",
        sensors=("G-03",),
        at_least=1,
        hold=timedelta(0),
        silent_after=timedelta(minutes=10),
        low=0.0,
        high=12.0,
        areas=BANKS,
        fact="depth",
        facts={"place": "bridge"},
    )
    return replace(plain, **changes)


def playbook(*, levels: tuple[Level, ...] = LEVELS, watched: bool = True, **changes: Any) -> Playbook:
    watch = watching(**changes) if watched else None
    return Playbook(
        id="river-flood", hazard="flash-flood", title={"en": "River"}, levels=levels, debounce=timedelta(minutes=2), watch=watch
    )


def told(**changes: Any) -> Version:
    plain = Version(
        alert="hanbat-2026-00001",
        number=1,
        kind=Kind.ALERT,
        status=Status.EXERCISE,
        scope=Scope.PUBLIC,
        hazard="flash-flood",
        playbook="river-flood",
        level="danger",
        category=("Met",),
        event_codes=(),
        severity=Severity.SEVERE,
        urgency=Urgency.IMMEDIATE,
        certainty=Certainty.OBSERVED,
        responses=("Evacuate", "Avoid"),
        places=(Place(role=Role.DANGER, name={"ko": "갑천"}, polygons=(SQUARE,), zones=("z1", "z2")),),
        texts=(),
        targets=(),
        sender="alerts@hanbat.example",
        onset=T0,
        effective=T0,
        expires=minute(120),
    )
    return replace(plain, **changes)
