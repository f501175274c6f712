"""What we tell people: a chain of immutable, self-contained versions, and the stage its acts put it in."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from gateway.area import Polygon, Position, Role
from gateway.fault import Finding
from gateway.incident import Certainty, Scope, Severity, Status, Urgency


class Kind(StrEnum):
    """What a version says: something new, something changed, all clear, or issued in error."""

    ALERT = "alert"
    UPDATE = "update"
    END = "end"
    CANCEL = "cancel"


class Stage(StrEnum):
    """Where a version stands; derived from the recorded acts and the time, never stored."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ISSUED = "issued"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    ENDED = "ended"
    EXPIRED = "expired"
    REJECTED = "rejected"


class Deed(StrEnum):
    """What a person or the gateway did to a version."""

    DRAFTED = "drafted"
    EDITED = "edited"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    ISSUED = "issued"
    REJECTED = "rejected"
    VOIDED = "voided"
    EXPIRED = "expired"


class Act(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One deed on one version, with who, when and why."""

    number: int
    deed: Deed
    actor: str
    at: datetime
    reason: str = ""
    hash: str = ""
    break_glass: bool = False


class Place(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A target area as it will be told: surfaces in WGS 84 and its name in each language."""

    role: Role
    name: Mapping[str, str]
    polygons: tuple[Polygon, ...]
    zones: tuple[str, ...] = ()


class Refuge(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A shelter that was open when the version was written; `metres` lie between it and the nearest edge of the danger.

    `position` is (longitude, latitude) in WGS 84.
    """

    id: str
    name: Mapping[str, str]
    position: Position
    metres: int
    capacity: int
    accessible: bool = False


class Selector(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One GTFS-realtime entity selector; the fields set are ANDed."""

    agency: str | None = None
    route: str | None = None
    direction: int | None = None
    stop: str | None = None
    trip: str | None = None


class Transit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the alert does to public transport, in GTFS-realtime's own words (enum names).

    `closed` are those selectors that the operator or agency itself said are closed.
    """

    cause: str
    effect: str
    selectors: tuple[Selector, ...]
    closed: tuple[Selector, ...] = ()


class Text(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The alert in one language; `short` is the one line for lists, `classes` the texts that single channels need, by name."""

    language: str
    sender_name: str
    event: str
    headline: str
    description: str
    instruction: str
    short: str
    reviewed: bool = False
    classes: Mapping[str, str] = {}


class Target(Struct, frozen=True, order=True):
    """One configured peer or list of one channel instance."""

    channel: str
    target: str


class Reference(Struct, frozen=True, kw_only=True):
    """The CAP triple that names an issued message; `sent` is its verbatim text."""

    sender: str
    identifier: str
    sent: str


class IncidentKey(Struct, frozen=True, order=True):
    """Which incident, and which rise of it, an alert is about."""

    source: str
    id: str
    episode: int


class Version(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that one message to the public says and to whom; needs no join to be rendered."""

    alert: str
    number: int
    kind: Kind
    status: Status
    scope: Scope
    hazard: str
    playbook: str
    level: str
    category: tuple[str, ...]
    event_codes: tuple[tuple[str, str], ...]
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    responses: tuple[str, ...]
    places: tuple[Place, ...]
    texts: tuple[Text, ...]
    targets: tuple[Target, ...]
    sender: str
    onset: datetime
    effective: datetime
    expires: datetime
    incident: IncidentKey | None = None
    incident_sequence: int = 0
    transit: Transit | None = None
    withdrawn: tuple[Target, ...] = ()
    left_out: tuple[str, ...] = ()
    identifier: str = ""
    references: tuple[Reference, ...] = ()
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, Any] = {}
    contact: str = ""
    web: str = ""
    cells: tuple[str, ...] = ()
    people: int | None = None
    shelters: tuple[Refuge, ...] = ()

    def text(self, language: str) -> Text:
        """Return the alert in one of its languages; raises KeyError for another."""
        return {text.language: text for text in self.texts}[language]


def whole(at: datetime) -> datetime:
    """Drop the fraction of a second, which CAP and GTFS-realtime cannot say."""
    return at.replace(microsecond=0)


def digest(body: bytes) -> str:
    """Return the hexadecimal SHA-256 that names these bytes."""
    return hashlib.sha256(body).hexdigest()


def approval_hash(version: Version, parts: Iterable[tuple[str, str, str, str, str]]) -> str:
    """Return the hash a second person approves: the whole version and every payload.

    `parts` are (channel or feed, target, part, media type, sha256) of each frozen payload; their order does not matter.
    """
    return digest(msgspec.json.encode([version, sorted(parts)], order="sorted"))


def stage(version: Version, acts: Iterable[Act], now: datetime, *, newest_issued: int = 0) -> Stage:
    """Return where a version stands at `now`; `newest_issued` is the number of the alert's newest issued version."""
    deeds = {act.deed for act in acts if act.number == version.number}
    if deeds & {Deed.REJECTED, Deed.VOIDED}:
        return Stage.REJECTED
    if Deed.ISSUED not in deeds:
        return Stage.SUBMITTED if Deed.SUBMITTED in deeds else Stage.DRAFT
    if newest_issued > version.number:
        return Stage.SUPERSEDED
    return _told(version, now, expired=Deed.EXPIRED in deeds)


def _told(version: Version, now: datetime, *, expired: bool) -> Stage:
    if version.kind is Kind.CANCEL:
        return Stage.CANCELLED
    if version.kind is Kind.END:
        return Stage.ENDED
    return Stage.EXPIRED if expired or now >= version.expires else Stage.ISSUED
