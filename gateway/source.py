"""What a way in promises: a vendor's bytes become incidents, readings and refusals, item by item."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct

from gateway.area import Area, MultiPolygon, Polygon
from gateway.doors import json
from gateway.doors.text import clean, one_line
from gateway.fault import BadInput
from gateway.hazard import hazard
from gateway.incident import Incident, Reading

T = TypeVar("T")


class Raw(Struct, frozen=True, kw_only=True):
    """Bytes as they came; `headers` are lower-case and hold no credentials."""

    source: str
    media_type: str
    body: bytes
    received_at: datetime
    headers: Mapping[str, str] = {}


class Refusal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item that could not be read; kept, shown and replayable."""

    code: str
    message: str
    path: str = ""
    hint: str = ""


Item = Incident | Reading | Refusal


class Source(Protocol):
    """A vendor's way in."""

    def parse(self, raw: Raw, settings: Mapping[str, object]) -> Iterable[Item]:
        """Give meaning to bytes; pure, an unknown code is refused, never guessed."""
        ...


class Discreet(Source, Protocol):
    """A way in whose bytes hold what nobody may keep."""

    def redact(self, body: bytes) -> bytes:
        """Return the bytes without it, for `parse` to read and the record to keep; pure, and done twice it changes nothing."""
        ...


def redacted(raw: Raw, source: Source) -> Raw:
    """Return a request as it may be kept and read: without what its source's `redact` takes out, where it has one."""
    redact: Callable[[bytes], bytes] | None = getattr(source, "redact", None)
    return raw if redact is None else msgspec.structs.replace(raw, body=redact(raw.body))


def each(parts: Iterable[T], read: Callable[[T], Incident | Reading]) -> Iterator[Item]:
    """Read every part, so that one bad item loses no good one; the path of a refusal starts with the item's index."""
    for index, part in enumerate(parts):
        try:
            yield read(part)
        except BadInput as fault:
            yield refusal(fault, at=f"/{index}")


def refusal(fault: BadInput, *, at: str = "") -> Refusal:
    """Turn a fault into an item that is kept."""
    return Refusal(code=fault.code, message=fault.message, path=at + fault.path, hint=fault.hint)


def known(table: Mapping[str, T], code: str, *, what: str, path: str) -> T:
    """Return what a vendor's code means; raises BadInput("<what>-unknown") that tells every code there is."""
    try:
        return table[code]
    except KeyError:
        hint = f"known are: {', '.join(sorted(table))}"
        raise BadInput(f"{what}-unknown", f"no {what} is called {code!r}", path=path, hint=hint) from None


def shaped(document: object, kind: type[T], *, code: str, hint: str) -> T:
    """Return a vendor's document as one of its own types; raises BadInput(code) with the place of what does not fit."""
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        path = where.rstrip("]`").replace("[", "/").replace("]", "").replace(".", "/")
        raise BadInput(code, what, path=path, hint=hint) from None


def read_incident(document: object) -> Incident:
    """Return the incident a JSON document describes, its human texts cleaned and every time aware.

    Raises Faults for what `schemas/incident.schema.json` forbids, BadInput for an unknown hazard ("hazard-unknown"), a ring that
    is not closed ("geometry-invalid"), a text that cannot be shown ("text-...") and a value of no use ("document-invalid").
    """
    json.check(document, "incident.schema.json")
    incident = _converted(document, Incident)
    _known_hazard(incident.hazard)
    return msgspec.structs.replace(
        incident,
        areas=tuple(named(area, f"/areas/{number}") for number, area in enumerate(incident.areas)),
        texts={tag: _cleaned(words, f"/texts/{tag}") for tag, words in incident.texts.items()},
        facts={name: clean_fact(value, f"/facts/{name}") for name, value in incident.facts.items()},
        resources=tuple(_resource(resource, f"/resources/{number}") for number, resource in enumerate(incident.resources)),
    )


def read_reading(document: object) -> Reading:
    """Return the reading a JSON document describes; raises as `read_incident` does."""
    json.check(document, "reading.schema.json")
    return _converted(document, Reading)


def named(area: Area, path: str) -> Area:
    """Return an area with clean names and closed rings; raises BadInput("text-...", "geometry-invalid")."""
    if isinstance(area.geometry, Polygon | MultiPolygon):
        _closed(area.geometry, f"{path}/geometry/coordinates")
    names = {language: one_line(name, path=f"{path}/name/{language}") for language, name in area.name.items()}
    return msgspec.structs.replace(area, name=names)


def clean_fact(value: object, path: str) -> object:
    """Return a fact with its texts cleaned; raises BadInput("text-...")."""
    if isinstance(value, dict):
        return {key: clean_fact(part, f"{path}/{key}") for key, part in value.items()}
    if isinstance(value, list):
        return [clean_fact(part, f"{path}/{number}") for number, part in enumerate(value)]
    return one_line(value, most=500, path=path) if isinstance(value, str) else value


def _converted(document: object, kind: type[T]) -> T:
    hint = "send a time that the calendar has, and whole numbers without a fraction"
    return shaped(document, kind, code="document-invalid", hint=hint)


def _known_hazard(id: str) -> None:
    try:
        hazard(id)
    except BadInput as fault:
        raise BadInput(fault.code, fault.message, path="/hazard", hint=fault.hint) from None


def _closed(surface: Polygon | MultiPolygon, path: str) -> None:
    """Refuse a ring whose ends do not meet (RFC 7946 section 3.1.6); guessing the missing side could move the danger."""
    polygons = surface.coordinates if isinstance(surface, MultiPolygon) else (surface.coordinates,)
    for ring in (ring for polygon in polygons for ring in polygon):
        if ring[0] != ring[-1]:
            hint = "repeat the first position as the last"
            raise BadInput("geometry-invalid", f"the ring from {ring[0]} ends at {ring[-1]}", path=path, hint=hint)


def _cleaned(words: Mapping[str, str], path: str) -> Mapping[str, str]:
    return {name: clean(text, path=f"{path}/{name}") for name, text in words.items()}


def _resource(resource: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    return {**resource, "description": one_line(resource["description"], path=f"{path}/description")}
