"""What a CAP 1.2 message says, element by element; code words are CAP's own, absent texts are empty."""

from datetime import datetime

from msgspec import Struct

from gateway.alert import Reference
from gateway.area import Position, Ring


class NamedValue(Struct, frozen=True):
    """An event code, a parameter or a geocode: the name of a list and one of its values."""

    name: str
    value: str


class Circle(Struct, frozen=True):
    """A circle: centre as longitude, latitude; radius in kilometres."""

    centre: Position
    radius_km: float


class Resource(Struct, frozen=True, kw_only=True):
    """A file that goes with the message (section 3.2.3); `size` in bytes."""

    description: str
    mime_type: str
    size: int | None = None
    uri: str = ""
    deref_uri: str = ""
    digest: str = ""


class Area(Struct, frozen=True, kw_only=True):
    """Where (section 3.2.4): the union of all of it; positions are longitude, latitude; heights in feet."""

    description: str
    polygons: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[NamedValue, ...] = ()
    altitude_ft: float | None = None
    ceiling_ft: float | None = None


class Info(Struct, frozen=True, kw_only=True):
    """What is said in one language (section 3.2.2)."""

    language: str
    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    responses: tuple[str, ...] = ()
    audience: str = ""
    event_codes: tuple[NamedValue, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[NamedValue, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


class Message(Struct, frozen=True, kw_only=True):
    """One message (section 3.2.1); `sent_text` is the verbatim text by which others refer to it."""

    identifier: str
    sender: str
    sent: datetime
    sent_text: str
    status: str
    msg_type: str
    scope: str
    source: str = ""
    restriction: str = ""
    addresses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str = ""
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()
    signatures: int = 0

    @property
    def reference(self) -> Reference:
        """Name this message as a later one must name it."""
        return Reference(sender=self.sender, identifier=self.identifier, sent=self.sent_text)

    def info(self, language: str) -> Info:
        """Return what is said in one language; raises KeyError for another."""
        return {info.language: info for info in self.infos}[language]
