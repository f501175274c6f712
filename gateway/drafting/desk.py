"""What a version is made with: the city at hand, and what is to be told."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from gateway.alert import IncidentKey, Kind, Version
from gateway.channel import Channel
from gateway.city import City
from gateway.incident import Incident, Status
from gateway.playbook import Level, Playbook
from gateway.words import Words


class Desk(Struct, frozen=True, kw_only=True):
    """What every draft in this city is made with; `classes` are texts that are wanted beside those its channels need."""

    city: City
    words: Words
    status: Status
    sender: str
    sender_name: Mapping[str, str]
    contact: str
    web: str
    languages: tuple[str, ...]
    timezone: str
    channels: Mapping[str, Channel]
    reviewed_only: bool
    classes: frozenset[str] = frozenset()


class Brief(Struct, frozen=True, kw_only=True):
    """What is to be told (ALERT or UPDATE) and the facts it rests on; `number` is the version's, `before` what people know."""

    kind: Kind
    level: Level
    incident: Incident
    key: IncidentKey | None
    sequence: int
    playbook: Playbook
    alert: str
    number: int
    now: datetime
    before: Version | None = None
