"""The control room of a metro: every Situation of its XML becomes one Incident on the network, never on drawn ground."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec
from msgspec import Struct

from gateway.doors import xml
from gateway.doors.text import one_line
from gateway.doors.xml import Element
from gateway.fault import BadInput
from gateway.incident import Certainty, Ended, EndReason, Incident, Severity, TransitPart, Urgency
from gateway.source import Item, Raw, each, known

ROOT = "Situations"
IMPACT = {"slight": Severity.MINOR, "normal": Severity.MODERATE, "severe": Severity.SEVERE}
OVER = {"over": EndReason.OVER, "reported-in-error": EndReason.ERROR, "reported-twice": EndReason.DUPLICATE}


class Station(Struct, frozen=True, forbid_unknown_fields=True):
    """A station of the static GTFS feed, and what people call it in each language."""

    stop: str
    name: Mapping[str, str] = {}


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What the control room's numbers mean: lines are GTFS routes, directions GTFS direction_ids.

    Without `stations` the control room names stations by their GTFS stop_id itself.
    """

    lines: Mapping[str, str]
    directions: Mapping[str, int]
    stations: Mapping[str, Station] | None = None


class Told(Struct, frozen=True, kw_only=True):
    """What a situation means: the hazard, the part of the network and what can be told of it."""

    hazard: str
    part: TransitPart
    facts: Mapping[str, object] = MappingProxyType({})


def parse(raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
    """Read every Situation of a Situations document; pure.

    An unknown kind, line, direction, station or impact refuses that situation; raises BadInput("xml-...", "situations-missing").
    """
    explained = msgspec.convert(settings, Settings)
    root = xml.parse(raw.body)
    found = list(root.iterchildren("*"))
    if root.tag != ROOT or not found:
        hint = "send <Situations> with at least one <Situation>"
        raise BadInput("situations-missing", f"<{root.tag}> holds no situation", path=f"/{root.tag}", hint=hint)
    return each(found, lambda part: _incident(part, raw.source, explained))


def _incident(situation: Element, source: str, settings: Settings) -> Incident:
    if situation.tag != "Situation":
        raise BadInput("element-unknown", f"no situation is written <{situation.tag}>", hint="write <Situation>")
    kind, body = _kind(situation)
    told = KINDS[kind](body, settings)
    reported = _time(situation, "Reported")
    return Incident(
        source=source,
        id=_attribute(situation, "number"),
        sequence=_version(situation),
        reported=reported,
        hazard=told.hazard,
        severity=known(IMPACT, _attribute(situation, "impact"), what="impact", path="/@impact"),
        urgency=Urgency.IMMEDIATE,
        certainty=Certainty.OBSERVED,
        onset=_time(situation, "Began"),
        transit=(told.part,),
        facts=told.facts,
        ended=_ended(situation, reported),
    )


def _kind(situation: Element) -> tuple[str, Element]:
    found = [part for part in situation.iterchildren("*") if part.tag not in ("Reported", "Began", "Ended")]
    if len(found) != 1 or found[0].tag not in KINDS:
        named = ", ".join(f"<{part.tag}>" for part in found) or "nothing"
        hint = f"a situation has exactly one of: {', '.join(sorted(KINDS))}"
        raise BadInput(
            "situation-unknown", f"{named} is no kind of situation", path=f"/{found[0].tag}" if found else "", hint=hint
        )
    return str(found[0].tag), found[0]


# What each kind means


def _train_failure(body: Element, settings: Settings) -> Told:
    part = _segment(body, settings)
    first, last = (_station(body, end, settings).name or {} for end in ("From", "To"))
    stretch = {tag: f"{first[tag]} - {last[tag]}" for tag in first if tag in last}
    return Told(hazard="train-failure", part=part, facts={"route": part.route} | ({"place": stretch} if stretch else {}))


def _line_suspended(body: Element, settings: Settings) -> Told:
    ends = {"from_stop": _station(body, "From", settings), "to_stop": _station(body, "To", settings)}
    part = msgspec.structs.replace(_segment(body, settings), closed=True)
    facts = {"route": part.route} | {name: dict(station.name) for name, station in ends.items() if station.name}
    return Told(hazard="line-suspended", part=part, facts=facts)


def _at(hazard: str, *, closed: bool = False) -> Callable[[Element, Settings], Told]:
    def told(body: Element, settings: Settings) -> Told:
        station = _station(body, "Station", settings)
        facts = {"place": dict(station.name)} if station.name else {}
        return Told(hazard=hazard, part=TransitPart(stop=station.stop, closed=closed), facts=facts)

    return told


KINDS: Mapping[str, Callable[[Element, Settings], Told]] = {
    "TrainFailure": _train_failure,
    "LineSuspended": _line_suspended,
    "StationCrowding": _at("station-overcrowding"),
    "StationClosed": _at("station-closed", closed=True),
    "StationFire": _at("structure-fire"),
}


def _segment(body: Element, settings: Settings) -> TransitPart:
    """Both directions are meant where none is named."""
    at, direction = f"/{body.tag}", body.findtext("Direction")
    return TransitPart(
        route=known(settings.lines, _text(body, "Line"), what="line", path=f"{at}/Line"),
        direction=None
        if direction is None
        else known(settings.directions, direction.strip(), what="direction", path=f"{at}/Direction"),
        from_stop=_station(body, "From", settings).stop,
        to_stop=_station(body, "To", settings).stop,
    )


def _station(body: Element, name: str, settings: Settings) -> Station:
    number = _text(body, name)
    if settings.stations is None:
        return Station(stop=number)
    return known(settings.stations, number, what="station", path=f"/{body.tag}/{name}")


# What stands in elements and attributes


def _ended(situation: Element, reported: datetime) -> Ended | None:
    found = situation.find("Ended")
    if found is None:
        return None
    reason = known(OVER, found.get("because", ""), what="reason", path="/Ended/@because")
    return Ended(reason=reason, at=_moment(found, "/Ended") if xml.text(found).strip() else reported)


def _version(situation: Element) -> int:
    said = _attribute(situation, "version")
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise BadInput(
            "version-invalid", f"{said!r} is no version", path="/@version", hint="count the reports of a situation: 1, 2, 3"
        )
    return int(said)


def _time(situation: Element, name: str) -> datetime:
    return _moment(_only(situation, name, ""), f"/{name}")


def _moment(element: Element, path: str) -> datetime:
    said = xml.text(element).strip()
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        hint = "write it as 2026-07-14T18:20:00+09:00, with the offset from UTC"
        raise BadInput("time-invalid", f"{said!r} is no moment", path=path, hint=hint)
    return at


def _text(body: Element, name: str) -> str:
    return one_line(xml.text(_only(body, name, f"/{body.tag}")).strip(), path=f"/{body.tag}/{name}")


def _only(parent: Element, name: str, at: str) -> Element:
    found = list(_named(parent, name))
    if len(found) != 1 or not xml.text(found[0]).strip():
        message = f"<{name}> stands {len(found)} times" if len(found) != 1 else f"<{name}> is empty"
        raise BadInput("element-missing", message, path=f"{at}/{name}", hint=f"write one <{name}> with its value")
    return found[0]


def _named(parent: Element, name: str) -> Iterator[Element]:
    return (part for part in parent if part.tag == name)


def _attribute(situation: Element, name: str) -> str:
    if not (said := situation.get(name, "")):
        raise BadInput("attribute-missing", f"the situation has no {name}", path=f"/@{name}", hint=f'write {name}="..."')
    return said
