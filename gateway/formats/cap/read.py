"""A CAP 1.2 document as frozen values: nothing is guessed, nothing is lost."""

import re
from datetime import datetime

from gateway.alert import Reference
from gateway.doors import xml
from gateway.fault import BadInput, Faults
from gateway.formats.cap.message import Area, Circle, Info, Message, NamedValue, Resource
from gateway.formats.cap.points import circle, ring
from gateway.formats.cap.times import WRITTEN, moment
from gateway.formats.cap.tree import SIGNATURES, each, value, values, violations

DEFAULT_LANGUAGE = "en-US"

_QUOTED = re.compile(r'"([^"]*)"|(\S+)')


def read(document: bytes) -> Message:
    """Return what a schema-valid document says, the white space around values taken off, empty elements as absent.

    Raises BadInput: `xml-*` from the door; Faults of rule D04 for what the schema refuses; `cap-time`, `cap-polygon`,
    `cap-circle` and `cap-references` for values that mean nothing.
    """
    root = xml.parse(document)
    if found := violations(root):
        raise Faults(found)
    return message(root)


def message(root: xml.Element) -> Message:
    """Return what a schema-valid tree says; raises BadInput as `read` does for values."""
    return Message(
        identifier=value(root, "identifier"),
        sender=value(root, "sender"),
        sent=moment(value(root, "sent")),
        sent_text=value(root, "sent"),
        status=value(root, "status"),
        msg_type=value(root, "msgType"),
        scope=value(root, "scope"),
        source=value(root, "source"),
        restriction=value(root, "restriction"),
        addresses=_items(value(root, "addresses")),
        codes=values(root, "code"),
        note=value(root, "note"),
        references=tuple(_reference(triple) for triple in value(root, "references").split()),
        incidents=_items(value(root, "incidents")),
        infos=tuple(_info(info) for info in each(root, "info")),
        signatures=len(root.findall(f"{{{SIGNATURES}}}Signature")),
    )


def _items(text: str) -> tuple[str, ...]:
    """Split at white space outside double quotes (section 3.2.1); an apostrophe is a letter."""
    return tuple(quoted or bare for quoted, bare in _QUOTED.findall(text))


def _reference(triple: str) -> Reference:
    match triple.split(","):
        case [sender, identifier, sent] if sender and identifier and WRITTEN.fullmatch(sent):
            return Reference(sender=sender, identifier=identifier, sent=sent)
    hint = "write sender,identifier,sent and one space between messages"
    raise BadInput("cap-references", f"{triple!r} names no message", path="/alert/references", hint=hint)


def _info(info: xml.Element) -> Info:
    return Info(
        language=value(info, "language") or DEFAULT_LANGUAGE,
        categories=values(info, "category"),
        event=value(info, "event"),
        urgency=value(info, "urgency"),
        severity=value(info, "severity"),
        certainty=value(info, "certainty"),
        responses=values(info, "responseType"),
        audience=value(info, "audience"),
        event_codes=_named(info, "eventCode"),
        effective=_moment(info, "effective"),
        onset=_moment(info, "onset"),
        expires=_moment(info, "expires"),
        sender_name=value(info, "senderName"),
        headline=value(info, "headline"),
        description=value(info, "description"),
        instruction=value(info, "instruction"),
        web=value(info, "web"),
        contact=value(info, "contact"),
        parameters=_named(info, "parameter"),
        resources=tuple(_resource(resource) for resource in each(info, "resource")),
        areas=tuple(_area(area) for area in each(info, "area")),
    )


def _moment(info: xml.Element, name: str) -> datetime | None:
    return moment(said) if (said := value(info, name)) else None


def _named(element: xml.Element, name: str) -> tuple[NamedValue, ...]:
    return tuple(NamedValue(value(one, "valueName"), value(one, "value")) for one in each(element, name))


def _resource(resource: xml.Element) -> Resource:
    size = value(resource, "size")
    return Resource(
        description=value(resource, "resourceDesc"),
        mime_type=value(resource, "mimeType"),
        size=int(size) if size else None,
        uri=value(resource, "uri"),
        deref_uri=value(resource, "derefUri"),
        digest=value(resource, "digest"),
    )


def _area(area: xml.Element) -> Area:
    return Area(
        description=value(area, "areaDesc"),
        polygons=tuple(ring(text) for text in values(area, "polygon")),
        circles=tuple(Circle(*circle(text)) for text in values(area, "circle")),
        geocodes=_named(area, "geocode"),
        altitude_ft=_feet(area, "altitude"),
        ceiling_ft=_feet(area, "ceiling"),
    )


def _feet(area: xml.Element, name: str) -> float | None:
    return float(said) if (said := value(area, name)) else None
