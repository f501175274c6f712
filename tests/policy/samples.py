"""A river with a plan for it, reports and readings of it, and what people were told about it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from gateway.alert import Place, Version
from gateway.area import Area, Role
from gateway.incident import Certainty, Incident, Quality, Reading, Severity, Urgency
from gateway.playbook import Level, Playbook, Watch
from tests import samples
from tests.samples import SQUARE

T0 = datetime(2026, 7, 14, 9, 0, tzinfo=UTC)
BANKS = (Area(role=Role.DANGER, name={"ko": "갑천"}, geometry=SQUARE),)


def second(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def minute(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def incident(**changes: Any) -> Incident:
    return samples.incident(**{"onset": T0, "areas": BANKS, **changes})


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
    plain = samples.version(
        alert="hanbat-2026-00001",
        playbook="river-flood",
        level="danger",
        responses=("Evacuate", "Avoid"),
        places=(Place(role=Role.DANGER, name={"ko": "갑천"}, polygons=(SQUARE,), zones=("z1", "z2")),),
        onset=T0,
        effective=T0,
        expires=minute(120),
    )
    return replace(plain, **changes)
