"""What happened in the city, as sources report it; one Incident is one report of it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from gateway.area import Area


class Severity(StrEnum):
    """CAP severity in lower case."""

    EXTREME = "extreme"
    SEVERE = "severe"
    MODERATE = "moderate"
    MINOR = "minor"
    UNKNOWN = "unknown"


class Urgency(StrEnum):
    """CAP urgency in lower case."""

    IMMEDIATE = "immediate"
    EXPECTED = "expected"
    FUTURE = "future"
    PAST = "past"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """CAP certainty in lower case."""

    OBSERVED = "observed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """Which world a message belongs to; it is in the type, so that a drill cannot pass for the real thing."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    TEST = "test"


class Scope(StrEnum):
    """Who may read it."""

    PUBLIC = "public"
    RESTRICTED = "restricted"
    PRIVATE = "private"


class Quality(StrEnum):
    """What a sensor's vendor thinks of its own reading."""

    GOOD = "good"
    SUSPECT = "suspect"
    BAD = "bad"


class EndReason(StrEnum):
    """Why a source says that an incident ended."""

    OVER = "over"
    ERROR = "error"
    DUPLICATE = "duplicate"


class TransitPart(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of the public transport network, by its static GTFS identifiers; `closed` is the operator's own fact."""

    agency: str | None = None
    route: str | None = None
    direction: int | None = None
    stop: str | None = None
    from_stop: str | None = None
    to_stop: str | None = None
    trip: str | None = None
    closed: bool = False


class Observation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A measured value that goes with an incident."""

    sensor: str
    property: str
    value: float
    unit: str
    at: datetime
    quality: Quality = Quality.GOOD


class Ended(Struct, frozen=True, kw_only=True):
    """A source's word that the incident is over; it only proposes an end."""

    reason: EndReason
    at: datetime


class Incident(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One report of something that happened, valid against `schemas/incident.schema.json`; times are aware."""

    source: str
    id: str
    hazard: str
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    onset: datetime
    schema: str = "1"
    sequence: int | None = None
    reported: datetime | None = None
    status: Status | None = None
    expires: datetime | None = None
    areas: tuple[Area, ...] = ()
    transit: tuple[TransitPart, ...] = ()
    observations: tuple[Observation, ...] = ()
    facts: Mapping[str, Any] = {}
    scope: Scope | None = None
    resources: tuple[Mapping[str, Any], ...] = ()
    texts: Mapping[str, Mapping[str, str]] = {}
    related: tuple[str, ...] = ()
    extensions: Mapping[str, Any] = {}
    ended: Ended | None = None


class Reading(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One value of one sensor, valid against `schemas/reading.schema.json`; a playbook turns it into an incident."""

    source: str
    sensor: str
    property: str
    value: float
    unit: str
    at: datetime
    quality: Quality
    schema: str = "1"
    position: tuple[float, float] | None = None
