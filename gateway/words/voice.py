"""How one language speaks of one alert: times, quantities and names in its own way."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from babel import Locale
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit
from msgspec import Struct

from gateway.doors import text
from gateway.fault import BadInput
from gateway.hazard import SlotType
from gateway.words import languages, slots, times
from gateway.words.catalogue import SOURCE
from gateway.words.names import place_name
from gateway.words.times import unmarked

_NUMBER = "#,##0.##"
_MINUTES = {"d": 1440, "h": 60, "min": 1}
_CLDR = {
    "mm": "length-millimeter",
    "cm": "length-centimeter",
    "m": "length-meter",
    "km": "length-kilometer",
    "min": "duration-minute",
    "h": "duration-hour",
    "d": "duration-day",
}


class Voice(Struct, frozen=True, kw_only=True):
    """A language telling of one alert; `today` is the day the alert begins, `fallback` lends the names it lacks."""

    language: str
    fallback: str
    zone: tzinfo
    today: date

    @property
    def locale(self) -> Locale:
        """How the language writes; raises BadInput("language-unknown")."""
        return languages.locale(self.language)

    def say(self, value: object, kind: SlotType) -> str:
        """Return a value in words: NFC, one line, no braces, no double spaces.

        Times are on the 24-hour clock of `zone`, with the date when it is not `today`; raises BadInput fact-type, fact-text,
        text-*.
        """
        if not slots.fits(value, kind):
            raise BadInput("fact-type", f"not a {kind}: {value!r:.80}", hint=slots.hint(kind))
        said = " ".join(_SAY[kind](self, value).split())
        if "{" in said or "}" in said:
            raise BadInput("fact-text", f"a brace belongs to no name: {said!r:.80}", hint="write the name without braces")
        return text.one_line(said, most=slots.MOST_NAMES * slots.MOST_NAME)

    def lacks(self, value: object) -> bool:
        """Tell whether a place, or one of a list, has a name neither in this language nor in English."""
        if isinstance(value, list | tuple):
            return any(self.lacks(item) for item in value)
        return isinstance(value, Mapping) and not any(languages.find(tag, value) for tag in (self.language, SOURCE))

    def name(self, value: object) -> str:
        """Return the name of a place or a label; raises BadInput("fact-text") where it has none to tell."""
        if isinstance(value, str):
            return value
        return place_name(value if isinstance(value, Mapping) else {}, self.language, self.fallback)

    def clock(self, at: datetime) -> str:
        """Return a time of today as 21:20, of another day with its date."""
        local = at.astimezone(self.zone)
        return times.clock(local, self.language) if local.date() == self.today else self.dated(at)

    def dated(self, at: datetime) -> str:
        """Return a time with its date, in the language's order."""
        return times.dated(at.astimezone(self.zone), self.language)

    def date(self, on: date) -> str:
        """Return a day and its month."""
        return times.day(on, self.language)

    def number(self, value: float) -> str:
        """Return a number with at most two decimals."""
        return unmarked(format_decimal(value, format=_NUMBER, locale=self.locale))

    def quantity(self, value: float, unit: str) -> str:
        """Return a number with its unit, shortened as the language shortens it."""
        said = format_unit(value, _CLDR[unit], length="short", format=_NUMBER, locale=self.locale)
        if _CLDR[unit] in said:
            raise BadInput("language-unknown", f"{self.language} has no word for {_CLDR[unit]}", hint="leave the language out")
        return unmarked(said)

    def duration(self, value: float, unit: str) -> str:
        """Return a duration in days, hours and minutes."""
        left = round(value * _MINUTES[unit])
        parts: list[str] = []
        for name, minutes in _MINUTES.items():
            count, left = divmod(left, minutes)
            if count or (name == "min" and not parts):
                parts.append(self.quantity(count, name))
        return " ".join(parts)


_SAY: Mapping[SlotType, Callable[[Voice, Any], str]] = {
    SlotType.PLACE: Voice.name,
    SlotType.STATION: Voice.name,
    SlotType.ROUTE: Voice.name,
    SlotType.NAME: Voice.name,
    SlotType.PLACE_LIST: lambda voice, value: format_list([voice.name(item) for item in value], locale=voice.locale),
    SlotType.CLOCK: lambda voice, value: voice.clock(slots.moment(value)),
    SlotType.DATE: lambda voice, value: voice.date(slots.day(value)),
    SlotType.COUNT: Voice.number,
    SlotType.NUMBER: Voice.number,
    SlotType.DURATION: lambda voice, value: voice.duration(value["value"], value["unit"]),
    SlotType.DISTANCE: lambda voice, value: voice.quantity(value["value"], value["unit"]),
    SlotType.DEPTH: lambda voice, value: voice.quantity(value["value"], value["unit"]),
    SlotType.PHONE_NUMBER: lambda _, value: str(value),
    SlotType.URL: lambda _, value: str(value),
}
