"""The typed blanks of phrases: which values may fill them, checked before any language is chosen."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeGuard

from gateway.doors import text
from gateway.fault import Fault, Faults, Finding
from gateway.hazard import Hazard, SlotType

MOST_NAMES = 20
MOST_NAME = 120
UNITS = {
    SlotType.DURATION: ("min", "h", "d"),
    SlotType.DISTANCE: ("m", "km"),
    SlotType.DEPTH: ("mm", "cm", "m"),
}
NAMED = frozenset({SlotType.PLACE, SlotType.STATION, SlotType.PLACE_LIST})

_PHONE = re.compile(r"\+?[0-9](?:[0-9 -]{0,18}[0-9])?")
_URL = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?(?:/[A-Za-z0-9_.~%/?#&=+-]*)?")
_MOST = 1e12

Quantity = Mapping[str, object]


def check_facts(hazard: Hazard, facts: Mapping[str, object]) -> None:
    """Check facts against the hazard's slot types; raises Faults with fact-unknown and fact-type, all at once.

    A duration, distance or depth is {"value", "unit"} with a unit of UNITS; a clock is an ISO 8601 time with its offset, a date
    an ISO 8601 date; a place or station is an identifier, or its names by language tag.
    """
    findings = [finding for name, value in facts.items() if (finding := _wrong(hazard, name, value))]
    if findings:
        raise Faults(findings)


def fits(value: object, kind: SlotType) -> bool:
    """Tell whether a value may fill a slot of this type."""
    if kind in UNITS:
        return _is_quantity(value, kind)
    return _FITS[kind](value)


def hint(kind: SlotType) -> str:
    """Return how a value of this type is written."""
    if kind in UNITS:
        return 'write {"value": number, "unit": one of ' + ", ".join(UNITS[kind]) + "}"
    return _HINTS.get(kind, "")


def tellable(value: object, kind: SlotType) -> bool:
    """Tell whether a fitting value can be put into words; the identifier of a place cannot, its names can."""
    if isinstance(value, list | tuple):
        return all(isinstance(item, Mapping) for item in value)
    return kind not in NAMED or isinstance(value, Mapping)


def moment(value: object) -> datetime:
    """Return an aware time given as such or in ISO 8601; raises ValueError."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    if isinstance(read, datetime) and read.utcoffset() is not None:
        return read
    raise ValueError(value)


def day(value: object) -> date:
    """Return a date given as such or in ISO 8601; raises ValueError."""
    read = date.fromisoformat(value) if isinstance(value, str) else value
    if isinstance(read, date) and not isinstance(read, datetime):
        return read
    raise ValueError(value)


def is_number(value: object) -> TypeGuard[int | float]:
    """Tell whether this is a finite number of a size that people can read."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST


def _wrong(hazard: Hazard, name: str, value: object) -> Finding | None:
    path = f"/facts/{name}"
    if name not in hazard.facts:
        known = ", ".join(hazard.facts) or "none"
        message = f"{hazard.id} has no fact {name!r}"
        return Finding(rule="fact-unknown", message=message, path=path, hint=f"its facts are: {known}")
    if fits(value, kind := hazard.facts[name]):
        return None
    return Finding(rule="fact-type", message=f"not a {kind}: {value!r:.80}", path=path, hint=hint(kind))


def _is_name(value: object) -> bool:
    if not isinstance(value, str) or not value.strip():
        return False
    try:
        return bool(text.one_line(value, most=MOST_NAME))
    except Fault:
        return False


def _is_place(value: object) -> bool:
    if isinstance(value, Mapping):
        return bool(value) and all(isinstance(tag, str) and _is_name(name) for tag, name in value.items())
    return _is_name(value)


def _is_place_list(value: object) -> bool:
    return isinstance(value, list | tuple) and 0 < len(value) <= MOST_NAMES and all(_is_place(item) for item in value)


def _is_count(value: object) -> bool:
    return is_number(value) and isinstance(value, int) and value >= 0


def _is_quantity(value: object, kind: SlotType) -> bool:
    if not isinstance(value, Mapping) or set(value) != {"value", "unit"}:
        return False
    return is_number(value["value"]) and value["value"] >= 0 and value["unit"] in UNITS[kind]


def _reads(read: Callable[[object], object]) -> Callable[[object], bool]:
    def readable(value: object) -> bool:
        try:
            read(value)
        except ValueError:
            return False
        return True

    return readable


_FITS: Mapping[SlotType, Callable[[object], bool]] = {
    SlotType.PLACE: _is_place,
    SlotType.STATION: _is_place,
    SlotType.PLACE_LIST: _is_place_list,
    SlotType.ROUTE: _is_name,
    SlotType.NAME: _is_name,
    SlotType.CLOCK: _reads(moment),
    SlotType.DATE: _reads(day),
    SlotType.COUNT: _is_count,
    SlotType.NUMBER: is_number,
    SlotType.PHONE_NUMBER: lambda value: isinstance(value, str) and bool(_PHONE.fullmatch(value)),
    SlotType.URL: lambda value: isinstance(value, str) and bool(_URL.fullmatch(value)),
}
_HINTS = {
    SlotType.PLACE: "send a place's identifier, or its names by language tag",
    SlotType.STATION: "send a station's identifier, or its names by language tag",
    SlotType.PLACE_LIST: f"send a list of at most {MOST_NAMES} places",
    SlotType.CLOCK: "write 2026-07-14T18:20:00+09:00",
    SlotType.DATE: "write 2026-07-14",
    SlotType.COUNT: "send a whole number that is not negative",
    SlotType.PHONE_NUMBER: "use digits, spaces and hyphens, with + in front if need be",
    SlotType.URL: "send an https address",
}
