"""What the city decided in advance for a hazard; read from TOML, every fault reported at once with file and line."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import PurePath
from typing import Any

import msgspec
from msgspec import Struct

from gateway.area import Area, shape
from gateway.doors import toml
from gateway.doors.json import Path
from gateway.doors.text import one_line
from gateway.fault import BadInput, Faults, Finding
from gateway.incident import Certainty, Severity, Urgency
from gateway.source import clean_fact, named


class Watch(Struct, frozen=True, kw_only=True):
    """Which sensors are watched and when their silence or stubbornness is itself news.

    `incident` is the id the watch gives its incidents; `hold` is how long a level must last before it counts;
    `at_least` sensors of `sensors` must agree; a value outside `low`..`high` is impossible; the fact called `fact` tells
    the measured value.
    """

    incident: str
    source: str
    property: str
    unit: str
    sensors: tuple[str, ...]
    at_least: int
    hold: timedelta
    silent_after: timedelta
    low: float
    high: float
    areas: tuple[Area, ...]
    stuck_after: timedelta | None = None
    stuck_within: float = 0.0
    falling: bool = False
    fact: str = ""
    facts: Mapping[str, object] = {}


class Level(Struct, frozen=True, kw_only=True):
    """One step of an alert, lowest first; the playbook's words for how grave it is win over a source's.

    `rise` and `fall` are a watch's thresholds with hysteresis; `of` are the severities of reported incidents that mean this
    level; `targets` are "channel/target" names.
    """

    name: str
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    responses: tuple[str, ...]
    targets: tuple[str, ...]
    duration: timedelta
    rise: float | None = None
    fall: float | None = None
    of: tuple[Severity, ...] = ()


class PreAuthorised(Struct, frozen=True, kw_only=True):
    """A declared exception from the two-person rule: this source alone, for no more ground than this."""

    source: str
    most_km2: float


class Playbook(Struct, frozen=True, kw_only=True):
    """The plan for one hazard (and, where it watches sensors, for one place)."""

    id: str
    hazard: str
    title: Mapping[str, str]
    levels: tuple[Level, ...]
    debounce: timedelta
    watch: Watch | None = None
    pre_authorised: PreAuthorised | None = None
    line_buffer_m: float = 0.0
    growth_m: float = 100.0
    growth_share: float = 0.10
    effect: str | None = None
    facts: Mapping[str, object] = {}

    def level(self, name: str) -> Level:
        """Return a level by its name; raises KeyError."""
        return {level.name: level for level in self.levels}[name]

    def level_of(self, severity: Severity) -> Level | None:
        """Return the level a reported severity means, or None where the plan has none for it."""
        return next((level for level in self.levels if severity in level.of), None)

    def higher(self, name: str, than: str) -> bool:
        """Tell whether one level stands above another."""
        order = [level.name for level in self.levels]
        return order.index(name) > order.index(than)


class Name(Struct, frozen=True):
    """A name that another room must know; `kind` is hazard, source, zone or target, `path` its place in the file."""

    kind: str
    name: str
    path: Path


def read(raw: bytes, file: str) -> Playbook:
    """Return the playbook in a TOML file, whose name without its ending is the playbook's id.

    Shape by `schemas/playbook.schema.json`; raises Faults with file and line of everything that is wrong.
    """
    document = toml.load(raw, file)
    if findings := document.check("playbook.schema.json"):
        raise Faults(findings)
    playbook: Playbook = msgspec.convert(_spelled(document.data) | {"id": PurePath(file).stem}, Playbook)
    if findings := tuple(_contradictions(playbook, document)):
        raise Faults(findings)
    return _clean(playbook)


def names(playbook: Playbook) -> Iterator[Name]:
    """Yield every name that the city's other files must know."""
    yield Name("hazard", playbook.hazard, ("hazard",))
    if playbook.pre_authorised:
        yield Name("source", playbook.pre_authorised.source, ("pre_authorised", "source"))
    for number, level in enumerate(playbook.levels):
        for index, target in enumerate(level.targets):
            yield Name("target", target, ("levels", number, "targets", index))
    if playbook.watch:
        yield Name("source", playbook.watch.source, ("watch", "source"))
        for number, area in enumerate(playbook.watch.areas):
            for index, zone in enumerate(area.zones):
                yield Name("zone", zone, ("watch", "areas", number, "zones", index))


def _spelled(data: Mapping[str, Any]) -> dict[str, Any]:
    """Write every duration as ISO 8601 has it."""
    told = _timed(data, "debounce") | {"levels": [_timed(level, "duration") for level in data["levels"]]}
    if "watch" in told:
        told["watch"] = _timed(told["watch"], "hold", "silent_after", "stuck_after")
    return told


def _timed(table: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {**table, **{key: _iso(table[key]) for key in keys if key in table}}


def _iso(duration: str) -> str:
    return f"P{duration.upper()}" if duration.endswith("d") else f"PT{duration.upper()}"


def _clean(playbook: Playbook) -> Playbook:
    title = {language: one_line(words) for language, words in playbook.title.items()}
    watch = playbook.watch
    if watch:
        areas = tuple(named(area, "") for area in watch.areas)
        watch = msgspec.structs.replace(watch, areas=areas, facts=_facts(watch.facts))
    return msgspec.structs.replace(playbook, title=title, watch=watch, facts=_facts(playbook.facts))


def _facts(facts: Mapping[str, object]) -> Mapping[str, object]:
    return {name: clean_fact(value, f"/{name}") for name, value in facts.items()}


# What contradicts itself


def _contradictions(playbook: Playbook, document: toml.Document) -> Iterator[Finding]:
    for rule, message, path, hint in (*_levels(playbook), *_thresholds(playbook), *_watch(playbook), *_texts(playbook)):
        yield document.finding(rule, message, path, hint)


Contradiction = tuple[str, str, Path, str]

_GRAVER = (Severity.MINOR, Severity.MODERATE, Severity.SEVERE, Severity.EXTREME)


def _levels(playbook: Playbook) -> Iterator[Contradiction]:
    seen: set[str] = set()
    meant: dict[Severity, str] = {}
    for number, level in enumerate(playbook.levels):
        if level.name in seen:
            yield "level-twice", f"two levels are called {level.name!r}", ("levels", number, "name"), "rename one of them"
        seen.add(level.name)
        for index, severity in enumerate(level.of):
            if severity in meant:
                message = f"{severity!s} already means {meant[severity]!r}"
                yield "severity-twice", message, ("levels", number, "of", index), "let each severity mean one level"
            meant.setdefault(severity, level.name)
    for number, (lower, higher) in enumerate(pairwise(playbook.levels), start=1):
        if _GRAVER.index(higher.severity) < _GRAVER.index(lower.severity):
            message = f"{higher.name!r} is less grave than {lower.name!r} before it"
            yield "levels-order", message, ("levels", number, "severity"), "write the levels from the lowest to the highest"
    if not meant and not any(level.rise is not None for level in playbook.levels):
        yield "level-unreachable", "nothing ever reaches a level", ("levels",), "give a level `of`, or a watch with rise and fall"


def _thresholds(playbook: Playbook) -> Iterator[Contradiction]:
    sign = -1 if playbook.watch and playbook.watch.falling else 1
    steps = [(number, level) for number, level in enumerate(playbook.levels) if (level.rise, level.fall) != (None, None)]
    known = []
    for number, level in steps:
        at: Path = ("levels", number)
        if playbook.watch is None:
            yield "threshold-unwatched", "rise and fall need a watch", at, "add [watch], or give the level `of`"
        elif level.rise is None or level.fall is None:
            yield "threshold-half", "rise and fall go together", at, "give both"
        else:
            known.append((number, level.name, sign * level.rise, sign * level.fall))
            yield from _threshold(level, at, playbook.watch)
    for (_, below, rise, fall), (number, above, higher, high) in pairwise(known):
        if higher <= rise or high < fall:
            message = f"the thresholds of {above!r} do not lie beyond those of {below!r}"
            yield "levels-order", message, ("levels", number, "rise"), "write the levels from the lowest to the highest"


def _threshold(level: Level, at: Path, watch: Watch) -> Iterator[Contradiction]:
    rise, fall = level.rise or 0.0, level.fall or 0.0
    if fall >= rise and not watch.falling:
        yield (
            "threshold-order",
            f"fall {fall:g} is not below rise {rise:g}",
            (*at, "fall"),
            "let a level fall lower than it rises",
        )
    if fall <= rise and watch.falling:
        yield "threshold-order", f"fall {fall:g} is not above rise {rise:g}", (*at, "fall"), "low values are the danger here"
    for key, value in (("rise", rise), ("fall", fall)):
        if not watch.low <= value <= watch.high:
            message = f"{key} {value:g} lies outside {watch.low:g} to {watch.high:g}"
            yield "threshold-range", message, (*at, key), "no sensor can say that; change low, high or the threshold"


def _watch(playbook: Playbook) -> Iterator[Contradiction]:
    watch = playbook.watch
    if watch is None:
        return
    if watch.at_least > len(watch.sensors):
        message = f"{watch.at_least} of {len(watch.sensors)} sensors can never agree"
        yield "watch-at-least", message, ("watch", "at_least"), "name more sensors, or ask fewer to agree"
    if not watch.low < watch.high:
        yield "watch-range", f"low {watch.low:g} is not below high {watch.high:g}", ("watch", "low"), "exchange them"
    if watch.stuck_after is None and watch.stuck_within:
        yield "watch-stuck", "stuck_within alone does nothing", ("watch", "stuck_within"), "give stuck_after too"
    if all(level.rise is None for level in playbook.levels):
        yield "watch-levels", "no level has a rise, so the watch never speaks", ("watch",), "give a level rise and fall"
    for number, area in enumerate(watch.areas):
        yield from _drawn(area, ("watch", "areas", number), playbook.line_buffer_m)


def _drawn(area: Area, at: Path, line_buffer_m: float) -> Iterator[Contradiction]:
    try:
        named(area, "")
        if area.geometry:
            shape(area.geometry, line_buffer_m=line_buffer_m)
    except BadInput as fault:
        yield fault.code, fault.message, (*at, "name" if fault.code.startswith("text-") else "geometry"), fault.hint


def _texts(playbook: Playbook) -> Iterator[Contradiction]:
    told: list[tuple[Path, object]] = [(("title", language), words) for language, words in playbook.title.items()]
    told += [(("facts", name), value) for name, value in playbook.facts.items()]
    told += [(("watch", "facts", name), value) for name, value in (playbook.watch.facts if playbook.watch else {}).items()]
    for path, value in told:
        try:
            clean_fact(value, "")
        except BadInput as fault:
            yield fault.code, fault.message, path, fault.hint
