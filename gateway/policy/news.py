"""What a watch reports: a level reached, a level left, a sensor in trouble, and the end of either."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.hazard import SlotType, hazard
from gateway.incident import Certainty, Ended, EndReason, Incident, Observation, Scope, Severity, Urgency
from gateway.playbook import Level, Playbook, Watch
from gateway.policy.sensor import Sensor, Trouble

SENSOR_FAULT = "sensor-fault"
LEVEL = "level"
TROUBLE = "trouble"

_PLAIN = frozenset({SlotType.COUNT, SlotType.NUMBER})


class Desk(Struct, frozen=True):
    """What every report of one watch at one time has in common; `number` is the last sequence that was given."""

    playbook: Playbook
    watch: Watch
    sensors: Mapping[str, Sensor]
    number: int
    now: datetime


def reached(desk: Desk, level: Level, began: datetime) -> Incident:
    """Return the report that a level began; its name stands in `extensions.level`, because severities may be shared."""
    return Incident(
        source=desk.watch.source,
        id=desk.watch.incident,
        sequence=desk.number + 1,
        reported=desk.now,
        hazard=desk.playbook.hazard,
        severity=level.severity,
        urgency=level.urgency,
        certainty=level.certainty,
        onset=began,
        areas=desk.watch.areas,
        observations=_observations(desk),
        facts=_facts(desk),
        extensions={LEVEL: level.name},
    )


def trouble(desk: Desk, name: str, what: Trouble, began: datetime) -> Incident:
    """Return the report that a sensor cannot be believed; it pages the duty officer and is nothing for the public."""
    said = desk.sensors[name].said
    return Incident(
        source=desk.watch.source,
        id=f"{desk.watch.incident}/{name}",
        sequence=desk.number + 1,
        reported=desk.now,
        hazard=SENSOR_FAULT,
        severity=Severity.MINOR,
        urgency=Urgency.EXPECTED,
        certainty=Certainty.OBSERVED,
        onset=began,
        areas=desk.watch.areas,
        observations=(said,) if said else (),
        facts={name: fact for name, fact in desk.watch.facts.items() if name in hazard(SENSOR_FAULT).facts},
        scope=Scope.RESTRICTED,
        extensions={TROUBLE: what},
    )


def over(report: Incident, at: datetime) -> Incident:
    """Return the report that it is over."""
    return replace(report, ended=Ended(reason=EndReason.OVER, at=at))


def agreed(values: Sequence[float], watch: Watch) -> float | None:
    """Return the gravest value that `at_least` sensors agree on, or the mildest where fewer speak; None where none does."""
    gravest = sorted(values, reverse=not watch.falling)
    return gravest[min(watch.at_least, len(gravest)) - 1] if gravest else None


def _facts(desk: Desk) -> Mapping[str, object]:
    name = desk.watch.fact
    value = agreed([sensor.good for sensor in desk.sensors.values() if sensor.good is not None], desk.watch)
    if not name or value is None:
        return desk.watch.facts
    plain = hazard(desk.playbook.hazard).facts.get(name) in _PLAIN
    return {**desk.watch.facts, name: value if plain else {"value": value, "unit": desk.watch.unit}}


def _observations(desk: Desk) -> tuple[Observation, ...]:
    return tuple(sensor.said for sensor in desk.sensors.values() if sensor.said)
