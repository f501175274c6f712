"""The national earthquake feed in CAP 1.2: a tremor that is felt in the city becomes one Incident, in the districts it shakes."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gateway.area import Area, Role
from gateway.fault import BadInput
from gateway.formats import cap
from gateway.formats.cap import Info, Message
from gateway.incident import Certainty, Ended, EndReason, Incident, Severity, Status, Urgency
from gateway.source import Item, Raw, known

MAGNITUDE, INTENSITY, DISTRICT = "Magnitude", "MMI", "District"
STATUS = {"Actual": Status.ACTUAL, "Exercise": Status.EXERCISE, "Test": Status.TEST}
SCALE = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
FELT, STRONG, HEAVY = SCALE.index("IV"), SCALE.index("V"), SCALE.index("VII")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+~=-]{0,199}")


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """From which magnitude on the city is told, and the agency's code of each of the city's own districts."""

    districts: Mapping[str, str]
    least_magnitude: Annotated[float, Meta(ge=0, le=10)] = 4.0


Shaken = Mapping[str, int]
"""How strongly each of the city's zones was shaken: places in SCALE."""


def parse(raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
    """Read one CAP 1.2 message; pure.

    Refuses what the city is not to be told ("magnitude-below", "intensity-below", "district-elsewhere") as plainly as what it
    cannot read: BadInput as `cap.read` raises it, "event-missing", "info-missing", "magnitude-missing", "intensity-unknown".
    """
    explained = msgspec.convert(settings, Settings)
    yield _incident(cap.read(raw.body), raw.source, explained)


def _incident(message: Message, source: str, settings: Settings) -> Incident:
    info = _info(message)
    magnitude, ended = _magnitude(info), _ended(message, info)
    if magnitude < settings.least_magnitude and ended is None:
        note = f"magnitude {magnitude:g} is below the {settings.least_magnitude:g} from which this city is told"
        hint = "nothing needs to be done; whoever felt it can be told by hand"
        raise BadInput("magnitude-below", note, path="/alert/info/parameter", hint=hint)
    shaken = _shaken(info, settings)
    return Incident(
        source=source,
        id=_event(message),
        reported=message.sent,
        status=known(STATUS, message.status, what="status", path="/alert/status"),
        hazard="earthquake",
        severity=_severity(max(shaken.values())),
        urgency=Urgency.IMMEDIATE,
        certainty=Certainty.OBSERVED,
        onset=info.onset or message.sent,
        areas=(Area(role=Role.DANGER, zones=tuple(shaken)),),
        facts={"magnitude": magnitude},
        extensions={"intensities": {zone: SCALE[intensity] for zone, intensity in shaken.items()}, **_epicentre(info)},
        ended=ended,
    )


def _event(message: Message) -> str:
    """The agency names the earthquake, not the message, in `incidents`."""
    if len(message.incidents) == 1 and _ID.fullmatch(message.incidents[0]):
        return message.incidents[0]
    hint = "name the earthquake once in <incidents>, the same in every message about it"
    raise BadInput("event-missing", "the message names no earthquake", path="/alert/incidents", hint=hint)


def _info(message: Message) -> Info:
    if not message.infos:
        hint = "repeat <info> in every message, also in one that cancels: it says what is taken back, and where"
        raise BadInput("info-missing", "the message says nothing", path="/alert/info", hint=hint)
    return message.infos[0]


def _ended(message: Message, info: Info) -> Ended | None:
    if message.msg_type == "Cancel":
        return Ended(reason=EndReason.ERROR, at=message.sent)
    if message.msg_type not in ("Alert", "Update"):
        hint = "send Alert, Update or Cancel"
        raise BadInput("type-unknown", f"{message.msg_type} is no news of an earthquake", path="/alert/msgType", hint=hint)
    return Ended(reason=EndReason.OVER, at=message.sent) if "AllClear" in info.responses else None


def _magnitude(info: Info) -> float:
    said = _parameters(info).get(MAGNITUDE, "")
    try:
        magnitude = float(said)
    except ValueError:
        magnitude = math.nan
    if not 0 <= magnitude <= 10:
        hint = f"give <parameter> {MAGNITUDE} as a number from 0 to 10, such as 5.4"
        raise BadInput("magnitude-missing", f"{said!r:.80} is no magnitude", path="/alert/info/parameter", hint=hint)
    return magnitude


def _shaken(info: Info, settings: Settings) -> Shaken:
    """Return the city's own districts that felt it; every other district of the country is another city's."""
    every = _strongest(pair for number, area in enumerate(info.areas) for pair in _districts(area, number, settings))
    if not every:
        hint = f"nothing needs to be done; the codes of this city are {', '.join(sorted(settings.districts))}"
        raise BadInput("district-elsewhere", "no district of this city was shaken", path="/alert/info/area", hint=hint)
    felt = {zone: intensity for zone, intensity in every.items() if intensity >= FELT}
    if not felt:
        note = f"intensity {SCALE[max(every.values())]} is hardly felt in this city"
        hint = "nothing needs to be done; whoever felt it can be told by hand"
        raise BadInput("intensity-below", note, path="/alert/info/area", hint=hint)
    return felt


def _strongest(pairs: Iterable[tuple[str, int]]) -> Shaken:
    found: dict[str, int] = {}
    for zone, intensity in pairs:
        found[zone] = max(intensity, found.get(zone, intensity))
    return found


def _districts(area: cap.Area, number: int, settings: Settings) -> Iterator[tuple[str, int]]:
    zones = [
        settings.districts[code.value] for code in area.geocodes if code.name == DISTRICT and code.value in settings.districts
    ]
    said = [code.value for code in area.geocodes if code.name == INTENSITY]
    if zones and (len(said) != 1 or said[0] not in SCALE):
        message, hint = f"{', '.join(said) or 'nothing'} is no intensity", f"give <geocode> {INTENSITY} once, from I to XII"
        raise BadInput("intensity-unknown", message, path=f"/alert/info/area/{number}/geocode", hint=hint)
    return ((zone, SCALE.index(said[0])) for zone in zones)


def _severity(intensity: int) -> Severity:
    if intensity >= HEAVY:
        return Severity.EXTREME
    return Severity.SEVERE if intensity >= STRONG else Severity.MODERATE


def _epicentre(info: Info) -> Mapping[str, object]:
    """Return where it broke and how far it was felt, for people to see; it never says who is told."""
    for area in info.areas:
        for circle in area.circles:
            return {"epicentre": {"name": area.description, "position": list(circle.centre), "radius_km": circle.radius_km}}
    return MappingProxyType({})


def _parameters(info: Info) -> Mapping[str, str]:
    return {parameter.name: parameter.value for parameter in info.parameters}
