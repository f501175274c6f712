"""The alert as JSON for apps: the webhook's body and the app feed's entry, valid against `schemas/alert.schema.json`."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct

from gateway.alert import Place, Reference, Refuge, Transit, Version
from gateway.area import MultiPolygon, Polygon, Role
from gateway.doors import json
from gateway.fault import BadInput
from gateway.incident import Certainty, Scope, Severity, Status, Urgency

MEDIA_TYPE = "application/json"
SCHEMA = "alert.schema.json"


class Form(StrEnum):
    """What an entry says: the four kinds of a version, and that its time is over."""

    ALERT = "alert"
    UPDATE = "update"
    END = "end"
    CANCEL = "cancel"
    EXPIRED = "expired"


class EventCode(Struct, frozen=True, kw_only=True):
    """What the event is called in one code list."""

    name: str
    value: str


class Words(Struct, frozen=True, kw_only=True):
    """The alert in one language."""

    sender_name: str
    event: str
    headline: str
    description: str
    instruction: str
    short: str


class Area(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where, as GeoJSON (longitude, latitude); an area without geometry is what its zones cover."""

    role: Role
    name: Mapping[str, str]
    geometry: Polygon | MultiPolygon | None = None
    zones: tuple[str, ...] = ()


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One version of one alert as an app sees it; a later `version` of the same `alert` replaces it."""

    schema: str
    identifier: str
    alert: str
    version: int
    kind: Form
    status: Status
    scope: Scope
    hazard: str
    category: tuple[str, ...]
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    responses: tuple[str, ...]
    effective: datetime
    onset: datetime
    expires: datetime
    sender: str
    texts: Mapping[str, Words]
    areas: tuple[Area, ...]
    event_codes: tuple[EventCode, ...] = ()
    transit: Transit | None = None
    references: tuple[Reference, ...] = ()
    reason: str = ""
    contact: str = ""
    web: str = ""
    shelters: tuple[Refuge, ...] = ()


def write(version: Version, form: Form | None = None) -> bytes:
    """Return one version as JSON, the same bytes every time; `form` says another kind than the version's own.

    An entry that takes a version back although its own kind does not (expired, or cancelled for this reader alone) has no
    texts: the version's words still warn.
    """
    entry = _entry(version)
    return encoded(entry if form in (None, entry.kind) else over(entry, form))


def read(document: bytes) -> Entry:
    """Return the entry that a document holds; raises BadInput `json-*`, or Faults for what the schema does not allow."""
    loaded = json.load(document)
    json.check(loaded, SCHEMA)
    try:
        return msgspec.convert(loaded, Entry)
    except msgspec.ValidationError as error:
        raise BadInput("alert-invalid", str(error), hint="send what schemas/alert.schema.json describes") from None


def frozen(document: bytes) -> Entry:
    """Return an entry of our own, as `write` wrote it."""
    return msgspec.json.decode(document, type=Entry)


def encoded(entry: Entry) -> bytes:
    """Return an entry as JSON, the same bytes every time."""
    return msgspec.json.encode(entry, order="sorted")


def over(entry: Entry, form: Form) -> Entry:
    """Return an entry that takes another back: without its texts and shelters, which still warn."""
    return msgspec.structs.replace(entry, kind=form, texts={}, shelters=())


def _entry(version: Version) -> Entry:
    return Entry(
        schema="1",
        identifier=version.identifier,
        alert=version.alert,
        version=version.number,
        kind=Form(version.kind),
        status=version.status,
        scope=version.scope,
        hazard=version.hazard,
        category=version.category,
        severity=version.severity,
        urgency=version.urgency,
        certainty=version.certainty,
        responses=version.responses,
        effective=version.effective,
        onset=version.onset,
        expires=version.expires,
        sender=version.sender,
        texts=_texts(version),
        areas=tuple(_area(place) for place in version.places),
        event_codes=tuple(EventCode(name=name, value=value) for name, value in version.event_codes),
        transit=version.transit,
        references=version.references,
        reason=version.reason,
        contact=version.contact,
        web=version.web,
        shelters=version.shelters,
    )


def _texts(version: Version) -> Mapping[str, Words]:
    return {
        text.language: Words(
            sender_name=text.sender_name,
            event=text.event,
            headline=text.headline,
            description=text.description,
            instruction=text.instruction,
            short=text.short,
        )
        for text in version.texts
    }


def _area(place: Place) -> Area:
    return Area(role=place.role, name=place.name, geometry=_geometry(place), zones=place.zones)


def _geometry(place: Place) -> Polygon | MultiPolygon | None:
    if len(place.polygons) > 1:
        return MultiPolygon(tuple(polygon.coordinates for polygon in place.polygons))
    return next(iter(place.polygons), None)
