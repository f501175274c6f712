"""One sensor: what is remembered of it, and what is wrong with it, at the edges."""

from datetime import timedelta

import pytest

from gateway.incident import Quality, Reading
from gateway.policy.sensor import Sensor, Trouble, diagnose, hear
from tests.policy.samples import T0, reading, second, watching

PLAN = watching(stuck_after=timedelta(minutes=30), stuck_within=0.1)


def heard(*readings: Reading) -> Sensor:
    sensor = Sensor()
    for one in readings:
        sensor = hear(sensor, one, PLAN)
    return sensor


def test_what_a_good_reading_leaves_behind() -> None:
    sensor = heard(reading(1.5, 0))
    assert (sensor.heard, sensor.good, sensor.resting, sensor.since, sensor.bad) == (T0, 1.5, 1.5, T0, 0)
    assert sensor.said is not None
    assert (sensor.said.sensor, sensor.said.property, sensor.said.value, sensor.said.unit) == ("G-03", "water-level", 1.5, "m")


def test_a_suspect_reading_leaves_the_last_good_value() -> None:
    sensor = heard(reading(1.5, 0), reading(9.0, 10, quality=Quality.SUSPECT))
    assert sensor.good == 1.5
    assert sensor.said is not None
    assert sensor.said.value == 9.0


@pytest.mark.parametrize(("value", "impossible"), [(0.0, False), (12.0, False), (-0.01, True), (12.01, True)])
def test_the_range_includes_its_ends(value: float, *, impossible: bool) -> None:
    found = diagnose(heard(reading(value, 0)), PLAN, T0, T0)
    assert found == ((Trouble.OUT_OF_RANGE, T0) if impossible else None)


@pytest.mark.parametrize(("seconds", "silent"), [(600, False), (601, True)])
def test_silence_counts_from_the_last_word_or_from_the_beginning(seconds: int, *, silent: bool) -> None:
    expected = (Trouble.SILENT, T0) if silent else None
    assert diagnose(Sensor(), PLAN, T0, second(seconds)) == expected
    assert diagnose(heard(reading(1.0, 0)), PLAN, T0 - timedelta(days=1), second(seconds)) == expected


def test_only_bad_readings_are_silence() -> None:
    sensor = heard(*(reading(1.0, at, quality=Quality.BAD) for at in range(0, 700, 100)))
    assert sensor.bad == 7
    assert diagnose(sensor, PLAN, T0, second(700)) == (Trouble.SILENT, T0)


def test_a_silent_sensor_is_not_stuck() -> None:
    sensor = heard(reading(1.0, 0), reading(1.0, 60))
    assert diagnose(sensor, PLAN, T0, T0 + timedelta(hours=2)) == (Trouble.SILENT, second(60))


def test_creeping_is_moving() -> None:
    sensor = heard(*(reading(1.0 + at / 10_000, at) for at in range(0, 3600, 60)))
    assert diagnose(sensor, PLAN, T0, second(3540)) is None
