"""A country's plan for cell broadcasts, and the messages of a version by it; countries are data, in dated files."""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache

import msgspec
from msgspec import Struct

from gateway import shipped
from gateway.alert import Version
from gateway.fault import BadInput
from gateway.formats.cell_broadcast import pages
from gateway.incident import Severity, Status, Urgency

PLMN_WIDE = 1
CODES = 1024
UPDATES = 16


class Level(StrEnum):
    """How loud a broadcast is, in the words of a country's plan."""

    EXTREME = "extreme"
    SEVERE = "severe"
    INFO = "info"
    EXERCISE = "exercise"


class Step(Struct, frozen=True, kw_only=True, rename={"text_class": "class"}, forbid_unknown_fields=True):
    """One level of a plan: its message identifier, the class of text that fits, and what phones there do with it."""

    message_id: int
    text_class: str
    shown: str


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A country's plan as of a date; `language` is the one that is broadcast."""

    country: str
    as_of: str
    language: str
    levels: Mapping[Level, Step]

    @property
    def classes(self) -> frozenset[str]:
        """The classes of text that its broadcasts need."""
        return frozenset(step.text_class for step in self.levels.values())


class Message(Struct, frozen=True, kw_only=True):
    """One broadcast message in the numbers of the air interface (TS 23.041 section 9.4.1.2); pages are 164 hexadecimal digits."""

    language: str
    text: str
    message_id: int
    serial: int
    dcs: int
    pages: tuple[str, ...]


@cache
def plan(country: str) -> Plan:
    """Return a country's plan; raises BadInput("country-unknown")."""
    files = {file.stem: file for file in shipped.folder("schemas").glob("countries/*.toml")}
    if country not in files:
        raise BadInput("country-unknown", f"there is no plan for {country!r}", hint=f"known are: {', '.join(sorted(files))}")
    return msgspec.convert(tomllib.loads(files[country].read_text(encoding="utf-8")), Plan)


def level(version: Version) -> Level:
    """Return how loud a version is to be broadcast; a drill or test is never louder than an exercise."""
    if version.status is not Status.ACTUAL:
        return Level.EXERCISE
    if version.severity is Severity.EXTREME and version.urgency in (Urgency.IMMEDIATE, Urgency.PAST):
        return Level.EXTREME
    return Level.SEVERE if version.severity in (Severity.EXTREME, Severity.SEVERE) else Level.INFO


def message(version: Version, by: Plan) -> Message:
    """Return the one message of a version by a country's plan.

    Raises BadInput("broadcast-text") where no text of the right length was written in the plan's language.
    """
    step = by.levels[level(version)]
    written = {text.language: text.classes.get(step.text_class, "") for text in version.texts}
    if not (text := written.get(by.language, "")):
        note = f"no {step.text_class} text was written in {by.language}"
        raise BadInput("broadcast-text", note, path="/texts", hint="shorten the texts, or leave this channel out")
    return encoded(text, by.language, step.message_id, serial(version))


def encoded(text: str, language: str, message_id: int, number: int) -> Message:
    """Return a text as a message with these numbers; raises what `pages.write` raises."""
    scheme = pages.coding(text, language)
    made = pages.write(text, scheme, language)
    return Message(
        language=language,
        text=text,
        message_id=message_id,
        serial=number,
        dcs=scheme,
        pages=tuple(page.hex() for page in made),
    )


def serial(version: Version) -> int:
    """Return the serial number (TS 23.041 section 9.4.1.2.1): PLMN-wide, the alert's own code, an update for each version.

    The code comes from the alert's running number, so that two alerts share one only after 1,024 others.
    """
    found = re.search(r"(\d+)$", version.alert)
    if found is None:
        raise BadInput("broadcast-serial", f"{version.alert!r} has no running number", hint="let the gateway name its alerts")
    return PLMN_WIDE << 14 | int(found[1]) % CODES << 4 | (version.number - 1) % UPDATES
