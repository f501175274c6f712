"""From readings to incidents: thresholds with hysteresis, minimum duration, agreement of sensors, and sensors in trouble."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from gateway.fault import BadInput
from gateway.incident import Incident, Quality, Reading
from gateway.playbook import Playbook, Watch
from gateway.policy import news
from gateway.policy.admit import admit_reading
from gateway.policy.news import Desk
from gateway.policy.sensor import Sensor, Trouble, diagnose, hear
from gateway.policy.trigger import Trigger, turn


class State(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a watch remembers between two calls; `level` is the one it last reported, "" below them all."""

    started: datetime
    sequence: int = 0
    level: str = ""
    sensors: Mapping[str, Sensor] = {}
    triggers: Mapping[str, Trigger] = {}


def watch(reading: Reading | None, state: State | None, playbook: Playbook, now: datetime) -> tuple[State, tuple[Incident, ...]]:
    """Return what is remembered now, and a report for every change; without a reading only time passes.

    A level begins when `at_least` believable sensors have reached its rise for `hold`, and ends when fewer than that many
    were last known beyond its fall for `hold`: silence never ends anything. Reports of one watch carry growing sequences.
    Raises BadInput("watch-missing", "source-unknown", "sensor-unknown", "property-unknown", "unit-unknown", "reading-late",
    "time-future", "time-absurd"); the state then stays as it was.
    """
    plan = _plan(playbook)
    state = _tidy(state or State(started=now), playbook, plan)
    if reading is not None:
        known = state.sensors[_fitting(reading, plan, now).sensor]
        heard = hear(_in_order(known, reading), reading, plan)
        state = replace(state, sensors={**state.sensors, reading.sensor: heard})
    state, troubles = _troubles(state, playbook, plan, now, ticking=reading is None)
    state, levels = _levels(state, playbook, plan, now, now if reading is None else min(reading.at, now))
    return _forgotten(state, plan), (*troubles, *levels)


def _plan(playbook: Playbook) -> Watch:
    if playbook.watch is None:
        raise BadInput("watch-missing", f"playbook {playbook.id!r} watches nothing", hint="add [watch] to it")
    return playbook.watch


def _tidy(state: State, playbook: Playbook, plan: Watch) -> State:
    """Follow an edited playbook: new sensors and levels begin afresh, levels that are gone are forgotten."""
    fresh = {name: Sensor() for name in plan.sensors if name not in state.sensors}
    triggers = {level.name: state.triggers.get(level.name, Trigger()) for level in playbook.levels if level.rise is not None}
    return replace(state, sensors={**state.sensors, **fresh}, triggers=triggers)


def _forgotten(state: State, plan: Watch) -> State:
    return replace(state, sensors={name: state.sensors[name] for name in plan.sensors})


def _fitting(reading: Reading, plan: Watch, now: datetime) -> Reading:
    _one_of("source", reading.source, (plan.source,))
    _one_of("sensor", reading.sensor, plan.sensors)
    _one_of("property", reading.property, (plan.property,))
    _one_of("unit", reading.unit, (plan.unit,))
    return admit_reading(reading, now)


def _one_of(what: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        message = f"this watch knows no {what} {name!r}"
        raise BadInput(f"{what}-unknown", message, path=f"/{what}", hint=f"known: {', '.join(known)}")


def _in_order(sensor: Sensor, reading: Reading) -> Sensor:
    if sensor.heard is not None and reading.at <= sensor.heard:
        message = f"{reading.at.isoformat()} is not after {sensor.heard.isoformat()}, which is known already"
        raise BadInput("reading-late", message, path="/at", hint="send readings of a sensor in order, each once")
    return sensor


# Sensors


def _troubles(
    state: State, playbook: Playbook, plan: Watch, now: datetime, *, ticking: bool
) -> tuple[State, tuple[Incident, ...]]:
    reports: list[Incident] = []
    for name in state.sensors:
        desk = Desk(playbook, plan, state.sensors, state.sequence, now)
        sensor, report = _judged(name, state, desk, ticking=ticking)
        if report:
            reports.append(report)
            state = replace(state, sequence=state.sequence + 1)
        state = replace(state, sensors={**state.sensors, name: sensor})
    return state, tuple(reports)


def _judged(name: str, state: State, desk: Desk, *, ticking: bool) -> tuple[Sensor, Incident | None]:
    """Return the sensor with what is wrong with it, and a report where that is news.

    Silence is news on a tick only: late readings that come together would report it and take it back at once.
    """
    sensor = state.sensors[name]
    found = diagnose(sensor, desk.watch, state.started, desk.now) if name in desk.watch.sensors else None
    if sensor.trouble and sensor.began:
        if found:
            return replace(sensor, trouble=found[0]), None
        ended = news.over(news.trouble(desk, name, sensor.trouble, sensor.began), desk.now)
        return replace(sensor, trouble=None, began=None), ended
    if not found or (found[0] is Trouble.SILENT and not ticking):
        return sensor, None
    return replace(sensor, trouble=found[0], began=found[1]), news.trouble(desk, name, *found)


# Levels


def _levels(state: State, playbook: Playbook, plan: Watch, now: datetime, when: datetime) -> tuple[State, tuple[Incident, ...]]:
    before, triggers = state.triggers, dict(_turned(state, playbook, plan, now, when))
    on = [level for level in playbook.levels if level.name in triggers and triggers[level.name].on]
    name = on[-1].name if on else ""
    if name == state.level:
        return replace(state, triggers=triggers), ()
    desk = Desk(playbook, plan, {key: state.sensors[key] for key in plan.sensors}, state.sequence, now)
    report = news.reached(desk, on[-1], triggers[name].began or when) if on else _ended(desk, state.level, before, when)
    return replace(state, triggers=triggers, level=name, sequence=state.sequence + 1), (report,)


def _ended(desk: Desk, left: str, before: Mapping[str, Trigger], when: datetime) -> Incident:
    last = next((level for level in desk.playbook.levels if level.name == left), desk.playbook.levels[0])
    began = before[left].began if left in before else None
    return news.over(news.reached(desk, last, began or when), when)


def _turned(state: State, playbook: Playbook, plan: Watch, now: datetime, when: datetime) -> Iterator[tuple[str, Trigger]]:
    rising = [sensor.good for sensor in _believable(state, plan, now) if sensor.good is not None]
    lasting = [sensor.good for name in plan.sensors if (sensor := state.sensors[name]).good is not None]
    for level in playbook.levels:
        if level.rise is not None and level.fall is not None:
            risen = _beyond(rising, level.rise, plan) >= plan.at_least
            fallen = _beyond(lasting, level.fall, plan) < plan.at_least
            yield level.name, turn(state.triggers[level.name], risen=risen, fallen=fallen, when=when, hold=plan.hold)


def _beyond(values: list[float], threshold: float, plan: Watch) -> int:
    return sum(value <= threshold if plan.falling else value >= threshold for value in values)


def _believable(state: State, plan: Watch, now: datetime) -> Iterator[Sensor]:
    for name in plan.sensors:
        sensor = state.sensors[name]
        good = sensor.said is not None and sensor.said.quality is Quality.GOOD
        if good and diagnose(sensor, plan, state.started, now) is None:
            yield sensor
