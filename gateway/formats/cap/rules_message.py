"""Rules about the envelope (A) and about references (R): who says it, to whom, and after what."""

import re
from collections.abc import Iterator
from datetime import datetime

from gateway.doors import xml
from gateway.fault import BadInput
from gateway.formats.cap.rule import Spots, rule
from gateway.formats.cap.times import SENT_PLACEHOLDER, WRITTEN, moment
from gateway.formats.cap.tree import each, value

_NAME = re.compile(r"[^\s,<&]*")
_UNIQUE = re.compile(r"[^@\s]+@[^@\s]+|[^\s.:@]+(\.[^\s.:@]+)+|[A-Za-z][A-Za-z0-9+.-]*:\S+")
_TIMES = ("sent", "info/effective", "info/onset", "info/expires")


@rule("A01", "use no white space, comma, < or & (section 3.2.1)")
def identifier_is_a_name(alert: xml.Element) -> Spots:
    """Others refer to a message by its identifier, between commas and spaces."""
    for element in each(alert, "identifier"):
        if not _names(element):
            yield element, "the identifier cannot be referred to"


@rule("A02", "use a mail address, a domain name or a URI, without white space, comma, < or &")
def sender_is_a_unique_name(alert: xml.Element) -> Spots:
    """A sender is unique in the world (section 3.2.1)."""
    for element in each(alert, "sender"):
        if not _names(element):
            yield element, "the sender cannot be referred to"
        elif not _UNIQUE.fullmatch(xml.text(element)):
            yield element, "the sender is not unique in the world"


@rule("A08", "write UTC as -00:00 (section 3.3.2)")
def zero_offset_is_negative(alert: xml.Element) -> Spots:
    """The schema takes +00:00, the standard does not."""
    for element in (place for path in _TIMES for place in each(alert, path)):
        if xml.text(element).strip().endswith("+00:00"):
            yield element, "UTC is written +00:00"


@rule("A10", "issue it as Actual, Exercise or Test")
def draft_stays_inside(alert: xml.Element) -> Spots:
    """A Draft is never actionable."""
    if value(alert, "status") == "Draft":
        yield from _here(alert, "status", "a draft leaves the house")


@rule("A11", "name the exercise in note (section 3.2.1)")
def exercise_is_named(alert: xml.Element) -> Spots:
    """An Exercise is for its participants, and note says which one it is."""
    if value(alert, "status") == "Exercise" and not value(alert, "note"):
        yield from _here(alert, "status", "no note names the exercise")


@rule("A14", "name the recipients in addresses (section 3.2.1)")
def private_has_addresses(alert: xml.Element) -> Spots:
    """A Private message is for somebody."""
    if value(alert, "scope") == "Private" and not value(alert, "addresses"):
        yield from _here(alert, "scope", "a private message to nobody")


@rule("A15", "give restriction with scope Restricted, and only then (section 3.2.1)")
def restriction_goes_with_restricted(alert: xml.Element) -> Spots:
    """A Restricted message says who may read it."""
    if (value(alert, "scope") == "Restricted") != bool(value(alert, "restriction")):
        yield from _here(alert, "scope", "scope and restriction do not agree")


@rule("A19", "add an info for each language")
def public_news_has_info(alert: xml.Element) -> Spots:
    """Public news without a text tells nobody anything."""
    told = value(alert, "scope") == "Public" and value(alert, "msgType") in ("Alert", "Update")
    if told and not each(alert, "info"):
        yield from _here(alert, "msgType", "public news without info")


@rule("R01", "name the earlier messages in references (section 3.2.1)")
def followers_refer(alert: xml.Element) -> Spots:
    """Update, Cancel, Ack and Error are about another message."""
    if value(alert, "msgType") in ("Update", "Cancel", "Ack", "Error") and not value(alert, "references"):
        yield from _here(alert, "msgType", "it does not say what it follows")


@rule("R02", "write sender,identifier,sent and white space between messages (section 3.2.1)")
def references_are_triples(alert: xml.Element) -> Spots:
    """A reference is exactly three parts, the last one a time."""
    for element, parts in _references(alert):
        if len(parts) != 3 or not all(parts) or not WRITTEN.fullmatch(parts[2]):
            yield element, f"{','.join(parts)!r} names no message"


@rule("R03", "refer to earlier messages only")
def nothing_refers_to_itself(alert: xml.Element) -> Spots:
    """A message does not follow itself."""
    for element, parts in _references(alert):
        if parts[:2] == [value(alert, "sender"), value(alert, "identifier")]:
            yield element, "it refers to itself"


@rule("R04", "refer to earlier messages only")
def nothing_refers_to_the_future(alert: xml.Element) -> Spots:
    """A message does not follow one that was sent after it."""
    sent = sent_of(alert)
    for element, parts in _references(alert):
        other = known(parts[2]) if len(parts) == 3 else None
        if sent and other and other > sent:
            yield element, f"{parts[1]!r} was sent later than this message"


def is_name(said: str) -> bool:
    """Tell whether others can refer to an identifier or a sender: one word without comma, < or &."""
    return bool(said) and bool(_NAME.fullmatch(said))


def sent_of(alert: xml.Element) -> datetime | None:
    """Return when a message was sent, or None where that is unknown or not stamped yet."""
    said = value(alert, "sent")
    return None if said == SENT_PLACEHOLDER else known(said)


def known(text: str) -> datetime | None:
    """Return the time a text means, or None where it means none: the schema has said so."""
    try:
        return moment(text)
    except BadInput:
        return None


def _names(element: xml.Element) -> bool:
    return is_name(xml.text(element))


def _references(alert: xml.Element) -> Iterator[tuple[xml.Element, list[str]]]:
    return ((element, triple.split(",")) for element in each(alert, "references") for triple in xml.text(element).split())


def _here(alert: xml.Element, name: str, message: str) -> Spots:
    return ((element, message) for element in each(alert, name)[:1])
