"""A version of ours as a CAP 1.2 document: same version, same bytes."""

import re
from collections.abc import Iterator
from datetime import datetime

from lxml import etree

from gateway.alert import Kind, Place, Reference, Text, Version
from gateway.fault import BadInput, Faults
from gateway.formats.cap.points import ring_text
from gateway.formats.cap.times import SENT_PLACEHOLDER, WRITTEN, sent_text
from gateway.formats.cap.tree import Node, build, violations
from gateway.incident import Scope, Status

MEDIA_TYPE = "application/cap+xml"
DISTRICT_CODE = "행정구역코드"
LOCAL_ZONE = "bongsu:zone"
LEVEL = "bongsu:level"
RESTRICTION = "For the recipients whom the sender has configured"
LONGEST_HEADLINE = 160

_NAME = re.compile(r"[^\s,<&]+")
_DISTRICT = re.compile(r"[0-9]{10}")
_MSG_TYPE = {Kind.ALERT: "Alert", Kind.UPDATE: "Update", Kind.END: "Update", Kind.CANCEL: "Cancel"}
_OVER = {Kind.END: "AllClear", Kind.CANCEL: "None"}
_MARKED = {Status.EXERCISE: "훈련 EXERCISE", Status.TEST: "시험 TEST"}


def write(version: Version) -> bytes:
    """Return a version as UTF-8 XML, one info for each text in their order; `sent` is SENT_PLACEHOLDER until stamped.

    An end is an Update with AllClear, a cancel a Cancel with response None; both have urgency Past. A drill's note names it.
    CAP cannot say a hole: the outer ring covers it, so an area never shrinks. Raises BadInput `cap-*`, and Faults with rule
    D04 for what the schema refuses (CAP 1.2 sections 3.2.1 to 3.2.4).
    """
    _fit(version)
    root = build("alert", (*_envelope(version), *(("info", _info(version, text)) for text in version.texts)))
    if found := violations(root):
        raise Faults(found)
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def stamp(document: bytes, sent: datetime) -> bytes:
    """Return the document with its one placeholder replaced by the time it is sent; raises BadInput("cap-sent")."""
    mark = f"<sent>{SENT_PLACEHOLDER}</sent>".encode()
    if (marks := document.count(mark)) != 1:
        hint = "stamp a document as written, and only once"
        raise BadInput("cap-sent", f"{marks} places wait for the time sent, not one", path="/alert/sent", hint=hint)
    return document.replace(mark, f"<sent>{sent_text(sent)}</sent>".encode())


def _fit(version: Version) -> None:
    _name(version.identifier, "/alert/identifier")
    _name(version.sender, "/alert/sender")
    for reference in version.references:
        _names_a_message(reference)
    if version.kind is not Kind.ALERT and not version.references:
        hint = "name every message of this alert that was issued before"
        raise BadInput("cap-references", f"an {version.kind} must say what it follows", path="/alert/references", hint=hint)
    if not version.texts:
        hint = "write the default language at least"
        raise BadInput("cap-text-missing", "there is no text in any language", path="/alert/info", hint=hint)
    for text in version.texts:
        _short(text)


def _name(name: str, path: str) -> None:
    if not _NAME.fullmatch(name):
        hint = "use no white space, comma, < or &"
        raise BadInput("cap-name", f"{name!r} cannot name a sender or a message", path=path, hint=hint)


def _names_a_message(reference: Reference) -> None:
    _name(reference.sender, "/alert/references")
    _name(reference.identifier, "/alert/references")
    if not WRITTEN.fullmatch(reference.sent):
        hint = "copy the text of the other message's sent"
        raise BadInput("cap-references", f"{reference.sent!r} is no time", path="/alert/references", hint=hint)


def _short(text: Text) -> None:
    if len(text.headline.strip()) > LONGEST_HEADLINE:
        message = f"the headline in {text.language!r} is longer than {LONGEST_HEADLINE} characters"
        raise BadInput("cap-headline", message, path="/alert/info/headline", hint="say it shorter; it is never cut")


def _envelope(version: Version) -> Iterator[Node]:
    yield "identifier", version.identifier
    yield "sender", version.sender
    yield "sent", SENT_PLACEHOLDER
    yield "status", version.status.capitalize()
    yield "msgType", _MSG_TYPE[version.kind]
    yield "scope", version.scope.capitalize()
    yield "restriction", RESTRICTION if version.scope is Scope.RESTRICTED else ""
    yield "addresses", _addresses(version) if version.scope is Scope.PRIVATE else ""
    yield "note", _note(version)
    yield "references", " ".join(f"{other.sender},{other.identifier},{other.sent}" for other in version.references)


def _note(version: Version) -> str:
    mark = _MARKED.get(version.status)
    return f"{mark}: {version.playbook} ({version.alert})" if mark else ""


def _addresses(version: Version) -> str:
    """Name the peers a private message is for; what holds white space stands in double quotes (section 3.2.1)."""
    peers = sorted({target.target for target in version.targets})
    if not peers or any('"' in peer or not peer.strip() for peer in peers):
        hint = "name at least one peer, without double quotes"
        raise BadInput("cap-addresses", "a private message needs the names of its peers", path="/alert/addresses", hint=hint)
    return " ".join(f'"{peer}"' if len(peer.split()) > 1 else peer for peer in peers)


def _info(version: Version, text: Text) -> Iterator[Node]:
    over = _OVER.get(version.kind)
    yield "language", text.language
    yield from (("category", category) for category in version.category)
    yield "event", text.event
    yield from (("responseType", response) for response in ((over,) if over else version.responses))
    yield "urgency", "Past" if over else version.urgency.capitalize()
    yield "severity", version.severity.capitalize()
    yield "certainty", version.certainty.capitalize()
    yield from (("eventCode", _named(name, code)) for name, code in version.event_codes)
    yield "effective", sent_text(version.effective)
    yield "onset", sent_text(version.onset)
    yield "expires", sent_text(version.expires)
    yield "senderName", text.sender_name
    yield "headline", text.headline
    yield "description", text.description
    yield "instruction", text.instruction
    yield "web", version.web
    yield "contact", version.contact
    yield "parameter", _named(LEVEL, version.level)
    yield from (("area", _area(place, text.language)) for place in version.places)


def _area(place: Place, language: str) -> Iterator[Node]:
    if not place.polygons and not place.zones:
        raise BadInput("cap-area", f"{place.name} covers nothing", path="/alert/info/area", hint="draw it or name its zones")
    yield "areaDesc", _name_in(place, language)
    yield from (("polygon", ring_text(next(iter(polygon.coordinates), ()))) for polygon in place.polygons)
    yield from (("geocode", _named(DISTRICT_CODE if _DISTRICT.fullmatch(zone) else LOCAL_ZONE, zone)) for zone in place.zones)


def _name_in(place: Place, language: str) -> str:
    name = place.name.get(language) or place.name.get(language.partition("-")[0])
    if not name or not name.strip():
        message = f"a place has no name in {language!r}"
        raise BadInput("cap-area-name", message, path="/alert/info/area/areaDesc", hint="name it in every language of the alert")
    return name


def _named(name: str, value: str) -> tuple[Node, ...]:
    return ("valueName", name), ("value", value)
