"""One watched sensor: its last word, and whether it is silent, stuck or out of its mind."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from gateway.incident import Observation, Quality, Reading
from gateway.playbook import Watch


class Trouble(StrEnum):
    """Why a sensor cannot be believed."""

    OUT_OF_RANGE = "out-of-range"
    SILENT = "silent"
    STUCK = "stuck"


class Sensor(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is remembered of one sensor; a time of None means never.

    `heard` is its last reading that was not bad, `said` that reading if it was possible, `good` the last value that may raise or
    lower a level. `resting` and `since`: its value has stayed around there since then. `bad` counts ignored readings.
    `trouble` is what people were told of, since `began`.
    """

    heard: datetime | None = None
    impossible: bool = False
    said: Observation | None = None
    good: float | None = None
    resting: float | None = None
    since: datetime | None = None
    bad: int = 0
    trouble: Trouble | None = None
    began: datetime | None = None


def hear(sensor: Sensor, reading: Reading, watch: Watch) -> Sensor:
    """Return what is remembered after a reading that is newer than the last one.

    A bad one is only counted. A suspect one is kept and is a sign of life, but neither raises nor lowers a level.
    """
    if reading.quality is Quality.BAD:
        return replace(sensor, bad=sensor.bad + 1)
    if not watch.low <= reading.value <= watch.high:
        return replace(sensor, heard=reading.at, impossible=True)
    moved = sensor.resting is None or abs(reading.value - sensor.resting) > watch.stuck_within
    return replace(
        sensor,
        heard=reading.at,
        impossible=False,
        said=_observed(reading),
        good=reading.value if reading.quality is Quality.GOOD else sensor.good,
        resting=reading.value if moved else sensor.resting,
        since=reading.at if moved else sensor.since,
    )


def diagnose(sensor: Sensor, watch: Watch, started: datetime, when: datetime) -> tuple[Trouble, datetime] | None:
    """Return what is wrong with a sensor at a time, and since when; `started` is when the watch began to listen."""
    if sensor.heard is not None and sensor.impossible:
        return Trouble.OUT_OF_RANGE, sensor.heard
    last = sensor.heard or started
    if when - last > watch.silent_after:
        return Trouble.SILENT, last
    return _stuck(sensor, watch)


def _stuck(sensor: Sensor, watch: Watch) -> tuple[Trouble, datetime] | None:
    if watch.stuck_after is None or sensor.heard is None or sensor.since is None:
        return None
    return (Trouble.STUCK, sensor.since) if sensor.heard - sensor.since >= watch.stuck_after else None


def _observed(reading: Reading) -> Observation:
    return Observation(
        sensor=reading.sensor,
        property=reading.property,
        value=reading.value,
        unit=reading.unit,
        at=reading.at,
        quality=reading.quality,
    )
